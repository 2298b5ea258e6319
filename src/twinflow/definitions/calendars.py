"""Calendar files: `workflows/calendars/*.toml`, one entry a day, each with its source."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from twinflow.definitions.models import LabelText, Strict
from twinflow.definitions.reader import read_toml
from twinflow.domain.calendars import Calendar, Holiday
from twinflow.errors import BadInput, Message, Problem, Unreadable

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CalendarHead(Strict):
    key: str
    label: LabelText
    weekend: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...]
    first_year: Annotated[int, Field(ge=1900, le=2200)]
    last_year: Annotated[int, Field(ge=1900, le=2200)]

    @model_validator(mode="after")
    def _has_business_days(self) -> "CalendarHead":
        if len(set(self.weekend)) == len(WEEKDAYS):
            raise Unreadable("a calendar without any working day counts nothing")
        if self.last_year < self.first_year:
            raise Unreadable("last_year is before first_year")
        return self


class DayModel(Strict):
    on: date
    label: LabelText
    source: str
    proposed: bool = False


class CalendarModel(Strict):
    calendar: CalendarHead
    days: tuple[DayModel, ...] = ()


def read_calendars(folder: Path) -> Mapping[str, Calendar]:
    """Every calendar of the folder by key. Raises BadInput with every problem of every file."""
    calendars: dict[str, Calendar] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            calendar = _read(path)
            calendars[calendar.key] = calendar
        except BadInput as error:
            problems += error.problems or (Problem(path.name, error.message),)
    if problems:
        raise BadInput("The calendars have mistakes.", tuple(problems))
    return calendars


def _read(path: Path) -> Calendar:
    place = f"{path.parent.parent.name}/calendars/{path.name}"
    model = read_toml(path, CalendarModel, place)
    head = model.calendar
    problems = (
        [Problem(f"{place}: calendar.key", Message("the key must be the file's name."))]
        if head.key != path.stem
        else []
    )
    holidays: dict[date, Holiday] = {}
    for number, day in enumerate(model.days, start=1):
        where = f"{place}: days[{number}]"
        if day.on in holidays:
            problems.append(Problem(where, Message("{day} is entered twice.", {"day": day.on})))
        if not head.first_year <= day.on.year <= head.last_year:
            problems.append(
                Problem(
                    where,
                    Message(
                        "{day} is outside the years {first} to {last}.",
                        {"day": day.on, "first": head.first_year, "last": head.last_year},
                    ),
                )
            )
        holidays[day.on] = Holiday(day.on, {"en": day.label.en, "es": day.label.es}, day.source, day.proposed)
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=place)
    return Calendar(
        key=head.key,
        label={"en": head.label.en, "es": head.label.es},
        weekend=frozenset(WEEKDAYS.index(day) for day in head.weekend),
        holidays=holidays,
        first_year=head.first_year,
        last_year=head.last_year,
        edition=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
    )
