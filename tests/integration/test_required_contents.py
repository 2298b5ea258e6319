"""What the sources require is required, and what has a first or a last day waits for it: the shipped files, on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from builders import AT_PAGE, DRAFT, NOTICE, PROGRAMME, SIGNED_TEXT, new_case
from twinflow.domain.agreement.agreement import Agreement, Claim, Party, Term
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Refused
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
OF_CUENCA = (Party("Cuenca", "EC", home=True), Party("Medellín", "CO"))


@pytest.fixture
def office(world: World) -> World:
    """On Monday 2 March 2026."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    return world


def opened(world: World, process: str, state: str | None = None, validity: str = "", **facts: str) -> None:
    of, who, parties = ("cuenca", "lucia", OF_CUENCA) if process == "ec/cuenca" else ("chihuahua", "elena", PARTIES)
    claims = {key: (Claim(PartialDate.parse(day), "text"),) for key, day in facts.items()}
    terms = {
        name: Term.parse(text) for name, text in (("validity", validity), ("notice_period", "60 days")) if validity
    }
    new = new_case("A-1", process, of, "x", world.now.date(), parties, state=state, terms=terms, facts=claims)
    open_agreement(world.engine, world.rulebook, world.people, new, actor=who, door=AT_PAGE, now=world.now)


def take(world: World, step: str, who: str = "elena", on: date | None = None, **more: Any) -> Agreement:
    command = StepCommand(step, on or world.now.date(), **more)
    return advance_agreement(
        world.engine, world.rulebook, world.people, "A-1", command, person=who, door=AT_PAGE, now=world.now
    ).agreement


def refused(world: World, step: str, who: str = "elena", **more: Any) -> str:
    with pytest.raises(Refused) as caught:
        take(world, step, who, **more)
    return " ".join(str(reason) for reason in caught.value.reasons)


def test_the_opinion_is_not_requested_without_a_draft_on_file(office: World) -> None:
    opened(office, "mx/twinning", "drafting")
    assert "Draft in both languages is not on record." in refused(office, "request_opinion")
    assert "draft_text" in refused(office, "complete_draft")
    take(office, "complete_draft", records=DRAFT)
    take(office, "request_opinion")


def test_a_text_that_is_opened_again_needs_its_draft_anew(office: World) -> None:
    opened(office, "mx/twinning", "drafting")
    take(office, "complete_draft", records=DRAFT)
    take(office, "request_opinion")
    take(office, "issue_unfavourable_opinion", "rita", records={"opinion_number": "1"}, reason="disputes abroad")
    take(office, "redraft")
    assert "Not done yet" in refused(office, "request_opinion")


def test_an_opinion_that_changes_the_text_comes_with_the_reviewed_draft(office: World) -> None:
    opened(office, "mx/twinning", "drafting")
    take(office, "complete_draft", records=DRAFT)
    take(office, "request_opinion")
    number = {"opinion_number": "1"}
    assert "reviewed_draft" in refused(office, "issue_favourable_opinion_with_changes", "rita", records=number)


def test_registration_is_not_requested_without_the_signed_copy_in_both_languages(office: World) -> None:
    opened(office, "mx/twinning", "signed", signed_on="2026-02-16")
    reasons = refused(office, "request_registration")
    assert "Signed text in Spanish" in reasons
    assert "Signed text in the other language" in reasons
    take(office, "file_signed_text", records=SIGNED_TEXT)
    assert "from 2026-02-16 on" in refused(office, "request_registration", on=date(2026, 2, 13))
    take(office, "request_registration")


def test_registration_is_not_requested_while_nobody_knows_the_day_of_signature(office: World) -> None:
    opened(office, "mx/twinning", "signed")
    take(office, "file_signed_text", records=SIGNED_TEXT)
    assert "Day of signature" in refused(office, "request_registration")
    take(office, "establish_date", records={"signed_on": "2026-02-16"})
    take(office, "request_registration")


@pytest.mark.parametrize("process", ["mx/twinning", "ec/cuenca"])
def test_a_text_of_which_only_the_year_is_known_is_registered_as_far_as_that_is_in_time(
    office: World, process: str
) -> None:
    who = "elena" if process == "mx/twinning" else "lucia"
    opened(office, process, "signed", signed_on="2026")
    if process == "mx/twinning":
        take(office, "file_signed_text", records=SIGNED_TEXT)
    assert "from 2026-01-01 on" in refused(office, "request_registration", who, on=date(2025, 12, 31))
    taken = take(office, "request_registration", who).history[-1]
    assert dict(taken.details) == {"assumed": "signed_on=2026"}


def test_a_programme_is_not_agreed_before_its_contents_a_to_g_are_there(office: World) -> None:
    opened(office, PROGRAMME)
    until = {"period_ends_on": "2026-12-31"}
    take(office, "check_contents", records={"contents": "objectives,agenda"})
    assert "g) Any other information" in refused(office, "agree", records=until)
    take(office, "check_contents", records={"contents": "all"})
    assert "until 2026-03-01" in refused(office, "agree", records={"period_ends_on": "2026-03-01"})
    take(office, "agree", records=until)


def test_a_protocol_of_action_is_not_agreed_before_its_contents_are_there(office: World) -> None:
    opened(office, "action-protocol")
    given = {"period_ends_on": "2026-12-31", "axes": "culture", "money_clause": "none"}
    assert "Who signs" in refused(office, "agree", records=given)


def test_by_the_method_of_the_oim_no_mexican_city_signs_without_the_opinion_nor_begins_unregistered(
    office: World,
) -> None:
    opened(office, "int/oim", "ready_to_sign")
    assert "Opinion of the foreign ministry is not on record." in refused(office, "sign", party="Chihuahua")
    opinion = {"records": {"ministry_opinion": "1"}}
    take(office, "record_opinion", **opinion)
    take(office, "return_to_planning", reason="one area less")
    take(office, "agree_plan", records={"work_plan": "2"})
    take(office, "evaluate_reach", records={"impact_document": "2"})
    assert "opinion of the ministry awaited" in refused(office, "sign", party="Chihuahua")
    office.now += timedelta(days=1)
    take(office, "record_opinion", **opinion)
    assert "from 2026-03-03 on" in refused(office, "sign", party="Chihuahua", on=date(2026, 3, 2))
    for party in PARTIES:
        take(office, "sign", party=party.name)
    assert "Registration" in refused(office, "begin_projects")
    take(office, "review_first_stage")
    assert "Registration" in refused(office, "go_on")
    take(office, "record_registration_in_review", records={"registration": "R-1"})
    assert take(office, "go_on").state == "in_execution"


def test_in_cuenca_nothing_is_approved_without_indicators_and_no_talk_ends_without_a_reason(office: World) -> None:
    opened(office, "ec/cuenca", "negotiation")
    assert "Indicators set is not on record." in refused(office, "request_approval", "lucia")
    take(office, "set_indicators", "lucia", records={"indicators": "exchanges a year: 0"})
    assert "Indicators" not in refused(office, "request_approval", "lucia")
    assert refused(office, "abandon", "mateo")
    assert take(office, "abandon", "mateo", reason="no common project").state == "abandoned"


def test_in_cuenca_a_report_measures_the_indicators_and_looks_inside_and_outside(office: World) -> None:
    opened(office, "ec/cuenca", "in_force", signed_on="2025-03-03")
    given = {"report_headings": "all", "evaluation_aspects": "internal", "indicators_measured": "exchanges a year: 2"}
    assert "External aspects" in refused(office, "file_report", "lucia", records=given)
    take(office, "file_report", "lucia", records={**given, "evaluation_aspects": "all"})


def test_a_termination_is_not_completed_before_its_notice_has_run(office: World) -> None:
    opened(office, "mx/twinning", "in_force", signed_on="2025-03-03")
    assert "termination_notice" in refused(office, "notify_termination")
    take(office, "notify_termination", records=NOTICE)
    office.now += timedelta(days=59)
    assert "from 2026-05-01 on" in refused(office, "terminate")
    office.now += timedelta(days=1)
    assert take(office, "terminate").state == "terminated"


def test_no_notice_is_taken_after_the_last_day_for_it(office: World) -> None:
    opened(office, "mx/twinning", "in_force", validity="5 years", signed_on="2021-04-30")
    assert "until 2026-03-01" in refused(office, "notify_termination", records=NOTICE)


def test_a_text_without_days_of_notice_is_ended_by_nobody_alone(office: World) -> None:
    opened(office, "ec/cuenca", "in_force", signed_on="2025-03-03")
    take(office, "notify_termination", "lucia", records=NOTICE, reason="no results")
    office.now += timedelta(days=120)
    office.confirm_clock("lucia")
    assert refused(office, "terminate", "lucia")
    take(office, "accept_end", "lucia", party="Cuenca")
    assert "Medellín" in refused(office, "end_by_consent", "lucia")
    take(office, "accept_end", "lucia", party="Medellín")
    assert take(office, "end_by_consent", "lucia").state == "terminated"


def test_a_meeting_is_called_or_moved_three_clear_days_before_and_not_held_before_its_day(office: World) -> None:
    opened(office, "working-group-meeting")
    assert refused(office, "convene", records={"meeting_on": "2026-03-03", "agenda": "1"})
    assert refused(office, "convene", records={"meeting_on": "2026-03-05", "agenda": "1"})
    take(office, "convene", records={"meeting_on": "2026-03-06", "agenda": "1"})
    assert "from 2026-03-06 on" in refused(office, "hold")
    other = {"reason": "no quorum", "records": {"meeting_on": "2026-03-05"}}
    assert "until 2026-03-01" in refused(office, "postpone", **other)
    take(office, "postpone", **{**other, "records": {"meeting_on": "2026-03-10"}})


def test_an_opinion_that_falls_due_past_a_guessed_vacation_of_the_ministry_is_provisional(office: World) -> None:
    office.now = datetime(2026, 12, 10, 18, tzinfo=UTC)
    opened(office, "mx/twinning", "drafting")
    take(office, "complete_draft", records=DRAFT)
    (opinion,) = [due for due in take(office, "request_opinion").deadlines if due.rule == "opinion"]
    assert (opinion.due_on, opinion.provisional) == (date(2027, 1, 18), True)
