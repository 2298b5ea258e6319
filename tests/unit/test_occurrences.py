"""Deadlines of the shipped processes, counted from real dates: when they run, when they are due, what closes them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import (
    CLOCK,
    DRAFT,
    EC,
    MX,
    OPINION,
    PROGRAMME,
    REVIEWER,
    TO_EVALUATED,
    TO_IN_FORCE,
    TO_OPINION,
    TO_SIGNED,
    a_calendar,
    after,
    agreement,
    calendars,
    definition,
    derived,
    facts,
    medellin,
    noon,
    rulebook,
    terms,
    tiny_process,
    try_step,
)
from twinflow.domain.agreement.agreement import Basis, Child, DeadlineStatus
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Calendars, Pause, Roll
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.context import computed
from twinflow.domain.process.definition import Side
from twinflow.domain.steps.effects import signed_at_entry

OPEN, PAUSED, MET = DeadlineStatus.OPEN, DeadlineStatus.PAUSED, DeadlineStatus.MET
LAPSED, VOID, UNMET = DeadlineStatus.LAPSED, DeadlineStatus.VOID, DeadlineStatus.UNMET
EASTER_2008 = Calendars((a_calendar(date(2008, 3, 20), date(2008, 3, 21)),))


def due_date(anchor, length, rule, calendars, pauses=()):
    return computed(rule, 1, anchor, Basis((length,), pauses=tuple(pauses)), calendars).due_on


def of(case, rule):
    return [deadline for deadline in case.deadlines if deadline.rule == rule]


def the(case, rule):
    (deadline,) = of(case, rule)
    return deadline


def chihuahua(*steps):
    return after(agreement(), *steps)


# A rule and its due date


@pytest.mark.parametrize(
    ("anchor", "length", "side", "roll", "due"),
    [
        (date(2008, 3, 10), "60 days", Side.AFTER, Roll.NONE, date(2008, 5, 9)),
        (date(2008, 3, 10), "5 years", Side.AFTER, Roll.NONE, date(2013, 3, 10)),
        (date(2013, 3, 10), "60 days", Side.BEFORE, Roll.NONE, date(2013, 1, 9)),
        (date(2014, 5, 6), "45 days", Side.BEFORE, Roll.NONE, date(2014, 3, 22)),
        (date(2008, 1, 21), "60 days", Side.AFTER, Roll.FOLLOWING, date(2008, 3, 24)),
        (date(2008, 1, 21), "60 days", Side.AFTER, Roll.PRECEDING, date(2008, 3, 19)),
        (date(2008, 1, 21), "60 days", Side.AFTER, Roll.NONE, date(2008, 3, 21)),
        (date(2008, 4, 21), "30 days", Side.BEFORE, Roll.PRECEDING, date(2008, 3, 19)),
        (date(2008, 2, 29), "1 year", Side.AFTER, Roll.FOLLOWING, date(2009, 3, 2)),
    ],
)
def test_a_due_date_is_counted_and_then_rolled(anchor, length, side, roll, due):
    rule = replace(definition().deadlines["term_end"], side=side, roll=roll)
    assert due_date(anchor, Length.parse(length), rule, EASTER_2008) == due


@pytest.mark.parametrize(
    ("length", "pauses", "due"),
    [
        ("10 days", [(date(2008, 2, 20), date(2008, 2, 25))], date(2008, 3, 4)),
        ("10 business days", [(date(2008, 2, 20), date(2008, 2, 25))], date(2008, 3, 6)),
        ("10 business days", [(date(2008, 2, 23), date(2008, 2, 25))], date(2008, 3, 3)),
        ("10 days", [(date(2008, 2, 20), date(2008, 2, 20))], date(2008, 2, 28)),
        ("10 days", [(date(2008, 2, 10), date(2008, 2, 21))], date(2008, 3, 1)),
        ("10 days", [(date(2008, 2, 20), date(2008, 2, 25)), (date(2008, 3, 3), date(2008, 3, 10))], date(2008, 3, 11)),
        ("10 days", [(date(2008, 3, 3), date(2008, 3, 10))], date(2008, 2, 28)),
        ("1 month", [(date(2008, 2, 20), date(2008, 2, 25))], date(2008, 3, 23)),
        ("10 days", [(date(2008, 2, 20), None)], None),
    ],
)
def test_days_inside_a_pause_do_not_count_and_an_open_pause_leaves_no_due_date(length, pauses, due):
    """Counted from Monday 18 February 2008."""
    rule = replace(definition().deadlines["term_end"], roll=Roll.NONE)
    intervals = [Pause(start, end) for start, end in pauses]
    assert due_date(date(2008, 2, 18), Length.parse(length), rule, EASTER_2008, pauses=intervals) == due


@given(st.dates(date(2006, 1, 1), date(2026, 1, 1)), st.integers(1, 40), st.integers(0, 30), st.integers(0, 30))
def test_a_deadline_with_a_pause_counts_the_business_days_outside_it(anchor, amount, gap, paused):
    rule = replace(definition().deadlines["opinion"], roll=Roll.NONE)
    start = anchor + timedelta(days=gap)
    end = start + timedelta(days=paused)
    due = due_date(anchor, Length.parse(f"{amount} business days"), rule, calendars(), pauses=[Pause(start, end)])
    span = [anchor + timedelta(days=n + 1) for n in range((due - anchor).days)]
    counted = [day for day in span if calendars().is_business_day(day) and not start <= day < end]
    assert len(counted) == amount
    assert counted[-1] == due


# Medellín, 6 May 2011


def test_noventa_60_warns_by_the_earlier_reading_and_is_late_by_the_later():
    programme = the(medellin(), "first_programme")
    assert (programme.warn_on, programme.due_on) == (date(2011, 7, 5), date(2011, 8, 4))


def test_the_term_ends_after_three_years_and_notice_is_due_45_days_before():
    case = medellin()
    assert the(case, "term_end").due_on == date(2014, 5, 6)
    assert the(case, "last_day_for_notice").due_on == date(2014, 3, 22)


def test_where_the_term_has_two_readings_the_last_day_for_notice_is_warned_of_by_the_earlier():
    notice = the(medellin(validity="36 months|48 months"), "last_day_for_notice")
    assert (notice.warn_on, notice.due_on) == (date(2014, 3, 22), date(2015, 3, 22))


def test_where_the_evaluation_has_two_readings_nobody_is_late_by_the_shorter():
    evaluation = of(medellin(evaluation_period="6 months|12 months"), "evaluation")[0]
    assert (evaluation.warn_on, evaluation.due_on) == (date(2011, 11, 7), date(2012, 5, 7))


def test_the_mexican_model_without_a_text_gives_60_days_five_years_and_9_january_2013():
    case = chihuahua(*TO_SIGNED)
    found = {deadline.rule: deadline.due_on for deadline in case.deadlines if deadline.is_open}
    assert found == {
        "registration_request": date(2008, 4, 9),
        "first_programme": date(2008, 5, 9),
        "working_group": date(2008, 9, 10),
        "progress_report": date(2009, 3, 10),
        "term_end": date(2013, 3, 10),
        "last_day_for_notice": date(2013, 1, 9),
    }


@pytest.mark.parametrize("text", ["indefinite", ""])
def test_a_term_without_end_or_not_stated_gives_no_deadline(text):
    case = medellin(validity=text, evaluation_period=text, first_programme=text)
    assert case.deadlines == ()


@pytest.mark.parametrize("day", ["2011-05", "2011", ""])
def test_a_signature_without_a_day_gives_no_deadline(day):
    case = agreement(
        EC, state="signed", terms=terms(validity="3 years"), facts=facts(signed_on=day, term_starts_on=day)
    )
    assert derived(case, date(2012, 1, 2)).deadlines == ()


def test_a_process_without_defaults_invents_none_where_the_text_was_not_seen():
    case = agreement(EC, state="in_force", facts=facts(term_starts_on="2011-05-06"))
    assert derived(case, date(2012, 1, 2)).deadlines == ()


# What closes a deadline


def test_the_opinion_of_5_march_meets_the_deadline_that_began_with_the_request():
    opinion = the(chihuahua(*TO_SIGNED), "opinion")
    assert (opinion.anchor_on, opinion.due_on) == (date(2008, 2, 18), date(2008, 3, 10))
    assert (opinion.status, opinion.closed_on) == (MET, date(2008, 3, 5))


def test_the_ministry_has_all_its_days_while_observations_are_open():
    """15 business days from 18 February, 20 to 26 February with Chihuahua: 18 March, as the 17th is a holiday."""
    asked = chihuahua(*TO_OPINION, ("make_observations", date(2008, 2, 20), REVIEWER))
    assert (the(asked, "opinion").status, the(asked, "opinion").due_on) == (PAUSED, None)
    answered = after(asked, ("answer_observations", date(2008, 2, 27)))
    assert (the(answered, "opinion").status, the(answered, "opinion").due_on) == (OPEN, date(2008, 3, 18))


def test_observations_of_a_second_round_do_not_move_the_deadline_of_the_first():
    case = chihuahua(
        *TO_OPINION,
        ("issue_unfavourable_opinion", date(2008, 3, 3), REVIEWER, OPINION),
        ("redraft", date(2008, 3, 4)),
        ("complete_draft", date(2008, 3, 5), DRAFT),
        ("request_opinion", date(2008, 3, 5)),
        ("make_observations", date(2008, 3, 6), REVIEWER),
    )
    first, second = of(case, "opinion")
    assert (first.status, first.due_on) == (MET, date(2008, 3, 10))
    assert (second.status, second.due_on) == (PAUSED, None)


def test_a_second_request_starts_a_second_deadline():
    case = chihuahua(
        *TO_OPINION,
        ("issue_unfavourable_opinion", date(2008, 3, 3), REVIEWER, OPINION),
        ("redraft", date(2008, 3, 4)),
        ("complete_draft", date(2008, 3, 5), DRAFT),
        ("request_opinion", date(2008, 3, 5)),
    )
    assert [(d.occurrence, d.status, d.anchor_on) for d in of(case, "opinion")] == [
        (1, MET, date(2008, 2, 18)),
        (2, OPEN, date(2008, 3, 5)),
    ]


def test_an_answer_on_the_day_of_the_next_request_answers_the_one_before():
    second_of_the_day = date(2008, 3, 3)
    case = chihuahua(
        *TO_OPINION,
        ("issue_unfavourable_opinion", second_of_the_day, REVIEWER, OPINION),
        ("redraft", second_of_the_day),
        ("complete_draft", second_of_the_day, DRAFT),
        ("request_opinion", second_of_the_day),
    )
    assert [(d.occurrence, d.status, d.anchor_on, d.closed_on) for d in of(case, "opinion")] == [
        (1, MET, date(2008, 2, 18), second_of_the_day),
        (2, OPEN, second_of_the_day, None),
    ]


def test_a_request_answered_the_same_day_is_met():
    case = chihuahua(*TO_OPINION, ("issue_favourable_opinion", date(2008, 2, 18), REVIEWER, OPINION))
    assert (the(case, "opinion").status, the(case, "opinion").closed_on) == (MET, date(2008, 2, 18))


def test_an_agreed_programme_meets_the_deadline_of_the_first_programme():
    child = Child("A-1-P1", PROGRAMME, "agreed", (("drafted", date(2011, 5, 9)), ("agreed", date(2011, 8, 2))))
    case = derived(replace(medellin(), children=(child,)), date(2011, 8, 10))
    assert (the(case, "first_programme").status, the(case, "first_programme").closed_on) == (MET, date(2011, 8, 2))


def test_a_corrected_day_of_signature_does_not_take_the_programme_away_from_the_deadline():
    """The day was first entered as 8 October and then corrected to 10 August; the programme was agreed in November."""
    child = Child("A-1-P1", PROGRAMME, "agreed", (("agreed", date(2003, 11, 3)),))
    case = agreement(EC, state="signed", opened_on=date(2003, 8, 10), terms=terms(first_programme="60 days"))
    case = after(
        case,
        ("establish_date", date(2003, 12, 1), {"signed_on": "2003-10-08"}),
        ("establish_date", date(2003, 12, 2), {"signed_on": "2003-08-10"}),
    )
    last = of(derived(replace(case, children=(child,)), date(2003, 12, 3)), "first_programme")[-1]
    assert (last.anchor_on, last.status) == (date(2003, 8, 10), MET)


def test_nothing_is_owed_any_more_once_the_case_has_ended():
    case = chihuahua(*TO_OPINION, ("withdraw", date(2008, 2, 25)))
    assert [d.rule for d in case.deadlines if d.is_open] == []


@pytest.mark.parametrize(
    ("day", "status"),
    [(date(2011, 8, 3), VOID), (date(2011, 8, 4), VOID), (date(2011, 8, 5), UNMET)],
    ids=["the day before", "the very day", "the day after"],
)
def test_what_falls_due_on_the_very_day_the_case_ends_is_void_and_what_was_overdue_by_then_not_met(day, status):
    """The first programme of Medellín was due on 4 August 2011."""
    end = HistoryEntry(EntryKind.STEP, "lucia", day, noon(day), from_state="in_force", to_state="terminated")
    ended = replace(medellin(), state="terminated", history=(*medellin().history, end))
    programme = the(derived(ended, date(2011, 9, 1)), "first_programme")
    assert (programme.due_on, programme.status, programme.closed_on) == (date(2011, 8, 4), status, day)


def test_the_last_day_of_a_right_passes_without_anybody_being_late():
    before, on, gone = (the(medellin(date(2014, 3, day)), "last_day_for_notice") for day in (21, 22, 23))
    assert (before.status, on.status) == (OPEN, OPEN)
    assert (gone.status, gone.closed_on) == (LAPSED, date(2014, 3, 22))


def test_a_deadline_counted_backward_follows_the_renewed_end():
    case = chihuahua(
        *TO_EVALUATED,
        ("accept_renewal", date(2012, 12, 3), "Chihuahua"),
        ("accept_renewal", date(2012, 12, 4), "Albuquerque"),
        ("renew", date(2012, 12, 5)),
    )
    assert [(d.due_on, d.status) for d in of(case, "term_end")] == [
        (date(2013, 3, 10), MET),
        (date(2018, 3, 10), OPEN),
    ]
    assert [(d.due_on, d.status) for d in of(case, "last_day_for_notice")] == [
        (date(2013, 1, 9), VOID),
        (date(2018, 1, 9), OPEN),
    ]


def test_the_end_of_the_term_lapses_by_the_step_of_the_clock_and_closes_the_rest():
    from_clock = try_step(medellin(), "expire", date(2014, 5, 6), CLOCK, today=date(2014, 5, 7)).agreement
    assert (the(from_clock, "term_end").status, the(from_clock, "term_end").closed_on) == (LAPSED, date(2014, 5, 6))
    assert [d.rule for d in from_clock.deadlines if d.is_open] == []


REOPEN = """[steps.reopen]
from = ["asked"]
to = "open"
by = ["clock"]
source = "test"
label = { en = "Reopen", es = "Reabrir" }
[steps.finish]"""
LAPSING = (
    ('met_by = ["finish"]', 'met_by = ["finish"]\non_lapse = "reopen"\narticle = "Act, art. 5"'),
    ("[steps.finish]", REOPEN),
)


def test_the_lapse_of_one_occurrence_does_not_close_the_second(tmp_path):
    """Asked on the 7th and again on the 21st of January 2008, ten days each; the clock was on only after the first."""
    process = tiny_process(tmp_path, *LAPSING)
    first = after(agreement(process), ("ask", date(2008, 1, 7)), process=process)
    lapsed = try_step(first, "reopen", date(2008, 1, 17), CLOCK, process=process, today=date(2008, 1, 18)).agreement
    assert (the(lapsed, "answer").status, the(lapsed, "answer").closed_on) == (LAPSED, date(2008, 1, 17))
    again = derived(after(lapsed, ("ask", date(2008, 1, 21)), process=process), date(2008, 2, 15), process)
    second = of(again, "answer")[1]
    assert (second.due_on, second.status) == (date(2008, 1, 31), OPEN)
    again = try_step(again, "reopen", date(2008, 1, 31), CLOCK, process=process, today=date(2008, 2, 15)).agreement
    assert (of(again, "answer")[1].status, of(again, "answer")[1].closed_on) == (LAPSED, date(2008, 1, 31))


def test_the_end_of_the_term_stays_open_until_the_clock_has_taken_its_step():
    assert the(medellin(date(2014, 6, 1)), "term_end").status is OPEN


def test_a_date_beyond_the_calendar_is_provisional():
    case = medellin(evaluation_period="25 years", validity="30 years")
    assert of(case, "evaluation")[0].provisional
    assert not the(case, "term_end").provisional, "a term that is not rolled rests on no calendar"


def test_a_date_counted_through_years_before_the_calendar_is_provisional():
    """Easter of 2005 is not in the calendar of Ecuador, which begins in 2006; the due date is."""
    case = agreement(EC, state="negotiation", opened_on=date(2005, 12, 12))
    approval = the(after(case, ("request_approval", date(2005, 12, 20))), "approval")
    assert approval.due_on == date(2006, 1, 17)
    assert approval.provisional


def test_the_edition_of_the_calendar_is_kept_where_a_calendar_was_used():
    case = chihuahua(*TO_IN_FORCE)
    opinion = definition(MX).deadlines["opinion"]
    assert the(case, "opinion").edition == rulebook().calendars_of(definition(MX), opinion).edition
    assert the(case, "opinion").edition.startswith("mx-ministry@")
    assert the(case, "first_programme").edition == calendars(MX).edition
    assert the(case, "term_end").edition == ""


def test_a_case_entered_in_force_is_blamed_at_its_end_for_nothing_that_was_to_be_done_before():
    """What came to be owed after that, and was overdue by the end, stays on record as not met."""
    case = agreement(
        state="in_force",
        opened_on=date(2020, 3, 1),
        facts=facts(signed_on="2020-02-20"),
        terms=terms(validity="2 years"),
    )
    case = derived(signed_at_entry(case, definition(MX)), date(2022, 2, 21))
    ended = derived(after(case, ("expire", date(2022, 2, 20), CLOCK)), date(2022, 2, 21))
    found = {each.rule: (each.status, each.closed_on) for each in ended.deadlines}
    assert found["registration_request"] == (VOID, date(2020, 3, 1))
    assert found["first_programme"][1] == date(2022, 2, 20)
