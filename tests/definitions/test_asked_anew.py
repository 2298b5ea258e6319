"""After a step that goes back, what a step asks for that is about the text has been done anew: the shipped files, way by way."""

import pytest

from builders import rulebook
from twinflow.domain.process.definition import ProcessDefinition, Requirement, Step
from twinflow.domain.steps.requirements import ASKED_FOR

ABOUT_WHAT_IS_ON_RECORD = {"fact", "checklist", "date_known"}
STAYS_TRUE = {
    "action-protocol": {"budget_certificate", "specific_agreement"},
    "ec/cuenca": {"profiles_compared_on", "indicators_set_on", "partners_involved_on"},
}
"""What is not about a text that is drafted again: a line of the budget holds until its year ends, whatever blocks the work
in between; the cities, the partners and the values before are the same ones for another draft."""


def how_far(process: ProcessDefinition) -> dict[str, int]:
    """How many steps it takes at least to come to each state that the start leads to."""
    far = {process.start: 0}
    ahead = [process.start]
    for here in ahead:
        for step in process.steps.values():
            for to in step.to if here in step.sources else ():
                if to.state not in far:
                    far[to.state] = far[here] + 1
                    ahead.append(to.state)
    return far


def recorders(process: ProcessDefinition, name: str) -> list[Step]:
    return [step for step in process.steps.values() if name in {*step.records, step.day_as}]


def taken_without(process: ProcessDefinition, name: str, step: Step) -> bool:
    """Whether some way leads from a step that records it, by one that goes back, to the step, and does not record it again."""
    makers = recorders(process, name)
    far = how_far(process)
    ahead = [(to.state, False) for maker in makers for to in maker.to]
    seen = set(ahead)
    while ahead:
        here, went_back = ahead.pop()
        if went_back and here in step.sources:
            return True
        for each in process.steps.values():
            if here in each.sources and each not in makers:
                onward = {(to.state, went_back or far[to.state] < far[here]) for to in each.to}
                ahead += sorted(onward - seen)
                seen |= onward
    return False


def is_asked_anew(process: ProcessDefinition, step: Step, name: str) -> bool:
    anew = {key for each in step.requires if each.name in ASKED_FOR for key in each.steps}
    return any(maker.key in anew for maker in recorders(process, name))


def old_words(process: ProcessDefinition) -> set[str]:
    """What an earlier round put on record and a step is content with, though the case went back since."""
    found = set()
    for step in process.steps.values():
        for requirement in step.requires:
            name = on_record(requirement)
            comes_with_it = name in {*step.records, step.day_as}
            if name and not comes_with_it and not is_asked_anew(process, step, name):
                found |= {name} if taken_without(process, name, step) else set()
    return found


def of_any_time(process: ProcessDefinition) -> set[str]:
    """The steps that wait for a child, can be taken again, and are content with a child of the time before."""
    return {
        step.key
        for step in process.steps.values()
        for requirement in step.requires
        if requirement.child is not None and requirement.step is None
        if not all(process.states[to.state].final for to in step.to)
    }


def on_record(requirement: Requirement) -> str:
    return (requirement.fact or requirement.checklist or "") if requirement.name in ABOUT_WHAT_IS_ON_RECORD else ""


@pytest.mark.parametrize("process", list(rulebook().catalogue), ids=lambda process: process.key)
def test_no_step_is_content_with_what_was_said_of_a_text_before_it_went_back(process: ProcessDefinition) -> None:
    assert old_words(process) == STAYS_TRUE.get(process.key, set())
    assert of_any_time(process) == set()
