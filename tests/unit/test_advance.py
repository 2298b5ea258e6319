"""Taking a step: it works, or it is refused with everything that stands in the way."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from builders import (
    AUTHORITY,
    CLOCK,
    DRAFT,
    EC,
    LIAISON,
    NOTICE,
    OPINION,
    OPINION_WITH_CHANGES,
    PROGRAMME,
    REGISTRAR,
    REVIEWER,
    TO_IN_FORCE,
    TO_OPINION,
    TO_SIGNED,
    after,
    agreement,
    context,
    definition,
    derived,
    noon,
    ready_for,
    refusal,
    terms,
    try_step,
)
from twinflow.domain.agreement.agreement import Claim, Signature
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import Checklist
from twinflow.domain.steps.advance import _in_words as named
from twinflow.domain.steps.advance import advance, reasons_against
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.facts import is_still_to_come, items_of, recorded_facts
from twinflow.errors import NotFound, Refused, Unreadable

OPINIONS = [
    "issue_favourable_opinion",
    "issue_favourable_opinion_with_changes",
    "make_observations",
    "issue_unfavourable_opinion",
]


def chihuahua(*steps):
    return after(agreement(), *steps)


def test_a_step_moves_the_case_and_is_entered_in_its_history():
    outcome = try_step(agreement(), "approve_profile", date(2008, 1, 8), today=date(2008, 1, 14))
    case, entry = outcome.agreement, outcome.entry
    assert (case.state, case.version) == ("profile_ready", 2)
    assert case.history[-1] == entry
    assert (entry.kind, entry.actor, entry.from_state, entry.to_state) == (
        EntryKind.STEP,
        "lucia",
        "interest",
        "profile_ready",
    )
    assert (entry.effective_on, entry.recorded_at) == (date(2008, 1, 8), noon(date(2008, 1, 14)))


def test_the_case_before_the_step_is_left_as_it_was():
    case = agreement()
    try_step(case, "approve_profile", date(2008, 1, 8))
    assert (case.state, case.version, len(case.history), case.facts) == ("interest", 1, 1, {})


def test_a_step_says_whom_to_tell():
    before = chihuahua(*TO_OPINION[:-1])
    (announcement,) = try_step(before, "request_opinion", date(2008, 2, 18)).announcements
    assert (announcement.notice, announcement.to, announcement.urgent) == ("opinion-requested", ("reviewer",), True)


def test_every_reason_is_given_at_once():
    reasons = refusal(
        agreement(),
        "register",
        date(2008, 3, 10),
        today=date(2008, 3, 3),
        party="Albuquerque",
        records={"colour": "blue", "registered_on": "2008-02-30"},
    )
    assert len(reasons) == 7
    for words in (
        "is in the state “Interest”, by lucia, 2008-01-07; the steps from there are: approve_profile, withdraw",
        "lucia is not registrar of the ministry here",
        "2008-03-10 is still to come",
        "not taken for a single party",
        "Registry number is missing: give registry_number=",
        "does not record colour, registered_on",
        "Registered comes with “Enter in the register” (register).",
    ):
        assert any(words in reason for reason in reasons), words


def test_the_refusal_names_the_step():
    with pytest.raises(Refused, match="“Enter in the register” cannot be taken"):
        try_step(agreement(), "register", date(2008, 3, 3))


def test_a_step_that_the_process_does_not_have_is_not_found():
    with pytest.raises(NotFound, match=r"mx/twinning v4 has no step sing; it has .*sign"):
        try_step(agreement(), "sing", date(2008, 3, 3))


def test_a_step_is_refused_to_the_wrong_role():
    before = chihuahua(*TO_OPINION)
    (reason,) = refusal(before, "issue_favourable_opinion", date(2008, 3, 5), REGISTRAR, records=OPINION)
    assert reason == "regina is not reviewer of the ministry here."


def test_nobody_but_the_clock_ends_a_term():
    case = chihuahua(*TO_IN_FORCE)
    assert refusal(case, "expire", date(2013, 3, 10)) == [
        "The clock alone takes it.",
        (
            "“End of the term” (2013-03-10) is only assumed, and nothing follows from it. Say what the text states: "
            "twinflow agreements confirm-term A-1 validity LENGTH --as PERSON --source WHERE"
        ),
    ]
    stated = replace(case, terms=terms(validity="5 years"))
    assert refusal(derived(stated, date(2013, 3, 10)), "expire", date(2013, 3, 10))[1:] == [
        "The clock takes it when “End of the term” has passed (2013-03-10)."
    ]
    assert refusal(case, "expire", date(2013, 3, 10), CLOCK) == []


def test_a_step_is_refused_from_the_wrong_state():
    reason, _not_completed_since = refusal(chihuahua(*TO_OPINION), "request_opinion", date(2008, 2, 19))
    assert (
        "is in the state “Opinion requested”, by lucia, 2008-02-18; the steps from there are: issue_favourable_opinion,"
        in reason
    )


def test_nothing_leaves_the_end():
    case = chihuahua(("withdraw", date(2008, 1, 9)))
    (reason,) = refusal(case, "approve_profile", date(2008, 1, 10))
    assert "is in the state “Withdrawn before signature”, by lucia, 2008-01-09; the steps from there are: –" in reason


def test_a_day_to_come_is_refused_and_today_is_not():
    assert refusal(agreement(), "approve_profile", date(2008, 1, 15), today=date(2008, 1, 14)) == [
        "The day 2008-01-15 is still to come."
    ]
    assert refusal(agreement(), "approve_profile", date(2008, 1, 14), today=date(2008, 1, 14)) == []


def test_a_day_before_the_state_was_reached_is_refused_and_that_very_day_is_not():
    case = chihuahua(*TO_OPINION)
    today = date(2008, 3, 10)
    why = (
        "The day 2008-02-17 is before 2008-02-18, the day of “Request the opinion” (lucia), on which it builds; if that day is "
        "wrong, correct it: "
        'twinflow agreements correct A-1 6 --as lucia --set on=2008-02-17 --reason "the day was typed wrongly"'
    )
    case = ready_for(case, "make_observations", date(2008, 2, 18), REVIEWER)
    assert why in refusal(case, "make_observations", date(2008, 2, 17), REVIEWER, today=today)
    assert refusal(case, "make_observations", date(2008, 2, 18), REVIEWER, today=today) == []


@pytest.mark.parametrize(("came_on", "bars"), [(date(2008, 3, 10), False), (date(2008, 3, 7), True)])
def test_a_sheet_that_tells_no_day_bars_no_act_by_the_day_of_its_import(came_on, bars):
    case = agreement(state="opinion_requested", opened_on=came_on, tracked_from=date(2008, 3, 10))
    case = replace(case, history=(replace(case.history[0], kind=EntryKind.IMPORTED, actor="import"),))
    found = refusal(case, "make_observations", date(2008, 3, 3), REVIEWER, today=date(2008, 3, 10))
    assert any("on which it builds" in reason for reason in found) is bars


def test_a_letter_of_last_week_is_entered_today_and_counts_from_last_week():
    outcome = try_step(chihuahua(*TO_OPINION[:-1]), "request_opinion", date(2008, 2, 18), today=date(2008, 2, 29))
    (opinion,) = outcome.agreement.deadlines[-1:]
    assert (opinion.rule, opinion.anchor_on, opinion.due_on) == ("opinion", date(2008, 2, 18), date(2008, 3, 10))


# Facts


def test_the_day_of_the_act_is_the_fact_that_the_step_makes():
    assert chihuahua(("approve_profile", date(2008, 1, 8))).day_of("profile_approved_on") == date(2008, 1, 8)


def test_a_fact_that_is_missing_is_named():
    assert refusal(chihuahua(*TO_OPINION), "issue_favourable_opinion", date(2008, 3, 5), REVIEWER) == [
        "Number of the opinion is missing: give opinion_number=…"
    ]


def test_every_fact_that_is_missing_or_cannot_be_read_is_named_at_once():
    """Nobody is asked to come back once for each."""
    process = definition(EC)
    step = replace(process.step("establish_date"), records=("in_force_on", "signed_on", "ended_on"))
    unreadable = StepCommand("establish_date", date(2012, 3, 5), records={"signed_on": "soon", "ended_on": "late"})
    found, mistakes = recorded_facts(process, step, unreadable, date(2012, 3, 5))
    assert found == {}
    assert [str(mistake).partition(":")[0] for mistake in mistakes] == [
        "Entry into force is missing",
        "signed_on = “soon”",
        "ended_on = “late”",
    ]
    _, mistakes = recorded_facts(process, step, StepCommand("establish_date", None), date(2012, 3, 5))
    assert len(mistakes) == 3


def test_a_step_without_a_day_is_of_today_and_so_is_the_fact_that_it_makes():
    process = definition()
    made, mistakes = recorded_facts(
        process, process.step("approve_profile"), StepCommand("approve_profile", None), date(2008, 1, 8)
    )
    assert (made, mistakes) == ({"profile_approved_on": PartialDate.of(date(2008, 1, 8))}, [])


def test_blanks_are_no_fact():
    blank = {"opinion_number": "  "}
    assert refusal(chihuahua(*TO_OPINION), "issue_favourable_opinion", date(2008, 3, 5), REVIEWER, records=blank)


def test_the_last_day_of_a_programme_is_not_guessed():
    """A day that is not the day of the step has to be given."""
    case = agreement(PROGRAMME, opened_on=date(2008, 4, 1))
    case = after(case, ("check_contents", date(2008, 5, 6), {"contents": "all"}))
    (reason,) = refusal(case, "agree", date(2008, 5, 6))
    assert "period_ends_on" in reason


def test_a_requirement_may_be_met_by_a_fact_on_record():
    case = chihuahua(*TO_OPINION[:3])
    assert refusal(case, "request_opinion", date(2008, 2, 18)) == [
        "Not done yet: Complete the draft in both languages.",
        (
            "Draft in both languages is not on record. It comes with “Complete the draft in both languages”: "
            "twinflow agreements advance A-1 complete_draft --as PERSON --set draft_text=VALUE"
        ),
    ]


def test_what_stands_in_the_way_today_leaves_out_what_the_step_itself_records():
    process = definition()
    case, days = chihuahua(*TO_OPINION), context(process, date(2008, 3, 5))
    assert reasons_against(case, process, process.step("issue_favourable_opinion"), REVIEWER, days) == []
    reasons = reasons_against(case, process, process.step("sign"), LIAISON, days)
    assert len(reasons) == 2
    assert "Number of the opinion is not on record." in [str(reason) for reason in reasons]


def test_what_was_given_with_a_step_is_kept_with_its_entry_and_what_was_not_given_is_not():
    case = agreement(EC, state="approved", opened_on=date(2008, 3, 3))
    at = datetime(2008, 3, 10, 12, 30, tzinfo=ZoneInfo("America/Guayaquil"))
    command = StepCommand(
        "sign", date(2008, 3, 10), party="Cuenca", place="Quito", capacity="Mayor", reason="", received_at=at
    )
    process = definition(EC)
    days = context(process, date(2008, 3, 10))
    outcome = advance(case, process, command, LIAISON, now=noon(date(2008, 3, 10)), context=days)
    assert dict(outcome.entry.details) == {
        "place": "Quito",
        "capacity": "Mayor",
        "received_at": "2008-03-10T17:30:00+00:00",
    }
    assert outcome.entry.party == "Cuenca"
    home, other = outcome.agreement.parties
    assert home.signature == Signature(PartialDate(2008, 3, 10), "Mayor", "Quito")
    assert other.signature is None


def test_a_reason_and_what_a_step_records_are_kept_and_a_fact_is_a_claim_of_nobody_else():
    case = chihuahua(*TO_OPINION)
    outcome = try_step(case, "issue_favourable_opinion", date(2008, 3, 5), REVIEWER, records=OPINION)
    assert dict(outcome.entry.details) == OPINION
    assert outcome.agreement.facts["opinion_number"] == (Claim(OPINION["opinion_number"], "", chosen=True),)
    assert outcome.agreement.facts["profile_approved_on"] == (Claim(PartialDate(2008, 1, 8), ""),)


def test_a_later_claim_stands_behind_the_ones_before_it():
    case = agreement(EC, state="signed", opened_on=date(2003, 8, 10), terms=terms(validity="36 months"))
    days = ("2003-10-08", "2003-08-10")
    for day in days:
        case = after(case, ("establish_date", date(2003, 12, 1), {"signed_on": day}))
    assert [str(claim.value) for claim in case.facts["signed_on"]] == list(days)


@pytest.mark.parametrize(
    ("text", "items"),
    [("all", "a,b,c"), ("none", ""), ("c, a", "a,c"), ("b", "b")],
)
def test_items_are_kept_in_the_order_of_their_list(text, items):
    names = {key: {"en": key, "es": key} for key in "abc"}
    assert items_of(Checklist({}, {}, names), text) == items


def test_an_item_that_is_not_on_the_list_is_answered_with_those_that_are():
    names = {key: {"en": key, "es": key} for key in "abc"}
    with pytest.raises(Unreadable) as unreadable:
        items_of(Checklist({}, {}, names), "a,z,y")
    assert str(unreadable.value).startswith("“y, z” is not on the list; name items of a, b, c, with commas")


@pytest.mark.parametrize(
    ("day", "to_come"),
    [("2008-03-10", False), ("2008-03-11", True), ("2008-04", False), ("2009", False)],
)
def test_a_day_after_today_is_still_to_come_and_a_date_without_a_day_is_not(day, to_come):
    assert is_still_to_come(PartialDate.parse(day), date(2008, 3, 10)) is to_come
    assert is_still_to_come("2009-01-01", date(2008, 3, 10)) is False


def test_a_case_that_nobody_brought_into_its_state_says_so():
    case = replace(agreement(), history=())
    (reason,) = refusal(case, "send_letter", date(2008, 1, 9))
    assert (
        reason
        == "The agreement is in the state “Interest”, by –, –; the steps from there are: approve_profile, withdraw."
    )


# The opinion


GIVEN = dict.fromkeys(OPINIONS, OPINION) | {
    "make_observations": {},
    "issue_favourable_opinion_with_changes": OPINION_WITH_CHANGES,
}


@pytest.mark.parametrize(
    ("step", "state"),
    list(
        zip(
            OPINIONS,
            ["opinion_favourable", "opinion_favourable", "observations_made", "opinion_unfavourable"],
            strict=True,
        )
    ),
)
def test_the_ministry_has_four_answers(step, state):
    records = GIVEN[step]
    case = chihuahua(*TO_OPINION, (step, date(2008, 3, 5), REVIEWER, records))
    assert case.state == state


@pytest.mark.parametrize("step", OPINIONS)
def test_who_asked_for_the_opinion_cannot_give_it_in_another_role(step):
    both = Actor("lucia", frozenset({"liaison", "reviewer"}))
    records = GIVEN[step]
    case = ready_for(chihuahua(*TO_OPINION), step, date(2008, 3, 5), both)
    (reason,) = refusal(case, step, date(2008, 3, 5), both, records=records)
    assert reason.startswith("lucia took the step “")
    assert reason.endswith("another person has to take this one.")


def test_who_answered_the_observations_cannot_decide_on_the_answer():
    answering = Actor("ramon", frozenset({"liaison", "reviewer"}))
    case = chihuahua(
        *TO_OPINION,
        ("make_observations", date(2008, 2, 20), REVIEWER),
        ("answer_observations", date(2008, 2, 27), answering),
    )
    case = ready_for(case, "issue_favourable_opinion", date(2008, 3, 5), Actor("rosa", frozenset({"reviewer"})))
    (reason,) = refusal(case, "issue_favourable_opinion", date(2008, 3, 5), answering, records=OPINION)
    assert "ramon took the step “Answer the observations”" in reason


def test_who_asked_in_an_earlier_round_cannot_decide_in_a_later_one_either():
    """Lucia asked for the first opinion, Hugo for the second."""
    lucia = Actor("lucia", frozenset({"liaison", "reviewer"}))
    hugo = Actor("hugo", frozenset({"liaison", "reviewer"}))
    case = chihuahua(
        *TO_OPINION,
        ("issue_unfavourable_opinion", date(2008, 3, 3), REVIEWER, OPINION),
        ("redraft", date(2008, 3, 4)),
        ("complete_draft", date(2008, 3, 5), hugo, DRAFT),
        ("request_opinion", date(2008, 3, 5), hugo),
    )
    for actor in (lucia, hugo):
        (reason,) = refusal(case, "issue_favourable_opinion", date(2008, 3, 6), actor, records=OPINION)
        assert reason.startswith(f"{actor.key} took the step “")
    assert refusal(case, "issue_favourable_opinion", date(2008, 3, 6), REVIEWER, records=OPINION) == []


def test_who_asked_for_the_registration_cannot_register_nor_who_asked_for_approval_approve():
    registrar = Actor("lucia", frozenset({"registrar"}))
    case = chihuahua(*TO_IN_FORCE[:10])
    (reason,) = refusal(case, "register", date(2008, 8, 11), registrar, records={"registry_number": "R-77"})
    assert "another person" in reason
    cuenca = agreement(EC, state="negotiation", opened_on=date(2011, 3, 1))
    cuenca = after(cuenca, ("request_approval", date(2011, 3, 2), Actor("mateo", frozenset({"liaison"}))))
    (reason,) = refusal(cuenca, "approve", date(2011, 3, 7), AUTHORITY, records={"approval_number": "12"})
    assert "another person" in reason


def test_nothing_is_signed_without_the_opinion():
    case = replace(chihuahua(*TO_OPINION), state="opinion_favourable")
    (reason,) = refusal(case, "sign", date(2008, 3, 10), party="Chihuahua")
    assert reason.startswith("Number of the opinion is not on record.")


# After signature


def test_a_notice_of_termination_takes_effect_sixty_days_later_by_the_clock():
    case = chihuahua(*TO_IN_FORCE, ("notify_termination", date(2010, 5, 3), NOTICE))
    (due,) = [d.due_on for d in case.deadlines if d.rule == "termination"]
    assert due == date(2010, 7, 2)
    ended = try_step(case, "terminate", due, CLOCK, today=date(2010, 7, 3)).agreement
    assert (ended.state, ended.day_of("ended_on")) == ("terminated", due)


def test_a_notice_of_termination_entered_late_still_takes_effect_on_its_day():
    """The letter of 4 January is entered on 3 May: its sixty days were over on 5 March."""
    case = chihuahua(*TO_IN_FORCE, ("notify_termination", date(2010, 1, 4), NOTICE))
    (due,) = [d.due_on for d in case.deadlines if d.rule == "termination"]
    assert due == date(2010, 3, 5)
    assert refusal(case, "terminate", due, CLOCK, today=date(2010, 5, 3)) == []


def test_a_term_that_ended_before_its_start_became_known_ends_on_its_day_all_the_same():
    """In 2012 a paper shows that the text was signed in 2003, for three years."""
    case = agreement(EC, state="signed", opened_on=date(2008, 3, 3), terms=terms(validity="36 months"))
    parties = tuple(replace(party, signature=Signature(PartialDate())) for party in case.parties)
    case = after(replace(case, parties=parties), ("establish_date", date(2012, 5, 3), {"signed_on": "2003-10-08"}))
    (due,) = [d.due_on for d in case.deadlines if d.rule == "term_end"]
    assert due == date(2006, 10, 8)
    assert refusal(case, "expire", due, CLOCK, today=date(2012, 5, 4)) == []


def test_withdrawal_is_possible_before_signature_and_not_after():
    assert chihuahua(*TO_OPINION, ("withdraw", date(2008, 2, 20))).day_of("ended_on") == date(2008, 2, 20)
    assert (
        "is in the state “Signed, not registered”" in refusal(chihuahua(*TO_SIGNED), "withdraw", date(2008, 3, 11))[0]
    )


def test_the_clock_and_the_import_are_named_in_words_and_people_by_their_keys() -> None:
    assert [str(named(actor)) for actor in ("clock", "import", "elena")] == [
        "the clock",
        "import from a register",
        "elena",
    ]
