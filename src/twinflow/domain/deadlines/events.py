"""What happened in an agreement, as a rule sees it: what it runs from, what can meet it, what pauses it.

In the order of the days on which it was done, whenever it was entered.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from twinflow.domain.agreement.agreement import Agreement, Basis
from twinflow.domain.agreement.entries import StepTaken
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Pause, received_on
from twinflow.domain.calendar.dates import Length, PartialDate, add_months, months_between
from twinflow.domain.deadlines.rule_of_case import RuleOfCase
from twinflow.domain.process.definition import CLOCK, ChildState, Effect, Step
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


def basis_of(start: Start, lengths: tuple[Length, ...], pauses: tuple[Pause, ...]) -> Basis:
    """What a date is counted from beside the start: on from a day of the month that was lost, the months since that day."""
    if start.stands_for is None:
        return Basis(lengths, pauses=pauses)
    early_from = start.counted_from if len(lengths) > 1 else None
    after = months_between(start.stands_for, start.counted_from)
    return Basis(lengths, pauses=pauses, early_from=early_from, after_months=after)


def comes_after(case: RuleOfCase, act: Act, begun_by: int | None) -> bool:
    """Whether the act is not the one that began the count, nor earlier than it, where such an act also meets it."""
    if act.entry is None or begun_by is None:
        return True
    begun = case.agreement.history[begun_by]
    return (act.on, act.entry) > (begun.effective_on, begun_by) or begun.step not in case.rule.met_by_steps


def starts_of(case: RuleOfCase) -> list[Start]:
    """What the deadline runs from, oldest first; counted from a day of the year where the rule names one."""
    found, on = _events(case), case.rule.anchor.on
    if on is None:
        return found
    return [Start(each.happened_on, _last_day(on, each.counted_from), each.entry) for each in found]


def _last_day(on: tuple[int, int], until: date) -> date:
    """The last such day (month, day) up to `until`."""
    this_year = date(until.year, *on)
    return this_year if this_year <= until else date(until.year - 1, *on)


def _events(case: RuleOfCase) -> list[Start]:
    anchor, agreement = case.rule.anchor, case.agreement
    if anchor.activity:
        return _activity(agreement)
    if anchor.step is not None:
        taken = [(number, entry) for number, entry in steps_taken(agreement) if entry.step == anchor.step]
        return _by_day(case, [Start(entry.effective_on, _received_on(case, entry), number) for number, entry in taken])
    claims = agreement.facts.get(anchor.fact or "", ())
    values = [claim.value for claim in claims if claim.chosen]
    days = [value.as_date for value in values if isinstance(value, PartialDate) and value.as_date]
    given = [Start(day, day, entry) for day, entry in zip(days, _givers(case, days), strict=True)]
    return _of_equal_terms(case, _by_day(case, given))


def _by_day(case: RuleOfCase, starts: Iterable[Start]) -> list[Start]:
    """In the order in which they were done, whenever they were entered; first what no step gave."""
    history = case.agreement.history
    return sorted(starts, key=lambda start: history[start.entry].effective_on if start.entry is not None else date.min)


def steps_taken(agreement: Agreement) -> Iterator[tuple[int, HistoryEntry]]:
    """Each step with its number in the history."""
    return ((n, entry) for n, entry in enumerate(agreement.history) if entry.kind is EntryKind.STEP)


def _givers(case: RuleOfCase, days: Sequence[date]) -> list[int | None]:
    """The entry that gave each of the successive days of the fact that the rule runs from; None where no step did."""
    fact, steps = case.rule.anchor.fact or "", case.definition.steps
    if not days:
        return []
    left = [(number, entry) for number, entry in steps_taken(case.agreement) if entry.step in steps]
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


def _of_equal_terms(case: RuleOfCase, starts: Sequence[Start]) -> list[Start]:
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
    days |= {entry.effective_on: number for number, entry in steps_taken(agreement) if entry.actor != CLOCK}
    return [Start(day, day, days[day]) for day in sorted(days)]


def _received_on(case: RuleOfCase, entry: HistoryEntry) -> date:
    """The day of the act; where its hour is on record, the day on which the late office counts it as received."""
    place, said = case.context.places.get(case.rule.late or ""), StepTaken.read(entry)
    if place is None or said is None or said.received_at is None:
        return entry.effective_on
    return received_on(said.received_at, place.zone, case.rule.cut_off, case.calendars)


def acts_of(case: RuleOfCase) -> list[Act]:
    """What can meet the deadline, by day."""
    agreement, rule = case.agreement, case.rule
    acts = [Act(entry.effective_on, n) for n, entry in steps_taken(agreement) if entry.step in rule.met_by_steps]
    for child in agreement.children if rule.met_by_children else ():
        acts += [
            Act(on, None) for state, on in child.reached if ChildState(child.process, state) in rule.met_by_children
        ]
    return sorted(acts, key=lambda act: act.on)


def pauses_of(case: RuleOfCase) -> list[Pause]:
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


def comes_before(act: Act, following: Start | None) -> bool:
    """Whether what ran before can be met by the act: what begins the duty anew still does."""
    return following is None or act.on <= following.happened_on or act.entry == following.entry is not None
