"""The rules of a process file in words, for people: what a step asks for, and what a deadline is counted from."""

from twinflow.domain.process.definition import (
    NOT_BEFORE,
    ChildState,
    DeadlineRule,
    Label,
    ProcessDefinition,
    Requirement,
    Side,
)
from twinflow.sentences import Sentence


def requirement_message(requirement: Requirement, definition: ProcessDefinition) -> Sentence:
    """What has to be so before the step is taken, as an item of a list. The names are those of `domain.steps.requirements`."""
    steps = [definition.steps[step].label for step in requirement.steps]
    match requirement.name:
        case "fact":
            return Sentence("on record: {fact}", {"fact": _record(requirement.fact, definition)})
        case "date_known":
            return Sentence("the day is known: {fact}", {"fact": _record(requirement.fact, definition)})
        case "checklist":
            return Sentence("complete: {checklist}", {"checklist": _record(requirement.checklist, definition)})
        case "step_taken":
            return Sentence("done since it came into this state: {steps}", {"steps": steps})
        case "every_party":
            return Sentence("done for every party since it came into this state: {steps}", {"steps": steps})
        case "another_person_than":
            return Sentence("by another person than: {steps}", {"steps": steps})
        case "child" if requirement.child is not None:
            return _child_requirement(requirement, requirement.child, definition)
        case "draft_submitted":
            return Sentence("a draft submitted for the next round")
        case "observations_made":
            return Sentence("an observation that is open")
        case "observations_closed":
            return Sentence("every observation closed; for a new submission, answered")
        case "consultations_given":
            return Sentence("the answers of the units that were consulted")
        case "not_before" | "not_after":
            return _day_requirement(requirement, definition)
        case _:
            return condition_message(requirement.name)


def _child_requirement(requirement: Requirement, child: ChildState, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {"process": child.process, "state": child.state}
    if requirement.step is None:
        return Sentence("a case of {process} that belongs to it has reached {state}", values)
    values["step"] = definition.steps[requirement.step].label
    return Sentence("a case of {process} that belongs to it has reached {state} since the step “{step}”", values)


def _day_requirement(requirement: Requirement, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {"day": day_message(requirement, definition)}
    waits = requirement.name == NOT_BEFORE
    if requirement.at_least is None:
        return Sentence("not before {day}", values) if waits else Sentence("not after {day}", values)
    values["distance"] = requirement.at_least.message
    if waits:
        return Sentence("at least {distance} after {day}", values)
    return Sentence("at least {distance} before {day}", values)


def day_message(requirement: Requirement, definition: ProcessDefinition) -> Sentence:
    """The day that a requirement on days goes by."""
    if requirement.deadline is not None:
        return Sentence("the date of “{deadline}”", {"deadline": definition.deadlines[requirement.deadline].label})
    if requirement.step is not None:
        return Sentence("the day of the step “{step}”", {"step": definition.steps[requirement.step].label})
    return Sentence("“{fact}”", {"fact": _record(requirement.fact, definition)})


def condition_message(name: str) -> Sentence:
    """A requirement without arguments; these may also choose between two destinations of a step."""
    return Sentence("every party has signed") if name == "all_signed" else Sentence("{name}", {"name": name})


def anchor_message(rule: DeadlineRule, definition: ProcessDefinition) -> Sentence:
    """What the deadline is counted from."""
    on = rule.anchor.on
    event = _event_message(rule, definition)
    if on is None:
        return event
    values = {"day": f"{on[0]:02d}-{on[1]:02d}", "event": event}
    return Sentence("the {day} (month-day) of the year before {event}, or of that year if it has passed", values)


def _event_message(rule: DeadlineRule, definition: ProcessDefinition) -> Sentence:
    anchor = rule.anchor
    if anchor.step is not None:
        return Sentence("the step “{step}”", {"step": definition.steps[anchor.step].label})
    if anchor.fact is not None:
        return Sentence("“{fact}”", {"fact": _record(anchor.fact, definition)})
    if anchor.deadline is not None:
        return Sentence("the date of “{deadline}”", {"deadline": definition.deadlines[anchor.deadline].label})
    return Sentence("the last thing done in the case or in what belongs to it")


def length_message(rule: DeadlineRule, definition: ProcessDefinition) -> Sentence:
    """How long the deadline is and what it is counted from: `15 business days from the step “Request the opinion”`."""
    values: dict[str, object] = {"anchor": anchor_message(rule, definition)}
    if rule.is_fixed:
        return Sentence("on the day itself: {anchor}", values)
    if rule.length is not None:
        values["length"] = rule.length.message
    elif rule.term is not None:
        term = definition.terms[rule.term]
        values["length"] = Sentence("as long as the text says ({term})", {"term": term.label})
        if term.default is not None:
            values["length"] = Sentence(
                "as long as the text says ({term}; usually {length})",
                {"term": term.label, "length": term.default.message},
            )
    if rule.recurs:
        return Sentence("{length}, again and again, from {anchor}", values)
    if rule.side is Side.BEFORE:
        return Sentence("{length} before {anchor}", values)
    return Sentence("{length} from {anchor}", values)


def lapse_message(rule: DeadlineRule, definition: ProcessDefinition) -> Sentence:
    """What follows when the deadline passes."""
    steps = [definition.steps[key].label for key in rule.on_lapse]
    if len(steps) == 1:
        return Sentence("when it passes the clock takes the step “{step}”", {"step": steps[0]})
    return Sentence(
        "when it passes the clock takes the first of these steps that leaves the state: {steps}", {"steps": steps}
    )


def _record(name: str | None, definition: ProcessDefinition) -> Label | str:
    return definition.records.get(name or "", name or "")
