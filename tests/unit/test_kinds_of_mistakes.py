"""Whatever stands in settings or in a file where something else belongs is answered in words of ours, in both languages."""

import re
from collections.abc import Iterator
from datetime import date, time

import pytest
from pydantic import BaseModel, ValidationError

from twinflow.config import Section, Settings
from twinflow.definitions import calendars, migrations, models, notices, people, scripts
from twinflow.language import translate
from twinflow.registers import mapping
from twinflow.sentences import Sentence
from twinflow.validation import problems_of

FILES = (calendars, mapping, migrations, models, notices, people, scripts)
WRONG: tuple[object, ...] = (
    "", "x" * 300, "ssl", "0", 0, -1, 10**30, 1.5, float("inf"), float("nan"), -float("inf"), True, False,
    [], [1], ["x"], [[]], {}, {"x": 1}, {"name": "x"}, {"X": {}}, date(2024, 1, 31), time(8), "\0", ["\0"],
)  # fmt: skip


def descend(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for below in model.__subclasses__():
        yield below
        yield from descend(below)


MODELS = sorted(
    {model for model in descend(BaseModel) if model.__module__ in {Section.__module__, *(f.__name__ for f in FILES)}},
    key=lambda model: (model.__module__, model.__name__),
)


def sentences_in(value: object) -> Iterator[Sentence]:
    if isinstance(value, Sentence):
        yield value
        for inner in value.values.values():
            yield from sentences_in(inner)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from sentences_in(each)


def mistakes(model: type[BaseModel], content: object) -> Iterator[tuple[Sentence, str]]:
    """What is said, and what pydantic would have said."""
    try:
        model.model_validate(content)
    except ValidationError as error:
        theirs = " ".join(detail["msg"] for detail in error.errors() if detail["type"] != "value_error")
        for problem in problems_of(error, "file"):
            yield problem.message, theirs


def test_all_models_of_settings_and_files_are_walked() -> None:
    assert {Settings, models.ProcessModel, people.PeopleModel} <= set(MODELS)
    assert len(MODELS) > 40


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_wrong_value_of_every_key_is_answered_in_our_words(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        for wrong in WRONG:
            content = wrong if name == "root" else {field.alias or name: wrong}
            for said, theirs in mistakes(model, content):
                assert said.template != "something else is expected here (found: {found}).", (name, wrong, theirs)
                for sentence in sentences_in(said):
                    words = re.sub(r"\{\w+\}|\W", "", sentence.template)
                    assert not words or translate(sentence.template, "es") != sentence.template
