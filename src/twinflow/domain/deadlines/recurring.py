"""The occurrences of a recurring duty: each counted from its start, and which act answers which."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import count, zip_longest
from typing import NamedTuple

from twinflow.domain.agreement.agreement import Basis, Deadline, DeadlineStatus
from twinflow.domain.calendar.business_days import ONE_DAY, Calendars, Pause, add_length, pause_on
from twinflow.domain.calendar.dates import Length, add_months, months_between
from twinflow.domain.deadlines.closing import given_up
from twinflow.domain.deadlines.events import Start, acts_of, basis_of, comes_after, comes_before, pauses_of
from twinflow.domain.deadlines.rule_of_case import RuleOfCase


class Period(NamedTuple):
    """An occurrence of a recurring duty: an act after `after` can meet it; `begun` says whether that day is over."""

    after: date
    deadline: Deadline
    begun: bool = True


def recurring_occurrences(
    case: RuleOfCase, starts: Sequence[Start], lengths: tuple[Length, ...], bound: date
) -> list[Deadline]:
    """The occurrences whose period has begun, up to the end of the case or to `bound`, each counted from its start: no drift.

    Where the duty begins anew they are numbered on. Once they are closed the next one is there as well, so that there always is
    a next date. Those due before the case came into the books are not chased.
    """
    found: list[Deadline] = []
    number, last = case.migration.recurring.get(case.rule.key, (0, date.min))
    carried = list(_carried_periods(case, lengths))
    running = _since_the_migration(case, starts)
    for start, following in zip_longest(running, running[1:]):
        if start is None:
            break
        if case.migration.entries and start.entry is not None and start.entry >= case.migration.entries:
            last = date.min
        periods = [*carried, *_periods(case, start, following, lengths, bound, number, last)]
        answered = list(_answered(case, periods, start, following, bound))
        case.begun_by |= {each.key: start.entry for each in answered}
        number = max([number, *(each.occurrence for each in answered)])
        found, carried = [*found, *answered], []
    return [each for each in found if _is_chased(each, case)]


def _since_the_migration(case: RuleOfCase, starts: Sequence[Start]) -> list[Start]:
    """Of what was before the case came to its version, the last start goes on."""
    entries = case.migration.entries
    later = [start for start in starts if start.entry is not None and start.entry >= entries]
    before = [start for start in starts if start not in later]
    return [*before[-1:], *later] if entries else list(starts)


def _carried_periods(case: RuleOfCase, lengths: tuple[Length, ...]) -> Iterator[Period]:
    """The occurrences that ran when the case came to its version."""
    basis = Basis(lengths, pauses=tuple(pauses_of(case)))
    for (rule, number), carried in sorted(case.migration.deadlines.items(), key=lambda item: item[0]):
        if rule == case.rule.key:
            yield Period(carried.after, case.computed(number, carried.on, basis))


def _periods(
    case: RuleOfCase,
    start: Start,
    following: Start | None,
    lengths: tuple[Length, ...],
    bound: date,
    number: int,
    last: date,
) -> Iterator[Period]:
    """Each occurrence whose period has begun, and the next; none is due after `bound`, or begins after the `following` start.

    They come after `last`, the date of the occurrence `number` that the version before decided on.
    """
    pauses, anchor = pauses_of(case), start.counted_from
    length = max(lengths, key=lambda one: add_length(anchor, one, case.calendars))
    after = max(anchor, last)
    ends, is_first = anchor, last == date.min
    for times in count(1):
        begins = after if is_first else after + ONE_DAY
        if begins > bound or (case.is_final and not case.has_come(begins)):
            return
        if following is not None and after >= following.happened_on:
            return
        period, ends = ends, _end_of(start, length, times, case.calendars)
        if ends > bound:
            return
        if ends <= last:
            continue
        number, is_first = number + 1, False
        basis = replace(basis_of(start, lengths, tuple(_within(period, pauses))), times=times)
        basis = replace(basis, early_from=period if len(lengths) > 1 else None)
        deadline = case.computed(number, start.stands_for or anchor, basis)
        begun = case.has_come(begins)
        yield Period(after, deadline, begun)
        if deadline.due_on is None or not begun:
            return
        after = deadline.due_on


def _end_of(start: Start, length: Length, times: int, calendars: Calendars) -> date:
    """Where so many periods lead, whatever day of the month the start stands for."""
    if start.stands_for is None or length.months == 0:
        return add_length(start.counted_from, length, calendars, times=times)
    return add_months(start.stands_for, months_between(start.stands_for, start.counted_from) + length.months * times)


def _within(period: date, pauses: Iterable[Pause]) -> Iterator[Pause]:
    """The pauses as far as they fall after the period began: a pause moves the date of its own period and no later one."""
    first = period + ONE_DAY
    for pause in pauses:
        if pause.end is None or pause.end > first:
            yield replace(pause, start=max(pause.start, first))


def _answered(
    case: RuleOfCase, periods: Sequence[Period], start: Start, following: Start | None, bound: date
) -> Iterator[Deadline]:
    """Done in time, an act answers its own period; done late, the period it missed and not the present one as well.

    What was not done by the time the next occurrence was due stays on record as not met. Where the duty begins anew nothing of
    before is owed any more.
    """
    acts = [act.on for act in acts_of(case) if comes_after(case, act, start.entry) and comes_before(act, following)]
    late: set[date] = set()
    anew_on = following.happened_on if following is not None else date.max
    for period, next_period in zip_longest(periods, periods[1:]):
        due_on = period.deadline.due_on or date.max  # a pause still runs: no act is late
        last = next_period.deadline.due_on if next_period is not None else None
        usable = (day for day in acts if period.after < day and (last is None or day <= last))
        met_on = next((day for day in usable if day not in late or day == due_on), None)
        if met_on is not None:
            if met_on > due_on:
                late.add(met_on)
            found = replace(period.deadline, status=DeadlineStatus.MET, closed_on=met_on)
        elif _falls_away(period.deadline, case):
            found = replace(period.deadline, status=DeadlineStatus.VOID, closed_on=due_on)
        elif last is not None and last < min(bound, anew_on) and case.is_over(last):
            found = given_up(period.deadline, last, owed=True)
        elif following is not None and case.has_come(anew_on):
            overdue = period.deadline.due_on is not None and due_on < anew_on
            found = given_up(period.deadline, anew_on, owed=overdue)
        else:
            found = period.deadline
        yield found
        if found.is_open and _is_chased(found, case) and next_period is not None and not next_period.begun:
            return


def _is_chased(deadline: Deadline, case: RuleOfCase) -> bool:
    """Whether it was not due before the case came into the books."""
    return deadline.due_on is None or deadline.due_on >= case.agreement.tracked_from


def _falls_away(deadline: Deadline, case: RuleOfCase) -> bool:
    """Whether a duty of a calendar day passed in a pause and is not made up for."""
    if deadline.basis is None or deadline.due_on is None or not case.rule.skips_pauses:
        return False
    return pause_on(deadline.due_on, deadline.basis.pauses) is not None and case.is_over(deadline.due_on)
