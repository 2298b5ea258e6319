"""The next day whose coming alone may change the deadlines of a case: then it is looked at, whether or not a row wakes."""

import json
from dataclasses import replace
from datetime import date

import pytest

from builders import EC, agreement, context, definition, medellin, noon
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.deadlines.occurrences import with_deadlines


def looked_at(case, today):
    """Derived on the day itself."""
    process = definition(case.process)
    return with_deadlines(case, process, context(process, today)).derive_on


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
