"""By which words an agreement is found, and how those of a question are compared with them."""

from twinflow.domain.agreement.listing import LONGEST_WORD, words_asked, words_in


def test_words_are_compared_without_case_accents_and_barred_letters():
    assert words_asked("  MÉRIDA łódź Ærøskøbing Straße ") == ["merida", "lodz", "aeroskobing", "strasse"]
    assert words_asked("Lodz LODZ") == ["lodz"]


def test_signs_alone_are_no_word():
    assert words_asked("' % – 😀") == []


def test_what_is_left_of_a_word_after_a_sign_is_found_too():
    assert words_in(["MX/2026-3", "(Chihuahua)"]) == {"mx/2026-3", "2026-3", "3", "chihuahua"}


def test_of_a_long_word_each_part_is_kept_from_its_beginning():
    assert words_in(["x" * 70 + "-abc"]) == {"x" * LONGEST_WORD, "abc"}
    assert words_asked("x" * 70) == ["x" * LONGEST_WORD]
