"""Named requirements of a step. Each answers with a reason, or with nothing. A process file can name these and no others."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.rounds import Consultation, Rounds, rounds_of
from twinflow.domain.process.definition import ANOTHER_PERSON, NOT_AFTER, NOT_BEFORE, Checklist, Label, Requirement
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.days import against_the_day
from twinflow.domain.steps.hands import hands_in, tied_to_a_hand
from twinflow.domain.steps.remedies import by_child, by_record, helped
from twinflow.sentences import Sentence

Check = Callable[[Attempt, Requirement], Sentence | None]


def unmet(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Why the requirement is not met, or None."""
    return REQUIREMENTS[requirement.name](attempt, requirement)


def _fact(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    if requirement.fact is None or attempt.agreement.fact(requirement.fact) is not None:
        return None
    reason = Sentence("{fact} is not on record.", {"fact": attempt.definition.records[requirement.fact]})
    return helped(attempt, reason, by_record(attempt.agreement, attempt.definition, requirement.fact))


def _date_known(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    if requirement.fact is None or attempt.agreement.day_of(requirement.fact) is not None:
        return None
    reason = Sentence("The day is not known: {fact}.", {"fact": attempt.definition.facts[requirement.fact]})
    return helped(attempt, reason, by_record(attempt.agreement, attempt.definition, requirement.fact))


def _checklist(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Every item of the checklist was there at the last look."""
    key = requirement.checklist or ""
    checklist = attempt.definition.checklists[key]
    missing = missing_items(checklist, attempt.agreement.fact(key))
    if not missing:
        return None
    reason = Sentence("{checklist}: missing are {items}.", {"checklist": checklist.label, "items": missing})
    return helped(attempt, reason, by_record(attempt.agreement, attempt.definition, key))


def missing_items(checklist: Checklist, value: object) -> list[Label]:
    """The items that a look recorded as `value` (keys with commas between them, None: never looked) did not find."""
    there = str(value).split(",") if value is not None else []
    return [label for key, label in checklist.items.items() if key not in there]


def _child(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Some child of the process has reached the state, whatever became of it since; not before the step, where one is named."""
    wanted, since = requirement.child, attempt.agreement.steps_taken(requirement.step or "")
    first = since[-1].effective_on if since else date.min
    if wanted is None or any(
        child.process == wanted.process and any(state == wanted.state and on >= first for state, on in child.reached)
        for child in attempt.agreement.children
    ):
        return None
    values: dict[str, object] = {"process": wanted.process, "state": wanted.state}
    reason = Sentence("No {process} has come to “{state}” yet.", values)
    if since:
        reason = Sentence("No {process} has come to “{state}” since {day}.", {**values, "day": first})
    return helped(attempt, reason, by_child(attempt.agreement, wanted.process))


def _all_signed(attempt: Attempt, _requirement: Requirement) -> Sentence | None:
    if not attempt.agreement.unsigned:
        return None
    return Sentence(
        "These parties have not signed: {parties}.", {"parties": [party.name for party in attempt.agreement.unsigned]}
    )


def _every_party(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Every party has taken the steps since the case came into its state (model agreement, art. XIV: both accept in writing)."""
    taken = {(entry.step, entry.party) for entry in _since_it_came_here(attempt.agreement)}
    for step in requirement.steps:
        missing = [party.name for party in attempt.agreement.parties if (step, party.name) not in taken]
        if missing:
            values = {"parties": missing, "step": attempt.definition.steps[step].label}
            return Sentence("Missing from {parties}: {step}.", values)
    return None


def _step_taken(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    taken = {entry.step for entry in _since_it_came_here(attempt.agreement)}
    for step in requirement.steps:
        if step not in taken:
            return Sentence("Not done yet: {step}.", {"step": attempt.definition.steps[step].label})
    return None


def _another_person_than(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Four eyes, on persons: whoever had a hand in it, or is tied to one who had, cannot decide about it, in whatever role."""
    hands = hands_in(attempt.agreement, attempt.definition, attempt.step, requirement, attempt.actor)
    did = tied_to_a_hand(attempt.actor, hands)
    return None if did is None else Sentence("{did}; another person has to take this one.", {"did": did})


def _draft_submitted(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """A draft for the next round: its text, or every paper that it consists of; what the case began with is for the first."""
    rule, rounds = attempt.definition.rounds[requirement.round or ""], _rounds(attempt)
    there = set(rounds.recorded_since.get(rule.key, ()))
    if rounds.last(rule.key) is None:
        there |= {paper for paper in rule.papers if attempt.agreement.fact(paper) is not None}
    if rule.key in rounds.waiting or (rule.papers and there >= set(rule.papers)):
        return None
    values = {"reference": attempt.agreement.reference, "round": rule.label}
    reason = Sentence("No draft was submitted for the next round of “{round}”.", values)
    command = Sentence("Submit it: twinflow rounds submit-draft {reference} FILE --as PERSON", values)
    return helped(attempt, reason, command if rule.draft else None)


def _observations_made(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """What goes back goes back with something to answer."""
    if _rounds(attempt).unanswered(requirement.round or ""):
        return None
    reason = Sentence("No observation is open that could be answered.")
    remedy = Sentence(
        "Make one: twinflow rounds observe {reference} --article ARTICLE --text TEXT --as PERSON",
        {"reference": attempt.agreement.reference},
    )
    return helped(attempt, reason, remedy)


def _observations_closed(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Who decides has closed every observation; who submits anew has answered every one."""
    rounds, key = _rounds(attempt), requirement.round or ""
    decides = rounds.open(key) is not None
    left = rounds.unclosed(key) if decides else rounds.unanswered(key)
    if not left:
        return None
    values = {"numbers": [each.number for each in left], "reference": attempt.agreement.reference}
    if decides:
        reason = Sentence("These observations are not closed: {numbers}.", values)
        remedy = Sentence("Close what is settled: twinflow rounds close {reference} NUMBER --as PERSON", values)
        return helped(attempt, reason, remedy)
    reason = Sentence("These observations are not answered: {numbers}.", values)
    remedy = Sentence("Answer each: twinflow rounds answer {reference} NUMBER --text TEXT --as PERSON", values)
    return helped(attempt, reason, remedy)


def _consultations_given(attempt: Attempt, requirement: Requirement) -> Sentence | None:
    """Everything that was asked in the round is answered; where the process has a quorum, so many units have answered."""
    rounds, rule = _rounds(attempt), attempt.definition.rounds[requirement.round or ""]
    this = rounds.last(rule.key)
    asked = rounds.asked_in(this) if this is not None else []
    units = {each.asked.role for each in asked}
    answered = {each.asked.role for each in asked if each.given is not None}
    missing = [each for each in asked if each.given is None]
    if rule.quorum is None:
        if not missing:
            return None
        values = {"given": len(asked) - len(missing), "asked": len(asked), "missing": _in_words(missing, attempt)}
        return Sentence("{given} of {asked} consultations have their answer; missing: {missing}.", values)
    if len(answered) >= rule.quorum:
        return None
    missing = [each for each in missing if each.asked.role not in answered]
    values = {"given": len(answered), "asked": len(units), "quorum": rule.quorum}
    values |= {"missing": _in_words(missing, attempt) or "–", "reference": attempt.agreement.reference}
    said = Sentence("{given} of {asked} units consulted have answered, {quorum} have to; missing: {missing}.", values)
    if len(units) >= rule.quorum:
        return said
    remedy = Sentence("Ask one: twinflow rounds consult {reference} --role ROLE --text TEXT --as PERSON", values)
    return helped(attempt, said, remedy)


def _in_words(missing: Sequence[Consultation], attempt: Attempt) -> list[Sentence]:
    roles = attempt.definition.roles
    values = ({"role": roles[each.asked.role].label, "number": each.number} for each in missing)
    return [Sentence("{role} (consultation {number})", each) for each in values]


def _rounds(attempt: Attempt) -> Rounds:
    return rounds_of(attempt.agreement.history, attempt.definition)


def _since_it_came_here(agreement: Agreement) -> Sequence[HistoryEntry]:
    """What happened from the step that led into the present state: an acceptance of an earlier round does not count."""
    entries = agreement.history
    moves = [n for n, entry in enumerate(entries) if entry.to_state is not None and entry.from_state != entry.to_state]
    return entries[moves[-1] :] if moves else entries


REQUIREMENTS: Mapping[str, Check] = {
    "fact": _fact,
    "date_known": _date_known,
    "all_signed": _all_signed,
    "checklist": _checklist,
    "child": _child,
    "every_party": _every_party,
    "step_taken": _step_taken,
    ANOTHER_PERSON: _another_person_than,
    "draft_submitted": _draft_submitted,
    "observations_made": _observations_made,
    "observations_closed": _observations_closed,
    "consultations_given": _consultations_given,
    NOT_BEFORE: against_the_day,
    NOT_AFTER: against_the_day,
}

ASKED_FOR = frozenset({"step_taken", "every_party"})
"""The requirements that ask for steps to have been taken before."""

CONDITIONS = frozenset({"all_signed"})
"""The requirements that may also choose between two destinations of a step."""
