"""Business days, lengths counted from a day, and where a date goes that falls on a day off."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import EC, MX, a_calendar, calendars
from twinflow.domain.calendars import (
    Calendars,
    Interval,
    Roll,
    add_length,
    business_days_between,
    is_paused,
    roll,
)
from twinflow.domain.dates import Length, Unit

EASTER_2008 = Calendars((a_calendar(date(2008, 3, 20), date(2008, 3, 21)),))
DAYS = st.dates(date(2006, 1, 1), date(2027, 12, 31))


def test_saturday_sunday_and_holidays_are_no_business_days():
    week = [date(2008, 3, 17) + timedelta(days=n) for n in range(7)]
    assert [EASTER_2008.is_business_day(day) for day in week] == [True, True, True, False, False, False, False]


def test_a_day_is_a_business_day_only_if_it_is_one_in_every_calendar():
    both = Calendars((*calendars(MX).members, *calendars(EC).members))
    assert calendars(EC).is_business_day(date(2008, 3, 17))
    assert not both.is_business_day(date(2008, 3, 17)), "Benito Juárez's birthday in Mexico"
    assert not both.is_business_day(date(2008, 3, 21)), "Good Friday in Ecuador"
    assert both.is_business_day(date(2008, 3, 18))


@pytest.mark.parametrize(
    ("anchor", "length", "expected"),
    [
        (date(2008, 3, 10), "60 days", date(2008, 5, 9)),
        (date(2008, 3, 10), "5 years", date(2013, 3, 10)),
        (date(2008, 1, 31), "1 month", date(2008, 2, 29)),
        (date(2008, 2, 29), "1 year", date(2009, 2, 28)),
        (date(2011, 5, 6), "60 days", date(2011, 7, 5)),
        (date(2011, 5, 6), "90 days", date(2011, 8, 4)),
        (date(2011, 5, 6), "36 months", date(2014, 5, 6)),
        (date(2008, 3, 10), "2 weeks", date(2008, 3, 24)),
        (date(2008, 3, 14), "1 business day", date(2008, 3, 17)),
        (date(2008, 3, 15), "1 business day", date(2008, 3, 17)),
        (date(2008, 3, 19), "1 business day", date(2008, 3, 24)),
        (date(2008, 3, 19), "3 business days", date(2008, 3, 26)),
    ],
)
def test_the_day_of_the_event_is_day_zero(anchor, length, expected):
    assert add_length(anchor, Length.parse(length), EASTER_2008) == expected


@pytest.mark.parametrize(
    ("anchor", "length", "expected"),
    [
        (date(2013, 3, 10), "60 days", date(2013, 1, 9)),
        (date(2014, 5, 6), "45 days", date(2014, 3, 22)),
        (date(2008, 3, 31), "1 month", date(2008, 2, 29)),
        (date(2008, 3, 24), "1 business day", date(2008, 3, 19)),
        (date(2008, 3, 23), "1 business day", date(2008, 3, 19)),
    ],
)
def test_counting_backward_goes_by_the_same_days(anchor, length, expected):
    assert add_length(anchor, Length.parse(length), EASTER_2008, sign=-1) == expected


def test_the_opinion_of_2008_would_have_been_due_on_10_march():
    """Requested on Monday 18 February; the ministry's holiday of 17 March comes later."""
    fifteen = Length(15, Unit.BUSINESS_DAYS)
    assert add_length(date(2008, 2, 18), fifteen, calendars(MX)) == date(2008, 3, 10)
    assert add_length(date(2008, 2, 29), fifteen, calendars(MX)) == date(2008, 3, 24)


def test_without_a_calendar_every_day_counts():
    assert add_length(date(2008, 3, 14), Length(1, Unit.BUSINESS_DAYS), Calendars()) == date(2008, 3, 15)


@pytest.mark.parametrize(
    ("day", "rule", "expected"),
    [
        (date(2008, 3, 22), Roll.FOLLOWING, date(2008, 3, 24)),
        (date(2008, 3, 22), Roll.PRECEDING, date(2008, 3, 19)),
        (date(2008, 3, 22), Roll.NONE, date(2008, 3, 22)),
        (date(2008, 3, 20), Roll.FOLLOWING, date(2008, 3, 24)),
        (date(2008, 3, 19), Roll.FOLLOWING, date(2008, 3, 19)),
        (date(2008, 3, 19), Roll.PRECEDING, date(2008, 3, 19)),
    ],
)
def test_a_date_on_a_day_off_rolls_as_the_rule_says(day, rule, expected):
    assert roll(day, rule, EASTER_2008) == expected


@given(DAYS, st.integers(1, 60), st.booleans())
def test_business_days_are_those_a_plain_walk_through_the_calendar_finds(anchor, amount, forward):
    members = calendars(MX).members
    off = {day for calendar in members for day in calendar.holidays}
    step = 1 if forward else -1
    walk = (anchor + timedelta(days=step * n) for n in range(1, 500))
    working = [day for day in walk if day.weekday() < 5 and day not in off]
    found = add_length(anchor, Length(amount, Unit.BUSINESS_DAYS), calendars(MX), sign=step)
    assert found == working[amount - 1]


@given(DAYS, st.integers(0, 400))
def test_business_days_between_two_days_leave_out_the_first_and_count_the_last(first, days):
    last = first + timedelta(days=days)
    off = {day for calendar in calendars(EC).members for day in calendar.holidays}
    span = [first + timedelta(days=n + 1) for n in range(days)]
    expected = len([day for day in span if day.weekday() not in {5, 6} and day not in off])
    assert business_days_between(first, last, calendars(EC)) == expected
    assert business_days_between(last, first, calendars(EC)) == -expected


@given(DAYS, st.integers(1, 40))
def test_counting_so_many_business_days_and_then_counting_them_gives_the_same_number(anchor, amount):
    due = add_length(anchor, Length(amount, Unit.BUSINESS_DAYS), calendars(MX))
    assert business_days_between(anchor, due, calendars(MX)) == amount


@given(DAYS, st.sampled_from([Roll.FOLLOWING, Roll.PRECEDING]))
def test_a_rolled_date_is_the_nearest_business_day_on_its_side(day, rule):
    rolled = roll(day, rule, calendars(MX))
    between = [day + timedelta(days=n) for n in range((rolled - day).days)]
    between += [rolled + timedelta(days=n + 1) for n in range((day - rolled).days)]
    assert calendars(MX).is_business_day(rolled)
    assert not any(calendars(MX).is_business_day(other) for other in between)
    assert rolled >= day if rule is Roll.FOLLOWING else rolled <= day


def test_a_calendar_knows_the_years_it_was_filled_in_for():
    found = Calendars((a_calendar(first_year=2006, last_year=2027),))
    assert [found.covers(date(year, 6, 1)) for year in (2005, 2006, 2027, 2028)] == [False, True, True, False]


def test_the_edition_names_every_calendar():
    assert Calendars((a_calendar(), a_calendar())).edition == "test@e1 test@e1"
    assert Calendars().edition == ""


def test_a_pause_holds_from_its_first_day_to_the_day_before_its_end():
    pause = Interval(date(2008, 2, 20), date(2008, 2, 27))
    days = [date(2008, 2, 19), date(2008, 2, 20), date(2008, 2, 26), date(2008, 2, 27)]
    assert [is_paused(day, [pause]) for day in days] == [False, True, True, False]
    assert is_paused(date(2030, 1, 1), [Interval(date(2008, 2, 20), None)])
