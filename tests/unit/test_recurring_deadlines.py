"""Duties that come back every year: no drift, no chase for the time before the books, and each year wakes the clock."""

from dataclasses import replace
from datetime import date

from builders import EC, after, agreement, definition, derived, facts, medellin, noon, terms
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Calendars, Roll
from twinflow.domain.calendar.dates import add_months
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.occurrences import with_deadlines

MET, OPEN, UNMET = DeadlineStatus.MET, DeadlineStatus.OPEN, DeadlineStatus.UNMET
RULE = definition(EC).deadlines["evaluation"]


def evaluations(case):
    return [deadline for deadline in case.deadlines if deadline.rule == "evaluation"]


def since(day, *, tracked_from=None, opened_on=None, **texts):
    return agreement(
        EC,
        state="in_force",
        opened_on=opened_on or day,
        tracked_from=tracked_from or day,
        terms=terms(**texts),
        facts=facts(in_force_on=day.isoformat(), term_starts_on=day.isoformat()),
    )


def test_thirty_yearly_evaluations_from_29_february_do_not_drift():
    case = since(date(1996, 2, 29), evaluation_period="1 year")
    process = replace(definition(EC), deadlines={"evaluation": replace(RULE, roll=Roll.NONE, until=None)})
    found = with_deadlines(case, process, DeadlineContext(date(2025, 6, 1), Calendars())).deadlines
    assert [d.due_on for d in found] == [add_months(date(1996, 2, 29), 12 * year) for year in range(1, 31)]
    assert found[3].due_on == date(2000, 2, 29)
    assert found[29].due_on == date(2026, 2, 28)


def test_a_monthly_duty_from_31_january_is_due_on_the_last_of_february_and_again_on_31_march():
    case = since(date(2008, 1, 31), evaluation_period="1 month")
    process = replace(definition(EC), deadlines={"evaluation": replace(RULE, roll=Roll.NONE, until=None)})
    found = with_deadlines(case, process, DeadlineContext(date(2008, 4, 10), Calendars())).deadlines
    assert [d.due_on for d in found] == [date(2008, 2, 29), date(2008, 3, 31), date(2008, 4, 30)]


def test_the_next_evaluation_opens_the_day_after_the_last_was_due():
    """6 May 2012 is a Sunday: due on Monday 7 May."""
    assert [d.due_on for d in evaluations(medellin(date(2012, 5, 7)))] == [date(2012, 5, 7)]
    assert [d.due_on for d in evaluations(medellin(date(2012, 5, 8)))] == [date(2012, 5, 7), date(2013, 5, 6)]


def test_the_first_evaluation_is_open_from_the_day_of_entry_into_force():
    assert [d.due_on for d in evaluations(medellin(date(2011, 5, 6)))] == [date(2012, 5, 7)]


def test_of_two_readings_each_year_is_warned_of_by_the_shorter_from_its_own_beginning():
    found = evaluations(medellin(date(2012, 6, 1), evaluation_period="6 months|12 months"))
    assert [(d.warn_on, d.due_on) for d in found] == [
        (date(2011, 11, 7), date(2012, 5, 7)),
        (date(2012, 11, 6), date(2013, 5, 6)),
    ]


def test_three_years_have_three_evaluations():
    assert [d.due_on for d in evaluations(medellin(date(2020, 1, 1)))] == [
        date(2012, 5, 7),
        date(2013, 5, 6),
        date(2014, 5, 6),
    ]


def test_no_evaluation_is_due_after_the_end_of_the_term():
    case = derived(since(date(2011, 5, 6), validity="18 months", evaluation_period="1 year"), date(2012, 6, 1))
    assert [d.due_on for d in evaluations(case) if d.due_on > date(2012, 11, 6)] == []


def test_a_duty_due_before_the_case_came_into_the_books_is_not_chased():
    case = since(date(2000, 6, 16), tracked_from=date(2012, 9, 3), evaluation_period="12 months", validity="indefinite")
    found = evaluations(derived(case, date(2012, 9, 3)))
    assert [(d.occurrence, d.due_on) for d in found] == [(13, date(2013, 6, 17))]


def test_a_duty_due_on_the_day_the_case_came_into_the_books_is_chased():
    case = since(date(2000, 6, 16), tracked_from=date(2011, 6, 16), evaluation_period="12 months")
    assert [d.occurrence for d in evaluations(derived(case, date(2011, 6, 16)))] == [11]


def test_an_evaluation_in_time_meets_that_year_only():
    case = after(medellin(date(2012, 4, 20)), ("record_evaluation", date(2012, 4, 20)))
    case = derived(case, date(2012, 6, 1))
    assert [(d.occurrence, d.status) for d in evaluations(case)] == [(1, MET), (2, OPEN)]


def test_an_evaluation_done_late_answers_the_year_it_missed_and_not_the_present_one_as_well():
    case = after(medellin(date(2012, 6, 1)), ("record_evaluation", date(2012, 6, 1)))
    assert [(d.occurrence, d.status, d.closed_on) for d in evaluations(case)] == [
        (1, MET, date(2012, 6, 1)),
        (2, OPEN, None),
    ]


def test_a_year_not_evaluated_by_the_next_due_date_stays_on_record_as_not_met():
    """Otherwise each year missed would go on reminding for itself."""
    case = after(medellin(date(2013, 9, 2)), ("record_evaluation", date(2013, 9, 2)))
    assert [(d.occurrence, d.status, d.closed_on) for d in evaluations(case)] == [
        (1, UNMET, date(2013, 5, 6)),
        (2, MET, date(2013, 9, 2)),
        (3, OPEN, None),
    ]


def test_an_evaluation_on_the_very_day_meets_the_year_that_ends_and_not_the_next():
    case = after(medellin(date(2013, 5, 6)), ("record_evaluation", date(2013, 5, 6)))
    case = derived(case, date(2013, 5, 7))
    assert [d.status for d in evaluations(case)] == [MET, MET, OPEN]


def test_an_evaluation_on_the_day_the_next_year_begins_answers_the_year_before():
    """It is due on 7 May 2012, and the next year runs from that day."""
    case = derived(after(medellin(date(2012, 5, 7)), ("record_evaluation", date(2012, 5, 7))), date(2012, 5, 8))
    assert [(d.occurrence, d.status, d.closed_on) for d in evaluations(case)] == [
        (1, MET, date(2012, 5, 7)),
        (2, OPEN, None),
    ]


def test_what_is_done_on_the_day_a_duty_begins_does_not_answer_it():
    case = after(medellin(), ("record_evaluation", date(2011, 5, 6)), ("record_evaluation", date(2011, 5, 7)))
    assert [(d.status, d.closed_on) for d in evaluations(case)] == [(MET, date(2011, 5, 7)), (OPEN, None)]


def test_an_evaluation_done_early_shows_the_next_date_at_once():
    case = after(medellin(date(2012, 3, 1)), ("record_evaluation", date(2012, 3, 1)))
    assert [(d.status, d.due_on) for d in evaluations(case)] == [(MET, date(2012, 5, 7)), (OPEN, date(2013, 5, 6))]
    assert case.next_on <= date(2013, 5, 6)


def test_what_is_done_in_the_same_year_again_does_not_answer_the_next():
    twice = [("record_evaluation", date(2012, 3, 1)), ("record_evaluation", date(2012, 4, 2))]
    assert [d.status for d in evaluations(after(medellin(date(2012, 3, 1)), *twice))] == [MET, OPEN]


def test_while_a_date_is_owed_the_next_is_not_there():
    assert [d.occurrence for d in evaluations(medellin(date(2012, 3, 1)))] == [1]


def test_a_duty_whose_start_is_still_to_come_has_its_first_date():
    assert [(d.status, d.due_on) for d in evaluations(derived(medellin(), date(2011, 5, 1)))] == [
        (OPEN, date(2012, 5, 7))
    ]


def test_once_the_case_has_ended_there_is_no_next_date():
    met = after(medellin(date(2012, 3, 1)), ("record_evaluation", date(2012, 3, 1)))
    on = date(2012, 3, 5)
    ended = HistoryEntry(
        EntryKind.STEP, "clock", on, noon(on), step="expire", from_state="in_force", to_state="expired"
    )
    over = derived(replace(met, state="expired", history=(*met.history, ended)), date(2020, 1, 1))
    assert ([d.status for d in evaluations(over)], over.derive_on) == ([MET], None)
