"""Which deadlines an agreement has: what each runs from, what closed it, and the inputs its date is computed from.

Everything is derived from scratch each time from the agreement's facts, terms and history; nothing is added to an earlier
result. What happened is in `events`, recurring duties in `recurring`, what closes what nobody met in `closing`, the arithmetic in
`counting`. Silence decides nothing here: a lapse has an effect only where the process file names a step for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import DateMoved, TermStated
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.closing import closed_as_impossible, closed_by_the_end, in_its_states, lapsed
from twinflow.domain.deadlines.consultations import next_days
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.events import (
    Act,
    Start,
    acts_of,
    basis_of,
    comes_after,
    comes_before,
    pauses_of,
    starts_of,
)
from twinflow.domain.deadlines.recurring import recurring_occurrences
from twinflow.domain.deadlines.rule_of_case import RuleOfCase, rules_of_case
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition, Side


def with_deadlines(agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> Agreement:
    """The agreement with every occurrence of every deadline, and the next day whose coming alone may give others, or has a
    unit that was consulted warned (`derive_on`).

    Rules whose anchor has no day, or whose length the text does not state, give nothing. A right, or an occurrence, is over
    the day after its date; the next period of a recurring duty begins: all days are those where the late office is.
    """
    if agreement.annulled_on is not None:
        return replace(agreement, deadlines=(), derive_on=None, derived_on=context.today)
    ahead: list[date] = []
    done: dict[str, list[Deadline]] = {}
    for case in rules_of_case(agreement, definition, context, _in_order(definition), ahead):
        found = [in_its_states(deadline, case) for deadline in _occurrences(case, done)]
        ended = [closed_by_the_end(deadline, case) for deadline in found if deadline is not None]
        done[case.rule.key] = [closed_as_impossible(deadline, case) for deadline in ended]
        for deadline in done[case.rule.key]:
            if deadline.is_open and deadline.assumed and deadline.due_on is not None:
                case.is_over(deadline.due_on)  # then it is no next date any more
    deadlines = tuple(deadline for found in done.values() for deadline in found)
    derive_on = min([*ahead, *next_days(agreement, definition, context)], default=None)
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
    (case,) = rules_of_case(agreement, definition, context, [base], [])
    starts = starts_of(case)
    own = starts[deadline.occurrence - 1 : deadline.occurrence]
    if base.recurs:  # numbered on where the duty began anew
        own = [start for start in starts if (start.stands_for or start.counted_from) == deadline.anchor_on][-1:]
    began = [history[start.entry] for start in own if start.entry is not None]
    entered = (e for e in reversed(history) if e.to_state in rule.while_in and e.from_state not in rule.while_in)
    began += [entry for entry in [next(entered, None)] if entry is not None]
    stated = (entry for entry in history if entry.kind is EntryKind.TERM)
    began += [e for e in stated if (said := TermStated.read(e)) is not None and said.term in {rule.term, base.term}]
    return max([agreement.tracked_from, *(context.day_of(rule, entry.recorded_at) for entry in began)])


def _in_order(definition: ProcessDefinition) -> Iterator[DeadlineRule]:
    """Rules that follow other deadlines come after those."""
    rules = definition.deadlines.values()
    yield from (rule for rule in rules if rule.anchor.deadline is None and rule.until is None)
    yield from (rule for rule in rules if rule.anchor.deadline is not None or rule.until is not None)


def _occurrences(case: RuleOfCase, done: Mapping[str, list[Deadline]]) -> list[Deadline]:
    agreement, rule = case.agreement, case.rule
    lengths = lengths_of(rule, agreement, case.definition)
    if not lengths and not rule.is_fixed:
        return []
    if rule.anchor.deadline is not None:
        return [_backed(case, base, lengths) for base in done[rule.anchor.deadline] if base.due_on]
    starts = starts_of(case)
    if rule.recurs:
        ends = [base for base in done.get(rule.until or "", []) if not base.assumed]
        bounds = [day for base in ends if (day := base.due_on)]
        return recurring_occurrences(case, starts, lengths, bounds[-1] if bounds else date.max)
    if not starts:
        return []
    pauses = pauses_of(case)
    acts = list(acts_of(case))
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
        deadline = case.computed(number, start.stands_for or start.counted_from, basis_of(start, lengths, own))
        if met is not None:
            acts.remove(met)
            deadline = replace(deadline, status=DeadlineStatus.MET, closed_on=met.on)
        elif following is not None:
            deadline = replace(deadline, status=DeadlineStatus.VOID, closed_on=following.happened_on)
        found.append(lapsed(deadline, case))
    return found


def _answers(case: RuleOfCase, act: Act, start: Start, following: Start | None) -> bool:
    """Whether an act can meet what runs from `start`: a given date, or one counted back from, can be met before it.

    What an act begins it does not meet: it meets what ran before, whatever day it gives.
    """
    rule = case.rule
    if not comes_after(case, act, start.entry):
        return False
    if rule.anchor.activity and act.on == start.happened_on:  # all that is done on a day begins the count
        return False
    ahead = rule.is_fixed or rule.side is Side.BEFORE
    return comes_before(act, following) and (ahead or act.on >= start.happened_on)


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


def _backed(case: RuleOfCase, base: Deadline, lengths: tuple[Length, ...]) -> Deadline:
    """A deadline counted from another one: it follows that date, and is over when that one is."""
    anchor = base.due_on
    assert anchor is not None
    rule = case.rule
    early = base.warn_on if base.warn_on != anchor else None
    deadline = case.computed(base.occurrence, anchor, Basis(lengths, early_from=early, assumed=base.assumed))
    begun_by = case.begun_by[rule.key, base.occurrence] = case.begun_by.get(base.key)
    until = base.closed_on or date.max
    acts = (act for act in acts_of(case) if base.counted_from <= act.on <= until and comes_after(case, act, begun_by))
    met = next(acts, None)
    if met is not None:
        return replace(deadline, status=DeadlineStatus.MET, closed_on=met.on)
    deadline = lapsed(deadline, case)
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
