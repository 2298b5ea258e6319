"""Dates as papers state them: with the precision they have, and lengths as rules state them.

A date is never guessed: a date known by month or year has no day, and nothing can be counted from it.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Self

from twinflow.errors import Unreadable
from twinflow.sentences import Sentence

FIRST_YEAR, LAST_YEAR = 1800, 2100


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of the (proleptic) Gregorian calendar known by day, month or year, or not at all."""

    year: int | None = None
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        parts = (self.year, self.month, self.day)
        year, month, day = (
            default if part is None else part for part, default in zip(parts, (2000, 1, 1), strict=True)
        )
        date(year, month, day)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2003-04-12`, `2008-11`, `1997` or the empty text.

        Raises Unreadable, with a sentence that says what would be right, for anything else and for days that do not exist.
        """
        if not text:
            return cls()
        match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text)
        if match is None:
            raise Unreadable("a date is written 2004-02-29, or 2004-02 or 2004 where no more is known")
        year, month, day = (int(part) if part else None for part in match.groups())
        if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
            raise Unreadable("a year is one between 1800 and 2100")
        try:
            return cls(year, month, day)
        except ValueError:
            raise Unreadable("there is no such day in the calendar") from None

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, day.month, day.day)

    @property
    def as_date(self) -> date | None:
        """The day, or None when the day is not known."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)

    @property
    def span(self) -> tuple[date, date] | None:
        """The first and the last day that it may be; None where not even the year is known."""
        if self.year is None:
            return None
        last_month = self.month or MONTHS_A_YEAR
        last_day = self.day or calendar.monthrange(self.year, last_month)[1]
        return date(self.year, self.month or 1, self.day or 1), date(self.year, last_month, last_day)

    @property
    def sort_key(self) -> tuple[int, int, int]:
        return (self.year or 0, self.month or 0, self.day or 0)

    def __str__(self) -> str:
        if self.year is None:
            return ""
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)


def hour_of_day(text: str) -> time:
    """`15:30`. Raises Unreadable."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise Unreadable("an hour is written 09:30 or 15:00, from 00:00 to 23:59")
    return time.fromisoformat(text)


class Unit(StrEnum):
    DAYS = "days"
    BUSINESS_DAYS = "business days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


MONTHS_A_YEAR = 12

LONGEST = {Unit.DAYS: 36_525, Unit.BUSINESS_DAYS: 26_090, Unit.WEEKS: 5_218, Unit.MONTHS: 1_200, Unit.YEARS: 100}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in one unit, at least one: `60 days`, `15 business days`, `5 years`."""

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `60 days` or `1 year`. Raises Unreadable, saying what would be right, for anything else."""
        match = re.fullmatch(r"([1-9][0-9]{0,8}) (day|business day|week|month|year)s?", text)
        if match is None:
            raise Unreadable("a length is written like 60 days, 15 business days, 6 weeks, 3 months or 5 years")
        length = cls(int(match[1]), Unit(f"{match[2]}s"))
        if length.amount > LONGEST[length.unit]:
            raise Unreadable("a length is at most a hundred years; what has no end is indefinite")
        return length

    @property
    def message(self) -> Sentence:
        """The length in words, for people."""
        one, values = self.amount == 1, {"amount": self.amount}
        match self.unit:
            case Unit.DAYS:
                return Sentence("1 day") if one else Sentence("{amount} days", values)
            case Unit.BUSINESS_DAYS:
                return Sentence("1 business day") if one else Sentence("{amount} business days", values)
            case Unit.WEEKS:
                return Sentence("1 week") if one else Sentence("{amount} weeks", values)
            case Unit.MONTHS:
                return Sentence("1 month") if one else Sentence("{amount} months", values)
            case Unit.YEARS:
                return Sentence("1 year") if one else Sentence("{amount} years", values)

    @property
    def months(self) -> int:
        """How many months it is; 0 where it is counted in days or weeks."""
        return self.amount * {Unit.YEARS: MONTHS_A_YEAR, Unit.MONTHS: 1}.get(self.unit, 0)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.removesuffix('s') if self.amount == 1 else self.unit}"


@dataclass(frozen=True, slots=True)
class Distance:
    """How far apart two days are at least: `3 business days`, `3 clear days`.

    `clear`: so much time lies between the two days, and neither of them counts (three clear days: Monday and Friday).
    """

    length: Length
    clear: bool = False

    @property
    def message(self) -> Sentence:
        """The distance in words, for people."""
        if not self.clear:
            return self.length.message
        one, values = self.length.amount == 1, {"amount": self.length.amount}
        match self.length.unit:
            case Unit.DAYS:
                return Sentence("1 clear day") if one else Sentence("{amount} clear days", values)
            case Unit.BUSINESS_DAYS:
                return Sentence("1 clear business day") if one else Sentence("{amount} clear business days", values)
            case Unit.WEEKS:
                return Sentence("1 clear week") if one else Sentence("{amount} clear weeks", values)
            case Unit.MONTHS:
                return Sentence("1 clear month") if one else Sentence("{amount} clear months", values)
            case Unit.YEARS:
                return Sentence("1 clear year") if one else Sentence("{amount} clear years", values)

    def __str__(self) -> str:
        return str(self.length).replace(" ", " clear ", 1) if self.clear else str(self.length)


SHORTEST_MONTH = 28
"""Every month has these days."""


class MonthEnd(StrEnum):
    """Where a count of months goes whose day the month does not have: its last day, or on into the next month."""

    CLAMP = "clamp"
    OVERFLOW = "overflow"


def add_months(anchor: date, months: int, rule: MonthEnd = MonthEnd.CLAMP, *, inclusive: bool = False) -> date:
    """The same day of the month `months` later (or earlier, if negative).

    Where the month is shorter, its last day, or as many days into the next one. Always count from the anchor: adding one
    month twice is not adding two (31 January, 28 February, 31 March). `inclusive`: the anchor is the first day of the period
    and not the day before it, so the period ends a day sooner (from 10 March inclusive to 9 April).
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = index // 12, index % 12 + 1
    day = anchor.day - inclusive
    if rule is MonthEnd.CLAMP and day > SHORTEST_MONTH:
        day = min(day, calendar.monthrange(year, month)[1])
    return date(year, month, 1) + timedelta(days=day - 1)


def months_between(first: date, last: date) -> int:
    """How many months `last` is after `first`, whatever their days of the month."""
    return (last.year - first.year) * MONTHS_A_YEAR + last.month - first.month
