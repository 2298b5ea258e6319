"""Due dates by brute force: one day at a time, sets of days off, no arithmetic of the service.

Nothing here imports the service. Whatever it is compared with may not lean on it either, so that one proves the other.
Random cases are drawn from a `random.Random` (or from Hypothesis, which offers the same interface and shrinks).
"""

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

ONE = timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDAR_FILES = Path(__file__).resolve().parents[1] / "workflows" / "calendars"
ENDS = (1, 2, 3, 40, 400)
"""Lengths tried for a pause that still runs. The last is longer than all other pauses of a case together."""


class Days(NamedTuple):
    """One calendar: weekday numbers that are off (Monday is 0), and days that are."""

    weekend: frozenset[int]
    holidays: frozenset[date]


class Case(NamedTuple):
    """What a deadline is counted from, in plain values. A pause runs from its first day to before its end, None: still."""

    start: date
    lengths: tuple[tuple[int, str], ...]
    times: int = 1
    backward: bool = False
    first_day: str = "next_day"
    month_end: str = "clamp"
    roll: str = "none"
    calendars: tuple[Days, ...] = ()
    counts_in: str = "all"
    pauses: tuple[tuple[date, date | None], ...] = ()


def shipped_days(key: str) -> Days:
    """A shipped calendar as its file states it."""
    read = tomllib.loads((CALENDAR_FILES / f"{key}.toml").read_text("utf-8"))
    weekend = frozenset(WEEKDAYS.index(name) for name in read["calendar"]["weekend"])
    return Days(weekend, frozenset(entry["on"] for entry in read["days"]))


def works(day: date, calendars: Sequence[Days], counts_in: str = "all") -> bool:
    """Whether somebody, or everybody, works on the day."""
    if not calendars:
        return True
    at_work = [day.weekday() not in weekend and day not in holidays for weekend, holidays in calendars]
    return any(at_work) if counts_in == "any" else all(at_work)


def business_day(anchor: date, amount: int, calendars: Sequence[Days], counts_in: str = "all") -> date:
    """So many business days after the anchor, or before it if negative."""
    step = ONE if amount > 0 else -ONE
    day = anchor
    for _ in range(abs(amount)):
        day += step
        while not works(day, calendars, counts_in):
            day += step
    return day


def month_end(day: date) -> date:
    while (day + ONE).month == day.month:
        day += ONE
    return day


def months_later(day: date, months: int, rule: str) -> date:
    """The day of that number so many months later; where there is none, the last before it or as many days on."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month in {0, 13}:
            year, month = (year - 1, 12) if month == 0 else (year + 1, 1)
    found = date(year, month, 1)
    for _ in range(day.day - 1):
        if rule == "clamp" and (found + ONE).month != month:
            break
        found += ONE
    return found


def last_of_months(first: date, months: int, rule: str) -> date:
    """The last day of so many months of which `first` is the first: the day before that of its number."""
    if first.day == 1:
        return months_later(first, months, rule) - ONE
    return months_later(first - ONE, months, rule)


def due(case: Case) -> date | None:
    """The due date; None where it hangs on the end of a pause that still runs."""
    running = [start for start, end in case.pauses if end is None]
    if not running or case.backward:
        return _due(case)
    ended = tuple((start, end) for start, end in case.pauses if end is not None)
    possible = set()
    for days in ENDS:
        pauses = (*ended, *((start, start + timedelta(days=days)) for start in running))
        possible.add(_due(case._replace(pauses=pauses)))
    return possible.pop() if len(possible) == 1 else None


def _due(case: Case) -> date:
    if not case.lengths:
        return rolled(case.start, case, set())
    if case.backward:
        return rolled(_back(case), case, set())
    paused = paused_days(case.pauses)
    day, months, days, business_days = _first_and_amounts(case)
    if months:
        last = _last_of_months(case, day, months)
        days += (last - day).days + 1
    day -= ONE
    while days:
        day += ONE
        days -= day not in paused
    while business_days:
        day += ONE
        business_days -= day not in paused and works(day, case.calendars, case.counts_in)
    return rolled(day, case, paused)


def _last_of_months(case: Case, first: date, months: int) -> date:
    if case.first_day == "next_day":
        return months_later(case.start, months, case.month_end)
    return last_of_months(first, months, case.month_end)


def _first_and_amounts(case: Case) -> tuple[date, int, int, int]:
    """The first day that may be counted, and how many months, days and business days are."""
    first = case.start
    if case.first_day != "same_day":
        first += ONE
    if case.first_day == "next_business_day":
        while not works(first, case.calendars, case.counts_in):
            first += ONE
    amounts = {"years": 0, "months": 0, "weeks": 0, "days": 0, "business days": 0}
    for number, (amount, unit) in enumerate(case.lengths):
        for _ in range(case.times if number == 0 else 1):
            amounts[unit] += amount
    months = 12 * amounts["years"] + amounts["months"]
    return first, months, 7 * amounts["weeks"] + amounts["days"], amounts["business days"]


def _back(case: Case) -> date:
    """A count backward knows one length and no pauses."""
    amount, unit = case.lengths[0]
    amount *= case.times
    if unit == "business days":
        return business_day(case.start, -amount, case.calendars, case.counts_in)
    if unit in {"months", "years"}:
        return months_later(case.start, -amount * (12 if unit == "years" else 1), case.month_end)
    day = case.start
    for _ in range(amount * (7 if unit == "weeks" else 1)):
        day -= ONE
    return day


def paused_days(pauses: Sequence[tuple[date, date | None]]) -> set[date]:
    found = set()
    for start, end in pauses:
        day = start
        while end is not None and day < end:
            found.add(day)
            day += ONE
    return found


def rolled(day: date, case: Case, paused: set[date]) -> date:
    if case.roll == "none":
        return day
    ahead, back = day, day
    while ahead in paused or not works(ahead, case.calendars, case.counts_in):
        ahead += ONE
    while back in paused or not works(back, case.calendars, case.counts_in):
        back -= ONE
    stays = case.roll == "following" or (case.roll == "modified_following" and ahead.month == day.month)
    return ahead if stays else back


# Random cases

EPOCH = date(2007, 1, 1)
SPAN = 365 * 12
LENGTHS = (("days", 120), ("business days", 60), ("weeks", 12), ("months", 9), ("years", 2))


def some_day(random: Random, first: date = EPOCH, days: int = SPAN) -> date:
    return first + timedelta(days=random.randrange(days))


def some_days_off(random: Random, first: date = EPOCH, days: int = SPAN) -> Days:
    """A weekend of up to three days, and holidays alone or in runs, about one in twelve days."""
    weekend = frozenset(random.sample(range(7), random.choice((0, 1, 2, 2, 2, 3))))
    holidays = set()
    for _ in range(days // 40):
        on = some_day(random, first, days)
        holidays |= {on + timedelta(days=number) for number in range(random.choice((1, 1, 1, 2, 3, 10)))}
    return Days(weekend, frozenset(holidays))


def pool_of_calendars(random: Random, size: int = 6) -> list[Days]:
    """Some made up, some shipped."""
    return [*(shipped_days(key) for key in ("mx-labour", "ec-public")), *(some_days_off(random) for _ in range(size))]


def some_length(random: Random) -> tuple[int, str]:
    unit, most = random.choice(LENGTHS)
    return random.randrange(1, most + 1), unit


def some_pauses(random: Random, start: date, *, running: bool) -> tuple[tuple[date, date | None], ...]:
    """Up to four, before, at, after and over each other; one of them still running where that is asked for."""
    found: list[tuple[date, date | None]] = []
    for _ in range(random.choice((0, 1, 1, 2, 3, 4))):
        first = start + timedelta(days=random.randrange(-15, 150))
        found.append((first, first + timedelta(days=random.choice((1, 2, 7, random.randrange(1, 60))))))
    if running:
        found.append((start + timedelta(days=random.randrange(-15, 400)), None))
        random.shuffle(found)
    return tuple(found)


def some_case(random: Random, pool: Sequence[Days]) -> Case:
    """Any mixture that is no mistake, with overlapping pauses among them."""
    calendars = tuple(random.sample(pool, random.choice((0, 1, 1, 1, 2, 3))))
    counts_in = random.choice(("all", "any"))
    if not any(works(EPOCH + timedelta(days=number), calendars, counts_in) for number in range(7 * 30)):
        counts_in = "any"
    start = some_day(random)
    backward = random.random() < 0.15
    more = 0 if backward else random.choice((0, 0, 1, 2))
    return Case(
        start=start,
        lengths=tuple(some_length(random) for _ in range(1 + more)),
        times=random.choice((1, 1, 1, 2, 3)),
        backward=backward,
        first_day="next_day" if backward else random.choice(("same_day", "next_day", "next_day", "next_business_day")),
        month_end=random.choice(("clamp", "overflow")),
        roll=random.choice(("none", "following", "preceding", "modified_following")),
        calendars=calendars,
        counts_in=counts_in,
        pauses=() if backward else some_pauses(random, start, running=random.random() < 0.15),
    )
