"""Four eyes: every decision of the shipped processes beside every tie between who decides and who had a hand in it."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from builders import AT_PAGE, agreement, calendars, noon, rulebook
from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import (
    Acknowledged,
    Corrected,
    Correction,
    DraftSubmitted,
    ObservationAct,
    OnObservation,
    StepTaken,
    TermStated,
    noted,
)
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import ANOTHER_PERSON, LIAISON, ProcessDefinition, Requirement, Step
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.requirements import unmet

DAY = date(2026, 3, 2)
SHELL = Way("shell", "operator")
PROCESSES = {
    process.key: process
    for process in rulebook().catalogue
    if any(each.name == ANOTHER_PERSON for step in process.steps.values() for each in step.requires)
}


def decisions(process: ProcessDefinition) -> Iterator[tuple[Step, Requirement]]:
    return ((step, each) for step in process.steps.values() for each in step.requires if each.name == ANOTHER_PERSON)


def taken(step: str, actor: str, way: Way = AT_PAGE, corrected_by: str = "") -> HistoryEntry:
    details = StepTaken(corrected_by=corrected_by).details()
    return HistoryEntry(EntryKind.STEP, actor, DAY, noon(DAY), step, "a", "b", None, details, way)


def submitted(case: Agreement, *entries: HistoryEntry) -> Agreement:
    return replace(case, history=(*case.history, *entries))


def decider(step: Step, key: str = "dora", **more: object) -> Actor:
    """Somebody who is allowed to take it, by a page unless it is said otherwise."""
    return Actor(key, frozenset(step.by), **{"way": AT_PAGE, **more})  # type: ignore[arg-type]


def worlds(process: ProcessDefinition, step: Step, asked: Requirement) -> Iterator[tuple[str, Agreement, Actor]]:
    """What is to be refused, by the name of the tie."""
    case, name = agreement(process, opened_on=DAY), asked.steps[0]
    plain = submitted(case, taken(name, "ana"))
    role = min(step.by)
    yield "same key", plain, decider(step, "ana")
    yield "role and office changed", plain, Actor("ana", frozenset({role, "elsewhere"}), way=AT_PAGE)
    yield "second key", plain, decider(step, also=frozenset({"ana"}))
    yield "delegate of a hand", plain, decider(step, acts_for={role: "ana"})
    yield "acted for the decider", submitted(case, taken(name, "ana", replace(AT_PAGE, acts_for="dora"))), decider(step)
    for_ana = replace(AT_PAGE, role="supervisor", acts_for="ana")
    yield "acted for a hand", submitted(plain, taken("elsewhere", "dora", for_ana)), decider(step)
    yield "two delegates of one", submitted(case, taken(name, "bea", for_ana)), decider(step, acts_for={role: "ana"})
    two_keys = frozenset({frozenset({"ana", "ana2"})})
    yield "delegate of a hand's other key", plain, decider(step, acts_for={role: "ana2"}, shared=two_keys)
    yield "delegate of a hand beside a role of one's own", plain, decider(step, givers=frozenset({"ana"}))
    for_other_key = taken("elsewhere", "dora", replace(for_ana, acts_for="ana2"))
    yield "acted for a hand's other key", submitted(plain, for_other_key), decider(step, shared=two_keys)
    for_other_key = taken(name, "bea", replace(for_ana, acts_for="ana2"))
    yield (
        "two delegates of one's two keys",
        submitted(case, for_other_key),
        decider(step, givers=frozenset({"ana"}), shared=two_keys),
    )
    for rule in process.rounds.values():
        if not rule.opened_by.isdisjoint(asked.steps):
            draft = noted(DraftSubmitted(round=rule.key, text="Article I."), "dora", DAY, noon(DAY), AT_PAGE)
            yield "submitted the draft", submitted(plain, draft), decider(step)
            answer = OnObservation(round=rule.key, act=ObservationAct.ANSWERED, number=1, text="Added.")
            yield (
                "answered an observation",
                submitted(plain, noted(answer, "dora", DAY, noon(DAY), AT_PAGE)),
                decider(step),
            )
    yield "corrected what was taken", submitted(case, taken(name, "ana", corrected_by="dora")), decider(step)
    correction = Corrected(entry=2, correction=Correction.REPLACE, reason="typed wrongly", asked={"on": "2026-03-01"})
    yield "corrected an entry", submitted(plain, noted(correction, "dora", DAY, noon(DAY), AT_PAGE)), decider(step)
    shell = submitted(case, taken(name, "ana", SHELL))
    yield "one user of the machine", shell, decider(step, way=SHELL)
    for rule in process.deadlines.values():
        if not rule.met_by_steps.isdisjoint(asked.steps):
            said = noted(Acknowledged((rule.key, 1), DAY), "dora", DAY, noon(DAY), AT_PAGE)
            yield f"acknowledged {rule.key}", submitted(plain, said), decider(step)
    if LIAISON in step.by:
        return
    as_liaison = replace(AT_PAGE, role=LIAISON)
    first = replace(case.history[0], actor="dora", way=as_liaison)
    yield "opened the case", submitted(replace(case, history=(first,)), taken(name, "ana")), decider(step)
    stated = noted(TermStated("validity", "3 years", "text"), "dora", DAY, noon(DAY), as_liaison)
    yield "stated a term", submitted(plain, stated), decider(step)
    for other in process.steps.values():
        if other.by == {LIAISON}:
            case_with_it = submitted(case, taken(other.key, "dora", as_liaison), taken(name, "ana"))
            yield f"recorded by {other.key}", case_with_it, decider(step)


def why(process: ProcessDefinition, step: Step, asked: Requirement, case: Agreement, actor: Actor) -> str:
    return str(unmet(Attempt(case, process, actor, DAY, calendars(), step=step), asked) or "")


def test_no_tie_leads_to_a_decision_about_ones_own_work(capsys):
    cells, approved = 0, []
    for process in PROCESSES.values():
        for step, asked in decisions(process):
            for tie, case, actor in worlds(process, step, asked):
                cells += 1
                reason = why(process, step, asked, case, actor)
                if not reason.endswith("another person has to take this one."):
                    approved.append((process.key, step.key, tie, reason))
    with capsys.disabled():
        sys.stdout.write(f"\nfour eyes: {cells} cells, {len(approved)} self-approvals\n")
    assert cells > 500
    assert approved == []


@pytest.mark.parametrize("key", PROCESSES)
def test_whoever_had_no_hand_in_it_can_decide(key):
    process = PROCESSES[key]
    for step, asked in decisions(process):
        case = agreement(process, opened_on=DAY)
        others = [taken(each.key, "ana", replace(AT_PAGE, role=min(each.by))) for each in process.steps.values()]
        official = taken(step.key, "dora", replace(AT_PAGE, role=min(step.by)))
        assert why(process, step, asked, submitted(case, *others), decider(step)) == ""
        assert why(process, step, asked, submitted(case, official, *others), decider(step)) == ""


def test_the_refusal_names_the_tie():
    process = PROCESSES["mx/twinning"]
    step = process.steps["issue_favourable_opinion"]
    (asked,) = (each for each in step.requires if each.name == ANOTHER_PERSON)
    case = submitted(agreement(process, opened_on=DAY), taken("request_opinion", "ana", SHELL))
    assert "ana took the step" in (said := why(process, step, asked, case, decider(step, way=SHELL)))
    assert "both came by the shell of operator, a user of the machine" in said
    assert why(process, step, asked, case, decider(step, way=replace(SHELL, for_several=True))) == ""
    assert why(process, step, asked, case, decider(step, way=Way("shell", "another"))) == ""
    assert "dora stands in for ana" in why(process, step, asked, case, decider(step, acts_for={"reviewer": "ana"}))


def test_a_matter_that_one_step_alone_decides_is_settled_by_it_and_a_text_that_is_sent_back_is_the_same_text():
    process = PROCESSES["mx/twinning"]
    case, liaison = agreement(process, opened_on=DAY), replace(AT_PAGE, role=LIAISON)
    over = submitted(case, taken("begin_hand_over", "ana", liaison), taken("take_over", "bea", liaison))
    step = process.steps["take_over"]
    (asked,) = (each for each in step.requires if each.name == ANOTHER_PERSON)
    again = submitted(over, taken("begin_hand_over", "bea", liaison))
    assert why(process, step, asked, again, decider(step, "ana")) == ""
    assert why(process, step, asked, again, decider(step, "bea")) != ""
    opinion = process.steps["issue_favourable_opinion"]
    (asked,) = (each for each in opinion.requires if each.name == ANOTHER_PERSON)
    later = submitted(
        case, taken("request_opinion", "ana"), taken("make_observations", "rita"), taken("answer_observations", "bea")
    )
    assert why(process, opinion, asked, later, decider(opinion, "ana")) != ""
    assert why(process, opinion, asked, later, decider(opinion, "rita")) == ""
