"""Options read one by one, every mistake kept, so that a person is told all of them at once."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from twinflow.domain.calendar.business_days import ONE_DAY, Pause
from twinflow.domain.calendar.dates import FIRST_YEAR, LAST_YEAR, Length, PartialDate, Unit
from twinflow.errors import BadInput, Unreadable
from twinflow.sentences import Problem, Sentence

Value = TypeVar("Value")
Choice = TypeVar("Choice", bound=StrEnum)


class Options:
    """The options of one command."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, option: str, message: Sentence) -> None:
        self.problems.append(Problem(option, message))

    def read(self, option: str, text: str, parse: Callable[[str], Value]) -> Value | None:
        """The value of an option that may be left out; None where it is left out or wrong."""
        if not text:
            return None
        try:
            return parse(text)
        except Unreadable as error:
            self.wrong(option, Sentence("“{value}”: {mistake}.", {"value": text, "mistake": error.message}))
            return None

    def read_all(self, option: str, texts: Iterable[str] | None, parse: Callable[[str], Value]) -> tuple[Value, ...]:
        found = (self.read(option, text, parse) for text in texts or ())
        return tuple(value for value in found if value is not None)

    def check(self) -> None:
        """Raises BadInput with every mistake found so far."""
        if self.problems:
            raise BadInput("The options cannot be used; nothing was done.", tuple(self.problems))


def whole_day(text: str) -> date:
    """Raises Unreadable."""
    value = PartialDate.parse(text).as_date
    if value is None:
        raise Unreadable("the whole day is needed, like 2004-02-29")
    return value


OTHER_WORDS = {
    r"(working|work|court|office|bank|banking) days?|workdays?|weekdays?|d[ií]as? h[aá]bil(es)?": Unit.BUSINESS_DAYS,
    r"calendar days?|d[ií]as?( naturales| corridos)?": Unit.DAYS,
    r"semanas?": Unit.WEEKS,
    r"mes(es)?": Unit.MONTHS,
    r"años?": Unit.YEARS,
}
"""What people write for our units."""


def length(text: str) -> Length:
    """Raises Unreadable, with what was probably meant."""
    try:
        return Length.parse(text)
    except Unreadable as error:
        near = _meant(text)
        if near is None:
            raise
        values = {"mistake": error.message, "near": str(near)}
        raise Unreadable("{mistake} (did you mean “{near}”?)", **values) from None


def _meant(text: str) -> Length | None:
    match = re.fullmatch(r"([1-9][0-9]{0,4})\s*(\D+)", text.strip().lower())
    if match is None:
        return None
    units = [unit for words, unit in OTHER_WORDS.items() if re.fullmatch(words, match[2])]
    units = units or [
        Unit(near) for near in get_close_matches(match[2], [unit.value for unit in Unit], n=1, cutoff=0.8)
    ]
    try:
        return Length.parse(f"{match[1]} {units[0]}") if units else None
    except Unreadable:
        return None


def pause(text: str) -> Pause:
    """`2026-03-02..2026-03-06`: the first and the last day that do not count. Raises Unreadable."""
    first, dots, last = text.partition("..")
    if not dots:
        raise Unreadable("a pause is written 2026-03-02..2026-03-06: its first and its last day, both included")
    start, end = whole_day(first), whole_day(last)
    if end < start:
        raise Unreadable("the pause ends before it begins; write its first day, then its last")
    return Pause(start, end + ONE_DAY)


def start(text: str) -> date | datetime:
    """A date, or an instant with its distance from UTC. Raises Unreadable."""
    return instant(text) if "T" in text else whole_day(text)


def instant(text: str) -> datetime:
    """An instant with its distance from UTC, in that zone. Raises Unreadable."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise Unreadable("an instant is written 2026-02-18T22:01-06:00, with its distance from UTC")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Unreadable("a year is one between 1800 and 2100")
    return value


def zone(text: str) -> ZoneInfo:
    """Raises Unreadable, naming the nearest."""
    if text not in available_timezones():
        near = get_close_matches(text, available_timezones(), n=1)
        if near:
            raise Unreadable("there is no such time zone (did you mean “{near}”?)", near=near[0])
        raise Unreadable("there is no such time zone; zones are written like America/Mexico_City")
    return ZoneInfo(text)


def one_of(choices: type[Choice]) -> Callable[[str], Choice]:
    """Reads one of the words of an enumeration. Raises Unreadable, naming them."""

    def parse(text: str) -> Choice:
        try:
            return choices(text)
        except ValueError:
            raise Unreadable("it is one of {known}", known=[choice.value for choice in choices]) from None

    return parse
