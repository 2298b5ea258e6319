"""One pure function from what a deadline is counted from to its due date and the ledger that shows each day of it.

No state, no clock, no files. What was paused, extended or agreed is an input like the length; a change of any input means
computing again from scratch, and the order in which the inputs came about does not matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from twinflow.domain.calendar.business_days import (
    EVERY_DAY,
    ONE_DAY,
    Calendars,
    FirstDay,
    Holiday,
    Pause,
    Roll,
    add_around,
    add_business_days,
    add_length,
    pause_on,
    roll,
)
from twinflow.domain.calendar.dates import MONTHS_A_YEAR, Length, MonthEnd, Unit, add_months
from twinflow.sentences import Sentence

DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that a due date is computed from.

    `start_on` is the day of the event. `length` None: a fixed date, the day of the event itself. `times`: a recurring length
    counted so often from the start. `extensions` are more time in whatever unit they were granted. `agreed_on`: the day that
    the parties put in the place of the computed one. `after_months` are those of earlier periods of the same kind, which are
    counted before the length. `keeps_day`: no pause moves it; one that its day falls into holds it while it runs or, where it
    `waits`, until it ends. `backward` counts before the event and knows neither pauses nor more time.
    """

    start_on: date
    length: Length | None
    calendars: Calendars = EVERY_DAY
    backward: bool = False
    times: int = 1
    first_day: FirstDay = FirstDay.NEXT_DAY
    month_end: MonthEnd = MonthEnd.CLAMP
    roll: Roll = Roll.NONE
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Length, ...] = ()
    agreed_on: date | None = None
    after_months: int = 0
    keeps_day: bool = False
    waits: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether the date is a given one, which neither pauses nor extensions move."""
        return self.length is None or self.agreed_on is not None

    @property
    def lengths(self) -> tuple[Length, ...]:
        """What is counted together; a count backward knows no more time."""
        if self.length is None:
            return ()
        return (self.length,) if self.backward else (self.length, *self.extensions)

    @property
    def counts_business_days(self) -> bool:
        by_start = self.first_day is FirstDay.NEXT_BUSINESS_DAY
        return by_start or any(length.unit is Unit.BUSINESS_DAYS for length in self.lengths)


@dataclass(frozen=True, slots=True)
class DueDate:
    """`on` is a date where the deadline is kept, None while a pause without an end holds it.

    `provisional`: a calendar it rests on is not filled in for a year it was counted through, or the date would be another
    without days that are guessed.
    """

    inputs: Inputs
    on: date | None
    provisional: bool

    @property
    def ledger(self) -> "tuple[Line, ...]":
        """Each day from the start to the due date, and what became of it."""
        return tuple(_ledger(self.inputs, self.on))


def compute(inputs: Inputs) -> DueDate:
    """The due date, with its ledger.

    The length and what was granted on top of it are one period: months and years are counted first, from the start; then
    days and weeks; then business days. The result is rolled once, at the end. Days inside a pause are left out: in the
    deadline's own unit where that is a day, as days where it is a month or a year.
    """
    if inputs.agreed_on is not None:
        return DueDate(inputs, inputs.agreed_on, provisional=False)
    due_on = _due_on(inputs)
    return DueDate(inputs, due_on, _is_provisional(inputs, due_on))


def _due_on(inputs: Inputs) -> date | None:
    if inputs.length is None:
        return roll(inputs.start_on, inputs.roll, inputs.calendars)
    if inputs.backward:
        due_on = add_length(
            inputs.start_on, inputs.length, inputs.calendars, sign=-1, times=inputs.times, month_end=inputs.month_end
        )
        return roll(due_on, inputs.roll, inputs.calendars)
    return _forward(inputs)


def _forward(inputs: Inputs) -> date | None:
    if inputs.keeps_day:
        return _on_its_day(inputs)
    ended = [pause for pause in inputs.pauses if pause.end is not None]
    running = [pause for pause in inputs.pauses if pause.end is None]
    counted = _counted(inputs, ended)
    surely_paused = [*ended, *(replace(pause, end=pause.start + ONE_DAY) for pause in running)]
    due_on = roll(counted, inputs.roll, inputs.calendars, surely_paused)
    is_held = any(pause.start <= max(counted, due_on) for pause in running)
    return None if is_held else due_on


def _on_its_day(inputs: Inputs) -> date | None:
    """The day itself, whatever is paused; what waits for the end of a pause is due on the first day after it."""
    due_on = roll(_counted(inputs, ()), inputs.roll, inputs.calendars)
    pause = pause_on(due_on, inputs.pauses)
    if pause is None or (pause.end is not None and not inputs.waits):
        return due_on
    return roll(pause.end, inputs.roll, inputs.calendars, inputs.pauses) if pause.end is not None else None


def _counted(inputs: Inputs, pauses: Sequence[Pause]) -> date:
    period = _Period.of(inputs)
    zero = day_zero(inputs)
    day = period.nominal_end(inputs) + timedelta(days=period.days)
    if pauses:
        day = add_around(zero, (day - zero).days, EVERY_DAY, pauses)
    return add_around(day, period.business_days, inputs.calendars, pauses)


@dataclass(frozen=True, slots=True)
class _Period:
    """The length with everything granted on top of it, sorted by what is counted first."""

    months: int
    days: int
    business_days: int

    @classmethod
    def of(cls, inputs: Inputs) -> "_Period":
        months, days, business_days = inputs.after_months, 0, 0
        for number, length in enumerate(inputs.lengths):
            amount = length.amount * (inputs.times if number == 0 else 1)
            match length.unit:
                case Unit.YEARS:
                    months += MONTHS_A_YEAR * amount
                case Unit.MONTHS:
                    months += amount
                case Unit.WEEKS:
                    days += DAYS_A_WEEK * amount
                case Unit.DAYS:
                    days += amount
                case Unit.BUSINESS_DAYS:
                    business_days += amount
        return cls(months, days, business_days)

    def nominal_end(self, inputs: Inputs, months: int | None = None) -> date:
        """Where the months alone lead, or the first so many of them; day zero where there are none."""
        months = self.months if months is None else months
        if not months:
            return day_zero(inputs)
        if inputs.first_day is FirstDay.NEXT_DAY:
            return add_months(inputs.start_on, months, inputs.month_end)
        return add_months(day_zero(inputs) + ONE_DAY, months, inputs.month_end, inclusive=True)


def day_zero(inputs: Inputs) -> date:
    """The day before the first one that may be counted."""
    match inputs.first_day:
        case FirstDay.SAME_DAY:
            return inputs.start_on - ONE_DAY
        case FirstDay.NEXT_DAY:
            return inputs.start_on
        case FirstDay.NEXT_BUSINESS_DAY:
            return add_business_days(inputs.start_on, 1, inputs.calendars) - ONE_DAY


def _is_provisional(inputs: Inputs, due_on: date | None) -> bool:
    calendars = inputs.calendars
    if not inputs.counts_business_days and inputs.roll is Roll.NONE:
        return False
    days = [due_on] if due_on is not None else []
    if inputs.counts_business_days:
        days.append(inputs.start_on)
    return not all(calendars.covers(day) for day in days) or _rests_on_a_guess(inputs, due_on)


def _rests_on_a_guess(inputs: Inputs, due_on: date | None) -> bool:
    known = inputs.calendars.known
    return known is not inputs.calendars and _due_on(replace(inputs, calendars=known)) != due_on


def mistakes(inputs: Inputs) -> Iterator[Sentence]:
    """What cannot be meant: pauses or more time for a date that does not move, pauses that overlap or hold no day."""
    if (inputs.pauses or inputs.extensions) and (inputs.is_fixed or inputs.backward):
        yield Sentence("a fixed date, or one counted backward, is neither paused nor extended; agree on another date")
    if inputs.backward and inputs.first_day is not FirstDay.NEXT_DAY:
        yield Sentence("a count backward begins on the day before the event; leave the first day out")
    if not inputs.calendars.has_business_days:
        yield Sentence("no day of the week is a business day in all of the calendars together; count in any of them")
    pauses = sorted(inputs.pauses, key=lambda pause: pause.start)
    for pause in pauses:
        if pause.end is not None and pause.end <= pause.start:
            yield Sentence("the pause from {day} ends before it begins", {"day": pause.start})
    for earlier, later in pairwise(pauses):
        if earlier.end is None or later.start < earlier.end:
            values = {"first": earlier.start, "second": later.start}
            yield Sentence("the pauses from {first} and from {second} overlap; make them one", values)


class DayKind(StrEnum):
    """What became of a day. `COUNTED` may also be the end of a counted month or year; `MADE_UP` replaces a paused day."""

    START = "start"
    COUNTED = "counted"
    MADE_UP = "made_up"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    PAUSED = "paused"
    ROLLED = "rolled"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class DayOff:
    """Why a calendar says that nobody works: its weekend, or an entry."""

    calendar: str
    holiday: Holiday | None


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the ledger. `number` counts in `unit`; `off` says which calendars have the day off, counted or not."""

    on: date
    kind: DayKind
    number: int | None = None
    unit: Unit | None = None
    off: tuple[DayOff, ...] = ()
    pause: Pause | None = None


def _ledger(inputs: Inputs, due_on: date | None) -> Iterator[Line]:
    """A walk from day to day that uses none of the arithmetic above, so that each proves the other."""
    yield _line(inputs, inputs.start_on, DayKind.START)
    if inputs.agreed_on is not None:
        yield _line(inputs, inputs.agreed_on, DayKind.AGREED)
        return
    last = inputs.start_on
    for line in _counting(replace(inputs, pauses=()) if inputs.keeps_day else inputs):
        yield line
        if line.pause is not None and line.pause.end is None:
            return
        last = line.on
    if due_on is None:
        yield from _until_it_stands_still(inputs, last)
    elif last != due_on:
        yield from _rolling(inputs, last, due_on)


def _counting(inputs: Inputs) -> Iterator[Line]:
    if inputs.length is None:
        return
    period = _Period.of(inputs)
    day = inputs.start_on
    if not inputs.backward:
        yield from _before_the_first_day(inputs)
        day = day_zero(inputs)
    if period.months:
        lines = list(_months(inputs, period))
        yield from lines
        day = lines[-1].on
    if period.days:
        lines = list(_walk(inputs, day, period.days, Unit.DAYS))
        yield from lines
        day = lines[-1].on
    if period.business_days:
        yield from _walk(inputs, day, period.business_days, Unit.BUSINESS_DAYS)


def _before_the_first_day(inputs: Inputs) -> Iterator[Line]:
    """The days after the event on which the count could not begin yet."""
    day, zero = inputs.start_on, day_zero(inputs)
    while day < zero:
        day += ONE_DAY
        yield _not_counted(inputs, day)


def _months(inputs: Inputs, period: _Period) -> Iterator[Line]:
    """The end of each month or year, each from the start, with the paused days before the last; then what they cost."""
    years = all(length.unit is Unit.YEARS for length in inputs.lengths if length.unit in {Unit.YEARS, Unit.MONTHS})
    years = years and inputs.after_months % MONTHS_A_YEAR == 0
    step, unit = (MONTHS_A_YEAR, Unit.YEARS) if years else (1, Unit.MONTHS)
    sign = -1 if inputs.backward else 1
    ends = [period.nominal_end(inputs, sign * months) for months in range(step, period.months + 1, step)]
    lines = [_line(inputs, on, DayKind.COUNTED, number, unit) for number, on in enumerate(ends, start=1)]
    paused = list(_paused_between(inputs, day_zero(inputs), ends[-1]))
    yield from sorted((*lines, *paused), key=lambda line: (sign * line.on.toordinal(), line.kind is DayKind.COUNTED))
    if paused:
        yield from _walk(inputs, ends[-1], len(paused), Unit.DAYS, DayKind.MADE_UP)


def _paused_between(inputs: Inputs, zero: date, end: date) -> Iterator[Line]:
    """The paused days after `zero` up to `end`; of a pause that still runs, its first."""
    day = zero
    while inputs.pauses and day < end:
        day += ONE_DAY
        line = _line(inputs, day, DayKind.PAUSED)
        if line.pause is not None:
            yield line
            if line.pause.end is None:
                return


def _walk(inputs: Inputs, day: date, amount: int, unit: Unit, kind: DayKind = DayKind.COUNTED) -> Iterator[Line]:
    step = -ONE_DAY if inputs.backward else ONE_DAY
    counted = 0
    while counted < amount:
        day += step
        line = _line(inputs, day, kind)
        if line.pause is not None:
            yield replace(line, kind=DayKind.PAUSED)
            if line.pause.end is None:
                return
        elif unit is Unit.BUSINESS_DAYS and not inputs.calendars.is_business_day(day):
            yield replace(line, kind=_why_off(line))
        else:
            counted += 1
            yield replace(line, number=counted, unit=unit)


def _rolling(inputs: Inputs, last: date, due_on: date) -> Iterator[Line]:
    """The days passed over on the way to the due date, and the due date."""
    step = ONE_DAY if due_on > last else -ONE_DAY
    day = last + step
    while day != due_on:
        yield _not_counted(inputs, day)
        day += step
    yield _line(inputs, due_on, DayKind.ROLLED)


def _until_it_stands_still(inputs: Inputs, last: date) -> Iterator[Line]:
    """The count was complete, but its last day is none to be due on and the next free one lies in a pause without an end."""
    day = last
    while True:
        day += ONE_DAY
        line = _not_counted(inputs, day)
        yield line
        if line.pause is not None and line.pause.end is None:
            return


def _line(inputs: Inputs, on: date, kind: DayKind, number: int | None = None, unit: Unit | None = None) -> Line:
    off = tuple(
        DayOff(calendar.key, calendar.holidays.get(on))
        for calendar in inputs.calendars.members
        if not calendar.is_business_day(on)
    )
    pause = None if inputs.backward or kind is DayKind.START else pause_on(on, inputs.pauses)
    return Line(on, kind, number, unit, off, pause)


def _not_counted(inputs: Inputs, on: date) -> Line:
    line = _line(inputs, on, DayKind.PAUSED)
    return line if line.pause is not None else replace(line, kind=_why_off(line))


def _why_off(line: Line) -> DayKind:
    return DayKind.HOLIDAY if any(off.holiday is not None for off in line.off) else DayKind.WEEKEND
