"""Dates as papers state them, and lengths as rules state them."""

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinflow.domain.calendar.dates import Length, MonthEnd, PartialDate, Unit, add_months
from twinflow.errors import Unreadable


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2003-04-12", date(2003, 4, 12)),
        ("2004-02-29", date(2004, 2, 29)),
        ("2008-11", None),
        ("1997", None),
        ("", None),
    ],
)
def test_a_date_keeps_the_precision_it_was_written_with(text, day):
    partial = PartialDate.parse(text)
    assert (partial.as_date, str(partial)) == (day, text)


@pytest.mark.parametrize(
    "text",
    [
        "2004-02-30",
        "2003-02-29",
        "2004-13",
        "2004-13-01",
        "2004-00-10",
        "2004-02-00",
        "2004-00",
        "0000",
        "0000-01-01",
        "31/12/2004",
        "2004-2-9",
        "04-02-29",
        "2004-02-29 ",
        "2004-02-29T00:00",
        "spring 2004",
        "２００４",
        "٢٠٠٤-٠٢-٢٩",
    ],
)
def test_a_day_that_does_not_exist_or_is_written_otherwise_cannot_be_read(text):
    with pytest.raises(Unreadable):
        PartialDate.parse(text)


def test_a_year_is_one_that_an_agreement_may_name():
    assert [PartialDate.parse(text).year for text in ("1800", "2100-12-31")] == [1800, 2100]
    for text in ("1799", "2101", "1799-12-31", "2101-01"):
        with pytest.raises(Unreadable, match="between 1800 and 2100"):
            PartialDate.parse(text)


@given(st.dates(date(1800, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_back_as_it_was_written(day):
    assert PartialDate.parse(str(PartialDate.of(day))).as_date == day


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("60 days", Length(60, Unit.DAYS)),
        ("1 day", Length(1, Unit.DAYS)),
        ("15 business days", Length(15, Unit.BUSINESS_DAYS)),
        ("6 weeks", Length(6, Unit.WEEKS)),
        ("3 months", Length(3, Unit.MONTHS)),
        ("1 year", Length(1, Unit.YEARS)),
    ],
)
def test_a_length_is_read_and_written_alike(text, length):
    assert Length.parse(text) == length
    assert str(length) == text
    assert str(length.message) == text


@pytest.mark.parametrize(
    "text",
    [
        "PT1D",
        "15 working days",
        "-3 days",
        "0 days",
        "60",
        "days",
        "1.5 years",
        "60  days",
        "60 days ",
        "five years",
        "6٠ days",
    ],
)
def test_anything_else_is_not_a_length(text):
    with pytest.raises(Unreadable, match="written like 60 days"):
        Length.parse(text)


def test_a_length_is_at_most_a_hundred_years():
    longest = ["36525 days", "26090 business days", "5218 weeks", "1200 months", "100 years"]
    assert [str(Length.parse(text)) for text in longest] == longest
    for text in ("36526 days", "26091 business days", "5219 weeks", "1201 months", "101 years"):
        with pytest.raises(Unreadable, match="at most a hundred years"):
            Length.parse(text)


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (date(2007, 1, 31), 1, date(2007, 2, 28)),
        (date(2008, 1, 31), 1, date(2008, 2, 29)),
        (date(2008, 1, 31), 2, date(2008, 3, 31)),
        (date(2008, 1, 31), 3, date(2008, 4, 30)),
        (date(2008, 2, 29), 12, date(2009, 2, 28)),
        (date(2008, 2, 29), 48, date(2012, 2, 29)),
        (date(1896, 2, 29), 48, date(1900, 2, 28)),
        (date(2011, 5, 6), 36, date(2014, 5, 6)),
        (date(2003, 10, 8), 36, date(2006, 10, 8)),
        (date(2008, 3, 31), -1, date(2008, 2, 29)),
        (date(2008, 1, 15), -1, date(2007, 12, 15)),
        (date(2007, 12, 31), 2, date(2008, 2, 29)),
        (date(2008, 3, 10), 0, date(2008, 3, 10)),
    ],
)
def test_months_keep_the_day_or_take_the_last_one_of_a_shorter_month(anchor, months, expected):
    assert add_months(anchor, months) == expected


def _walked(anchor, months):
    """Month by month, keeping in mind the day that was wanted."""
    year, month, step = anchor.year, anchor.month, 1 if months > 0 else -1
    for _ in range(abs(months)):
        month += step
        if month in {0, 13}:
            year, month = year + step, 12 if month == 0 else 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(anchor.day, last))


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(-600, 600))
def test_months_counted_at_once_are_months_walked_one_by_one(anchor, months):
    assert add_months(anchor, months) == _walked(anchor, months)


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(0, 600))
def test_more_months_never_end_earlier(anchor, months):
    assert add_months(anchor, months) < add_months(anchor, months + 1)


@pytest.mark.parametrize(
    ("anchor", "months", "clamped", "overflown"),
    [
        (date(2007, 1, 31), 1, date(2007, 2, 28), date(2007, 3, 3)),
        (date(2008, 1, 31), 1, date(2008, 2, 29), date(2008, 3, 2)),
        (date(2008, 1, 30), 1, date(2008, 2, 29), date(2008, 3, 1)),
        (date(2008, 5, 31), 1, date(2008, 6, 30), date(2008, 7, 1)),
        (date(2008, 2, 29), 12, date(2009, 2, 28), date(2009, 3, 1)),
        (date(2008, 5, 6), 1, date(2008, 6, 6), date(2008, 6, 6)),
        (date(2008, 3, 31), -1, date(2008, 2, 29), date(2008, 3, 2)),
    ],
)
def test_a_month_without_the_day_ends_on_its_last_or_runs_over_into_the_next(anchor, months, clamped, overflown):
    assert add_months(anchor, months, MonthEnd.CLAMP) == clamped
    assert add_months(anchor, months, MonthEnd.OVERFLOW) == overflown


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2008, 3, 10), 1, date(2008, 4, 9)),
        (date(2008, 1, 1), 12, date(2008, 12, 31)),
        (date(2008, 3, 1), 1, date(2008, 3, 31)),
        (date(2007, 3, 1), 12, date(2008, 2, 29)),
        (date(2007, 1, 31), 1, date(2007, 2, 28)),
        (date(2007, 1, 29), 1, date(2007, 2, 28)),
        (date(2007, 1, 28), 1, date(2007, 2, 27)),
    ],
)
def test_a_period_whose_first_day_counts_ends_on_the_day_before_that_of_its_number(first, months, last):
    assert add_months(first, months, inclusive=True) == last
