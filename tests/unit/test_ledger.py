"""The ledger of a due date: each day, whether it counted, and why it did not."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deep.cases import inputs_of
from deep.ledgers import complaints_about
from oracle import pool_of_calendars, some_case
from twinflow.domain.calendar.business_days import Calendar, Calendars, FirstDay, Holiday, Pause, Roll
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines.counting import DayKind, DayOff, Inputs, compute

MAUNDY_THURSDAY = Holiday(date(2008, 3, 20), {"en": "Maundy Thursday", "es": "Jueves Santo"}, "DOF")
GOOD_FRIDAY = Holiday(date(2008, 3, 21), {"en": "Good Friday", "es": "Viernes Santo"}, "DOF")
EASTER = {holiday.on: holiday for holiday in (MAUNDY_THURSDAY, GOOD_FRIDAY)}
MINISTRY = Calendar("ministry", {"en": "M", "es": "M"}, frozenset({5, 6}), EASTER, 2006, 2027, "e1")
CITY = Calendar("city", {"en": "C", "es": "C"}, frozenset({6}), {}, 2006, 2027, "e1")
OBSERVATIONS = Pause(date(2008, 3, 18), date(2008, 3, 20), "observations", "DEP-0466/08")
WEDNESDAY = date(2008, 3, 12)
POOL = pool_of_calendars(Random("ledger"))


def ledger(length, start=WEDNESDAY, **more):
    read = Length.parse(length) if length else None
    return compute(Inputs(**{"start_on": start, "length": read, "calendars": Calendars((MINISTRY,))} | more)).ledger


def written(lines):
    """`14 counted 2 business days` for each line: the day of March 2008, what became of it, its number and unit."""
    shown = []
    for line in lines:
        day = str(line.on.day) if (line.on.year, line.on.month) == (2008, 3) else str(line.on)
        shown.append(" ".join([day, line.kind, *([f"{line.number} {line.unit}"] if line.number else [])]))
    return shown


def test_business_days_are_numbered_and_every_other_day_says_why_it_is_not():
    assert written(ledger("5 business days", pauses=(OBSERVATIONS,))) == [
        "12 start",
        "13 counted 1 business days",
        "14 counted 2 business days",
        "15 weekend",
        "16 weekend",
        "17 counted 3 business days",
        "18 paused",
        "19 paused",
        "20 holiday",
        "21 holiday",
        "22 weekend",
        "23 weekend",
        "24 counted 4 business days",
        "25 counted 5 business days",
    ]


def test_a_line_names_the_calendars_that_are_off_with_the_entry_they_rest_on():
    lines = {line.on.day: line for line in ledger("9 business days", calendars=Calendars((MINISTRY, CITY)))}
    assert lines[19].off == ()
    assert lines[20].off == (DayOff("ministry", MAUNDY_THURSDAY),)
    assert lines[22].off == (DayOff("ministry", None),)
    assert lines[23].off == (DayOff("ministry", None), DayOff("city", None))


def test_a_paused_line_names_the_pause_with_its_paper():
    paused = [line for line in ledger("5 business days", pauses=(OBSERVATIONS,)) if line.kind is DayKind.PAUSED]
    assert [line.pause for line in paused] == [OBSERVATIONS, OBSERVATIONS]
    assert [line.number for line in paused] == [None, None]
    assert all(line.pause is None for line in ledger("5 business days"))


def test_the_day_of_the_event_is_a_line_of_its_own_even_if_it_counts():
    lines = ledger("2 days", first_day=FirstDay.SAME_DAY)
    assert written(lines) == ["12 start", "12 counted 1 days", "13 counted 2 days"]


def test_a_paused_day_of_the_event_costs_a_day_only_where_it_would_count():
    paused = (Pause(WEDNESDAY, date(2008, 3, 13)),)
    assert written(ledger("1 day", pauses=paused)) == ["12 start", "13 counted 1 days"]
    assert written(ledger("1 day", pauses=paused, first_day=FirstDay.SAME_DAY)) == [
        "12 start",
        "12 paused",
        "13 counted 1 days",
    ]
    assert ledger("1 day", pauses=paused)[0].pause is None


def test_days_off_before_the_first_business_day_are_shown():
    lines = ledger("2 days", date(2008, 3, 19), first_day=FirstDay.NEXT_BUSINESS_DAY)
    assert written(lines) == [
        "19 start",
        "20 holiday",
        "21 holiday",
        "22 weekend",
        "23 weekend",
        "24 counted 1 days",
        "25 counted 2 days",
    ]


def test_a_count_of_days_counts_weekends_and_holidays():
    assert written(ledger("3 days", date(2008, 3, 19))) == [
        "19 start",
        "20 counted 1 days",
        "21 counted 2 days",
        "22 counted 3 days",
    ]


def test_weeks_are_shown_as_days():
    assert written(ledger("1 week"))[-1] == "19 counted 7 days"


def test_days_passed_over_by_the_roll_say_why_and_the_due_date_comes_last():
    assert written(ledger("8 days", roll=Roll.FOLLOWING))[-5:] == [
        "20 counted 8 days",
        "21 holiday",
        "22 weekend",
        "23 weekend",
        "24 rolled",
    ]
    assert written(ledger("10 days", roll=Roll.PRECEDING))[-4:] == [
        "22 counted 10 days",
        "21 holiday",
        "20 holiday",
        "19 rolled",
    ]
    assert written(ledger("7 days", roll=Roll.FOLLOWING))[-1] == "19 counted 7 days"


def test_the_roll_passes_over_paused_days_and_names_the_pause():
    paused = Pause(date(2008, 3, 24), date(2008, 3, 26), "observations")
    lines = ledger("11 days", roll=Roll.FOLLOWING, pauses=(paused,))
    assert written(lines)[-4:] == ["23 counted 11 days", "24 paused", "25 paused", "26 rolled"]
    assert [line.pause for line in lines[-4:]] == [None, paused, paused, None]


def test_months_have_a_line_each_and_the_days_of_a_pause_are_made_up():
    lines = ledger("2 months", pauses=(OBSERVATIONS,))
    assert written(lines) == [
        "12 start",
        "18 paused",
        "19 paused",
        "2008-04-12 counted 1 months",
        "2008-05-12 counted 2 months",
        "2008-05-13 made_up 1 days",
        "2008-05-14 made_up 2 days",
    ]


def test_a_month_that_ends_on_a_paused_day_has_a_line_for_either():
    pause = Pause(date(2008, 4, 11), date(2008, 4, 13))
    assert written(ledger("2 months", pauses=(pause,))) == [
        "12 start",
        "2008-04-11 paused",
        "2008-04-12 paused",
        "2008-04-12 counted 1 months",
        "2008-05-12 counted 2 months",
        "2008-05-13 made_up 1 days",
        "2008-05-14 made_up 2 days",
    ]


def test_a_pause_from_the_day_after_the_last_month_makes_nothing_up():
    pause = Pause(date(2008, 4, 13), date(2008, 4, 20))
    assert written(ledger("1 month", pauses=(pause,))) == ["12 start", "2008-04-12 counted 1 months"]


def test_years_have_a_line_each_unless_months_are_counted_with_them():
    assert written(ledger("2 years")) == ["12 start", "2009-03-12 counted 1 years", "2010-03-12 counted 2 years"]
    with_months = ledger("1 year", extensions=(Length.parse("1 month"),))
    assert written(with_months)[-1] == "2009-04-12 counted 13 months"
    assert len(with_months) == 14
    with_days = ledger("1 year", extensions=(Length.parse("1 day"), Length.parse("1 business day")))
    assert written(with_days) == [
        "12 start",
        "2009-03-12 counted 1 years",
        "2009-03-13 counted 1 days",
        "2009-03-14 weekend",
        "2009-03-15 weekend",
        "2009-03-16 counted 1 business days",
    ]


def test_more_time_in_another_unit_has_numbers_of_its_own():
    lines = ledger("2 days", date(2008, 3, 13), extensions=(Length.parse("2 business days"),))
    assert written(lines) == [
        "13 start",
        "14 counted 1 days",
        "15 counted 2 days",
        "16 weekend",
        "17 counted 1 business days",
        "18 counted 2 business days",
    ]


@pytest.mark.parametrize("length", ["3 days", "3 business days", "1 month", "1 year", "1 week"])
def test_a_pause_that_still_runs_ends_the_ledger_on_its_first_day(length):
    running = Pause(date(2008, 3, 14), None, "observations")
    lines = ledger(length, pauses=(running,))
    assert lines[-1].on == date(2008, 3, 14)
    assert lines[-1].kind is DayKind.PAUSED
    assert lines[-1].pause == running


def test_a_pause_that_begins_while_paused_days_are_made_up_ends_the_ledger():
    running = Pause(date(2008, 4, 13), None, "observations")
    assert written(ledger("1 month", pauses=(OBSERVATIONS, running)))[-2:] == [
        "2008-04-12 counted 1 months",
        "2008-04-13 paused",
    ]


def test_a_pause_that_begins_on_the_way_to_the_rolled_date_ends_the_ledger():
    """Nine days are over on Good Friday; the count is complete, but there is no day yet to be due on."""
    running = Pause(date(2008, 3, 23), None, "observations")
    lines = ledger("9 days", roll=Roll.FOLLOWING, pauses=(running,))
    assert written(lines)[-3:] == ["21 counted 9 days", "22 weekend", "23 paused"]
    over_ended = (Pause(date(2008, 3, 22), date(2008, 3, 23)), running)
    assert written(ledger("9 days", roll=Roll.FOLLOWING, pauses=over_ended))[-2:] == ["22 paused", "23 paused"]


def test_a_pause_that_begins_before_the_first_day_counts_ends_the_ledger_there():
    running = Pause(date(2008, 3, 21), None, "observations")
    lines = ledger("2 days", date(2008, 3, 19), first_day=FirstDay.NEXT_BUSINESS_DAY, pauses=(running,))
    assert written(lines) == ["19 start", "20 holiday", "21 paused"]


def test_a_count_backward_is_shown_from_the_event_back():
    assert written(ledger("3 business days", date(2008, 3, 24), backward=True)) == [
        "24 start",
        "23 weekend",
        "22 weekend",
        "21 holiday",
        "20 holiday",
        "19 counted 1 business days",
        "18 counted 2 business days",
        "17 counted 3 business days",
    ]
    assert written(ledger("3 months", date(2008, 3, 24), backward=True)) == [
        "24 start",
        "2008-02-24 counted 1 months",
        "2008-01-24 counted 2 months",
        "2007-12-24 counted 3 months",
    ]
    assert written(ledger("2 days", date(2008, 3, 24), backward=True, roll=Roll.PRECEDING))[-4:] == [
        "22 counted 2 days",
        "21 holiday",
        "20 holiday",
        "19 rolled",
    ]


def test_a_count_backward_shows_no_pause():
    paused = Pause(date(2008, 3, 1), None)
    lines = ledger("3 days", date(2008, 3, 24), backward=True, pauses=(paused,))
    assert written(lines) == ["24 start", "23 counted 1 days", "22 counted 2 days", "21 counted 3 days"]
    assert all(line.pause is None for line in lines)


def test_a_fixed_date_is_the_event_and_what_it_rolls_over():
    assert written(ledger("", date(2008, 3, 21))) == ["21 start"]
    assert written(ledger("", date(2008, 3, 21), roll=Roll.FOLLOWING)) == [
        "21 start",
        "22 weekend",
        "23 weekend",
        "24 rolled",
    ]


def test_an_agreed_date_is_shown_as_agreed_and_nothing_else_is():
    lines = ledger("5 business days", agreed_on=date(2008, 3, 22), roll=Roll.FOLLOWING)
    assert written(lines) == ["12 start", "22 agreed"]
    assert lines[-1].off == (DayOff("ministry", None),)
    assert lines[-1].number is None


def test_a_recurring_length_is_shown_from_the_anchor():
    assert written(ledger("1 year", times=3)) == [
        "12 start",
        "2009-03-12 counted 1 years",
        "2010-03-12 counted 2 years",
        "2011-03-12 counted 3 years",
    ]
    assert len(ledger("2 days", times=3)) == 7


@given(st.randoms())
def test_any_ledger_agrees_with_its_date_and_explains_it(random):
    assert complaints_about(compute(inputs_of(some_case(random, POOL)))) == []


def test_a_ledger_that_does_not_agree_is_complained_about():
    """The check itself, on the ledger of another date."""
    due_date = compute(Inputs(start_on=WEDNESDAY, length=Length(3, Unit.DAYS)))
    assert complaints_about(due_date) == []
    assert complaints_about(replace(due_date, on=date(2008, 3, 18))) != []
    assert complaints_about(replace(due_date, inputs=replace(due_date.inputs, length=Length(9, Unit.DAYS)))) != []
