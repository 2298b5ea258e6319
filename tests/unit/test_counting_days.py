"""Business days, lengths counted from a day, and where a date goes that falls on a day off."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deep.cases import calendars_of
from oracle import business_day, shipped_days, works
from twinflow.domain.calendar.business_days import (
    EVERY_DAY,
    Calendar,
    Calendars,
    CountsIn,
    Holiday,
    Pause,
    Roll,
    add_around,
    add_business_days,
    add_length,
    business_days_between,
    merged,
    pause_on,
    received_on,
    roll,
)
from twinflow.domain.calendar.dates import Length, MonthEnd, Unit

MX, EC = shipped_days("mx-labour"), shipped_days("ec-public")
MEXICO, ECUADOR, BOTH = calendars_of((MX,)), calendars_of((EC,)), calendars_of((MX, EC))
WEEKEND, FRIDAY_ALONE = frozenset({5, 6}), frozenset({4})


def a_calendar(
    *off: date, weekend: frozenset[int] = WEEKEND, first_year: int = 1900, last_year: int = 2200
) -> Calendar:
    """Saturday and Sunday off, and the days given."""
    days = {on: Holiday(on, {"en": "Holiday", "es": "Feriado"}, "test") for on in off}
    return Calendar("test", {"en": "Test", "es": "Prueba"}, weekend, days, first_year, last_year, "e1")


EASTER_2008 = Calendars((a_calendar(date(2008, 3, 20), date(2008, 3, 21)),))
DAYS = st.dates(date(2006, 1, 1), date(2027, 12, 31))


def test_saturday_sunday_and_holidays_are_no_business_days():
    week = [date(2008, 3, 17) + timedelta(days=n) for n in range(7)]
    assert [EASTER_2008.is_business_day(day) for day in week] == [True, True, True, False, False, False, False]


def test_a_day_is_a_business_day_only_if_it_is_one_in_every_calendar():
    assert ECUADOR.is_business_day(date(2008, 3, 17))
    assert not BOTH.is_business_day(date(2008, 3, 17)), "Benito Juárez's birthday in Mexico"
    assert not BOTH.is_business_day(date(2008, 3, 21)), "Good Friday in Ecuador"
    assert BOTH.is_business_day(date(2008, 3, 18))


def test_or_if_it_is_one_in_any_of_them_where_the_rule_says_so():
    either = calendars_of((MX, EC), "any")
    assert either.is_business_day(date(2008, 3, 17)), "somebody works in Ecuador"
    assert either.is_business_day(date(2008, 3, 21)), "somebody works in Mexico"
    assert not either.is_business_day(date(2008, 3, 22))
    assert not either.is_business_day(date(2008, 12, 25)), "Christmas in both"
    assert Calendars(counts_in=CountsIn.ANY).is_business_day(date(2008, 12, 25))
    assert add_business_days(date(2008, 3, 14), 1, either) == date(2008, 3, 17)


def test_weekends_on_other_days_come_together_or_part():
    friday = a_calendar(weekend=FRIDAY_ALONE)
    weekend = a_calendar()
    week = [date(2008, 3, 17) + timedelta(days=n) for n in range(7)]
    all_off = [day for day in week if not Calendars((friday, weekend)).is_business_day(day)]
    any_off = [day for day in week if not Calendars((friday, weekend), CountsIn.ANY).is_business_day(day)]
    assert (all_off, any_off) == (week[4:], [])
    assert add_business_days(week[3], 1, Calendars((friday, weekend))) == date(2008, 3, 24)
    assert add_business_days(week[3], 1, Calendars((friday, weekend), CountsIn.ANY)) == week[4]


def test_calendars_without_a_day_in_common_have_no_business_days():
    weekdays, weekend = a_calendar(weekend=frozenset(range(5))), a_calendar()
    assert not Calendars((weekdays, weekend)).has_business_days
    assert Calendars((weekdays, weekend), CountsIn.ANY).has_business_days
    assert EVERY_DAY.has_business_days


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
    sign = 1 if forward else -1
    found = add_length(anchor, Length(amount, Unit.BUSINESS_DAYS), MEXICO, sign=sign)
    assert found == business_day(anchor, sign * amount, (MX,))


@given(DAYS, st.integers(0, 400))
def test_business_days_between_two_days_leave_out_the_first_and_count_the_last(first, days):
    last = first + timedelta(days=days)
    expected = len([n for n in range(days) if works(first + timedelta(days=n + 1), (EC,))])
    assert business_days_between(first, last, ECUADOR) == expected
    assert business_days_between(last, first, ECUADOR) == -expected


@given(DAYS, st.integers(1, 40))
def test_counting_so_many_business_days_and_then_counting_them_gives_the_same_number(anchor, amount):
    due = add_length(anchor, Length(amount, Unit.BUSINESS_DAYS), MEXICO)
    assert business_days_between(anchor, due, MEXICO) == amount


@given(DAYS, st.sampled_from([Roll.FOLLOWING, Roll.PRECEDING]))
def test_a_rolled_date_is_the_nearest_business_day_on_its_side(day, rule):
    rolled = roll(day, rule, MEXICO)
    between = [day + timedelta(days=n) for n in range((rolled - day).days)]
    between += [rolled + timedelta(days=n + 1) for n in range((day - rolled).days)]
    assert MEXICO.is_business_day(rolled)
    assert not any(MEXICO.is_business_day(other) for other in between)
    assert rolled >= day if rule is Roll.FOLLOWING else rolled <= day


def test_a_calendar_knows_the_years_it_was_filled_in_for():
    found = Calendars((a_calendar(first_year=2006, last_year=2027),))
    assert [found.covers(date(year, 6, 1)) for year in (2005, 2006, 2027, 2028)] == [False, True, True, False]


def test_the_edition_names_every_calendar():
    assert Calendars((a_calendar(), a_calendar())).edition == "test@e1 test@e1"
    assert Calendars().edition == ""


def test_calendars_cover_the_years_that_each_of_them_was_filled_in_for():
    both = Calendars((a_calendar(first_year=2006), a_calendar(last_year=2027)))
    assert [both.covers(date(year, 6, 1)) for year in (2005, 2006, 2027, 2028)] == [False, True, True, False]
    assert EVERY_DAY.covers(date(1950, 6, 1))


def test_a_pause_holds_from_its_first_day_to_the_day_before_its_end():
    pause = Pause(date(2008, 2, 20), date(2008, 2, 27))
    days = [date(2008, 2, 19), date(2008, 2, 20), date(2008, 2, 26), date(2008, 2, 27)]
    assert [pause_on(day, [pause]) for day in days] == [None, pause, pause, None]
    running = Pause(date(2008, 2, 20), None)
    assert pause_on(date(2030, 1, 1), [pause, running]) == running
    assert pause_on(date(2008, 2, 21), [pause, running]) == pause


def test_no_business_days_after_a_day_is_the_day_itself_even_if_it_is_off():
    assert add_business_days(date(2008, 3, 22), 0, EASTER_2008) == date(2008, 3, 22)
    assert add_around(date(2008, 3, 22), 0, EASTER_2008, [Pause(date(2008, 3, 1), date(2008, 4, 1))]) == date(
        2008, 3, 22
    )


def test_holidays_on_a_weekend_cost_nothing():
    on_saturday = Calendars((a_calendar(date(2008, 3, 22)),))
    assert add_business_days(date(2008, 3, 21), 1, on_saturday) == date(2008, 3, 24)
    assert business_days_between(date(2008, 3, 21), date(2008, 3, 24), on_saturday) == 1


@pytest.mark.parametrize(
    ("spans", "apart"),
    [
        ([], []),
        ([(5, 9)], [(5, 9)]),
        ([(12, 15), (5, 9)], [(5, 9), (12, 15)]),
        ([(5, 9), (9, 12)], [(5, 12)]),
        ([(5, 9), (7, 12)], [(5, 12)]),
        ([(5, 20), (7, 12), (19, 25)], [(5, 25)]),
        ([(5, 9), (10, 12), (12, 13)], [(5, 9), (10, 13)]),
        ([(5, 9), (5, 7), (5, 9)], [(5, 9)]),
    ],
)
def test_pauses_that_touch_or_overlap_are_one(spans, apart):
    pauses = [Pause(date(2008, 3, start), date(2008, 3, end)) for start, end in spans]
    running = Pause(date(2008, 3, 6), None)
    found = [(date.fromordinal(start).day, date.fromordinal(end).day) for start, end in merged([*pauses, running])]
    assert found == apart


@pytest.mark.parametrize(
    ("start", "end", "due"),
    [
        (date(2008, 3, 3), date(2008, 3, 10), date(2008, 3, 21)),
        (date(2008, 3, 5), date(2008, 3, 6), date(2008, 3, 18)),
        (date(2008, 3, 8), date(2008, 3, 10), date(2008, 3, 17)),
        (date(2008, 3, 17), date(2008, 3, 18), date(2008, 3, 18)),
        (date(2008, 3, 18), date(2008, 3, 25), date(2008, 3, 17)),
        (date(2008, 2, 20), date(2008, 3, 3), date(2008, 3, 17)),
        (date(2008, 2, 20), date(2008, 3, 4), date(2008, 3, 17)),
        (date(2008, 2, 20), date(2008, 3, 5), date(2008, 3, 18)),
    ],
)
def test_business_days_inside_a_pause_are_counted_after_it(start, end, due):
    """Ten business days after Monday 3 March are over on the 17th; the days of the pause after the third come on top."""
    weekdays = Calendars((a_calendar(),))
    assert add_around(date(2008, 3, 3), 10, weekdays, [Pause(start, end)]) == due


@pytest.mark.parametrize("month_end", list(MonthEnd))
def test_months_and_years_go_to_the_end_of_a_month_as_the_rule_says(month_end):
    january, leap_day = date(2008, 1, 31), date(2008, 2, 29)
    found = [
        add_length(january, Length(1, Unit.MONTHS), EVERY_DAY, month_end=month_end),
        add_length(leap_day, Length(1, Unit.YEARS), EVERY_DAY, month_end=month_end),
    ]
    clamped = month_end is MonthEnd.CLAMP
    assert found == ([leap_day, date(2009, 2, 28)] if clamped else [date(2008, 3, 2), date(2009, 3, 1)])


@pytest.mark.parametrize(
    ("length", "due", "before"),
    [
        ("10 days", date(2008, 4, 30), date(2008, 3, 1)),
        ("2 weeks", date(2008, 5, 12), date(2008, 2, 18)),
        ("1 month", date(2008, 6, 30), date(2007, 12, 31)),
        ("1 year", date(2011, 3, 31), date(2005, 3, 31)),
        ("3 business days", date(2008, 4, 11), date(2008, 3, 18)),
    ],
)
def test_a_length_is_repeated_from_the_anchor_in_either_direction(length, due, before):
    read = Length.parse(length)
    assert add_length(date(2008, 3, 31), read, Calendars((a_calendar(),)), times=3) == due
    assert add_length(date(2008, 3, 31), read, Calendars((a_calendar(),)), times=3, sign=-1) == before


@pytest.mark.parametrize(
    ("day", "rule", "expected"),
    [
        (date(2026, 1, 31), Roll.MODIFIED_FOLLOWING, date(2026, 1, 30)),
        (date(2026, 1, 31), Roll.FOLLOWING, date(2026, 2, 2)),
        (date(2026, 1, 24), Roll.MODIFIED_FOLLOWING, date(2026, 1, 26)),
        (date(2026, 5, 30), Roll.MODIFIED_FOLLOWING, date(2026, 5, 29)),
        (date(2026, 1, 30), Roll.MODIFIED_FOLLOWING, date(2026, 1, 30)),
    ],
)
def test_modified_following_does_not_leave_the_month(day, rule, expected):
    assert roll(day, rule, Calendars((a_calendar(),))) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Roll.NONE, date(2026, 1, 24)),
        (Roll.FOLLOWING, date(2026, 1, 29)),
        (Roll.PRECEDING, date(2026, 1, 22)),
        (Roll.MODIFIED_FOLLOWING, date(2026, 1, 29)),
    ],
)
def test_a_roll_passes_over_paused_days_as_well(rule, expected):
    pauses = [Pause(date(2026, 1, 26), date(2026, 1, 29)), Pause(date(2026, 1, 23), date(2026, 1, 24))]
    assert roll(date(2026, 1, 24), rule, Calendars((a_calendar(),)), pauses) == expected


GUADALAJARA = ZoneInfo("America/Mexico_City")


@pytest.mark.parametrize(
    ("there", "cut_off", "day"),
    [
        (datetime(2026, 6, 11, 14, 59, 59), time(15), date(2026, 6, 11)),
        (datetime(2026, 6, 11, 15), time(15), date(2026, 6, 12)),
        (datetime(2026, 6, 12, 15), time(15), date(2026, 6, 15)),
        (datetime(2026, 6, 12, 22, 1), None, date(2026, 6, 12)),
        (datetime(2026, 6, 13, 9), time(15), date(2026, 6, 15)),
        (datetime(2026, 6, 13, 9), None, date(2026, 6, 13)),
        (datetime(2026, 6, 14, 16), time(15), date(2026, 6, 15)),
    ],
)
def test_what_arrives_after_the_closing_hour_or_on_a_day_off_is_received_on_the_next_business_day(there, cut_off, day):
    instant = there.replace(tzinfo=GUADALAJARA).astimezone(UTC)
    assert received_on(instant, GUADALAJARA, cut_off, Calendars((a_calendar(),))) == day
