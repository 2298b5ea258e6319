"""Requirements on the day of the act: a step is taken not before, or not after, the day of something else."""

from dataclasses import replace
from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.calendar.business_days import day_apart
from twinflow.domain.calendar.dates import PartialDate, Unit
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.kept import kept
from twinflow.domain.deadlines.occurrences import lengths_of, with_deadlines
from twinflow.domain.process.definition import (
    DAYS,
    NOT_AFTER,
    NOT_BEFORE,
    DeadlineRule,
    ProcessDefinition,
    Requirement,
    Step,
)
from twinflow.domain.process.in_words import day_message
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.remedies import by_record, by_term, helped, with_remedy
from twinflow.sentences import Sentence


def against_the_day(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Why the step is not taken on that day, with the first or the last day on which it can be; None where it can be then.

    What is waited for has to have a day. What has none, or only one that no text states, is not over: it bars nobody. A fact
    known by month or year bars only what is out of its time whichever day it was.
    """
    waits, span = requirement.name == NOT_BEFORE, _span(attempt, requirement)
    if span is None:
        return _not_known(attempt, requirement) if waits else None
    day = span[0] if waits else span[1]
    if _is_in_time(attempt, requirement, day):
        return None
    bound = _bound(attempt, requirement, day)
    reason = _not_on_that_day(attempt, requirement, day, bound)
    if not _is_provisional(attempt, requirement, bound):
        return reason
    values = {"reason": reason}
    return Sentence("{reason} The date is provisional: a calendar that it rests on is not complete yet.", values)


def assumed_to_be_in_time(attempt: Attempt, step: Step) -> dict[str, str]:
    """The facts, each as far as its day is known, by which the step is taken though some of the days it may be would bar it."""
    return {
        requirement.fact: str(attempt.agreement.fact(requirement.fact))
        for requirement in step.requires
        if requirement.name in DAYS and requirement.fact is not None
        if not all(_is_in_time(attempt, requirement, day) for day in _span(attempt, requirement) or ())
    }


def comes_with(step: Step, requirement: Requirement, definition: ProcessDefinition) -> bool:
    """Whether what the requirement asks for, or the day it goes by, is put on record with the step itself."""
    if requirement.deadline is not None:
        return definition.is_dated_by(definition.deadlines[requirement.deadline], step)
    return requirement.fact is not None and requirement.fact in {*step.records, step.day_as}


def with_dates_recorded(
    agreement: Agreement, definition: ProcessDefinition, step: Step, context: DeadlineContext
) -> Agreement:
    """The agreement with the dates that follow from what is recorded with the step, where the step is judged by one of them."""
    if not any(requirement.deadline and comes_with(step, requirement, definition) for requirement in step.requires):
        return agreement
    derived = with_deadlines(agreement, definition, context)
    return replace(derived, deadlines=tuple(kept(agreement.deadlines, derived, definition, context).values()))


def _is_in_time(attempt: Attempt, requirement: Requirement, day: date) -> bool:
    """Whether the step is taken in its time, if that is the day it goes by."""
    bound = _bound(attempt, requirement, day)
    return attempt.on >= bound if requirement.name == NOT_BEFORE else attempt.on <= bound


def _bound(attempt: Attempt, requirement: Requirement, day: date) -> date:
    """The first, or the last, day on which the step can be taken."""
    if requirement.at_least is None:
        return day
    sign = 1 if requirement.name == NOT_BEFORE else -1
    return day_apart(day, requirement.at_least, attempt.calendars, sign=sign)


def _span(attempt: Attempt, requirement: Requirement) -> tuple[date, date] | None:
    """The first and the last day that it may be which the requirement goes by: mostly one and the same."""
    if requirement.fact is not None:
        value = attempt.agreement.fact(requirement.fact)
        return value.span if isinstance(value, PartialDate) else None
    day = _day(attempt, requirement)
    return (day, day) if day is not None else None


def _day(attempt: Attempt, requirement: Requirement) -> date | None:
    agreement = attempt.agreement
    if requirement.step is not None:
        taken = agreement.steps_taken(requirement.step)
        return taken[-1].effective_on if taken else None
    deadline = _last_of(agreement, requirement.deadline or "")
    if deadline is not None and deadline.assumed and requirement.name == NOT_AFTER:
        return None  # what no text states is over for nobody
    return deadline.due_on if deadline is not None else None


def _last_of(agreement: Agreement, rule: str) -> Deadline | None:
    """The occurrence that runs, or ran last: its date counts, whatever has become of it."""
    own = [deadline for deadline in agreement.deadlines if deadline.rule == rule]
    return max(own, key=lambda deadline: (deadline.is_open, deadline.occurrence), default=None)


def _not_on_that_day(attempt: Attempt, requirement: Requirement, day: date, bound: date) -> Sentence:
    fact = attempt.agreement.fact(requirement.fact or "")
    is_partial = isinstance(fact, PartialDate) and fact.as_date is None
    values: dict[str, object] = {"on": attempt.on, "bound": bound, "day": str(fact) if is_partial else day}
    values["what"] = day_message(requirement, attempt.definition)
    waits, distance = requirement.name == NOT_BEFORE, requirement.at_least
    if distance is None and waits:
        return Sentence("Not on {on}: possible from {bound} on, {what}.", values)
    if distance is None:
        return Sentence("Not on {on}: possible until {bound}, {what}.", values)
    values["distance"] = distance.message
    if waits:
        return Sentence("Not on {on}: possible from {bound} on, {distance} after {what} ({day}).", values)
    return Sentence("Not on {on}: possible until {bound}, {distance} before {what} ({day}).", values)


def _is_provisional(attempt: Attempt, requirement: Requirement, bound: date) -> bool:
    """Whether the first or last day rests on a calendar that is not filled in for its year."""
    deadline, distance = _last_of(attempt.agreement, requirement.deadline or ""), requirement.at_least
    counts = distance is not None and distance.length.unit is Unit.BUSINESS_DAYS
    return (deadline is not None and deadline.provisional) or (counts and not attempt.calendars.covers(bound))


def _not_known(attempt: Attempt, requirement: Requirement) -> Sentence:
    """Which day is waited for in vain, and what it would take to be known."""
    agreement, definition = attempt.agreement, attempt.definition
    if requirement.fact is not None:
        reason = Sentence("It waits for a day that is not known: {fact}.", {"fact": definition.facts[requirement.fact]})
        return helped(attempt, reason, by_record(agreement, definition, requirement.fact))
    if requirement.step is not None:
        label = definition.steps[requirement.step].label
        return Sentence("It comes after a step that is not done yet: {step}.", {"step": label})
    reason, remedy = _without_date(agreement, definition.deadlines[requirement.deadline or ""], definition)
    return helped(attempt, reason, remedy)


def what_the_clock_waits_for(agreement: Agreement, step: Step, definition: ProcessDefinition) -> list[Sentence]:
    """The dates on which the clock takes a step, or why there are none and what helps."""
    rules = [rule for rule in definition.deadlines.values() if step.key in rule.on_lapse]
    return [_when_it_passes(agreement, rule, definition) for rule in rules]


def _when_it_passes(agreement: Agreement, rule: DeadlineRule, definition: ProcessDefinition) -> Sentence:
    deadline = _last_of(agreement, rule.key)
    if deadline is None or deadline.due_on is None:
        return with_remedy(*_without_date(agreement, rule, definition))
    values = {"deadline": rule.label, "day": deadline.shown_on}
    if not deadline.assumed:
        return Sentence("The clock takes it when “{deadline}” has passed ({day}).", values)
    reason = Sentence("“{deadline}” ({day}) is only assumed, and nothing follows from it.", values)
    return with_remedy(reason, by_term(agreement, deadline.assumed[0]))


def _without_date(
    agreement: Agreement, rule: DeadlineRule, definition: ProcessDefinition
) -> tuple[Sentence, Sentence | None]:
    """That there is none, and why; and what helps."""
    why, remedy = _why_no_date(agreement, rule, definition)
    values = {"deadline": rule.label, "why": why}
    return Sentence("It waits for “{deadline}”, which has no date: {why}.", values), remedy


def _why_no_date(
    agreement: Agreement, rule: DeadlineRule, definition: ProcessDefinition
) -> tuple[Sentence, Sentence | None]:
    """The reason, and what helps."""
    base = definition.base_of(rule)
    fact, step = base.anchor.fact, base.anchor.step
    if _last_of(agreement, rule.key) is not None:
        return Sentence("its days do not count at present"), None
    if fact is not None and agreement.day_of(fact) is None:
        unknown = Sentence("the day is not known of “{fact}”", {"fact": definition.facts[fact]})
        return unknown, by_record(agreement, definition, fact)
    if step is not None and not agreement.steps_taken(step):
        return Sentence("the step “{step}” is not done yet", {"step": definition.steps[step].label}), None
    silent = [each.term for each in (rule, base) if each.term and not lengths_of(each, agreement, definition)]
    if not silent:
        return Sentence("it does not run in this case"), None
    term = agreement.terms.get(silent[0])
    values = {"term": definition.terms[silent[0]].label}
    if term is not None and term.indefinite:
        return Sentence("by the text it has no end ({term})", values), None
    return Sentence("the text does not state it ({term})", values), by_term(agreement, silent[0])
