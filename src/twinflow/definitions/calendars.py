"""Calendar files: `workflows/calendars/*.toml`, one entry a day or a period, each with its source.

Reading refuses what cannot be meant; `check_calendar` finds what can be read and is still not right.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Annotated, Literal

from pydantic import Field, model_validator

from twinflow.definitions.models import LabelText, Strict
from twinflow.definitions.reader import MANY, Mistakes, all_of, parse_toml, problems_at, read_text
from twinflow.domain.calendar.business_days import Calendar, Holiday
from twinflow.errors import BadInput, Unreadable, why_of
from twinflow.sentences import Problem, Sentence

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_PERIOD_DAYS = 62
"""Two months: a longer period is a slip of the year."""

Year = Annotated[int, Field(ge=1900, le=2100)]


class CalendarHead(Strict):
    key: str
    label: LabelText
    weekend: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...]
    first_year: Year
    last_year: Year

    @model_validator(mode="after")
    def _has_business_days(self) -> "CalendarHead":
        if len(set(self.weekend)) == len(WEEKDAYS):
            raise Unreadable("a calendar without any working day counts nothing")
        if self.last_year < self.first_year:
            raise Unreadable("last_year is before first_year")
        return self


class DayModel(Strict):
    """A day, or with `to` every day up to and including it."""

    on: date
    to: date | None = None
    label: LabelText
    source: Annotated[str, Field(min_length=1)]
    proposed: bool = False
    guessed: bool = False

    @property
    def last(self) -> date:
        return self.to or self.on


class CalendarModel(Strict):
    calendar: CalendarHead
    days: tuple[DayModel, ...] = ()


def read_calendars(folder: Path) -> Mapping[str, Calendar]:
    """Every calendar of the folder by key. Raises BadInput with every problem of every file."""
    found, mistakes = calendars_that_hold(folder)
    if mistakes:
        raise BadInput("The calendars have mistakes.", all_of(mistakes))
    return found


def calendars_that_hold(folder: Path) -> tuple[Mapping[str, Calendar], Mistakes]:
    """The calendars of the folder by key, and what is wrong with the others."""
    found, mistakes = _read_all(folder)
    return {calendar.key: calendar for calendar in found.values()}, mistakes


def calendar_texts(folder: Path, keys: Container[str]) -> Mapping[str, str]:
    """The text of these calendar files of the folder as it stands, by the file's name without its ending.

    Raises BadInput for a file that cannot be read or is not UTF-8; what the text says is not looked at.
    """
    return {path.stem: read_text(path, place_of(path)) for path in calendar_files(folder) if path.stem in keys}


@lru_cache(maxsize=MANY)
def read_calendar(text: str, place: str, key: str | None = None) -> Calendar:
    """A calendar from the text of its file; `place` names it in problems, `key` is the key it must have.

    A period becomes one holiday a day. Raises BadInput with
    every problem: first those of the form, then, of a text in good form, those of days that do not go together.
    """
    model = parse_toml(text, CalendarModel, place)
    problems = [*_wrong_key(model.calendar, place, key), *_wrong_days(model, place)]
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=place)
    return _calendar(model, text)


@lru_cache(maxsize=MANY)
def read_kept_calendar(text: str, place: str) -> Calendar:
    """An edition as the books keep it: it was proved when it came there. Raises BadInput where it is no calendar any more."""
    return _calendar(parse_toml(text, CalendarModel, place), text)


def _calendar(model: CalendarModel, text: str) -> Calendar:
    head = model.calendar
    holidays = [
        Holiday(on, _label(day.label), day.source, day.proposed, day.guessed)
        for day in model.days
        for on in _days_of(day)
    ]
    return Calendar(
        key=head.key,
        label=_label(head.label),
        weekend=frozenset(WEEKDAYS.index(day) for day in head.weekend),
        holidays={holiday.on: holiday for holiday in holidays},
        first_year=head.first_year,
        last_year=head.last_year,
        edition=edition_of(text),
    )


def edition_of(text: str) -> str:
    """What identifies a calendar as it stands: the beginning of the SHA-256 of its text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def check_calendars(folder: Path, today: date) -> tuple[int, list[Problem]]:
    """How many calendar files stand in the folder, and everything that is wrong in them on `today`, mistakes included.

    Raises BadInput where there is no such folder, or no calendar in it.
    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix == ".toml"]
    except OSError as error:
        why = why_of(error)
        raise BadInput("{place} cannot be read: {why}.", place=str(folder), why=why) from None
    if not paths:
        raise BadInput("There is no calendar in {folder}.", folder=str(folder))
    found, mistakes = _read_all(folder)
    problems = list(all_of(mistakes))
    for path, calendar in found.items():
        problems += check_calendar(calendar, today, place_of(path))
    return len(paths), problems


def check_calendar(calendar: Calendar, today: date, place: str) -> list[Problem]:
    """What is not right in a calendar that can be read: years with no day or with few, and days that soon run out.

    A feast on a weekend is not reported: it stands there because its law names it.
    """
    counts = dict.fromkeys(range(calendar.first_year, calendar.last_year + 1), 0)
    for day in calendar.holidays:
        counts[day.year] += 1
    usual = median(counts.values())
    problems = [
        Problem(f"{place}: {year}", _gap(count, usual))
        for year, count in counts.items()
        if not count or 2 * count < usual
    ]
    if today.year >= calendar.last_year:  # the year's last day is less than a year away
        problems.append(Problem(f"{place}: calendar.last_year", _runs_out(calendar)))
    return problems


def place_of(path: Path) -> str:
    """A calendar file as messages name it: `workflows/calendars/mx-labour.toml`."""
    return "/".join(path.parts[-3:])


def _gap(count: int, usual: float) -> Sentence:
    if not count:
        return Sentence("no day is entered for this year; enter its days, or shorten first_year to last_year.")
    return Sentence(
        "days entered: {count}, where half the years have {usual} or more; enter those that are missing.",
        {"count": count, "usual": f"{usual:g}"},
    )


def _runs_out(calendar: Calendar) -> Sentence:
    return Sentence(
        "no day is entered after {day}; enter those of {year}, then set last_year to it.",
        {"day": date(calendar.last_year, 12, 31), "year": calendar.last_year + 1},
    )


def calendar_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def _read_all(folder: Path) -> tuple[dict[Path, Calendar], Mistakes]:
    found: dict[Path, Calendar] = {}
    mistakes: dict[str, tuple[Problem, ...]] = {}
    for path in calendar_files(folder):
        place = place_of(path)
        try:
            found[path] = read_calendar(read_text(path, place), place, path.stem)
        except BadInput as error:
            mistakes[place] = problems_at(place, error)
    return found, mistakes


def _wrong_key(head: CalendarHead, place: str, key: str | None) -> Iterator[Problem]:
    if key is not None and head.key != key:
        yield Problem(f"{place}: calendar.key", Sentence("the key must be the file's name."))


def _wrong_days(model: CalendarModel, place: str) -> Iterator[Problem]:
    """Each entry alone, and against those before it."""
    entered: dict[date, int] = {}
    for number, day in enumerate(model.days, start=1):
        where = f"{place}: days[{number}]"
        wrong = _wrong_day(day, model.calendar)
        yield from (Problem(where, message) for message in wrong)
        if not wrong:
            yield from (Problem(where, message) for message in _clashes(day, model.days, entered))
            entered |= {on: number for on in _days_of(day) if on not in entered}


def _wrong_day(day: DayModel, head: CalendarHead) -> list[Sentence]:
    wrong = [
        Sentence(
            "{day} is outside the years {first} to {last}.",
            {"day": end, "first": head.first_year, "last": head.last_year},
        )
        for end in dict.fromkeys((day.on, day.last))
        if not head.first_year <= end.year <= head.last_year
    ]
    if day.last < day.on:
        wrong.append(
            Sentence("{last} is before {first}; to is the period's last day.", {"last": day.last, "first": day.on})
        )
    if day.guessed and not day.proposed:
        wrong.append(Sentence("what is guessed has not been checked: write proposed = true too, or take guessed away."))
    length = (day.last - day.on).days + 1
    if length > MAX_PERIOD_DAYS:
        wrong.append(Sentence("{count} days; a period has {most} at most.", {"count": length, "most": MAX_PERIOD_DAYS}))
    return wrong


def _clashes(day: DayModel, days: tuple[DayModel, ...], entered: Mapping[date, int]) -> Iterator[Sentence]:
    """Once for each earlier entry that holds a day of this one."""
    shared: dict[int, date] = {}
    for on in _days_of(day):
        if on in entered:
            shared.setdefault(entered[on], on)
    for number, on in shared.items():
        other = days[number - 1]
        if (other.on, other.last) == (day.on, day.last):
            yield Sentence("{day} is entered twice.", {"day": on})
        else:
            yield Sentence("{day} is in {other} too; entries may not overlap.", {"day": on, "other": f"days[{number}]"})


def _days_of(day: DayModel) -> Iterator[date]:
    return (day.on + timedelta(days=n) for n in range((day.last - day.on).days + 1))


def _label(text: LabelText) -> Mapping[str, str]:
    return {"en": text.en, "es": text.es}
