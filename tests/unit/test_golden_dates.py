"""Dates worked out by hand, each with the rule of law it rests on.

The laws are cited by article and told in our own words; the two agreements are those of the sources. Nothing here was
computed by the service, and every calendar is written out.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from deep.cases import calendars_of
from oracle import Days
from twinflow.domain.calendar.business_days import FirstDay, Roll, received_on
from twinflow.domain.calendar.dates import Length, MonthEnd
from twinflow.domain.deadlines.counting import Inputs, compute

SATURDAY_AND_SUNDAY = frozenset({5, 6})
CLAMP, OVERFLOW = MonthEnd.CLAMP, MonthEnd.OVERFLOW
FOLLOWING, PRECEDING, MODIFIED = Roll.FOLLOWING, Roll.PRECEDING, Roll.MODIFIED_FOLLOWING
SAME_DAY, NEXT_DAY, NEXT_BUSINESS_DAY = FirstDay.SAME_DAY, FirstDay.NEXT_DAY, FirstDay.NEXT_BUSINESS_DAY


def off(*holidays):
    """Saturdays, Sundays and the days given."""
    return calendars_of((Days(SATURDAY_AND_SUNDAY, frozenset(holidays)),))


def due(start, length, **more):
    return compute(Inputs(**{"start_on": start, "length": Length.parse(length), "calendars": off()} | more)).on


# The end of a month, and 29 February


@pytest.mark.parametrize(
    ("start", "length", "rule", "expected"),
    [
        (date(2024, 2, 29), "1 year", CLAMP, date(2025, 2, 28)),
        (date(2024, 2, 29), "1 year", OVERFLOW, date(2025, 3, 1)),
        (date(2024, 2, 29), "4 years", CLAMP, date(2028, 2, 29)),
        (date(2024, 2, 29), "4 years", OVERFLOW, date(2028, 2, 29)),
        (date(2096, 2, 29), "4 years", CLAMP, date(2100, 2, 28)),
        (date(2023, 2, 28), "1 year", CLAMP, date(2024, 2, 28)),
        (date(2027, 1, 31), "1 month", CLAMP, date(2027, 2, 28)),
        (date(2027, 1, 31), "1 month", OVERFLOW, date(2027, 3, 3)),
        (date(2028, 1, 31), "1 month", CLAMP, date(2028, 2, 29)),
        (date(2028, 1, 31), "1 month", OVERFLOW, date(2028, 3, 2)),
        (date(2026, 8, 31), "1 month", CLAMP, date(2026, 9, 30)),
        (date(2026, 8, 31), "6 months", CLAMP, date(2027, 2, 28)),
        (date(2026, 3, 31), "6 months", CLAMP, date(2026, 9, 30)),
    ],
)
def test_months_and_years_end_on_the_same_number_or_on_the_last_day_of_a_shorter_month(start, length, rule, expected):
    """Ecuador, Código Orgánico Administrativo, art. 160; Germany, BGB § 188 (3); European Union, Regulation 1182/71,
    art. 3 (2) (c): a month that lacks the day ends the period on its last one. A text may say otherwise: then it runs over.
    """
    assert due(start, length, month_end=rule) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (date(2024, 2, 29), "1 year", date(2025, 2, 28)),
        (date(2024, 2, 29), "4 years", date(2028, 2, 28)),
        (date(2024, 3, 1), "4 years", date(2028, 2, 29)),
        (date(2026, 1, 1), "1 year", date(2026, 12, 31)),
        (date(2026, 4, 10), "1 month", date(2026, 5, 9)),
        (date(2026, 1, 31), "1 month", date(2026, 2, 28)),
        (date(2026, 4, 1), "3 months", date(2026, 6, 30)),
        (date(2026, 4, 10), "10 days", date(2026, 4, 19)),
        (date(2026, 4, 10), "1 week", date(2026, 4, 16)),
    ],
)
def test_a_period_that_begins_with_a_day_includes_it(start, length, expected):
    """BGB § 187 (2) and § 188: what begins with the beginning of a day counts that day, and ends with the day before
    the one of the same name or number."""
    assert due(start, length, first_day=SAME_DAY) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (date(2026, 4, 10), "10 days", date(2026, 4, 20)),
        (date(2026, 4, 10), "1 week", date(2026, 4, 17)),
        (date(2026, 4, 10), "1 month", date(2026, 5, 11)),
        (date(2026, 4, 3), "1 month", date(2026, 5, 4)),
        (date(2026, 4, 24), "1 week", date(2026, 5, 4)),
    ],
)
def test_a_period_that_follows_an_event_leaves_its_day_out_and_ends_on_a_working_day(start, length, expected):
    """BGB § 187 (1), § 188 and § 193: an act due on a Saturday, a Sunday or a holiday may be done on the next working
    day. 1 May 2026 is a Friday and a holiday; 10 May is a Sunday, 3 May too."""
    assert due(start, length, calendars=off(date(2026, 5, 1)), roll=FOLLOWING) == expected


# An act and a term


ALL_SAINTS = date(2024, 11, 1)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (date(2024, 10, 22), "10 days", date(2024, 11, 4)),
        (date(2024, 10, 1), "1 month", date(2024, 11, 4)),
        (date(2024, 10, 18), "2 weeks", date(2024, 11, 4)),
        (date(2024, 10, 18), "10 business days", date(2024, 11, 4)),
        (date(2024, 10, 21), "10 days", date(2024, 10, 31)),
    ],
)
def test_an_act_due_on_a_holiday_is_due_on_the_next_working_day(start, length, expected):
    """European Union, Regulation 1182/71, art. 3: (1) the day of the event does not fall within the period; (3) holidays,
    Saturdays and Sundays do, unless it is one of working days; (4) if its last day is one of them, it ends with the next
    working day. Friday 1 November 2024 is a holiday of the institutions."""
    assert due(start, length, calendars=off(ALL_SAINTS), roll=FOLLOWING) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (date(2019, 11, 1), "5 years", date(2024, 11, 1)),
        (date(2021, 11, 2), "36 months", date(2024, 11, 2)),
    ],
)
def test_a_term_of_validity_ends_on_its_day_even_if_that_is_a_holiday(start, length, expected):
    """Regulation 1182/71, art. 4 (1): the rule of the next working day is not for when a text ceases to apply. The model
    agreement of the Mexican ministry, art. XIV: in force up to five years; no day is added."""
    assert due(start, length, calendars=off(ALL_SAINTS)) == expected


def test_the_last_day_of_a_mexican_term_for_an_act_moves_to_the_next_working_day():
    """Ley Federal de Procedimiento Administrativo, art. 38: the term begins on the day after the notice takes effect;
    art. 28: of business days, holidays are left out; art. 29: of months, it ends on the same number, and on the next
    business day if that is none. Wednesday 16 September 2026 is a holiday; 16 August was a Sunday."""
    independence = off(date(2026, 9, 16))
    assert due(date(2026, 8, 16), "1 month", calendars=independence, roll=FOLLOWING) == date(2026, 9, 17)
    assert due(date(2026, 9, 14), "5 business days", calendars=independence, roll=FOLLOWING) == date(2026, 9, 22)


def test_modified_following_turns_back_at_the_end_of_a_month():
    """A rule of contracts and of no statute: the next business day, unless that lies in the next month."""
    assert due(date(2025, 12, 31), "1 month", roll=MODIFIED) == date(2026, 1, 30), "31 January 2026 is a Saturday"
    assert due(date(2026, 1, 17), "1 month", roll=MODIFIED, calendars=off(date(2026, 2, 17))) == date(2026, 2, 18)
    assert due(date(2026, 2, 28), "3 months", roll=MODIFIED) == date(2026, 5, 28)
    assert due(date(2026, 3, 31), "2 months", roll=MODIFIED) == date(2026, 5, 29), "31 May 2026 is a Sunday"
    assert due(date(2025, 12, 31), "1 month", roll=FOLLOWING) == date(2026, 2, 2)


# Counted back


HOLY_WEEK_2026 = [date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 3)]
"""Monday to Friday; Easter Sunday is 5 April. Many Mexican offices close for all of it."""


def test_a_notice_counted_back_over_holy_week_is_due_before_it():
    """At least so many days before: a later business day would be too few, so it is the one before. 45 days before 20 May
    2026 is Easter Sunday. Regulation 1182/71, art. 3 (4), likewise keeps the next working day from periods counted back.
    """
    end = date(2026, 5, 20)
    assert due(end, "45 days", backward=True) == date(2026, 4, 5)
    assert due(end, "45 days", backward=True, roll=PRECEDING) == date(2026, 4, 3), "with Holy Week worked"
    assert due(end, "45 days", backward=True, roll=PRECEDING, calendars=off(*HOLY_WEEK_2026)) == date(2026, 3, 27)
    only_two = off(date(2026, 4, 2), date(2026, 4, 3))
    assert due(end, "45 days", backward=True, roll=PRECEDING, calendars=only_two) == date(2026, 4, 1)


def test_business_days_counted_back_over_holy_week_leave_it_out():
    assert due(date(2026, 4, 8), "3 business days", backward=True, calendars=off(*HOLY_WEEK_2026)) == date(2026, 3, 27)
    assert due(date(2026, 4, 8), "3 business days", backward=True) == date(2026, 4, 3)


# Received


GUADALAJARA, TIJUANA = ZoneInfo("America/Mexico_City"), ZoneInfo("America/Tijuana")
THREE_IN_THE_AFTERNOON = time(15)


def test_what_reaches_guadalajara_at_22_01_is_received_on_the_next_business_day():
    """Ley Federal de Procedimiento Administrativo, arts. 28 and 30: acts are done on business days and in the hours that
    the office publishes. Friday 12 June 2026, 22:01 there, is Saturday 04:01 in UTC; the next business day is Monday.
    """
    instant = datetime(2026, 6, 13, 4, 1, tzinfo=UTC)
    assert instant.astimezone(GUADALAJARA).isoformat() == "2026-06-12T22:01:00-06:00"
    assert received_on(instant, GUADALAJARA, THREE_IN_THE_AFTERNOON, off()) == date(2026, 6, 15)
    assert received_on(instant, GUADALAJARA, None, off()) == date(2026, 6, 12), "an office that never closes"
    assert received_on(instant, ZoneInfo("UTC"), None, off()) == date(2026, 6, 13), "another day elsewhere"


def test_on_a_weekday_it_is_the_day_after_there_and_the_term_begins_on_the_one_after_that():
    """Tuesday 15 September 2026, 22:01; Wednesday is Independence Day; received on Thursday, five business days on."""
    instant = datetime(2026, 9, 16, 4, 1, tzinfo=UTC)
    received = received_on(instant, GUADALAJARA, THREE_IN_THE_AFTERNOON, off(date(2026, 9, 16)))
    assert received == date(2026, 9, 17)
    assert due(received, "5 business days", calendars=off(date(2026, 9, 16))) == date(2026, 9, 24)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        (datetime(2021, 6, 16, 5, 30, tzinfo=UTC), GUADALAJARA, date(2021, 6, 16)),
        (datetime(2022, 6, 16, 5, 30, tzinfo=UTC), GUADALAJARA, date(2022, 6, 16)),
        (datetime(2023, 6, 16, 5, 30, tzinfo=UTC), GUADALAJARA, date(2023, 6, 15)),
        (datetime(2026, 6, 16, 5, 30, tzinfo=UTC), GUADALAJARA, date(2026, 6, 15)),
        (datetime(2021, 1, 14, 5, 30, tzinfo=UTC), GUADALAJARA, date(2021, 1, 13)),
        (datetime(2026, 1, 14, 5, 30, tzinfo=UTC), GUADALAJARA, date(2026, 1, 13)),
        (datetime(2021, 6, 16, 7, 30, tzinfo=UTC), TIJUANA, date(2021, 6, 16)),
        (datetime(2026, 6, 16, 7, 30, tzinfo=UTC), TIJUANA, date(2026, 6, 16)),
        (datetime(2026, 1, 14, 7, 30, tzinfo=UTC), TIJUANA, date(2026, 1, 13)),
    ],
)
def test_the_day_follows_the_summer_time_that_the_law_of_the_year_gave_the_place(instant, zone, day):
    """Ley de los Husos Horarios of 28 October 2022: no summer time any more, but for the municipalities at the northern
    border, Tijuana among them. Half past five in UTC was past midnight in the summers until 2022, and no longer is."""
    assert received_on(instant, zone, None, off()) == day


# The agreements of the sources


def test_the_opinion_on_chihuahua_and_albuquerque_would_have_been_due_on_10_march_2008():
    """Asked for on Monday 18 February 2008. The law of treaties, art. 7, names no term: fifteen business days are a target
    of ours. The opinion came on 5 March. Monday 17 March was a holiday, in place of the 21st; Easter was on 23 March."""
    mexico = off(date(2008, 2, 4), date(2008, 3, 17), date(2008, 3, 20), date(2008, 3, 21))
    assert due(date(2008, 2, 18), "15 business days", calendars=mexico) == date(2008, 3, 10)
    assert due(date(2008, 3, 10), "15 business days", calendars=mexico) == date(2008, 4, 3)
    assert due(date(2008, 3, 10), "60 days", calendars=mexico) == date(2008, 5, 9)
    assert due(date(2008, 3, 10), "5 years") == date(2013, 3, 10)
    assert due(date(2013, 3, 10), "60 days", backward=True) == date(2013, 1, 9)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("60 days", date(2011, 7, 5)),
        ("90 days", date(2011, 8, 4)),
        ("36 months", date(2014, 5, 6)),
        ("3 years", date(2014, 5, 6)),
        ("12 months", date(2012, 5, 6)),
    ],
)
def test_the_text_of_medellin_and_cuenca_runs_from_6_may_2011(length, expected):
    """Signed on Friday 6 May 2011: a first programme in “noventa (60)” days, the two readings; three years in force; an
    evaluation each year."""
    assert due(date(2011, 5, 6), length) == expected


def test_its_45_days_of_notice_end_on_a_saturday_and_the_day_before_is_in_time():
    assert due(date(2014, 5, 6), "45 days", backward=True) == date(2014, 3, 22)
    assert due(date(2014, 5, 6), "45 days", backward=True, roll=PRECEDING) == date(2014, 3, 21)


def test_an_ecuadorian_term_counts_business_days_from_the_business_day_after_the_notice():
    """Código Orgánico Administrativo, arts. 158 and 159: terms are of business days, without Saturdays, Sundays and
    holidays, from the business day after the notice. Carnival 2026 is on Monday 16 and Tuesday 17 February."""
    carnival = off(date(2026, 2, 16), date(2026, 2, 17))
    assert due(date(2026, 2, 13), "3 business days", calendars=carnival) == date(2026, 2, 20)
    assert due(date(2026, 2, 13), "1 business day", calendars=carnival) == date(2026, 2, 18)


def test_a_month_that_begins_on_the_next_business_day_counts_that_day():
    """A rule that names it has its month from Wednesday 18 February; one that does not, from the day of the event."""
    carnival = off(date(2026, 2, 16), date(2026, 2, 17))
    assert due(date(2026, 2, 13), "1 month", calendars=carnival, first_day=NEXT_BUSINESS_DAY) == date(2026, 3, 17)
    assert due(date(2026, 2, 13), "1 month", calendars=carnival, first_day=NEXT_DAY) == date(2026, 3, 13)
