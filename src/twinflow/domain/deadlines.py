"""Deadlines as pure functions of their inputs: when each runs from, when it is due, what closed it, what warns of it.

Everything is computed from scratch each time from the agreement's facts, terms and history; nothing is added to an earlier
result. Silence decides nothing here: a lapse has an effect only where the process file names a step for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from twinflow.domain.agreement import Agreement, Deadline, DeadlineStatus, EntryKind
from twinflow.domain.calendars import ONE_DAY, Calendars, Interval, Roll, add_length, is_paused, roll
from twinflow.domain.dates import Length, PartialDate, Unit
from twinflow.domain.process import ChildState, DeadlineRule, Level, ProcessDefinition, Side


@dataclass(frozen=True, slots=True)
class ReachedLevel:
    """A level whose day has come. `key` is unique within the deadline's occurrence."""

    key: str
    on: date
    level: Level


def due_date(
    anchor: date,
    length: Length,
    rule: DeadlineRule,
    calendars: Calendars,
    *,
    times: int = 1,
    pauses: Sequence[Interval] = (),
) -> date | None:
    """The due date `length` after (or before) `anchor`, rolled as the rule says; None while a pause before it has no end.

    The anchor is day zero. Days inside a pause do not count: in days and business days they are skipped one by one; in
    weeks, months and years the date moves by the number of paused days before it.
    """
    if rule.side is Side.BEFORE:
        return roll(add_length(anchor, length, calendars, sign=-1, times=times), rule.roll, calendars)
    ended = [pause for pause in pauses if pause.end is not None]
    if ended:
        due_on = roll(_counted_around(anchor, length, calendars, times, ended), rule.roll, calendars)
    else:
        due_on = roll(add_length(anchor, length, calendars, times=times), rule.roll, calendars)
    stands_still = any(pause.end is None and pause.start < due_on for pause in pauses)
    return None if stands_still else due_on


def _counted_around(anchor: date, length: Length, calendars: Calendars, times: int, pauses: Sequence[Interval]) -> date:
    business = length.unit is Unit.BUSINESS_DAYS
    if business:
        day, left = anchor, length.amount * times
    else:
        day, left = anchor, (add_length(anchor, length, calendars, times=times) - anchor).days
    while left:
        day += ONE_DAY
        left -= not is_paused(day, pauses) and (not business or calendars.is_business_day(day))
    return day


def derive(
    agreement: Agreement, definition: ProcessDefinition, calendars: Calendars, today: date
) -> tuple[Deadline, ...]:
    """Every occurrence of every deadline of the agreement, as of `today` (a date in the time zone of its office).

    Rules whose anchor has no day, or whose length the text does not state, give nothing.
    """
    done: dict[str, list[Deadline]] = {}
    for rule in _in_order(definition):
        found = _occurrences(agreement, definition, rule, calendars, today, done)
        found = [_closed_as_impossible(deadline, rule, agreement, definition) for deadline in found]
        done[rule.key] = [_closed_by_the_end(deadline, rule, agreement, definition) for deadline in found]
    return tuple(deadline for found in done.values() for deadline in found)


def _in_order(definition: ProcessDefinition) -> Iterator[DeadlineRule]:
    """Rules that follow other deadlines come after those."""
    rules = definition.deadlines.values()
    yield from (rule for rule in rules if rule.anchor.deadline is None and rule.until is None)
    yield from (rule for rule in rules if rule.anchor.deadline is not None or rule.until is not None)


def _occurrences(
    agreement: Agreement,
    definition: ProcessDefinition,
    rule: DeadlineRule,
    calendars: Calendars,
    today: date,
    done: dict[str, list[Deadline]],
) -> list[Deadline]:
    lengths = lengths_of(rule, agreement, definition)
    if not lengths:
        return []
    if rule.anchor.deadline is not None:
        bases = [base for base in done[rule.anchor.deadline] if base.due_on]
        return [_backed(agreement, rule, base, lengths, calendars, today) for base in bases]
    anchors = _anchor_days(agreement, rule)
    if rule.recurs:
        bounds = [day for base in done.get(rule.until or "", []) if (day := base.due_on)]
        until = min([today, *_ended(agreement, definition), *bounds[-1:]])
        return _recurring(agreement, rule, anchors, lengths, calendars, until, bounds[-1:])
    pauses = _pauses(agreement, rule)
    met = list(_days_met(agreement, rule))
    found = []
    for number, anchor in enumerate(anchors, start=1):
        following = anchors[number] if number < len(anchors) else None
        met_on = next((day for day in met if day >= anchor and (following is None or day <= following)), None)
        closed_on = met_on or following
        own = [pause for pause in pauses if closed_on is None or pause.start < closed_on]
        deadline = _computed(rule, number, anchor, lengths, calendars, pauses=own)
        if met_on is not None:
            met.remove(met_on)
            deadline = replace(deadline, status=DeadlineStatus.MET, closed_on=met_on)
        elif following is not None:
            deadline = replace(deadline, status=DeadlineStatus.VOID, closed_on=following)
        found.append(_lapsed(deadline, rule, agreement, today))
    return found


def lengths_of(rule: DeadlineRule, agreement: Agreement, definition: ProcessDefinition) -> tuple[Length, ...]:
    """The length of the rule, or the readings of the term that decides it; the process's default where the text was not seen."""
    if rule.length is not None:
        return (rule.length,)
    if rule.term is None:
        return ()
    term = agreement.terms.get(rule.term)
    if term is not None:
        return term.readings
    default = definition.terms[rule.term].default
    return (default,) if default else ()


def _anchor_days(agreement: Agreement, rule: DeadlineRule) -> list[date]:
    if rule.anchor.step is not None:
        return [entry.effective_on for entry in agreement.steps_taken(rule.anchor.step)]
    claims = agreement.facts.get(rule.anchor.fact or "", ())
    values = [claim.value for claim in claims if claim.chosen]
    return [value.as_date for value in values if isinstance(value, PartialDate) and value.as_date]


def _days_met(agreement: Agreement, rule: DeadlineRule) -> Iterable[date]:
    days = [entry.effective_on for entry in agreement.steps_taken(*rule.met_by_steps)]
    for child in agreement.children:
        days += [on for state, on in child.reached if ChildState(child.process, state) in rule.met_by_children]
    return sorted(days)


def _pauses(agreement: Agreement, rule: DeadlineRule) -> list[Interval]:
    """The times the agreement spent in the states that pause the deadline."""
    pauses: list[Interval] = []
    for entry in agreement.history:
        if entry.from_state == entry.to_state:
            continue
        if pauses and pauses[-1].end is None and entry.from_state in rule.paused_in:
            pauses[-1] = replace(pauses[-1], end=entry.effective_on)
        if entry.to_state in rule.paused_in:
            pauses.append(Interval(entry.effective_on, None))
    return pauses


def _computed(
    rule: DeadlineRule,
    number: int,
    anchor: date,
    lengths: tuple[Length, ...],
    calendars: Calendars,
    *,
    times: int = 1,
    pauses: Sequence[Interval] = (),
) -> Deadline:
    own = [p for p in pauses if p.end is None or p.end > anchor]
    days = [due_date(anchor, length, rule, calendars, times=times, pauses=own) for length in lengths]
    known = [day for day in days if day is not None]
    business = any(length.unit is Unit.BUSINESS_DAYS for length in lengths)
    uses_calendar = rule.roll is not Roll.NONE or business
    return Deadline(
        rule=rule.key,
        occurrence=number,
        anchor_on=anchor,
        warn_on=min(known, default=None),
        due_on=max(known, default=None),
        status=DeadlineStatus.OPEN if known else DeadlineStatus.PAUSED,
        edition=calendars.edition if uses_calendar else "",
        provisional=uses_calendar
        and any(not calendars.covers(day) for day in [*known, *([anchor] if business else [])]),
    )


def _backed(
    agreement: Agreement,
    rule: DeadlineRule,
    base: Deadline,
    lengths: tuple[Length, ...],
    calendars: Calendars,
    today: date,
) -> Deadline:
    """A deadline counted from another one: it follows that date, and is over when that one is."""
    anchor = base.due_on
    assert anchor is not None
    deadline = _computed(rule, base.occurrence, anchor, lengths, calendars)
    early = _computed(rule, base.occurrence, base.warn_on or anchor, lengths, calendars)
    deadline = replace(deadline, warn_on=early.warn_on)
    until = base.closed_on or date.max
    met_on = next((day for day in _days_met(agreement, rule) if base.anchor_on <= day <= until), None)
    if met_on is not None:
        return replace(deadline, status=DeadlineStatus.MET, closed_on=met_on)
    deadline = _lapsed(deadline, rule, agreement, today)
    if not deadline.is_open and rule.on_lapse is not None:
        return deadline
    passed = not rule.duty and deadline.due_on is not None and deadline.due_on < today
    if passed and (base.closed_on is None or (deadline.due_on or today) < base.closed_on):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=deadline.due_on)
    if not base.is_open:
        return replace(deadline, status=DeadlineStatus.VOID, closed_on=base.closed_on)
    return deadline


def _recurring(
    agreement: Agreement,
    rule: DeadlineRule,
    anchors: list[date],
    lengths: tuple[Length, ...],
    calendars: Calendars,
    until: date,
    bound: Sequence[date],
) -> list[Deadline]:
    """The occurrences whose period has begun by `until`, each counted from the anchor: no drift.

    Those due before the case came into the books are not chased.
    """
    if not anchors:
        return []
    periods = list(_periods(rule, anchors[-1], lengths, calendars, until, bound))
    answered = _answered(periods, list(_days_met(agreement, rule)), until)
    return [deadline for deadline in answered if deadline.due_on and deadline.due_on >= agreement.tracked_from]


def _periods(
    rule: DeadlineRule,
    anchor: date,
    lengths: tuple[Length, ...],
    calendars: Calendars,
    until: date,
    bound: Sequence[date],
) -> Iterator[tuple[date, Deadline]]:
    """Each occurrence with the day after which its period begins; none is due after `bound`."""
    length = max(lengths, key=lambda one: add_length(anchor, one, calendars))
    begins, number = anchor, 0
    while begins <= until and (begins < until or number == 0):
        number += 1
        if any(add_length(anchor, length, calendars, times=number) > day for day in bound):
            return
        deadline = _computed(rule, number, anchor, (length,), calendars, times=number)
        due_on = deadline.due_on
        if due_on is None:
            return
        if len(lengths) > 1:
            period = add_length(anchor, length, calendars, times=number - 1) if number > 1 else anchor
            early = min(due_date(period, one, rule, calendars) or due_on for one in lengths)
            deadline = replace(deadline, warn_on=early)
        yield begins, deadline
        begins = due_on


def _answered(periods: Sequence[tuple[date, Deadline]], acts: Sequence[date], until: date) -> Iterator[Deadline]:
    """Done in time, an act answers its own period; done late, the period it missed and not the present one as well.

    What was not done by the time the next occurrence was due stays on record as not met.
    """
    late: set[date] = set()
    for number, (begins, deadline) in enumerate(periods):
        due_on = deadline.due_on or until
        last = periods[number + 1][1].due_on if number + 1 < len(periods) else None
        usable = (day for day in acts if begins < day and (last is None or day <= last))
        met_on = next((day for day in usable if day not in late or day == due_on), None)
        if met_on is not None:
            if met_on > due_on:
                late.add(met_on)
            yield replace(deadline, status=DeadlineStatus.MET, closed_on=met_on)
        elif last is not None and last < until:
            yield replace(deadline, status=DeadlineStatus.UNMET, closed_on=last)
        else:
            yield deadline


def _lapsed(deadline: Deadline, rule: DeadlineRule, agreement: Agreement, today: date) -> Deadline:
    if not deadline.is_open or deadline.due_on is None or deadline.due_on >= today:
        return deadline
    taken = rule.on_lapse is not None and any(
        entry.kind is EntryKind.STEP and entry.step == rule.on_lapse and entry.effective_on == deadline.due_on
        for entry in agreement.history
    )
    if taken or (not rule.duty and rule.on_lapse is None):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=deadline.due_on)
    return deadline


def _ended(agreement: Agreement, definition: ProcessDefinition) -> list[date]:
    """The day the case ended, if it has."""
    if not definition.states[agreement.state].final:
        return []
    return [entry.effective_on for entry in agreement.history if entry.to_state == agreement.state][-1:]


def _closed_by_the_end(
    deadline: Deadline, rule: DeadlineRule, agreement: Agreement, definition: ProcessDefinition
) -> Deadline:
    """Nothing is owed any more once the case has ended; what was overdue by then stays on record as not met."""
    ended = _ended(agreement, definition)
    if not deadline.is_open or not ended:
        return deadline
    overdue = rule.late is not None and deadline.due_on is not None and deadline.due_on < ended[0]
    return replace(deadline, status=DeadlineStatus.UNMET if overdue else DeadlineStatus.VOID, closed_on=ended[0])


def _closed_as_impossible(
    deadline: Deadline, rule: DeadlineRule, agreement: Agreement, definition: ProcessDefinition
) -> Deadline:
    """A duty that no step from here can meet is not owed: a case entered after registration owes no request for it."""
    if not deadline.is_open or not rule.met_by_steps or rule.met_by_children or rule.on_lapse is not None:
        return deadline
    ahead = definition.reachable_from(agreement.state)
    if any(definition.steps[step].sources & ahead for step in rule.met_by_steps):
        return deadline
    came = next(
        (entry.effective_on for entry in reversed(agreement.history) if entry.to_state == agreement.state), None
    )
    return replace(deadline, status=DeadlineStatus.VOID, closed_on=came)


def lapses_by_the_clock(rule: DeadlineRule, deadline: Deadline, today: date) -> bool:
    """Whether the day has passed and the process names a step that follows from it."""
    return rule.on_lapse is not None and deadline.is_open and deadline.due_on is not None and deadline.due_on < today


def levels(rule: DeadlineRule, deadline: Deadline, calendars: Calendars) -> Iterator[ReachedLevel]:
    """The ladder of one deadline with its dates, without end where a level repeats. Ordered within `warn` and within `escalate`.

    Levels before the date go by `warn_on`, levels after it by `due_on`.
    """
    if deadline.warn_on is None or deadline.due_on is None:
        return
    last = deadline.due_on
    for level in rule.warn + rule.escalate:
        if level.repeats:
            continue
        base = deadline.warn_on if level.is_early else deadline.due_on
        sign = -1 if level.side is Side.BEFORE else 1
        on = base if level.length is None else add_length(base, level.length, calendars, sign=sign)
        if level in rule.warn:
            last = max(last, on)
        yield ReachedLevel(level.key if level.to is None else f"{level.key} to {level.to}", on, level)
    for level in rule.warn:
        if level.repeats and level.length is not None:
            for times in range(1, 10_000):
                yield ReachedLevel(
                    f"{level.key} #{times}", add_length(last, level.length, calendars, times=times), level
                )


def reached(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, today: date) -> list[ReachedLevel]:
    """The levels whose day is `today` or earlier, soonest first; of a repeating level only the last."""
    found: list[ReachedLevel] = []
    for level in levels(rule, deadline, calendars):
        if level.on > today:
            if level.level.repeats:
                break
            continue
        if level.level.repeats and found and found[-1].level.repeats:
            found.pop()
        found.append(level)
    return sorted(found, key=lambda level: level.on)


def next_level_on(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, after: date | None) -> date | None:
    """The day of the first level after `after` (None: the very first); None where none is left."""
    if not deadline.is_open:
        return None
    days: list[date] = []
    for level in levels(rule, deadline, calendars):
        if after is None or level.on > after:
            days.append(level.on)
            if level.level.repeats:
                break
    return min(days, default=None)


def next_wake_on(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, after: date | None) -> date | None:
    """The first day a sweep has something to do about the deadline: a level, or the day after it has passed unused."""
    if deadline.due_on is None:
        return None
    if not deadline.is_open:
        begins = deadline.due_on + ONE_DAY
        again = rule.recurs and deadline.status is DeadlineStatus.MET and (after is None or begins > after)
        return begins if again else None
    days = [next_level_on(rule, deadline, calendars, after)]
    if rule.on_lapse is not None or not rule.duty or rule.recurs:
        days.append(deadline.due_on + ONE_DAY)
    return min((day for day in days if day is not None and (after is None or day > after)), default=None)
