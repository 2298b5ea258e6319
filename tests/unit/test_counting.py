"""Due dates: what is counted from what, and what pauses, more time and calendars that run out do to it."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from deep.cases import calendar_of, calendars_of, inputs_of
from oracle import Case, Days, due, pool_of_calendars, some_case
from twinflow.domain.calendar.business_days import Calendars, CountsIn, FirstDay, Holiday, Pause, Roll
from twinflow.domain.calendar.dates import Length, MonthEnd
from twinflow.domain.deadlines.counting import Inputs, compute, day_zero, mistakes

WEEKDAYS = calendars_of((Days(frozenset({5, 6}), frozenset()),))
EASTER_2008 = calendars_of((Days(frozenset({5, 6}), frozenset({date(2008, 3, 20), date(2008, 3, 21)})),))
MONDAY = date(2008, 3, 3)
POOL = pool_of_calendars(Random("counting"))


def counted(length, start=MONDAY, **more):
    """What a count of `length` from a Monday has to say."""
    return Inputs(**{"start_on": start, "length": Length.parse(length), "calendars": WEEKDAYS} | more)


def due_on(length, start=MONDAY, **more):
    return compute(counted(length, start, **more)).on


def said(inputs):
    return [str(message) for message in mistakes(inputs)]


@given(st.randoms())
def test_a_due_date_is_the_day_that_a_walk_from_day_to_day_finds(random):
    case = some_case(random, POOL)
    assert compute(inputs_of(case)).on == due(case)


@given(st.dates(date(1950, 1, 1), date(2150, 12, 31)), st.integers(1, 99), st.sampled_from(["months", "years"]))
def test_months_and_years_are_those_of_dateutil(start, amount, unit):
    assert due_on(f"{amount} {unit}", start) == start + relativedelta(**{unit: amount})


# The first day


@pytest.mark.parametrize(
    ("first_day", "length", "expected"),
    [
        (FirstDay.NEXT_DAY, "10 days", date(2008, 3, 24)),
        (FirstDay.SAME_DAY, "10 days", date(2008, 3, 23)),
        (FirstDay.NEXT_BUSINESS_DAY, "10 days", date(2008, 3, 26)),
        (FirstDay.NEXT_DAY, "1 month", date(2008, 4, 14)),
        (FirstDay.SAME_DAY, "1 month", date(2008, 4, 13)),
        (FirstDay.NEXT_BUSINESS_DAY, "1 month", date(2008, 4, 16)),
        (FirstDay.NEXT_DAY, "3 business days", date(2008, 3, 19)),
        (FirstDay.SAME_DAY, "3 business days", date(2008, 3, 18)),
        (FirstDay.NEXT_BUSINESS_DAY, "3 business days", date(2008, 3, 19)),
    ],
)
def test_the_count_begins_on_the_day_that_the_rule_names(first_day, length, expected):
    """From Friday 14 March 2008: the day itself, the Saturday after it, or the Monday."""
    assert due_on(length, date(2008, 3, 14), first_day=first_day) == expected


def test_a_month_that_begins_on_its_first_day_goes_to_the_end_of_a_shorter_one_as_the_rule_says():
    found = [due_on("1 month", date(2027, 1, 31), first_day=FirstDay.SAME_DAY, month_end=rule) for rule in MonthEnd]
    assert found == [date(2027, 2, 28), date(2027, 3, 2)]


def test_day_zero_is_the_day_before_the_first_that_counts():
    friday = counted("1 day", date(2008, 3, 14))
    found = [day_zero(replace(friday, first_day=first_day)) for first_day in FirstDay]
    assert found == [date(2008, 3, 13), date(2008, 3, 14), date(2008, 3, 16)]


# Recurring


def test_a_report_every_31_march_stays_on_31_march_for_thirty_years():
    found = [due_on("1 year", date(2008, 3, 31), times=times) for times in range(1, 31)]
    assert found == [date(2008 + times, 3, 31) for times in range(1, 31)]


def test_a_report_at_the_end_of_each_month_does_not_slip_to_the_28th():
    found = [due_on("1 month", date(2008, 1, 31), times=times).day for times in range(1, 13)]
    assert found == [29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]


def test_a_yearly_duty_of_29_february_comes_back_to_it_in_each_leap_year():
    found = [due_on("1 year", date(2008, 2, 29), times=times) for times in range(1, 93)]
    leap = {2012 + 4 * number for number in range(22)}
    assert found == [date(2008 + n, 2, 29 if 2008 + n in leap else 28) for n in range(1, 93)]
    assert found[-1] == date(2100, 2, 28), "2100 is no leap year"


def test_only_the_length_recurs_and_not_what_was_granted_on_top():
    granted = (Length.parse("5 days"),)
    assert due_on("10 days", times=3, extensions=granted) == MONDAY + timedelta(days=35)


# Backward


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("60 days", date(2008, 1, 3)),
        ("2 weeks", date(2008, 2, 18)),
        ("1 month", date(2008, 2, 3)),
        ("2 years", date(2006, 3, 3)),
        ("6 business days", date(2008, 2, 22)),
    ],
)
def test_a_count_backward_ends_before_the_event(length, expected):
    assert due_on(length, backward=True) == expected


def test_a_count_backward_follows_the_end_of_the_month_and_the_times():
    assert due_on("1 month", date(2008, 3, 31), backward=True) == date(2008, 2, 29)
    overflown = due_on("1 month", date(2008, 3, 31), backward=True, month_end=MonthEnd.OVERFLOW)
    assert overflown == date(2008, 3, 2)
    assert due_on("1 month", date(2008, 3, 31), backward=True, times=4) == date(2007, 11, 30)


def test_a_count_backward_rolls_as_the_rule_says():
    assert due_on("1 day", date(2008, 3, 24), backward=True, roll=Roll.PRECEDING) == date(2008, 3, 21)
    assert due_on("1 day", date(2008, 3, 24), backward=True, calendars=EASTER_2008, roll=Roll.PRECEDING) == date(
        2008, 3, 19
    )


def test_a_count_backward_knows_neither_pauses_nor_more_time():
    paused = (Pause(date(2008, 2, 1), date(2008, 2, 20)), Pause(date(2008, 2, 25), None))
    plain = due_on("30 days", backward=True)
    assert due_on("30 days", backward=True, pauses=paused, extensions=(Length.parse("5 days"),)) == plain


# Fixed and agreed


def test_a_fixed_date_is_the_day_itself_rolled_once():
    fixed = Inputs(start_on=date(2008, 3, 22), length=None, calendars=EASTER_2008)
    assert fixed.is_fixed
    assert compute(fixed).on == date(2008, 3, 22)
    assert compute(replace(fixed, roll=Roll.FOLLOWING)).on == date(2008, 3, 24)
    assert compute(replace(fixed, roll=Roll.PRECEDING)).on == date(2008, 3, 19)


def test_a_date_that_the_parties_agreed_on_stands_whatever_was_computed():
    saturday = date(2008, 6, 7)
    inputs = counted("10 days", agreed_on=saturday, roll=Roll.FOLLOWING, pauses=(Pause(date(2008, 3, 5), None),))
    assert inputs.is_fixed
    assert compute(inputs).on == saturday
    assert not counted("10 days").is_fixed


# Pauses


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("10 days", date(2008, 3, 20)),
        ("2 weeks", date(2008, 3, 24)),
        ("1 month", date(2008, 4, 10)),
        ("1 year", date(2009, 3, 10)),
        ("10 business days", date(2008, 3, 24)),
    ],
)
def test_a_pause_of_a_week_costs_the_days_that_the_deadline_counts_in(length, expected):
    """From Thursday 6 to Thursday 13 March: seven days, or five business days."""
    assert due_on(length, pauses=(Pause(date(2008, 3, 6), date(2008, 3, 13)),)) == expected


def test_a_pause_over_a_weekend_costs_no_business_day():
    weekend = (Pause(date(2008, 3, 8), date(2008, 3, 10)),)
    assert due_on("10 business days", pauses=weekend) == due_on("10 business days") == date(2008, 3, 17)
    assert due_on("10 days", pauses=weekend) == date(2008, 3, 15)


def test_a_pause_before_the_first_day_or_after_the_last_costs_nothing():
    outside = (Pause(date(2008, 2, 1), date(2008, 3, 4)), Pause(date(2008, 3, 14), date(2008, 4, 1)))
    assert due_on("10 days", pauses=outside) == date(2008, 3, 13)
    assert due_on("10 days", pauses=(Pause(date(2008, 3, 13), date(2008, 3, 14)),)) == date(2008, 3, 14)


def test_overlapping_pauses_cost_each_day_once():
    overlapping = (Pause(date(2008, 3, 6), date(2008, 3, 10)), Pause(date(2008, 3, 8), date(2008, 3, 12)))
    one = (Pause(date(2008, 3, 6), date(2008, 3, 12)),)
    assert due_on("10 days", pauses=overlapping) == due_on("10 days", pauses=one) == date(2008, 3, 19)


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        (date(2008, 3, 1), None),
        (date(2008, 3, 12), None),
        (date(2008, 3, 13), None),
        (date(2008, 3, 14), date(2008, 3, 13)),
    ],
)
def test_a_pause_that_still_runs_leaves_a_date_only_if_it_began_after_it(begins, expected):
    assert due_on("10 days", pauses=(Pause(begins, None),)) == expected
    assert due_on("10 days", pauses=(Pause(date(2008, 6, 1), None), Pause(begins, None))) == expected


@pytest.mark.parametrize(
    ("rule", "begins", "expected"),
    [
        (Roll.FOLLOWING, date(2008, 3, 16), None),
        (Roll.FOLLOWING, date(2008, 3, 18), date(2008, 3, 17)),
        (Roll.PRECEDING, date(2008, 3, 16), date(2008, 3, 14)),
        (Roll.PRECEDING, date(2008, 3, 15), None),
        (Roll.NONE, date(2008, 3, 16), date(2008, 3, 15)),
    ],
)
def test_nor_has_a_date_a_count_that_would_be_complete_or_rolled_to_a_day_of_that_pause(rule, begins, expected):
    """Twelve days after 3 March are over on Saturday 15 March."""
    assert due_on("12 days", roll=rule, pauses=(Pause(begins, None),)) == expected


def test_a_pause_from_the_last_day_of_a_month_settles_where_modified_following_goes():
    """27 days after 3 March are over on Sunday 30 March. Monday is the last day of the month, and paused."""
    modified = {"roll": Roll.MODIFIED_FOLLOWING}
    assert due_on("27 days", **modified) == date(2008, 3, 31)
    assert due_on("27 days", **modified, pauses=(Pause(date(2008, 3, 31), None),)) == date(2008, 3, 28)
    assert due_on("27 days", **modified, pauses=(Pause(date(2008, 3, 31), date(2008, 4, 9)),)) == date(2008, 3, 28)
    assert due_on("27 days", **modified, pauses=(Pause(date(2008, 3, 30), None),)) is None


def test_a_deadline_does_not_roll_to_a_paused_day():
    paused = (Pause(date(2008, 3, 17), date(2008, 3, 19)),)
    assert due_on("12 days", roll=Roll.FOLLOWING, pauses=paused) == date(2008, 3, 19)


# More time


def test_more_time_is_counted_with_the_length_as_one_period():
    """Ten days and two business days from Monday 3 March: the 13th, and then Friday and Monday."""
    granted = (Length.parse("2 business days"),)
    assert due_on("10 days", extensions=granted) == date(2008, 3, 17)
    assert due_on("2 business days", extensions=(Length.parse("10 days"),)) == date(2008, 3, 17)


def test_months_are_counted_before_days_and_days_before_business_days():
    """One month from 31 January is 29 February 2008; a week on 7 March; two business days on 11 March."""
    granted = (Length.parse("2 business days"), Length.parse("1 week"))
    assert due_on("1 month", date(2008, 1, 31), extensions=granted) == date(2008, 3, 11)
    more = (Length.parse("1 month"), Length.parse("1 year"))
    assert due_on("1 month", date(2008, 1, 31), extensions=more) == date(2009, 3, 31)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("days", date(2008, 3, 9)),
        ("business days", date(2008, 3, 11)),
        ("weeks", date(2008, 4, 14)),
        ("months", date(2008, 9, 3)),
        ("years", date(2014, 3, 3)),
    ],
)
def test_more_time_of_the_same_unit_is_added_up(unit, expected):
    """One, two and three of it from Monday 3 March 2008."""
    more = tuple(Length.parse(f"{amount} {unit}") for amount in (2, 3))
    assert due_on(f"1 {unit.removesuffix('s')}", extensions=more) == expected


def test_a_date_is_rolled_once_at_the_end_and_not_before_more_time_is_counted():
    granted = (Length.parse("5 days"),)
    assert due_on("5 days", roll=Roll.FOLLOWING) == date(2008, 3, 10)
    assert due_on("5 days", roll=Roll.FOLLOWING, extensions=granted) == date(2008, 3, 13)


# Calendars that run out


UNTIL_2008 = Calendars((replace(WEEKDAYS.members[0], first_year=2007, last_year=2008),))


@pytest.mark.parametrize(
    ("length", "more", "provisional"),
    [
        ("10 business days", {}, False),
        ("300 business days", {}, True),
        ("310 business days", {"backward": True}, True),
        ("30 business days", {"backward": True}, False),
        ("1 year", {}, False),
        ("1 year", {"roll": Roll.FOLLOWING}, True),
        ("10 days", {"roll": Roll.FOLLOWING}, False),
        ("1 year", {"extensions": (Length.parse("1 business day"),)}, True),
        ("1 year", {"first_day": FirstDay.NEXT_BUSINESS_DAY}, True),
        ("1 year", {"first_day": FirstDay.SAME_DAY}, False),
        ("300 business days", {"agreed_on": date(2009, 6, 1)}, False),
        ("300 business days", {"calendars": Calendars()}, False),
    ],
)
def test_a_date_is_provisional_where_a_calendar_it_rests_on_was_not_filled_in(length, more, provisional):
    assert compute(counted(length, **{"calendars": UNTIL_2008} | more)).provisional is provisional


def test_business_days_counted_from_a_year_that_was_not_filled_in_are_provisional():
    from_2006 = counted("30 business days", date(2006, 12, 15), calendars=UNTIL_2008)
    assert compute(from_2006).on == date(2007, 1, 26)
    assert compute(from_2006).provisional
    assert not compute(counted("1 month", date(2006, 12, 15), calendars=UNTIL_2008, roll=Roll.FOLLOWING)).provisional
    held = replace(from_2006, pauses=(Pause(date(2006, 12, 20), None),))
    assert (compute(held).on, compute(held).provisional) == (None, True)
    assert not compute(replace(held, start_on=MONDAY, pauses=(Pause(MONDAY, None),))).provisional


# Guessed days


GUESSES = {date(2008, 3, day): Holiday(date(2008, 3, day), {"en": "x"}, "y", True, True) for day in (13, 14)}
WITH_GUESSES = Calendars((replace(WEEKDAYS.members[0], holidays=GUESSES),))


@pytest.mark.parametrize(
    ("length", "more", "provisional"),
    [
        ("7 business days", {}, False),
        ("8 business days", {}, True),
        ("20 business days", {}, True),
        ("20 business days", {"start_on": date(2008, 3, 14)}, False),
        ("20 business days", {"start_on": date(2008, 3, 28), "backward": True}, True),
        ("10 days", {}, False),
        ("10 days", {"roll": Roll.FOLLOWING}, True),
        ("10 days", {"roll": Roll.PRECEDING}, True),
        ("20 days", {"roll": Roll.FOLLOWING}, False),
        ("20 business days", {"pauses": (Pause(date(2008, 3, 12), date(2008, 3, 16)),)}, False),
        ("20 business days", {"agreed_on": date(2008, 4, 1)}, False),
    ],
)
def test_a_date_is_provisional_where_it_would_be_another_without_a_guessed_day(length, more, provisional):
    assert compute(counted(length, **{"calendars": WITH_GUESSES} | more)).provisional is provisional


def test_where_any_calendar_is_enough_a_guess_of_one_moves_nothing():
    both = replace(WITH_GUESSES, members=(*WITH_GUESSES.members, *WEEKDAYS.members), counts_in=CountsIn.ANY)
    assert not compute(counted("20 business days", calendars=both)).provisional


# Mistakes


def test_a_plain_count_has_no_mistake():
    apart = (Pause(date(2008, 3, 5), date(2008, 3, 6)), Pause(date(2008, 3, 6), date(2008, 3, 9)))
    running = (*apart, Pause(date(2008, 3, 9), None))
    assert said(counted("10 days", pauses=running, extensions=(Length.parse("1 day"),))) == []
    assert said(counted("10 days", backward=True)) == []
    assert said(Inputs(start_on=MONDAY, length=None)) == []


@pytest.mark.parametrize(
    "still",
    [
        {"length": None},
        {"agreed_on": date(2008, 6, 1)},
        {"backward": True},
    ],
)
@pytest.mark.parametrize(
    "moved", [{"pauses": (Pause(date(2008, 3, 5), None),)}, {"extensions": (Length.parse("1 day"),)}]
)
def test_what_does_not_move_is_neither_paused_nor_extended(still, moved):
    assert said(replace(counted("10 days"), **still, **moved)) == [
        "a fixed date, or one counted backward, is neither paused nor extended; agree on another date"
    ]


@pytest.mark.parametrize("first_day", [FirstDay.SAME_DAY, FirstDay.NEXT_BUSINESS_DAY])
def test_a_count_backward_has_no_first_day_of_its_own(first_day):
    assert said(counted("10 days", first_day=first_day)) == []
    assert said(counted("10 days", backward=True, first_day=first_day)) == [
        "a count backward begins on the day before the event; leave the first day out"
    ]


def test_some_day_of_the_week_has_to_be_a_business_day():
    week, weekend = (calendar_of(Days(frozenset(off), frozenset())) for off in (range(5), (5, 6)))
    nobody = counted("10 days", calendars=Calendars((week, weekend)))
    assert said(nobody) == [
        "no day of the week is a business day in all of the calendars together; count in any of them"
    ]
    assert said(replace(nobody, calendars=Calendars((week, weekend), CountsIn.ANY))) == []


@pytest.mark.parametrize(("start", "end", "wrong"), [(5, 5, True), (5, 4, True), (5, 6, False)])
def test_a_pause_holds_at_least_a_day(start, end, wrong):
    pause = Pause(date(2008, 3, start), date(2008, 3, end))
    assert said(counted("10 days", pauses=(pause,))) == ["the pause from 2008-03-05 ends before it begins"] * wrong


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ((5, 8), (8, 9), False),
        ((5, 8), (7, 9), True),
        ((7, 9), (5, 8), True),
        ((5, 8), (5, 8), True),
        ((5, None), (8, 9), True),
        ((8, 9), (9, None), False),
        ((8, 9), (8, None), True),
        ((5, None), (6, None), True),
    ],
)
def test_pauses_do_not_overlap(first, second, wrong):
    pauses = tuple(Pause(date(2008, 3, begin), end and date(2008, 3, end)) for begin, end in (first, second))
    begins = sorted(pause.start for pause in pauses)
    sentence = f"the pauses from {begins[0]} and from {begins[1]} overlap; make them one"
    assert said(counted("10 days", pauses=pauses)) == [sentence] * wrong


def test_every_mistake_is_said_and_every_pair_of_pauses():
    pauses = tuple(Pause(date(2008, 3, day), date(2008, 3, 20)) for day in (9, 5, 7))
    found = said(counted("10 days", pauses=pauses, agreed_on=MONDAY))
    assert len(found) == 3
    assert found[1].startswith("the pauses from 2008-03-05 and from 2008-03-07")
    assert found[2].startswith("the pauses from 2008-03-07 and from 2008-03-09")


# What an input knows of itself


def test_a_count_knows_whether_it_needs_a_calendar_to_be_counted():
    assert not counted("10 days").counts_business_days
    assert not counted("10 days", first_day=FirstDay.SAME_DAY).counts_business_days
    assert counted("10 business days").counts_business_days
    assert counted("10 days", first_day=FirstDay.NEXT_BUSINESS_DAY).counts_business_days
    assert counted("10 days", extensions=(Length.parse("1 business day"),)).counts_business_days


def test_the_lengths_are_what_is_counted_together():
    granted = (Length.parse("1 day"),)
    assert counted("10 days", extensions=granted).lengths == (Length.parse("10 days"), *granted)
    assert counted("10 days", backward=True, extensions=granted).lengths == (Length.parse("10 days"),)
    assert Inputs(start_on=MONDAY, length=None, extensions=granted).lengths == ()


def test_no_calendar_is_a_calendar_of_business_days_only():
    assert compute(inputs_of(Case(date(2008, 3, 14), ((3, "business days"),)))).on == date(2008, 3, 17)
