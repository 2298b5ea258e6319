"""Which deadlines an agreement has: what each runs from, what closed it, and the inputs its date is computed from.

Everything is derived from scratch each time from the agreement's facts, terms and history; nothing is added to an earlier
result. The arithmetic is in `deadlines`. Silence decides nothing here: a lapse has an effect only where the process file
names a step for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import Carried, Policy, StepTaken
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import ONE_DAY, Calendars, Pause, add_length, received_on
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.domain.deadlines.carried_over import TakenOver, taken_over
from twinflow.domain.deadlines.changes import Change, changed_basis, changes_by_deadline
from twinflow.domain.deadlines.context import DeadlineContext, computed
from twinflow.domain.deadlines.lateness import has_passed
from twinflow.domain.process.definition import CLOCK, ChildState, DeadlineRule, ProcessDefinition, Side


@dataclass(frozen=True, slots=True)
class Start:
    """An event that a deadline runs from: the day of the act, and the day it is counted from where the late office is."""

    happened_on: date
    counted_from: date


def derive(agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> tuple[Deadline, ...]:
    """Every occurrence of every deadline of the agreement.

    Rules whose anchor has no day, or whose length the text does not state, give nothing.
    """
    done: dict[str, list[Deadline]] = {}
    for case in _cases(agreement, definition, context, _in_order(definition)):
        found = [_closed_as_impossible(deadline, case) for deadline in _occurrences(case, done)]
        done[case.rule.key] = [_closed_by_the_end(deadline, case) for deadline in found]
    return tuple(deadline for found in done.values() for deadline in found)


def derives_anew_on(agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> date | None:
    """The first day, where the late office is, whose coming alone may give other deadlines; None if none may.

    A right, or an occurrence, is over the day after its date; the next period of a recurring duty begins. `agreement` has its
    deadlines derived.
    """
    if definition.states[agreement.state].final:
        return None
    days: list[date] = []
    changing = (rule for rule in definition.deadlines.values() if rule.recurs or not rule.duty)
    for case in _cases(agreement, definition, context, changing):
        rule, migrated = case.rule, case.migration.on is not None
        known = [each for each in agreement.deadlines if each.rule == rule.key]
        days += [each.due_on + ONE_DAY for each in known if each.due_on is not None and each.due_on >= case.today]
        if rule.recurs and (migrated or not known):  # else the next period begins with the last date known
            days += _next_period(case)
    return min(days, default=None)


def is_outrun(agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> bool:
    """Whether a date in the books has passed after which deadlines, derived anew, may be others.

    So it is with a right or a step of the clock that is still open, and with the last known occurrence of a recurring duty.
    """
    rules = definition.deadlines
    ended: set[str] = set()
    ahead: set[str] = set()
    for deadline in agreement.deadlines:
        rule = rules.get(deadline.rule)
        if rule is None:  # the process no longer has it
            continue
        if not has_passed(deadline.due_on, context.today_of(rule)):
            ahead.add(rule.key)
        elif rule.recurs:
            ended.add(rule.key)
        elif deadline.is_open and (not rule.duty or rule.on_lapse):
            return True
    return not ended <= ahead


@dataclass(slots=True)  # frozen, it costs three times as much to make, which a step does for every rule
class _Case:
    """One rule of one agreement."""

    agreement: Agreement
    definition: ProcessDefinition
    rule: DeadlineRule
    context: DeadlineContext
    changes: Mapping[tuple[str, int], tuple[Change, ...]]
    earlier: Mapping[tuple[str, int], tuple[Change, ...]]
    migration: TakenOver

    @property
    def calendars(self) -> Calendars:
        return self.context.calendars_of(self.rule)

    @property
    def today(self) -> date:
        return self.context.today_of(self.rule)

    def computed(self, occurrence: int, anchor_on: date, basis: Basis) -> Deadline:
        """With what people paused, extended and agreed for this occurrence; since a migration where one carried it over."""
        key = (self.rule.key, occurrence)
        changes, carried = self.changes.get(key, ()), self.migration.deadlines.get(key)
        basis = self._changed(basis, changes)
        if carried is not None:
            later = self._changed(Basis(), changes[len(self.earlier.get(key, ())) :])
            anchor_on = carried.on
            basis = Basis(
                carried.lengths,
                pauses=tuple(self._since(carried, basis.pauses)),
                extensions=later.extensions,
                agreed_on=basis.agreed_on,
                early_from=carried.on if len(carried.lengths) > 1 else None,
                carried=carried.policy.value,
            )
        return computed(self.rule, occurrence, anchor_on, basis, self.calendars)

    def _changed(self, basis: Basis, changes: Sequence[Change]) -> Basis:
        return changed_basis(basis, self.rule, changes, len(self.agreement.parties), self.calendars)

    def _since(self, carried: Carried, pauses: Iterable[Pause]) -> Iterator[Pause]:
        """The pauses since the migration. Where the day was kept, a pause that only the new version knows did not begin then."""
        on = self.migration.on or carried.on
        for pause in pauses:
            if pause.start >= on:
                yield pause
            elif carried.policy is Policy.KEEP_REMAINING and (pause.end is None or pause.end > on):
                yield replace(pause, start=on)


def _cases(
    agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext, rules: Iterable[DeadlineRule]
) -> Iterator[_Case]:
    """Each of the rules with what has happened in the agreement."""
    changes = changes_by_deadline(agreement.history)
    migration = taken_over(agreement.history)
    earlier = changes_by_deadline(agreement.history[: migration.entries])
    for rule in rules:
        yield _Case(agreement, definition, rule, context, changes, earlier, migration)


def _in_order(definition: ProcessDefinition) -> Iterator[DeadlineRule]:
    """Rules that follow other deadlines come after those."""
    rules = definition.deadlines.values()
    yield from (rule for rule in rules if rule.anchor.deadline is None and rule.until is None)
    yield from (rule for rule in rules if rule.anchor.deadline is not None or rule.until is not None)


def _occurrences(case: _Case, done: Mapping[str, list[Deadline]]) -> list[Deadline]:
    agreement, rule = case.agreement, case.rule
    lengths = lengths_of(rule, agreement, case.definition)
    if not lengths and not rule.is_fixed:
        return []
    if rule.anchor.deadline is not None:
        return [_backed(case, base, lengths) for base in done[rule.anchor.deadline] if base.due_on]
    starts = _starts(case)
    if rule.recurs:
        bounds = [day for base in done.get(rule.until or "", []) if (day := base.due_on)]
        return _recurring(case, starts, lengths, bounds[-1:])
    if not starts:
        return []
    pauses = _pauses(case)
    met = list(_days_met(agreement, rule))
    found = []
    for number, start in enumerate(starts, start=1):
        following = starts[number].happened_on if number < len(starts) else None
        met_on = next(
            (day for day in met if _answers(rule, day, start) and (following is None or day <= following)), None
        )
        closed_on = met_on or following
        own = tuple(
            pause
            for pause in pauses
            if (closed_on is None or pause.start < closed_on) and (pause.end is None or pause.end > start.counted_from)
        )
        deadline = case.computed(number, start.counted_from, Basis(lengths, pauses=own))
        if met_on is not None:
            met.remove(met_on)
            deadline = replace(deadline, status=DeadlineStatus.MET, closed_on=met_on)
        elif following is not None:
            deadline = replace(deadline, status=DeadlineStatus.VOID, closed_on=following)
        found.append(_lapsed(deadline, case))
    return found


def _answers(rule: DeadlineRule, day: date, start: Start) -> bool:
    """Whether an act of `day` can meet what runs from `start`: a given date, or one counted back from, can be met before it."""
    return rule.is_fixed or rule.side is Side.BEFORE or day >= start.happened_on


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


def _starts(case: _Case) -> list[Start]:
    """What the deadline runs from, oldest first; counted from a day of the year where the rule names one."""
    found, on = _events(case), case.rule.anchor.on
    return found if on is None else [replace(start, counted_from=_last_day(on, start.counted_from)) for start in found]


def _last_day(on: tuple[int, int], until: date) -> date:
    """The last such day (month, day) up to `until`."""
    this_year = date(until.year, *on)
    return this_year if this_year <= until else date(until.year - 1, *on)


def _events(case: _Case) -> list[Start]:
    anchor, agreement = case.rule.anchor, case.agreement
    if anchor.activity:
        return [Start(day, day) for day in _days_of_activity(agreement)]
    if anchor.step is not None:
        return [Start(entry.effective_on, _received_on(case, entry)) for entry in agreement.steps_taken(anchor.step)]
    claims = agreement.facts.get(anchor.fact or "", ())
    values = [claim.value for claim in claims if claim.chosen]
    days = [value.as_date for value in values if isinstance(value, PartialDate) and value.as_date]
    return [Start(day, day) for day in days]


def _days_of_activity(agreement: Agreement) -> list[date]:
    """The days on which people did something in the case, or something came about in its children; first the opening."""
    days = {agreement.history[0].effective_on} if agreement.history else set()
    days |= {e.effective_on for e in agreement.history if e.kind is EntryKind.STEP and e.actor != CLOCK}
    return sorted(days | {on for child in agreement.children for _, on in child.reached})


def _received_on(case: _Case, entry: HistoryEntry) -> date:
    """The day of the act; where its hour is on record, the day on which the late office counts it as received."""
    place, said = case.context.places.get(case.rule.late or ""), StepTaken.read(entry)
    if place is None or said is None or said.received_at is None:
        return entry.effective_on
    return received_on(said.received_at, place.zone, case.rule.cut_off, case.calendars)


def _days_met(agreement: Agreement, rule: DeadlineRule) -> Iterable[date]:
    days = [entry.effective_on for entry in agreement.steps_taken(*rule.met_by_steps)]
    for child in agreement.children if rule.met_by_children else ():
        days += [on for state, on in child.reached if ChildState(child.process, state) in rule.met_by_children]
    return sorted(days)


def _pauses(case: _Case) -> list[Pause]:
    """The times the agreement spent in the states that pause the deadline."""
    pauses: list[Pause] = []
    if not case.rule.paused_in:
        return pauses
    for entry in case.agreement.history:
        if entry.to_state is None or entry.from_state == entry.to_state:
            continue
        if pauses and pauses[-1].end is None and entry.from_state in case.rule.paused_in:
            pauses[-1] = replace(pauses[-1], end=entry.effective_on)
        if entry.to_state in case.rule.paused_in:
            reason, said = case.definition.states[entry.to_state].label, StepTaken.read(entry)
            pauses.append(Pause(entry.effective_on, None, reason, said.reason if said is not None else ""))
    return pauses


def _backed(case: _Case, base: Deadline, lengths: tuple[Length, ...]) -> Deadline:
    """A deadline counted from another one: it follows that date, and is over when that one is."""
    anchor = base.due_on
    assert anchor is not None
    rule = case.rule
    early = base.warn_on if base.warn_on != anchor else None
    deadline = case.computed(base.occurrence, anchor, Basis(lengths, early_from=early))
    until = base.closed_on or date.max
    met_on = next((day for day in _days_met(case.agreement, rule) if base.anchor_on <= day <= until), None)
    if met_on is not None:
        return replace(deadline, status=DeadlineStatus.MET, closed_on=met_on)
    deadline = _lapsed(deadline, case)
    if not deadline.is_open and rule.on_lapse:
        return deadline
    due_on = deadline.due_on
    passed = not rule.duty and due_on is not None and due_on < case.today
    if passed and (base.closed_on is None or (due_on or case.today) < base.closed_on):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=due_on)
    if not base.is_open:
        return replace(deadline, status=DeadlineStatus.VOID, closed_on=base.closed_on)
    return deadline


def _recurring(
    case: _Case, starts: Sequence[Start], lengths: tuple[Length, ...], bound: Sequence[date]
) -> list[Deadline]:
    """The occurrences whose period has begun, up to the end of the case or to `bound`, each counted from the anchor: no drift.

    Those due before the case came into the books are not chased.
    """
    if not starts:
        return []
    until = min([case.today, *_ended(case.agreement, case.definition), *bound])
    periods = [*_carried_periods(case, lengths), *_periods(case, starts[-1].counted_from, lengths, until, bound)]
    answered = _answered(periods, list(_days_met(case.agreement, case.rule)), until)
    return [each for each in answered if each.due_on is None or each.due_on >= case.agreement.tracked_from]


def _carried_periods(case: _Case, lengths: tuple[Length, ...]) -> Iterator[tuple[date, Deadline]]:
    """The occurrences that ran when the case came to its version."""
    basis = Basis(lengths, pauses=tuple(_pauses(case)))
    for (rule, number), carried in sorted(case.migration.deadlines.items(), key=lambda item: item[0]):
        if rule == case.rule.key:
            yield carried.after, case.computed(number, carried.on, basis)


def _periods(
    case: _Case, anchor: date, lengths: tuple[Length, ...], until: date, bound: Sequence[date]
) -> Iterator[tuple[date, Deadline]]:
    """Each occurrence with the day after which its period begins; none is due after `bound`.

    After a migration those that come after what the version before decided on, with the next numbers.
    """
    calendars, pauses = case.calendars, _pauses(case)
    length = max(lengths, key=lambda one: add_length(anchor, one, calendars))
    number, last = case.migration.recurring.get(case.rule.key, (0, date.min))
    begins = max(anchor, last)
    ends = anchor
    for times in count(1):
        if begins > until or (begins == until and number > 0):
            return
        period, ends = ends, add_length(anchor, length, calendars, times=times)
        if any(ends > day for day in bound):
            return
        if ends <= last:
            continue
        number += 1
        early_from = period if len(lengths) > 1 else None
        basis = Basis(lengths, times=times, pauses=tuple(_within(period, pauses)), early_from=early_from)
        deadline = case.computed(number, anchor, basis)
        yield begins, deadline
        if deadline.due_on is None:
            return
        begins = deadline.due_on


def _next_period(case: _Case) -> list[date]:
    """The day on which the next period that has not begun will have: the first on its own day, a later one on the day after."""
    starts, lengths = _starts(case), lengths_of(case.rule, case.agreement, case.definition)
    if not starts or not lengths:
        return []
    bounds = [each.due_on for each in case.agreement.deadlines if each.rule == case.rule.until and each.due_on]
    for begins, deadline in _periods(case, starts[-1].counted_from, lengths, date.max, bounds[-1:]):
        seen_on = begins if deadline.occurrence == 1 else begins + ONE_DAY
        if seen_on > case.today:
            return [seen_on]
    return []


def _within(period: date, pauses: Iterable[Pause]) -> Iterator[Pause]:
    """The pauses as far as they fall after the period began: a pause moves the date of its own period and no later one."""
    first = period + ONE_DAY
    for pause in pauses:
        if pause.end is None or pause.end > first:
            yield replace(pause, start=max(pause.start, first))


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


def _lapsed(deadline: Deadline, case: _Case) -> Deadline:
    rule = case.rule
    if not deadline.is_open or deadline.due_on is None or deadline.due_on >= case.today:
        return deadline
    taken = any(entry.effective_on == deadline.due_on for entry in case.agreement.steps_taken(*rule.on_lapse))
    if taken or (not rule.duty and not rule.on_lapse):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=deadline.due_on)
    return deadline


def _ended(agreement: Agreement, definition: ProcessDefinition) -> list[date]:
    """The day the case ended, if it has."""
    if not definition.states[agreement.state].final:
        return []
    return [entry.effective_on for entry in agreement.history if entry.to_state == agreement.state][-1:]


def _closed_by_the_end(deadline: Deadline, case: _Case) -> Deadline:
    """Nothing is owed any more once the case has ended; what was overdue by then stays on record as not met."""
    ended = _ended(case.agreement, case.definition)
    if not deadline.is_open or not ended:
        return deadline
    overdue = case.rule.late is not None and deadline.due_on is not None and deadline.due_on < ended[0]
    return replace(deadline, status=DeadlineStatus.UNMET if overdue else DeadlineStatus.VOID, closed_on=ended[0])


def _closed_as_impossible(deadline: Deadline, case: _Case) -> Deadline:
    """A duty that no step from here can meet is not owed: a case entered after registration owes no request for it.

    Where the clock would take a step, that is so if the day had passed before the case came into the books.
    """
    rule, agreement = case.rule, case.agreement
    steps = rule.met_by_steps.union(rule.on_lapse)
    if not deadline.is_open or not steps or rule.met_by_children:
        return deadline
    if rule.on_lapse and (deadline.due_on is None or deadline.due_on >= agreement.tracked_from):
        return deadline
    sources = frozenset[str]().union(*(case.definition.steps[step].sources for step in steps))
    if agreement.state in sources or sources & case.definition.reachable_from(agreement.state):
        return deadline
    came = next(
        (entry.effective_on for entry in reversed(agreement.history) if entry.to_state == agreement.state), None
    )
    return replace(deadline, status=DeadlineStatus.VOID, closed_on=came)
