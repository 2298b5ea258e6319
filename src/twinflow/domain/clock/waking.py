"""When a pass of the clock has to look at a case again."""

from datetime import date, datetime, timedelta

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.deadlines import warnings
from twinflow.domain.deadlines.acknowledgements import acknowledgements_of
from twinflow.domain.process.definition import DeadlineRule

EARLIEST_ZONE = timedelta(hours=14)
"""No place on earth is further ahead of UTC: what is due anywhere is due by then."""


def latest_day(now: datetime) -> date:
    """The furthest day that any place on earth has come to: a case is looked at when something of it wakes by then."""
    return (now + EARLIEST_ZONE).date()


def next_wake_on(
    agreement: Agreement, rule: DeadlineRule, deadline: Deadline, calendars: Calendars, today: date
) -> date | None:
    """The first day after today on which a sweep has something to do about the deadline: also where a snooze ends."""
    days = [warnings.next_wake_on(rule, deadline, calendars, today)]
    if deadline.is_open:
        days += [snooze.until for snooze in acknowledgements_of(agreement.history, deadline.key).running(today)]
    return min((day for day in days if day is not None), default=None)
