"""What steps ask for of a round: a draft, enough answers of those who were consulted; and whose hand counts since when."""

from dataclasses import replace
from datetime import date

from builders import AT_PAGE, agreement, calendars, context, definition, facts, noon
from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import ConsultationAct, DraftSubmitted, OnConsultation, StepTaken, noted
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import ProcessDefinition, Requirement
from twinflow.domain.steps.advance import reasons_against
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.requirements import unmet
from twinflow.language import say

DAY = date(2026, 3, 2)
IT, REPORT = definition("it/gemellaggio"), definition("progress-report")
ASKED, GIVEN = ConsultationAct.ASKED, ConsultationAct.GIVEN


def taken(step: str, actor: str) -> HistoryEntry:
    return HistoryEntry(EntryKind.STEP, actor, DAY, noon(DAY), step, "a", "b", None, StepTaken().details(), AT_PAGE)


def said(*entries: object) -> Agreement:
    """A notified case in which this was said."""
    case = agreement(IT, opened_on=DAY)
    noted_so = [
        each if isinstance(each, HistoryEntry) else noted(each, "dora", DAY, noon(DAY), AT_PAGE) for each in entries
    ]
    return replace(case, history=(*case.history, *noted_so))


def against(case: Agreement, name: str, process: ProcessDefinition = IT) -> str:
    actor = Actor("dora", frozenset({"department"}), way=AT_PAGE)
    reason = unmet(Attempt(case, process, actor, DAY, calendars()), Requirement(name, round="notification"))
    return "" if reason is None else say(reason, "en")


def consulted(number: int, act: ConsultationAct = ASKED, role: str = "ministry") -> OnConsultation:
    return OnConsultation("notification", act, number, "?", role)


def test_of_a_quorum_so_many_units_are_enough_and_the_refusal_says_how_many_have_answered_and_who_has_not():
    asked = (taken("notify", "ana"), consulted(1), consulted(2))
    assert against(said(*asked), "consultations_given") == (
        "0 of 1 units consulted have answered, 1 have to; "
        "missing: foreign ministry (consultation 1), foreign ministry (consultation 2)."
    )
    assert against(said(*asked, consulted(2, GIVEN)), "consultations_given") == ""
    nobody = against(said(taken("notify", "ana")), "consultations_given")
    assert nobody.startswith("0 of 0 units consulted have answered, 1 have to; missing: –.")
    assert "twinflow rounds consult" in nobody
    rule = replace(IT.rounds["notification"], consults=("ministry", "supervisor", "deputy"), quorum=2)
    of_three = replace(IT, rounds={"notification": rule}, digest="of three")
    both = (*asked, consulted(1, GIVEN), consulted(2, GIVEN))
    assert against(said(*both), "consultations_given", of_three).startswith(
        "1 of 1 units consulted have answered, 2 have to"
    )
    three = (*both, consulted(3, role="supervisor"), consulted(4, role="deputy"))
    assert against(said(*three), "consultations_given", of_three) == (
        "1 of 3 units consulted have answered, 2 have to; missing: "
        "supervisor of the liaison (consultation 3), deputy of the liaison (consultation 4)."
    )
    assert against(said(*three, consulted(4, GIVEN)), "consultations_given", of_three) == ""


def test_a_draft_is_its_text_or_its_papers_and_each_round_has_one_of_its_own():
    missing = against(said(), "draft_submitted")
    assert missing.startswith("No draft was submitted for the next round of “Notification to the department”.")
    with_text = DraftSubmitted("notification", "Article I.")
    assert against(said(with_text), "draft_submitted") == ""
    assert against(said(with_text, taken("notify", "ana")), "draft_submitted").startswith("No draft was submitted")
    on_file = replace(said(), facts=facts(draft="2026-03-01"))
    assert against(on_file, "draft_submitted") == ""
    recorded = replace(taken("prepare", "ana"), details=StepTaken(records={"draft": "no. 7"}).details())
    assert against(said(recorded), "draft_submitted") == ""
    second = replace(said(taken("notify", "ana")), facts=facts(draft="2026-03-01"))
    assert against(second, "draft_submitted").startswith("No draft was submitted")


def test_a_draft_is_read_as_it_was_written():
    for draft in (DraftSubmitted("report", "Article I."), DraftSubmitted("report", paper="no. 7")):
        assert DraftSubmitted.read(noted(draft, "ana", DAY, noon(DAY))) == draft


def test_where_one_step_decides_alone_whoever_submitted_before_the_last_decision_may_decide_now():
    earlier = (taken("submit", "dora"), taken("approve", "ana"), taken("submit", "bea"))
    case = agreement(REPORT, opened_on=DAY, state="submitted")
    case = replace(case, history=(*case.history, *earlier))
    step = REPORT.steps["approve"]
    reasons = {
        key: [say(each, "en") for each in reasons_against(case, REPORT, step, actor, context(REPORT, DAY))]
        for key in ("dora", "bea")
        if (actor := Actor(key, frozenset({"working_group"}), way=AT_PAGE))
    }
    assert reasons["dora"] == []
    assert reasons["bea"][0].startswith("bea took the step")
