"""The next day whose coming alone may change the deadlines of a case: then it is looked at, whether or not a row wakes."""

import json
from dataclasses import replace
from datetime import date

import pytest

from builders import EC, agreement, context, definition, medellin, noon
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import ONE_DAY
from twinflow.domain.deadlines.occurrences import derive, derives_anew_on, is_outrun


def looked_at(case, today):
    """Derived on the day itself."""
    process = definition(case.process)
    case = replace(case, deadlines=derive(case, process, context(process, today)))
    return derives_anew_on(case, process, context(process, today))


@pytest.mark.parametrize(
    ("today", "on"),
    [
        (date(2011, 6, 28), date(2012, 5, 8)),
        (date(2012, 5, 7), date(2012, 5, 8)),
        (date(2012, 5, 8), date(2013, 5, 7)),
    ],
)
def test_the_day_after_the_date_of_a_recurring_duty_begins_the_next(today, on):
    assert looked_at(medellin(), today) == on


@pytest.mark.parametrize(
    ("today", "on"),
    [
        (date(2011, 6, 28), date(2014, 3, 23)),
        (date(2014, 3, 22), date(2014, 3, 23)),
        (date(2014, 3, 23), None),
    ],
)
def test_a_right_is_over_the_day_after_its_last(today, on):
    """Notice can be given until 22 March. What takes a step by itself, as the end of the term, wakes by its row."""
    assert looked_at(medellin(evaluation_period=""), today) == on


def test_a_recurring_duty_whose_start_is_to_come_begins_on_that_day():
    assert looked_at(medellin(), date(2011, 5, 1)) == date(2011, 5, 6)


def test_a_case_that_is_over_or_has_nothing_of_the_kind_is_looked_at_on_no_day():
    assert looked_at(replace(medellin(), state="expired"), date(2011, 6, 28)) is None
    assert looked_at(agreement(EC), date(2008, 3, 3)) is None


def test_after_a_migration_the_next_period_begins_where_the_version_before_had_it():
    """Whatever the date that was carried over has become meanwhile."""
    carried = {"on": "2011-08-01", "policy": "keep-due", "lengths": ["280 days"], "after": "2011-05-06"}
    tables = {"carried": {"evaluation/1": carried}, "recurring": {"evaluation": [1, "2011-12-01"]}}
    details = {name: json.dumps(tables.get(name, {})) for name in ("carried", "recurring", "closed", "states", "steps")}
    migrated = HistoryEntry(EntryKind.MIGRATED, "lucia", date(2011, 8, 1), noon(date(2011, 8, 1)), details=details)
    case = replace(medellin(), history=(*medellin().history, migrated))
    assert looked_at(case, date(2011, 9, 1)) == date(2011, 12, 2)


def outruns(case, today):
    """Whether the day alone has passed a date of the books, which were last derived on the day of signing."""
    process = definition(case.process)
    return is_outrun(case, process, context(process, today))


@pytest.mark.parametrize(
    ("case", "last"),
    [
        pytest.param(medellin(), date(2012, 5, 7), id="the date of a recurring duty"),
        pytest.param(medellin(evaluation_period=""), date(2014, 3, 22), id="the last day of a right"),
        pytest.param(
            medellin(evaluation_period="", notice_period=""), date(2014, 5, 6), id="the day a step follows from"
        ),
    ],
)
def test_the_books_are_outrun_on_the_day_after(case, last):
    """Before it the date of the first programme passes, a duty which stays owed."""
    assert [outruns(case, last), outruns(case, last + ONE_DAY)] == [False, True]


def test_a_recurring_duty_whose_next_occurrence_is_known_outruns_nothing():
    process, today = definition(EC), date(2012, 5, 8)
    case = replace(medellin(), deadlines=derive(medellin(), process, context(process, today)))
    assert not outruns(case, date(2013, 5, 6))
    assert outruns(case, date(2013, 5, 7))


def test_a_paused_deadline_and_one_that_the_process_no_longer_has_outrun_nothing():
    paused = [replace(each, due_on=None) for each in medellin().deadlines]
    unknown = [replace(each, rule="of_old") for each in medellin().deadlines]
    for deadlines in (paused, unknown):
        assert not outruns(replace(medellin(), deadlines=tuple(deadlines)), date(2020, 1, 1))
    assert outruns(replace(medellin(), deadlines=(*unknown, *medellin().deadlines)), date(2020, 1, 1))


def test_what_is_closed_outruns_nothing_unless_it_recurs():
    closed = [replace(each, status=DeadlineStatus.MET) for each in medellin(evaluation_period="").deadlines]
    assert not outruns(replace(medellin(), deadlines=tuple(closed)), date(2020, 1, 1))
    closed = [replace(each, status=DeadlineStatus.MET) for each in medellin().deadlines]
    assert outruns(replace(medellin(), deadlines=tuple(closed)), date(2020, 1, 1))
