"""Sentences in rows stand there by a code: whatever becomes of their wording, what was kept once is read, and in Spanish too."""

import re
import tomllib
from pathlib import Path

import pytest

from messages import messages
from packed_sentences import packed_somewhere, rows_of
from twinflow.language import say
from twinflow.sentences import KEPT, Sentence, packed, unpacked

ROWS = tomllib.loads((Path(__file__).parent / "kept_rows.toml").read_text("utf-8"))["rows"]
SAID = "there was nothing left to say"
CODE = "nothing-left-to-say"


def code_of(row: str) -> str:
    return row.split('"')[1]


def test_every_sentence_that_can_be_kept_has_a_code() -> None:
    present = {wordings[0] for wordings in KEPT.values()}
    assert {template: place for template, place in packed_somewhere().items() if template not in present} == {}


def test_the_sentences_of_every_way_into_a_row_are_found() -> None:
    ways = {
        "incidents.py",
        "outbox.py",
        "bounces.py",
        "message.py",
        "sending.py",
        "mailer.py",
        "rulebook.py",
        "people.py",
        "dates.py",
    }
    assert ways <= {place.rpartition("/")[2].partition(":")[0] for place in packed_somewhere().values()}


def test_a_code_is_no_sentence_and_has_one_meaning() -> None:
    wordings = [wording for each in KEPT.values() for wording in each]
    assert len(wordings) == len(set(wordings))
    assert KEPT.keys() & (messages().keys() | set(wordings)) == set()
    assert [code for code in KEPT if not re.fullmatch(r"[a-z]+(-[a-z]+)+", code)] == []


@pytest.mark.parametrize("code", KEPT)
def test_a_row_has_the_code_in_place_of_the_sentence(code: str) -> None:
    assert [code_of(row) for row in rows_of(code)] == [code] * len(KEPT[code])


@pytest.mark.parametrize(
    ("kept", "row"),
    [pytest.param(row[form], row, id=row[form]) for row in ROWS for form in ("kept", "coded") if form in row],
)
def test_a_row_of_before_or_since_codes_reads_as_it_did(kept: str, row: dict[str, str]) -> None:
    sentence = unpacked(kept)
    assert (say(sentence, "en"), say(sentence, "es"), str(sentence)) == (row["en"], row["es"], row["en"])
    assert packed(sentence) == row["coded"]


def test_rows_with_every_code_are_tried() -> None:
    assert {code for code in KEPT if not any(f'["{code}"' in row["coded"] for row in ROWS)} == set()


def test_a_sentence_inside_another_is_kept_by_its_code_too() -> None:
    gone = Sentence("There is no person {person}; there are {people}.", {"person": "eva", "people": ["ana", "luis"]})
    row = packed(Sentence("Message {id} cannot be sent: {why}", {"id": 7, "why": gone}))
    assert row == (
        '["message-cannot-be-sent", {"id": 7, "why": ["no-such-person", {"person": "eva", "people": "ana, luis"}]}]'
    )
    assert say(unpacked(row), "es") == "El mensaje 7 no puede enviarse: No existe la persona eva; existen: ana, luis."


def test_a_sentence_without_a_code_is_kept_as_it_stands() -> None:
    sentence = Sentence("said by {who} of {what}", {"who": "nobody", "what": Sentence("{here} nowhere", {"here": 1})})
    assert packed(sentence) == '["said by {who} of {what}", {"who": "nobody", "what": ["{here} nowhere", {"here": 1}]}]'
    assert unpacked(packed(sentence)) == sentence


@pytest.mark.parametrize("kept", ["nothing more was to be said", CODE, SAID])
def test_a_row_with_an_earlier_wording_is_told_in_the_present_one(kept: str) -> None:
    reworded = {CODE: (SAID, "nothing more was to be said", "nothing")}
    row = f'["{{why}}", {{"why": ["{kept}", {{}}]}}]'
    assert say(unpacked(row, reworded), "en") == SAID
    assert say(unpacked(row, reworded), "es") == "ya no había nada que decir"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('["sent-late", {"day": "1 May"}]', "late, on 1 May"),
        ('["late: {day}", {"day": "1 May"}]', "late, on 1 May"),
        ('["sent-late", {"by": "ana", "day": "1 May"}]', "sent by ana on 1 May"),
        ('["sent-late", {}]', "sent by – on –"),
        ('["sent-later", {}]', "sent-later"),
        ('["by {by} and late: {day}", {"day": "1 May"}]', "by – and late: 1 May"),
    ],
)
def test_values_of_another_wording_are_told_in_the_newest_that_they_suffice_for(row: str, told: str) -> None:
    reworded = {"sent-late": ("sent by {by} on {day}", "late, on {day}", "late: {day}")}
    assert say(unpacked(row, reworded), "en") == str(unpacked(row, reworded)) == told
