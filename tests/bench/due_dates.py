"""Due dates per second: business days with two calendars and one pause, beside numpy called one case at a time.

Both answer the same cases in turn, from dates to dates, and must agree.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from bench.driver import timed
from bench.rows import Bar, Row, in_turns, milliseconds
from twinflow.definitions.calendars import read_calendars
from twinflow.domain.calendar.business_days import Calendars, Pause
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines.counting import Inputs, compute
from twinflow.files import shipped

Case = tuple[date, int, date, date]


def cases(number: int) -> list[Case]:
    """The start, the length in business days, the first paused day and the first day after the pause."""
    chance = random.Random(2026)
    found = []
    for _ in range(number):
        start = date(2015, 1, 1) + timedelta(days=chance.randrange(4000))
        pause = start + timedelta(days=chance.randrange(1, 60))
        found.append((start, chance.randrange(5, 60), pause, pause + timedelta(days=chance.randrange(1, 40))))
    return found


def by_twinflow(calendars: Calendars) -> Callable[[Case], date | None]:
    def answer(case: Case) -> date | None:
        start, amount, begins, ends = case
        length = Length(amount, Unit.BUSINESS_DAYS)
        inputs = Inputs(start_on=start, length=length, calendars=calendars, pauses=(Pause(begins, ends),))
        return compute(inputs).on

    return answer


def by_numpy(calendars: Calendars) -> Callable[[Case], date | None]:
    holidays = [np.datetime64(day) for calendar in calendars.members for day in calendar.holidays]
    together = np.busdaycalendar(holidays=holidays)

    def answer(case: Case) -> date | None:
        start, amount, begins, ends = case
        due = np.busday_offset(start, amount, roll="backward", busdaycal=together)
        if begins <= due.item():
            paused = np.busday_count(begins, ends, busdaycal=together)
            due = np.busday_offset(start, amount + paused, roll="backward", busdaycal=together)
        found: date = due.item()
        return found

    return answer


def rows(number: int = 20_000, rounds: int = 7) -> list[Row]:
    read = read_calendars(shipped("workflows") / "calendars")
    calendars = Calendars((read["mx-ministry"], read["ec-public"]))
    asked = cases(number)
    twinflow, numpy = by_twinflow(calendars), by_numpy(calendars)
    if [twinflow(case) for case in asked] != [numpy(case) for case in asked]:
        raise SystemExit("the two do not agree")
    ours, theirs = in_turns(
        rounds,
        lambda _number: timed(lambda: [twinflow(case) for case in asked]),
        lambda _number: timed(lambda: [numpy(case) for case in asked]),
    )
    return [
        Row(
            what="a due date: business days, two calendars, one pause",
            unit="µs",
            ours=[each * 1000 for each in milliseconds(number, ours)],
            peer=[each * 1000 for each in milliseconds(number, theirs)],
            against="numpy",
            bar=Bar(3),
        )
    ]
