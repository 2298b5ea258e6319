"""Business days: which days count, and why a day does not.

A calendar is data (`workflows/calendars/`); nothing here knows a holiday. A calendar knows the last year it was filled in
for, and which of its days are guessed: a date after that year, or one that would be another without a guess, is provisional.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from twinflow.domain.calendar.dates import Distance, Length, MonthEnd, Unit, add_months

ONE_DAY = timedelta(days=1)
DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Holiday:
    """A non-working day, its name by language and the official source it rests on.

    `proposed`: nobody has looked there yet. `guessed`: there is nothing to look at, the day may well be another.
    """

    on: date
    label: Mapping[str, str]
    source: str
    proposed: bool = False
    guessed: bool = False


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

    def covers(self, day: date) -> bool:
        """Whether the calendar was filled in for the year of `day`."""
        return self.first_year <= day.year <= self.last_year

    @property
    def known(self) -> "Calendar":
        """The calendar without the days that are guessed."""
        return replace(self, holidays={on: day for on, day in self.holidays.items() if not day.guessed})


class CountsIn(StrEnum):
    """In how many of several calendars a day has to be a business day."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True)
class Calendars:
    """Several calendars taken together; without any, every day is a business day."""

    members: tuple[Calendar, ...] = ()
    counts_in: CountsIn = CountsIn.ALL

    def is_business_day(self, day: date) -> bool:
        working = [calendar.is_business_day(day) for calendar in self.members]
        return any(working) or not working if self.counts_in is CountsIn.ANY else all(working)

    def covers(self, day: date) -> bool:
        """Whether every calendar was filled in for the year of `day`."""
        return all(calendar.covers(day) for calendar in self.members)

    @cached_property
    def known(self) -> "Calendars":
        """The same without the days that are guessed; itself where there are none."""
        known = tuple(calendar.known for calendar in self.members)
        return self if known == self.members else replace(self, members=known)

    @property
    def has_business_days(self) -> bool:
        """Whether any day of the week is left to count."""
        return bool(self._working_weekdays)

    @cached_property
    def edition(self) -> str:
        return " ".join(f"{calendar.key}@{calendar.edition}" for calendar in self.members)

    def number_of(self, day: int) -> int:
        """How many business days there are up to and including the day, both as ordinals of the calendar (`toordinal`)."""
        weeks, weekday = divmod(day - 1, DAYS_A_WEEK)
        in_weeks = weeks * len(self._working_weekdays) + self._working_until[weekday]
        return in_weeks - bisect_right(self._off, day)

    def business_day(self, number: int) -> int:
        """The ordinal of the business day with this number: the first day with `number_of(day) == number`."""
        working, off = self._working_weekdays, self._off
        with_holidays = number
        while True:
            weeks, rest = divmod(with_holidays - 1, len(working))
            day = weeks * DAYS_A_WEEK + working[rest] + 1
            needed = number + bisect_right(off, day)
            if needed == with_holidays:
                return day
            with_holidays = needed

    @cached_property
    def _working_weekdays(self) -> tuple[int, ...]:
        weekends = [calendar.weekend for calendar in self.members]
        if not weekends:
            return tuple(range(DAYS_A_WEEK))
        merge = frozenset.intersection if self.counts_in is CountsIn.ANY else frozenset.union
        return tuple(day for day in range(DAYS_A_WEEK) if day not in merge(*weekends))

    @cached_property
    def _working_until(self) -> tuple[int, ...]:
        """For each weekday, how many working weekdays a week has up to and including it."""
        return tuple(sum(working <= day for working in self._working_weekdays) for day in range(DAYS_A_WEEK))

    @cached_property
    def _off(self) -> tuple[int, ...]:
        """The working weekdays that are no business days, as ordinals, ascending."""
        holidays = {day for calendar in self.members for day in calendar.holidays}
        return tuple(
            sorted(
                day.toordinal()
                for day in holidays
                if day.weekday() in self._working_weekdays and not self.is_business_day(day)
            )
        )


EVERY_DAY = Calendars()


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count, from `start` to before `end` (None: still running), with the reason and the paper for it."""

    start: date
    end: date | None
    reason: str | Mapping[str, str] = field(default="", hash=False)  # a label has no hash
    paper: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it holds no day: what ended it was done on the day on which it began, or before that day."""
        return self.end is not None and self.end <= self.start

    def holds(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


def pause_on(day: date, pauses: Iterable[Pause]) -> Pause | None:
    """The pause that the day falls in, if any."""
    return next((pause for pause in pauses if pause.holds(day)), None)


class Roll(StrEnum):
    """Where a date goes that falls on a non-business day. MODIFIED_FOLLOWING does not leave the month."""

    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED_FOLLOWING = "modified_following"
    NONE = "none"


def roll(day: date, rule: Roll, calendars: Calendars, pauses: Sequence[Pause] = ()) -> date:
    """The date itself or the nearest business day that the rule asks for; paused days are passed over as well."""
    if rule is Roll.NONE:
        return day
    rolled = _first_free(day, calendars, pauses, forward=rule is not Roll.PRECEDING)
    if rule is Roll.MODIFIED_FOLLOWING and rolled.month != day.month:
        return _first_free(day, calendars, pauses, forward=False)
    return rolled


def _first_free(day: date, calendars: Calendars, pauses: Sequence[Pause], *, forward: bool) -> date:
    step = ONE_DAY if forward else -ONE_DAY
    while not calendars.is_business_day(day) or pause_on(day, pauses):
        day += step
    return day


def add_length(
    anchor: date,
    length: Length,
    calendars: Calendars,
    *,
    sign: int = 1,
    times: int = 1,
    month_end: MonthEnd = MonthEnd.CLAMP,
) -> date:
    """The date `length` after `anchor` (before it with `sign=-1`), repeated `times`, counted from the anchor each time.

    The anchor is day zero; counting starts on the next day. No roll is applied.
    """
    amount = length.amount * times * sign
    match length.unit:
        case Unit.DAYS:
            return anchor + timedelta(days=amount)
        case Unit.WEEKS:
            return anchor + timedelta(weeks=amount)
        case Unit.MONTHS:
            return add_months(anchor, amount, month_end)
        case Unit.YEARS:
            return add_months(anchor, 12 * amount, month_end)
        case Unit.BUSINESS_DAYS:
            return add_business_days(anchor, amount, calendars)


def day_apart(day: date, distance: Distance, calendars: Calendars, *, sign: int = 1) -> date:
    """The first day that is so far after `day`; with `sign=-1`, the last one that is so far before it."""
    far = add_length(day, distance.length, calendars, sign=sign)
    return far + sign * ONE_DAY if distance.clear else far


def add_business_days(anchor: date, amount: int, calendars: Calendars) -> date:
    """The date so many business days after the anchor, or before it if negative; the anchor itself for none."""
    if amount == 0:
        return anchor
    zero = anchor.toordinal()
    number = calendars.number_of(zero) if amount > 0 else calendars.number_of(zero - 1) + 1
    return date.fromordinal(calendars.business_day(number + amount))


def business_days_between(first: date, last: date, calendars: Calendars) -> int:
    """How many business days lie after `first` up to and including `last`; negative when `last` is before `first`."""
    return calendars.number_of(last.toordinal()) - calendars.number_of(first.toordinal())


def received_on(instant: datetime, zone: ZoneInfo, cut_off: time | None, calendars: Calendars) -> date:
    """The day on which something counts as received that arrives at `instant` (with its zone) at an office in `zone`.

    Without `cut_off` the date there. With it, what arrives at that hour or later, or on a day off, counts as received on
    the next business day: an office that names a closing hour has none on its days off.
    """
    there = instant.astimezone(zone)
    day = there.date()
    if cut_off is None:
        return day
    late = there.time() >= cut_off
    return day if not late and calendars.is_business_day(day) else add_business_days(day, 1, calendars)


def merged(pauses: Iterable[Pause]) -> Iterator[tuple[int, int]]:
    """The ended pauses as spans of ordinals from the first paused day to before the next counted one, apart and ascending."""
    spans = sorted((pause.start.toordinal(), pause.end.toordinal()) for pause in pauses if pause.end is not None)
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current is None or start > current[1]:
            if current is not None:
                yield current
            current = start, end
        else:
            current = current[0], max(current[1], end)
    if current is not None:
        yield current


def add_around(anchor: date, amount: int, calendars: Calendars, pauses: Iterable[Pause]) -> date:
    """The date on which `amount` business days after the anchor have been counted, those inside ended pauses left out."""
    if amount == 0:
        return anchor
    zero = anchor.toordinal()
    number = calendars.number_of(zero) + amount
    day = calendars.business_day(number)
    for start, end in merged(pauses):
        if start > day:
            break
        inside = calendars.number_of(end - 1) - calendars.number_of(max(start - 1, zero))
        number += max(inside, 0)
        day = calendars.business_day(number)
    return date.fromordinal(day)


class FirstDay(StrEnum):
    """Which day is the first to be counted: that of the event, the day after it, or the first business day after it."""

    SAME_DAY = "same_day"
    NEXT_DAY = "next_day"
    NEXT_BUSINESS_DAY = "next_business_day"
