"""Which deadlines an agreement has: what each runs from, what closed it, and the inputs its date is computed from.

Everything is derived from scratch each time from the agreement's facts, terms and history; nothing is added to an earlier
result. The arithmetic is in `deadlines`. Silence decides nothing here: a lapse has an effect only where the process file
names a step for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count, zip_longest
from typing import NamedTuple

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import Carried, DateMoved, Policy, StepTaken, TermStated
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import ONE_DAY, Calendars, Pause, add_length, pause_on, received_on
from twinflow.domain.calendar.dates import Length, PartialDate, add_months, months_between
from twinflow.domain.deadlines.carried_over import TakenOver, taken_over
from twinflow.domain.deadlines.changes import Change, changed_basis, changes_by_deadline
from twinflow.domain.deadlines.context import DeadlineContext, computed
from twinflow.domain.process.definition import CLOCK, ChildState, DeadlineRule, Effect, ProcessDefinition, Side, Step
from twinflow.domain.process.well_known_facts import EFFECT_FACTS


@dataclass(frozen=True, slots=True)
class Start:
    """An event that a deadline runs from: the day of the act, and the day it is counted from where the late office is.

    `entry` is the number of the history's entry that put it on record, if one did. `stands_for` is the day of the month that
    the event stands for, where its own month has none such: a term that began on a 31st and was renewed on 28 February.
    """

    happened_on: date
    counted_from: date
    entry: int | None = None
    stands_for: date | None = None


class Act(NamedTuple):
    """What can meet a deadline: its day, and the number of its entry in the history; None for what came about in a child."""

    on: date
    entry: int | None


class Period(NamedTuple):
    """An occurrence of a recurring duty: an act after `after` can meet it; `begun` says whether that day is over."""

    after: date
    deadline: Deadline
    begun: bool = True


def with_deadlines(agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> Agreement:
    """The agreement with every occurrence of every deadline, and the next day whose coming alone may give others (`derive_on`).

    Rules whose anchor has no day, or whose length the text does not state, give nothing. A right, or an occurrence, is over
    the day after its date; the next period of a recurring duty begins: all days are those where the late office is.
    """
    if agreement.annulled_on is not None:
        return replace(agreement, deadlines=(), derive_on=None, derived_on=context.today)
    ahead: list[date] = []
    done: dict[str, list[Deadline]] = {}
    for case in _cases(agreement, definition, context, _in_order(definition), ahead):
        found = [_in_its_states(deadline, case) for deadline in _occurrences(case, done)]
        ended = [_closed_by_the_end(deadline, case) for deadline in found if deadline is not None]
        done[case.rule.key] = [_closed_as_impossible(deadline, case) for deadline in ended]
        for deadline in done[case.rule.key]:
            if deadline.is_open and deadline.assumed and deadline.due_on is not None:
                case.is_over(deadline.due_on)  # then it is no next date any more
    deadlines = tuple(deadline for found in done.values() for deadline in found)
    derive_on = min(ahead, default=None)
    return replace(agreement, deadlines=deadlines, derive_on=derive_on, derived_on=context.today)


def on_record_since(
    agreement: Agreement, definition: ProcessDefinition, deadline: Deadline, context: DeadlineContext
) -> date:
    """The day, where the late office is, since which the books can know of the date as it stands.

    The day on which it was moved there; else that on which its event or its term was put on record, or the case came to a state
    in which it runs; at the earliest that on which the case came into the books.
    """
    rule, history = definition.deadlines[deadline.rule], agreement.history
    for entry in reversed(history):
        moved = DateMoved.read(entry)
        if moved is not None and moved.key == deadline.key and moved.after == deadline.due_on:
            return context.day_of(rule, entry.recorded_at)
    base = definition.deadlines[rule.anchor.deadline] if rule.anchor.deadline is not None else rule
    (case,) = _cases(agreement, definition, context, [base], [])
    starts = _starts(case)
    own = starts[deadline.occurrence - 1 : deadline.occurrence]
    if base.recurs:  # numbered on where the duty began anew
        own = [start for start in starts if (start.stands_for or start.counted_from) == deadline.anchor_on][-1:]
    began = [history[start.entry] for start in own if start.entry is not None]
    entered = (e for e in reversed(history) if e.to_state in rule.while_in and e.from_state not in rule.while_in)
    began += [entry for entry in [next(entered, None)] if entry is not None]
    stated = (entry for entry in history if entry.kind is EntryKind.TERM)
    began += [e for e in stated if (said := TermStated.read(e)) is not None and said.term in {rule.term, base.term}]
    return max([agreement.tracked_from, *(context.day_of(rule, entry.recorded_at) for entry in began)])


@dataclass(slots=True)  # frozen, it costs three times as much to make, which a step does for every rule
class _Case:
    """One rule of one agreement.

    `ahead` takes the days that were asked for and are still to come; `begun_by` the entry with which each occurrence began.
    """

    agreement: Agreement
    definition: ProcessDefinition
    rule: DeadlineRule
    context: DeadlineContext
    changes: Mapping[tuple[str, int], tuple[Change, ...]]
    earlier: Mapping[tuple[str, int], tuple[Change, ...]]
    migration: TakenOver
    ended_on: date | None
    ahead: list[date]
    begun_by: dict[tuple[str, int], int | None]

    @property
    def is_final(self) -> bool:
        return self.definition.states[self.agreement.state].final

    def has_come(self, day: date) -> bool:
        """Whether the day has come where the late office is; of a case that has ended, whether it came before that."""
        if self.ended_on is not None:
            return day <= self.ended_on
        if day > self.today and not self.is_final:
            self.ahead.append(day)
        return day <= self.today

    def is_over(self, day: date) -> bool:
        return self.has_come(day + ONE_DAY)

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
                assumed=basis.assumed,
            )
        assumed = tuple(dict.fromkeys((*basis.assumed, *self.assumed))) if basis.agreed_on is None else ()
        if assumed != basis.assumed:
            basis = replace(basis, assumed=assumed)
        return computed(self.rule, occurrence, anchor_on, basis, self.calendars)

    @property
    def assumed(self) -> tuple[str, ...]:
        term = self.rule.term
        if term is None or term in self.agreement.terms or self.definition.terms[term].default is None:
            return ()
        return (term,)

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
    agreement: Agreement,
    definition: ProcessDefinition,
    context: DeadlineContext,
    rules: Iterable[DeadlineRule],
    ahead: list[date],
) -> Iterator[_Case]:
    """Each of the rules with what has happened in the agreement."""
    changes = changes_by_deadline(agreement.history)
    migration = taken_over(agreement.history)
    earlier = changes_by_deadline(agreement.history[: migration.entries])
    ended_on = _ended_on(agreement, definition)
    begun_by: dict[tuple[str, int], int | None] = {}
    for rule in rules:
        yield _Case(agreement, definition, rule, context, changes, earlier, migration, ended_on, ahead, begun_by)


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
        ends = [base for base in done.get(rule.until or "", []) if not base.assumed]
        bounds = [day for base in ends if (day := base.due_on)]
        return _recurring(case, starts, lengths, bounds[-1] if bounds else date.max)
    if not starts:
        return []
    pauses = _pauses(case)
    acts = list(_acts(case))
    found = []
    for number, start in enumerate(starts, start=1):
        case.begun_by[rule.key, number] = start.entry
        following = starts[number] if number < len(starts) else None
        met = next((act for act in acts if _answers(case, act, start, following)), None)
        closed_on = met.on if met is not None else following.happened_on if following is not None else None
        own = tuple(
            pause
            for pause in pauses
            if (closed_on is None or pause.start < closed_on) and (pause.end is None or pause.end > start.counted_from)
        )
        deadline = case.computed(number, start.stands_for or start.counted_from, _basis(start, lengths, own))
        if met is not None:
            acts.remove(met)
            deadline = replace(deadline, status=DeadlineStatus.MET, closed_on=met.on)
        elif following is not None:
            deadline = replace(deadline, status=DeadlineStatus.VOID, closed_on=following.happened_on)
        found.append(_lapsed(deadline, case))
    return found


def _basis(start: Start, lengths: tuple[Length, ...], pauses: tuple[Pause, ...]) -> Basis:
    """What a date is counted from beside the start: on from a day of the month that was lost, the months since that day."""
    if start.stands_for is None:
        return Basis(lengths, pauses=pauses)
    early_from = start.counted_from if len(lengths) > 1 else None
    after = months_between(start.stands_for, start.counted_from)
    return Basis(lengths, pauses=pauses, early_from=early_from, after_months=after)


def _answers(case: _Case, act: Act, start: Start, following: Start | None) -> bool:
    """Whether an act can meet what runs from `start`: a given date, or one counted back from, can be met before it.

    What an act begins it does not meet: it meets what ran before, whatever day it gives.
    """
    rule = case.rule
    if not _comes_after(case, act, start.entry):
        return False
    if rule.anchor.activity and act.on == start.happened_on:  # all that is done on a day begins the count
        return False
    ahead = rule.is_fixed or rule.side is Side.BEFORE
    return _comes_before(act, following) and (ahead or act.on >= start.happened_on)


def _comes_after(case: _Case, act: Act, begun_by: int | None) -> bool:
    """Whether the act is not the one that began the count, nor earlier than it, where such an act also meets it."""
    if act.entry is None or begun_by is None:
        return True
    begun = case.agreement.history[begun_by]
    return (act.on, act.entry) > (begun.effective_on, begun_by) or begun.step not in case.rule.met_by_steps


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
    if on is None:
        return found
    return [Start(each.happened_on, _last_day(on, each.counted_from), each.entry) for each in found]


def _last_day(on: tuple[int, int], until: date) -> date:
    """The last such day (month, day) up to `until`."""
    this_year = date(until.year, *on)
    return this_year if this_year <= until else date(until.year - 1, *on)


def _events(case: _Case) -> list[Start]:
    anchor, agreement = case.rule.anchor, case.agreement
    if anchor.activity:
        return _activity(agreement)
    if anchor.step is not None:
        taken = [(number, entry) for number, entry in _steps_taken(agreement) if entry.step == anchor.step]
        return _by_day(case, [Start(entry.effective_on, _received_on(case, entry), number) for number, entry in taken])
    claims = agreement.facts.get(anchor.fact or "", ())
    values = [claim.value for claim in claims if claim.chosen]
    days = [value.as_date for value in values if isinstance(value, PartialDate) and value.as_date]
    given = [Start(day, day, entry) for day, entry in zip(days, _givers(case, days), strict=True)]
    return _of_equal_terms(case, _by_day(case, given))


def _by_day(case: _Case, starts: Iterable[Start]) -> list[Start]:
    """In the order in which they were done, whenever they were entered; first what no step gave."""
    history = case.agreement.history
    return sorted(starts, key=lambda start: history[start.entry].effective_on if start.entry is not None else date.min)


def _steps_taken(agreement: Agreement) -> Iterator[tuple[int, HistoryEntry]]:
    """Each step with its number in the history."""
    return ((n, entry) for n, entry in enumerate(agreement.history) if entry.kind is EntryKind.STEP)


def _givers(case: _Case, days: Sequence[date]) -> list[int | None]:
    """The entry that gave each of the successive days of the fact that the rule runs from; None where no step did."""
    fact, steps = case.rule.anchor.fact or "", case.definition.steps
    if not days:
        return []
    left = [(number, entry) for number, entry in _steps_taken(case.agreement) if entry.step in steps]
    found: list[int | None] = []
    for day in reversed(days):
        giver = None
        while left and giver is None:
            number, entry = left.pop()
            giver = number if _gives(steps[entry.step or ""], entry, fact, day) else None
        found.append(giver)
    return found[::-1]


def _gives(step: Step, entry: HistoryEntry, fact: str, day: date) -> bool:
    if step.day_as == fact:
        return entry.effective_on == day
    if fact in step.records:
        said = StepTaken.read(entry)
        return said is not None and PartialDate.parse(said.records.get(fact, "unknown")).as_date == day
    return fact in EFFECT_FACTS.get(step.effect, ())


def _of_equal_terms(case: _Case, starts: Sequence[Start]) -> list[Start]:
    """Renewed terms go on from the first one's day of the month, also after a month that has none such.

    A period that is agreed for equal terms is counted from where the first began, as recurring duties are: 31 August,
    28 February, 31 August (model agreement, art. XIV: periods of equal length).
    """
    found: list[Start] = []
    first = None
    for start in starts:
        entry = case.agreement.history[start.entry] if start.entry is not None else None
        renewed = entry is not None and case.definition.steps[entry.step or ""].effect is Effect.RENEW_TERM
        if not renewed or first is None:
            first = start.happened_on
        months = months_between(first, start.happened_on)
        is_cut = start.happened_on.day < first.day and add_months(first, months) == start.happened_on
        found.append(replace(start, stands_for=first) if is_cut else start)
    return found


def _activity(agreement: Agreement) -> list[Start]:
    """The days on which people did something in the case, or something came about in its children; first the opening."""
    days: dict[date, int | None] = {on: None for child in agreement.children for _, on in child.reached}
    days |= {agreement.history[0].effective_on: None} if agreement.history else {}
    days |= {entry.effective_on: number for number, entry in _steps_taken(agreement) if entry.actor != CLOCK}
    return [Start(day, day, days[day]) for day in sorted(days)]


def _received_on(case: _Case, entry: HistoryEntry) -> date:
    """The day of the act; where its hour is on record, the day on which the late office counts it as received."""
    place, said = case.context.places.get(case.rule.late or ""), StepTaken.read(entry)
    if place is None or said is None or said.received_at is None:
        return entry.effective_on
    return received_on(said.received_at, place.zone, case.rule.cut_off, case.calendars)


def _acts(case: _Case) -> list[Act]:
    """What can meet the deadline, by day."""
    agreement, rule = case.agreement, case.rule
    acts = [Act(entry.effective_on, n) for n, entry in _steps_taken(agreement) if entry.step in rule.met_by_steps]
    for child in agreement.children if rule.met_by_children else ():
        acts += [
            Act(on, None) for state, on in child.reached if ChildState(child.process, state) in rule.met_by_children
        ]
    return sorted(acts, key=lambda act: act.on)


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
    deadline = case.computed(base.occurrence, anchor, Basis(lengths, early_from=early, assumed=base.assumed))
    begun_by = case.begun_by[rule.key, base.occurrence] = case.begun_by.get(base.key)
    until = base.closed_on or date.max
    acts = (act for act in _acts(case) if base.counted_from <= act.on <= until and _comes_after(case, act, begun_by))
    met = next(acts, None)
    if met is not None:
        return replace(deadline, status=DeadlineStatus.MET, closed_on=met.on)
    deadline = _lapsed(deadline, case)
    if not deadline.is_open and rule.on_lapse:
        return deadline
    due_on = deadline.due_on
    if (
        not rule.duty
        and due_on is not None
        and not deadline.assumed
        and (base.closed_on is None or due_on < base.closed_on)
        and case.is_over(due_on)
    ):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=due_on)
    if not base.is_open:
        return replace(deadline, status=DeadlineStatus.VOID, closed_on=base.closed_on)
    return deadline


def _recurring(case: _Case, starts: Sequence[Start], lengths: tuple[Length, ...], bound: date) -> list[Deadline]:
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


def _since_the_migration(case: _Case, starts: Sequence[Start]) -> list[Start]:
    """Of what was before the case came to its version, the last start goes on."""
    entries = case.migration.entries
    later = [start for start in starts if start.entry is not None and start.entry >= entries]
    before = [start for start in starts if start not in later]
    return [*before[-1:], *later] if entries else list(starts)


def _carried_periods(case: _Case, lengths: tuple[Length, ...]) -> Iterator[Period]:
    """The occurrences that ran when the case came to its version."""
    basis = Basis(lengths, pauses=tuple(_pauses(case)))
    for (rule, number), carried in sorted(case.migration.deadlines.items(), key=lambda item: item[0]):
        if rule == case.rule.key:
            yield Period(carried.after, case.computed(number, carried.on, basis))


def _periods(
    case: _Case,
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
    pauses, anchor = _pauses(case), start.counted_from
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
        basis = replace(_basis(start, lengths, tuple(_within(period, pauses))), times=times)
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
    case: _Case, periods: Sequence[Period], start: Start, following: Start | None, bound: date
) -> Iterator[Deadline]:
    """Done in time, an act answers its own period; done late, the period it missed and not the present one as well.

    What was not done by the time the next occurrence was due stays on record as not met. Where the duty begins anew nothing of
    before is owed any more.
    """
    acts = [act.on for act in _acts(case) if _comes_after(case, act, start.entry) and _comes_before(act, following)]
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
            found = _given_up(period.deadline, last, owed=True)
        elif following is not None and case.has_come(anew_on):
            overdue = period.deadline.due_on is not None and due_on < anew_on
            found = _given_up(period.deadline, anew_on, owed=overdue)
        else:
            found = period.deadline
        yield found
        if found.is_open and _is_chased(found, case) and next_period is not None and not next_period.begun:
            return


def _comes_before(act: Act, following: Start | None) -> bool:
    """Whether what ran before can be met by the act: what begins the duty anew still does."""
    return following is None or act.on <= following.happened_on or act.entry == following.entry is not None


def _is_chased(deadline: Deadline, case: _Case) -> bool:
    """Whether it was not due before the case came into the books."""
    return deadline.due_on is None or deadline.due_on >= case.agreement.tracked_from


def _falls_away(deadline: Deadline, case: _Case) -> bool:
    """Whether a duty of a calendar day passed in a pause and is not made up for."""
    if deadline.basis is None or deadline.due_on is None or not case.rule.skips_pauses:
        return False
    return pause_on(deadline.due_on, deadline.basis.pauses) is not None and case.is_over(deadline.due_on)


def _lapsed(deadline: Deadline, case: _Case) -> Deadline:
    """With what follows from its day: a step that was taken for it, or that a right is over."""
    rule, due_on = case.rule, deadline.due_on
    if not deadline.is_open or due_on is None:
        return deadline
    taken = any(
        entry.step in rule.on_lapse and entry.effective_on == due_on for _, entry in _steps_taken(case.agreement)
    )
    is_right = not rule.duty and not rule.on_lapse and not deadline.assumed
    if taken or (is_right and case.is_over(due_on)):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=due_on)
    return deadline


def _in_its_states(deadline: Deadline, case: _Case) -> Deadline | None:
    """The deadline as far as the case was in the states in which it runs; None where it never ran.

    What was overdue when the case left them stays on record as not met. Where the case comes back, what was not met runs on; a
    recurring duty whose day passed meanwhile falls away.
    """
    rule, due_on = case.rule, deadline.due_on
    if not rule.while_in or not (deadline.is_open or deadline.status is DeadlineStatus.UNMET):
        return deadline
    spans = list(_spans(case))
    if rule.recurs and due_on is not None:  # a day that comes while the case is elsewhere is no day of the duty
        spans = [(begin, end) for begin, end in spans if begin <= due_on and (end is None or due_on < end)]
    elif rule.recurs:
        spans = [(begin, end) for begin, end in spans if end is None]
    else:
        spans = [(begin, end) for begin, end in spans if end is None or end > deadline.counted_from]
    if not spans:
        return None
    left_on = spans[-1][1]
    if left_on is None or (deadline.closed_on is not None and deadline.closed_on <= left_on):
        return deadline
    return _given_up(deadline, left_on, owed=due_on is not None and due_on < left_on)


def _given_up(deadline: Deadline, on: date, *, owed: bool) -> Deadline:
    """It ends on the day without being met: on record as not met where it was owed by then, which no assumed date is."""
    status = DeadlineStatus.UNMET if owed and not deadline.assumed else DeadlineStatus.VOID
    return replace(deadline, status=status, closed_on=on)


def _spans(case: _Case) -> list[tuple[date, date | None]]:
    """The times that the case spent in the states in which the deadline runs; None: it is there still."""
    spans: list[tuple[date, date | None]] = []
    for entry in case.agreement.history:
        if entry.to_state is None:
            continue
        inside, running = entry.to_state in case.rule.while_in, bool(spans) and spans[-1][1] is None
        if inside and not running:
            spans.append((entry.effective_on, None))
        elif running and not inside:
            spans[-1] = (spans[-1][0], entry.effective_on)
    return spans


def _ended_on(agreement: Agreement, definition: ProcessDefinition) -> date | None:
    """The day the case ended, if it has."""
    if not definition.states[agreement.state].final:
        return None
    return next((e.effective_on for e in reversed(agreement.history) if e.to_state == agreement.state), None)


def _closed_by_the_end(deadline: Deadline, case: _Case) -> Deadline:
    """Nothing is owed any more once the case has ended; what was overdue by then stays on record as not met."""
    ended_on = case.ended_on
    if not deadline.is_open or ended_on is None:
        return deadline
    overdue = case.rule.late is not None and deadline.due_on is not None and deadline.due_on < ended_on
    return _given_up(deadline, ended_on, owed=overdue)


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
    if _can_come_to(sources, agreement.state, case):
        return deadline
    since, begun_by = _impossible_since(sources, case), case.begun_by.get(deadline.key)
    if since is not None and begun_by is not None:
        since = max(since, agreement.history[begun_by].effective_on)
    return replace(deadline, status=DeadlineStatus.VOID, closed_on=since)


def _can_come_to(sources: frozenset[str], state: str, case: _Case) -> bool:
    return state in sources or bool(sources & case.definition.reachable_from(state))


def _impossible_since(sources: frozenset[str], case: _Case) -> date | None:
    """The day on which the case came where none of these states can be reached any more, in the version it follows."""
    since = None
    for entry in reversed(case.agreement.history[case.migration.entries :]):
        if entry.to_state is not None:
            if _can_come_to(sources, entry.to_state, case):
                return since
            since = entry.effective_on
    return case.migration.on or since
