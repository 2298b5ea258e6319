"""Months and years against `dateutil`, and against the first of the month and as many days on."""

from datetime import date, timedelta
from random import Random

from dateutil.relativedelta import relativedelta

from deep.cases import inputs_of
from oracle import Case
from twinflow.domain.calendar.dates import MonthEnd, add_months
from twinflow.domain.deadlines.counting import compute

FIRST = date(1900, 1, 1)
DAYS = 365 * 250


def an_anchor(random: Random) -> date:
    """Any day of 250 years; every other one at the end of a month, where the rules differ."""
    day = FIRST + timedelta(days=random.randrange(DAYS))
    if random.random() < 0.5:
        day = day.replace(day=28) + timedelta(days=random.randrange(4))
    return day


def some_months(random: Random) -> tuple[int, str, int]:
    """An amount, its unit and the same in months."""
    if random.random() < 0.5:
        amount = random.randrange(1, 41)
        return amount, "years", 12 * amount
    amount = random.randrange(1, 481)
    return amount, "months", amount


def overflowing(day: date, months: int) -> date:
    """The first of the month, and as many days on as the day is after the first."""
    return day.replace(day=1) + relativedelta(months=months) + timedelta(days=day.day - 1)


def test_a_month_without_the_day_ends_on_its_last_as_in_dateutil(trials):
    def try_one(random: Random) -> None:
        anchor, (amount, unit, months) = an_anchor(random), some_months(random)
        assert compute(inputs_of(Case(anchor, ((amount, unit),)))).on == anchor + relativedelta(**{unit: amount})
        assert add_months(anchor, -months) == anchor - relativedelta(months=months)

    trials(try_one, short=2_000, deep=130_000)


def test_months_counted_back_are_those_of_dateutil(trials):
    def try_one(random: Random) -> None:
        anchor, (amount, unit, _) = an_anchor(random), some_months(random)
        expected = anchor - relativedelta(**{unit: amount})
        assert compute(inputs_of(Case(anchor, ((amount, unit),), backward=True))).on == expected

    trials(try_one, short=1_000, deep=60_000)


def test_a_month_without_the_day_runs_over_into_the_next_where_the_rule_says_so(trials):
    def try_one(random: Random) -> None:
        anchor, (amount, unit, months) = an_anchor(random), some_months(random)
        case = Case(anchor, ((amount, unit),), month_end="overflow")
        assert compute(inputs_of(case)).on == overflowing(anchor, months)
        assert compute(inputs_of(case._replace(backward=True))).on == overflowing(anchor, -months)

    trials(try_one, short=2_000, deep=100_000)


def test_months_that_begin_on_the_day_itself_end_on_the_day_before_that_of_its_number(trials):
    def try_one(random: Random) -> None:
        anchor, (amount, unit, months) = an_anchor(random), some_months(random)
        if anchor.day == 1:
            expected = anchor + relativedelta(months=months) - timedelta(days=1)
        else:
            expected = anchor - timedelta(days=1) + relativedelta(months=months)
        assert compute(inputs_of(Case(anchor, ((amount, unit),), first_day="same_day"))).on == expected
        assert add_months(anchor, months, MonthEnd.OVERFLOW, inclusive=True) == overflowing(anchor, months) - timedelta(
            days=1
        )

    trials(try_one, short=2_000, deep=100_000)


def test_a_recurring_length_is_counted_from_the_anchor_each_time(trials):
    def try_one(random: Random) -> None:
        anchor, (amount, unit, _) = an_anchor(random), some_months(random)
        times = random.randrange(1, 6)
        expected = anchor + relativedelta(**{unit: times * amount})
        assert compute(inputs_of(Case(anchor, ((amount, unit),), times=times))).on == expected

    trials(try_one, short=1_000, deep=60_000)
