"""The ladder of warnings of a deadline, and when each rung is reached.

A level that has fired is a fact and never fires again; a date that moves plans anew only what has not fired.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from types import MappingProxyType
from typing import Self

from twinflow.domain.agreement.agreement import Deadline
from twinflow.domain.calendar.business_days import ONE_DAY, Calendars, add_length, business_days_between
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.process.definition import DeadlineRule, Level, Side

PERCENT = 100
LONGEST_DAYS = {Unit.DAYS: 1, Unit.BUSINESS_DAYS: 1, Unit.WEEKS: 7, Unit.MONTHS: 31, Unit.YEARS: 366}
"""No unit has more days than these (business days are counted as such)."""


@dataclass(frozen=True, slots=True)
class LevelKey:
    """Which rung of a ladder was told: its name, the role that it escalates to, and which repetition.

    `3 days before`, `10 days after to supervisor`, `every 5 days #3`: the text is the identity of an alert in its row.
    """

    name: str
    to: str | None = None
    number: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """As rows keep it; whatever is no rung has its whole text for a name."""
        rung, counted, number = text.rpartition(" #")
        if not counted or not number.isdecimal():
            rung, number = text, ""
        name, escalates, to = rung.partition(" to ")
        return cls(name, to if escalates else None, int(number) if number else None)

    def numbered(self, number: int) -> Self:
        return replace(self, number=number)

    def __str__(self) -> str:
        to = f" to {self.to}" if self.to is not None else ""
        number = f" #{self.number}" if self.number is not None else ""
        return f"{self.name}{to}{number}"


@dataclass(frozen=True, slots=True)
class ReachedLevel:
    """A level whose day has come. `key` is unique within the deadline's occurrence."""

    key: LevelKey
    on: date
    level: Level


def lapses_by_the_clock(rule: DeadlineRule, deadline: Deadline, today: date) -> bool:
    """Whether the day has passed and the process names steps that follow from it; nothing follows from one that is assumed."""
    if not rule.on_lapse or not deadline.is_open or deadline.assumed:
        return False
    return deadline.due_on is not None and deadline.due_on < today


def warned_from(rule: DeadlineRule, deadline: Deadline, calendars: Calendars) -> date | None:
    """The day of the first level before the date; None where there is none."""
    return min((level.on for level in _once(rule, deadline, calendars) if level.level.is_early), default=None)


def levels(
    rule: DeadlineRule, deadline: Deadline, calendars: Calendars, after: date | None = None
) -> Iterator[ReachedLevel]:
    """The ladder of one deadline with its dates, without end where a level repeats; repetitions up to `after` are left out.

    Levels before the date go by `warn_on`, levels after it by `due_on`. Repetitions count from the last other level.
    """
    once = list(_once(rule, deadline, calendars))
    yield from once
    for level in rule.warn:
        if level.repeats and level.length is not None and deadline.due_on is not None:
            last = _repeats_from(deadline.due_on, once)
            for times in count(_passed(last, level.length, calendars, after)):
                on = add_length(last, level.length, calendars, times=times)
                yield ReachedLevel(LevelKey(level.name, level.to, times), on, level)


def _once(rule: DeadlineRule, deadline: Deadline, calendars: Calendars) -> Iterator[ReachedLevel]:
    """The levels that come once."""
    if deadline.warn_on is None or deadline.due_on is None:
        return
    for level in rule.warn + rule.escalate:
        if level.repeats:
            continue
        base = deadline.warn_on if level.is_early else deadline.due_on
        sign = -1 if level.side is Side.BEFORE else 1
        if level.percent is not None:
            on = _share(level.percent, _began_on(deadline, calendars), base)
        else:
            on = base if level.length is None else add_length(base, level.length, calendars, sign=sign)
        yield ReachedLevel(LevelKey(level.name, level.to), on, level)


def _share(percent: int, begins: date, ends: date) -> date:
    """The day by which so much of the days between has passed, rounded up to a whole day."""
    return begins + timedelta(days=-(-percent * (ends - begins).days // PERCENT))


def _began_on(deadline: Deadline, calendars: Calendars) -> date:
    """The start of the period: of a recurring deadline the nominal end of the one before."""
    basis = deadline.basis
    if basis is None or basis.times == 1 or not basis.lengths:
        return deadline.counted_from
    return max(add_length(deadline.counted_from, one, calendars, times=basis.times - 1) for one in basis.lengths)


def _repeats_from(due_on: date, once: Sequence[ReachedLevel]) -> date:
    """The last of the levels that come once to those who are warned, or the due date: whichever is later."""
    return max([due_on, *(level.on for level in once if level.level.to is None)])


def _passed(last: date, length: Length, calendars: Calendars, after: date | None) -> int:
    """The number of the first repetition worth looking at: none before it comes after `after`."""
    if after is None or after <= last:
        return 1
    elapsed = (
        business_days_between(last, after, calendars) if length.unit is Unit.BUSINESS_DAYS else (after - last).days
    )
    return max(1, elapsed // (length.amount * LONGEST_DAYS[length.unit]))


def reached(
    rule: DeadlineRule,
    deadline: Deadline,
    calendars: Calendars,
    today: date,
    fired: Mapping[LevelKey, date] = MappingProxyType({}),
) -> list[ReachedLevel]:
    """The levels whose day is `today` or earlier, soonest first; of a repeating level only the last.

    `fired` has the levels that were told, by key, with their days. Repetitions told for another due date keep their
    numbers: those for the present one are numbered after them, so that none is taken for one of the old.
    """
    found: list[ReachedLevel] = []
    for level in levels(rule, deadline, calendars, today):
        if level.on > today:
            if level.level.repeats:
                break
            continue
        if level.level.repeats and found and found[-1].level.repeats:
            found.pop()
        found.append(level)
    if found and found[-1].level.repeats and deadline.due_on is not None:
        found[-1] = _renumbered(found[-1], _repeats_from(deadline.due_on, found[:-1]), calendars, fired)
    return sorted(found, key=lambda level: level.on)


def _renumbered(level: ReachedLevel, last: date, calendars: Calendars, fired: Mapping[LevelKey, date]) -> ReachedLevel:
    """The repetition with its number: by how much those told run ahead of the present count from `last` is added to it."""
    length = level.level.length
    assert length is not None
    ahead = 0
    for key, on in fired.items():
        if key.number is not None:
            ahead = max(ahead, key.number - _times(last, length, calendars, on))
    return replace(level, key=level.key.numbered((level.key.number or 0) + ahead))


def _times(last: date, length: Length, calendars: Calendars, until: date) -> int:
    """How many repetitions after `last` have come by `until`."""
    first = _passed(last, length, calendars, until)
    return next(times for times in count(first) if add_length(last, length, calendars, times=times) > until) - 1


def next_level_on(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, after: date | None) -> date | None:
    """The day of the first level after `after` (None: the very first); None where none is left."""
    if not deadline.is_open:
        return None
    days: list[date] = []
    for level in levels(rule, deadline, calendars, after):
        if after is None or level.on > after:
            days.append(level.on)
            if level.level.repeats:
                break
    return min(days, default=None)


def next_wake_on(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, after: date | None) -> date | None:
    """The first day a sweep has something to do about the deadline: a level, or the day after it, when a step follows."""
    if deadline.due_on is None or not deadline.is_open:
        return None
    days = [next_level_on(rule, deadline, calendars, after)]
    if deadline.assumed:
        days = [day for day in days if day is not None and day <= deadline.due_on]
    elif rule.on_lapse:
        days.append(deadline.due_on + ONE_DAY)
    return min((day for day in days if day is not None and (after is None or day > after)), default=None)
