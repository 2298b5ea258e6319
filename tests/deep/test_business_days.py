"""Business days and rolls against `numpy`, which counts them by a method of its own."""

from datetime import date, timedelta
from random import Random

import numpy as np

from deep.cases import calendars_of, inputs_of
from oracle import Case, Days, pool_of_calendars, some_day, works
from twinflow.domain.calendar.business_days import Roll, add_business_days, business_days_between, roll
from twinflow.domain.deadlines.counting import compute

BATCH = 250
POOL = pool_of_calendars(Random("calendars"), 40)
MODES = {
    Roll.FOLLOWING: "following",
    Roll.PRECEDING: "preceding",
    Roll.MODIFIED_FOLLOWING: "modifiedfollowing",
}


def some_calendars(random: Random) -> tuple[tuple[Days, ...], str]:
    """One or two that leave a day of the week to work on, and how they count together."""
    members = tuple(random.sample(POOL, random.choice((1, 2))))
    open_together = len(frozenset.union(*(days.weekend for days in members))) < 7
    return members, random.choice(("all", "any")) if open_together else "any"


def as_numpy(members: tuple[Days, ...], counts_in: str, *more: date) -> np.busdaycalendar:
    """The same days for `numpy`, which knows one calendar: one weekend, and what is off on the other days."""
    weekends = [days.weekend for days in members]
    weekend = frozenset.union(*weekends) if counts_in == "all" else frozenset.intersection(*weekends)
    off = {on for days in members for on in days.holidays if not works(on, members, counts_in)}
    weekmask = [number not in weekend for number in range(7)]
    return np.busdaycalendar(weekmask=weekmask, holidays=[str(on) for on in off | set(more)])


def ordinals(days: list[date]) -> np.ndarray:
    return np.array([str(day) for day in days], dtype="datetime64[D]")


def some_days(random: Random) -> list[date]:
    return [some_day(random) for _ in range(BATCH)]


def test_business_days_forward_are_those_of_numpy(trials):
    def try_some(random: Random) -> None:
        members, counts_in = some_calendars(random)
        anchors, amounts = some_days(random), [random.randrange(1, 400) for _ in range(BATCH)]
        theirs = np.busday_offset(
            ordinals(anchors), amounts, roll="preceding", busdaycal=as_numpy(members, counts_in)
        ).tolist()
        calendars = calendars_of(members, counts_in)
        for anchor, amount, expected in zip(anchors, amounts, theirs, strict=True):
            assert add_business_days(anchor, amount, calendars) == expected, (anchor, amount, members, counts_in)

    trials(try_some, short=2_000, deep=200_000, size=BATCH)


def test_business_days_backward_are_those_of_numpy(trials):
    def try_some(random: Random) -> None:
        members, counts_in = some_calendars(random)
        anchors, amounts = some_days(random), [random.randrange(1, 400) for _ in range(BATCH)]
        theirs = np.busday_offset(
            ordinals(anchors),
            [-amount for amount in amounts],
            roll="following",
            busdaycal=as_numpy(members, counts_in),
        ).tolist()
        for anchor, amount, expected in zip(anchors, amounts, theirs, strict=True):
            case = Case(anchor, ((amount, "business days"),), backward=True, calendars=members, counts_in=counts_in)
            assert compute(inputs_of(case)).on == expected, case

    trials(try_some, short=2_000, deep=200_000, size=BATCH)


def test_a_day_off_rolls_to_the_day_that_numpy_rolls_it_to(trials):
    def try_some(random: Random) -> None:
        members, counts_in = some_calendars(random)
        rule = random.choice(list(MODES))
        days = some_days(random)
        theirs = np.busday_offset(ordinals(days), 0, roll=MODES[rule], busdaycal=as_numpy(members, counts_in)).tolist()
        calendars = calendars_of(members, counts_in)
        for day, expected in zip(days, theirs, strict=True):
            assert roll(day, rule, calendars) == expected, (day, rule, members, counts_in)

    trials(try_some, short=2_000, deep=200_000, size=BATCH)


def test_business_days_between_two_days_are_as_many_as_numpy_counts(trials):
    def try_some(random: Random) -> None:
        members, counts_in = some_calendars(random)
        first, last = some_days(random), some_days(random)
        one = np.timedelta64(1, "D")
        earlier = [min(pair) for pair in zip(first, last, strict=True)]
        later = [max(pair) for pair in zip(first, last, strict=True)]
        theirs = np.busday_count(
            ordinals(earlier) + one, ordinals(later) + one, busdaycal=as_numpy(members, counts_in)
        ).tolist()
        calendars = calendars_of(members, counts_in)
        for begin, end, expected in zip(first, last, theirs, strict=True):
            signed = expected if begin <= end else -expected
            assert business_days_between(begin, end, calendars) == signed, (begin, end, members, counts_in)

    trials(try_some, short=1_000, deep=50_000, size=BATCH)


def test_paused_business_days_are_days_off_to_numpy(trials):
    """A pause takes its business days out of the count as if each were a holiday."""

    def try_some(random: Random) -> None:
        members, counts_in = some_calendars(random)
        first = some_day(random)
        spans = [(first + timedelta(days=random.randrange(200)), random.randrange(1, 40)) for _ in range(3)]
        pauses = tuple((start, start + timedelta(days=length)) for start, length in spans)
        paused = [start + timedelta(days=number) for start, length in spans for number in range(length)]
        anchors = [some_day(random, first, 200) for _ in range(BATCH)]
        amounts = [random.randrange(1, 90) for _ in range(BATCH)]
        theirs = np.busday_offset(
            ordinals(anchors), amounts, roll="preceding", busdaycal=as_numpy(members, counts_in, *paused)
        ).tolist()
        for anchor, amount, expected in zip(anchors, amounts, theirs, strict=True):
            case = Case(anchor, ((amount, "business days"),), calendars=members, counts_in=counts_in, pauses=pauses)
            assert compute(inputs_of(case)).on == expected, case

    trials(try_some, short=1_000, deep=100_000, size=BATCH)
