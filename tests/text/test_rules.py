"""What a text may hold, and how it is shown: the one rule of every door."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import mistake_in_reference
from twinflow.errors import BadInput
from twinflow.text import (
    ELSEWHERE,
    LONGEST,
    MANY_SHOWN,
    MARKS_IN_A_ROW,
    checked,
    composed,
    harmless,
    harmless_lines,
    isolated,
    mistake_in_text,
    shortened,
)

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
NAMES = ("حلب", "תל אביב", "Ñuñoa", "北京市", "می‌خواهم", "São Tomé", "👩‍👩‍👧")
TEXTS = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\x00\x1b\x9b\x85\u2028\ud800\ufffe" + OVERRIDES)))


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_script_stay_as_they_are(name):
    assert composed(name) == harmless(name) == name
    assert mistake_in_text(name, "name") is None


@pytest.mark.parametrize(
    "sign",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\t",
        "\n",
        "\r",
        "\x7f",
        "\x85",
        "\x9b",
        "\u2028",
        "\u2029",
    ],
)
def test_a_control_character_in_one_line_is_refused_and_named(sign):
    assert str(mistake_in_text(f"a{sign}b", "title")) == (
        f"it holds a control character (U+{ord(sign):04X}); type it again."
    )


def test_a_reason_may_go_over_several_lines_and_hold_nothing_else():
    assert mistake_in_text("one\ntwo\r\n\tthree", "reason") is None
    for sign in "\x00\x1b\r\x0b\x85\u2028":
        assert mistake_in_text(f"one{sign}two", "reason") is not None


@pytest.mark.parametrize(("field", "most"), [*LONGEST.items(), ("anything else", ELSEWHERE)])
def test_every_text_has_a_bound_which_the_refusal_names(field, most):
    assert mistake_in_text("Ω" * most, field) is None
    assert str(mistake_in_text("Ω" * (most + 1), field)) == (f"it has {most + 1} characters; at most {most} are kept.")


def test_letters_in_two_pieces_are_one_and_what_turns_a_line_is_taken_out():
    assert composed(unicodedata.normalize("NFD", "Mérida, México")) == "Mérida, México"
    assert composed(f"a{OVERRIDES}b\ufeff\u200b") == "ab"


@pytest.mark.parametrize(
    "sign",
    "\u00ad\u034f\u115f\u1160\u17b4\u180b\u180e\u180f\u3164\ufe00\ufe0f\uffa0\ufff0\U0001bca0\U000e0100\U000e0fff",
)
def test_no_sign_that_is_not_seen_makes_a_second_text_of_one(sign):
    assert composed(f"MX{sign}-1{sign}") == "MX-1"


@pytest.mark.parametrize(
    "text", ["\u202e", "\u3164\u3164", "\u2800", " ", "\u00a0\u2003", "\u200d\u200c", "\ufe0f \u200b"]
)
def test_a_text_of_which_nothing_is_seen_is_refused_and_not_taken_for_one_left_out(text):
    assert str(mistake_in_text(composed(text), "title")) == "nothing of it can be seen; write it again."
    assert mistake_in_text(composed(""), "title") is None


@pytest.mark.parametrize("name", ["เชียงใหม่", "Việt Trì", "שָׁלוֹם", "မြို့", "བོད་ལྗོངས", "हिन्दी"])
def test_as_many_accents_as_writing_needs_stand_on_a_letter(name):
    assert mistake_in_text(composed(name), "name") is None
    for tower in ("\u0301" * 299, "\u0301\u200d" * 100, "\u20dd" * (MARKS_IN_A_ROW + 1)):
        assert str(mistake_in_text(composed(f"{name}x{tower}"), "name")).startswith(
            "more than 6 accents stand on one letter"
        )


@pytest.mark.parametrize(
    ("reference", "plain"), [("ＭＸ-1", "MX-1"), ("MX-１", "MX-1"), ("MX-²", "MX-2"), ("ﬁ-1", "fi-1")]
)
def test_a_reference_in_letters_of_another_form_is_refused_with_the_plain_one(reference, plain):
    assert str(mistake_in_reference(reference)) == f"this reference looks like another one: write it {plain}."
    assert mistake_in_reference(plain) is None
    assert mistake_in_reference("Ñuñoa-北京-1") is None


def test_all_texts_of_a_command_are_checked_wherever_they_are():
    command = StepCommand(
        "sign", None, party="Me\u0301rida", records={"opinion_number": "D\u202e-1"}, place="León\u2069"
    )
    assert checked(command) == StepCommand(
        "sign", None, party="Mérida", records={"opinion_number": "D-1"}, place="León"
    )
    bad = StepCommand("sign", None, "\x1b", {"a\x00": "b", "c": "x" * 1001}, "x" * 201, "\ud800", "r" * 4001)
    with pytest.raises(BadInput) as refused:
        checked(bad)
    places = [str(problem.place) for problem in refused.value.problems]
    assert places == ["party", "records", "records.c", "place", "capacity", "reason"]


def test_the_place_of_a_text_in_a_list_is_its_number():
    with pytest.raises(BadInput) as refused:
        checked((Party("León", "MX"), Party("a\x07", "US")), "parties")
    assert [str(problem.place) for problem in refused.value.problems] == ["parties[2].name"]


@given(TEXTS)
def test_whatever_is_shown_turns_moves_and_ends_nothing(text):
    for shown in (harmless(text), *harmless_lines(text).split("\n")):
        assert not re.search(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{OVERRIDES}]", shown)
        shown.encode()


@given(TEXTS)
def test_what_is_composed_stays_so(text):
    assert composed(composed(text)) == composed(text)
    assert mistake_in_text(composed(text)) is not None or harmless(composed(text)) == composed(text)


def test_only_names_that_run_from_right_to_left_stand_isolated():
    assert [isolated(name) == f"\u2068{name}\u2069" for name in NAMES] == [True, True, False, False, True, False, False]


def test_a_long_title_is_shortened_where_many_are_shown_and_its_accents_stay_with_their_letters():
    assert shortened("Ω" * MANY_SHOWN) == "Ω" * MANY_SHOWN
    assert shortened("Ω" * 20_000) == "Ω" * (MANY_SHOWN - 1) + "…"
    assert shortened("abcde\u0301\u0302fgh", 7) == "abcd…"


@pytest.mark.parametrize("sign", ["\ud800", "\ufdd0", "\ufffe"])
def test_what_is_no_character_is_refused_and_not_called_a_control_character(sign):
    said = f"it holds U+{ord(sign):04X}, which is no character; type it again."
    assert str(mistake_in_text(f"a{sign}b", "title")) == said
