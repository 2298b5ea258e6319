"""Due dates per second: business days with two calendars and one pause, beside numpy called one case at a time. `make bench`.

Both answer the same cases in turn, from dates to dates, and must agree.
"""

import random
import statistics
import sys
from collections.abc import Callable
from datetime import date, timedelta
from time import perf_counter

import numpy as np

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


def main(number: int = 20_000, rounds: int = 7) -> None:
    read = read_calendars(shipped("workflows") / "calendars")
    calendars = Calendars((read["mx-ministry"], read["ec-public"]))
    asked = cases(number)
    ways = {"twinflow": by_twinflow(calendars), "numpy": by_numpy(calendars)}
    answers = {name: [way(case) for case in asked] for name, way in ways.items()}
    if answers["twinflow"] != answers["numpy"]:
        raise SystemExit("the two do not agree")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = perf_counter()
            for case in asked:
                way(case)
            seconds[name].append(perf_counter() - begin)
    ratios = [ours / theirs for ours, theirs in zip(seconds["twinflow"], seconds["numpy"], strict=True)]
    print(f"business days, two calendars, one pause, {number:,} cases, {rounds} rounds, medians:")
    for name, taken in seconds.items():
        print(f"  {name:<21} {number / statistics.median(taken):10,.0f} due dates/s")
    print(
        f"  ratio                 {statistics.median(ratios):8.2f} (goal: 3; from {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
