"""Every sentence that people read is there in Spanish too, and says the same values."""

import re

import pytest
from babel.messages.pofile import read_po

from builders import rulebook
from messages import SOURCE, messages
from packed_sentences import shown
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.mail.message import MessageState
from twinflow.language import translate

KINDS = sorted({definition.kind for definition in rulebook().catalogue})


def catalog() -> dict[str, str]:
    with (SOURCE / "translations" / "es.po").open("rb") as file:
        return {
            str(entry.id): str(entry.string) for entry in read_po(file, locale="es", abort_invalid=True) if entry.id
        }


def needed() -> dict[str, str]:
    words = (
        {status.value: "DeadlineStatus" for status in DeadlineStatus}
        | dict.fromkeys([state.value for state in MessageState], "outbox")
        | dict.fromkeys(KINDS, "kind")
        | dict.fromkeys(shown(), "kept in rows")
    )
    return words | messages()


def test_every_sentence_has_its_spanish() -> None:
    spanish = catalog()
    assert {sentence: place for sentence, place in needed().items() if not spanish.get(sentence)} == {}


def test_no_translation_is_left_of_a_sentence_that_is_gone() -> None:
    assert sorted(catalog().keys() - needed().keys()) == []


def test_a_translation_names_the_same_values() -> None:
    wrong = [
        english
        for english, spanish in catalog().items()
        if set(re.findall(r"\{\w+\}", english)) != set(re.findall(r"\{\w+\}", spanish))
    ]
    assert wrong == []


@pytest.mark.parametrize("sentence", ["no such sentence", "{amount} days of nothing"])
def test_a_sentence_without_translation_is_shown_in_english(sentence: str) -> None:
    assert translate(sentence, "es") == sentence
