"""Business days: which days count, and why a day does not.

A calendar is data (`workflows/calendars/`); nothing here knows a holiday. A calendar knows the last year it was filled in
for: a date after that is provisional.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from twinflow.domain.dates import Length, Unit, add_months

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A non-working day, its name by language and the official source it rests on."""

    on: date
    label: Mapping[str, str]
    source: str
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """The business days of one office or country.

    `weekend` holds weekday numbers, Monday is 0. `edition` identifies the content the calendar was read from.
    """

    key: str
    label: Mapping[str, str]
    weekend: frozenset[int]
    holidays: Mapping[date, Holiday]
    first_year: int
    last_year: int
    edition: str

    def is_business_day(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays


@dataclass(frozen=True, slots=True)
class Calendars:
    """Several calendars taken together: a day is a business day only if it is one in all of them."""

    members: tuple[Calendar, ...] = ()

    def is_business_day(self, day: date) -> bool:
        return all(calendar.is_business_day(day) for calendar in self.members)

    def covers(self, day: date) -> bool:
        """Whether every calendar was filled in for the year of `day`."""
        return all(calendar.first_year <= day.year <= calendar.last_year for calendar in self.members)

    @property
    def edition(self) -> str:
        return " ".join(f"{calendar.key}@{calendar.edition}" for calendar in self.members)


class Roll(StrEnum):
    """Where a date goes that falls on a non-business day."""

    FOLLOWING = "following"
    PRECEDING = "preceding"
    NONE = "none"


def roll(day: date, rule: Roll, calendars: Calendars) -> date:
    if rule is Roll.NONE:
        return day
    step = ONE_DAY if rule is Roll.FOLLOWING else -ONE_DAY
    while not calendars.is_business_day(day):
        day += step
    return day


def add_length(anchor: date, length: Length, calendars: Calendars, *, sign: int = 1, times: int = 1) -> date:
    """The date `length` after `anchor` (before it with `sign=-1`), repeated `times`, counted from the anchor each time.

    The anchor is day zero; counting starts on the next day. Months and years keep the day of the month, or take the last
    one of a shorter month. No roll is applied.
    """
    amount = length.amount * times * sign
    match length.unit:
        case Unit.DAYS:
            return anchor + timedelta(days=amount)
        case Unit.WEEKS:
            return anchor + timedelta(weeks=amount)
        case Unit.MONTHS:
            return add_months(anchor, amount)
        case Unit.YEARS:
            return add_months(anchor, 12 * amount)
        case Unit.BUSINESS_DAYS:
            return _add_business_days(anchor, amount, calendars)


def _add_business_days(anchor: date, amount: int, calendars: Calendars) -> date:
    step = ONE_DAY if amount > 0 else -ONE_DAY
    day, left = anchor, abs(amount)
    while left:
        day += step
        left -= calendars.is_business_day(day)
    return day


def business_days_between(first: date, last: date, calendars: Calendars) -> int:
    """How many business days lie after `first` up to and including `last`; negative when `last` is before `first`."""
    if last < first:
        return -business_days_between(last, first, calendars)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(calendars.is_business_day(day) for day in days)


@dataclass(frozen=True, slots=True)
class Interval:
    """Days from `start` to before `end` (None: still running)."""

    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


def is_paused(day: date, pauses: Sequence[Interval]) -> bool:
    return any(pause.holds(day) for pause in pauses)
