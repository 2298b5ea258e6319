"""How many random cases are tried and from which seed, and the bridge from plain cases to what the service is asked.

`make test` tries a few thousand of each kind, always the same; `make test-deep` tries over a million others each time.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from how_many import DEEP
from oracle import Case, Days
from twinflow.domain.calendar.business_days import Calendar, Calendars, CountsIn, FirstDay, Holiday, Pause, Roll
from twinflow.domain.calendar.dates import Length, MonthEnd, Unit
from twinflow.domain.deadlines.counting import Inputs

CHUNKS = 16 if DEEP else 1
NO_LABEL: Mapping[str, str] = {"en": "Day off", "es": "Día inhábil"}


@lru_cache(maxsize=4096)
def calendar_of(days: Days) -> Calendar:
    holidays = {on: Holiday(on, NO_LABEL, "made up") for on in days.holidays}
    return Calendar("made-up", NO_LABEL, days.weekend, holidays, 1900, 2200, "e1")


@lru_cache(maxsize=4096)
def calendars_of(members: tuple[Days, ...], counts_in: str = "all") -> Calendars:
    return Calendars(tuple(calendar_of(days) for days in members), CountsIn(counts_in))


def pauses_of(pauses: Sequence[tuple[date, date | None]]) -> tuple[Pause, ...]:
    return tuple(Pause(start, end, "observations") for start, end in pauses)


def lengths_of(lengths: Sequence[tuple[int, str]]) -> tuple[Length, ...]:
    return tuple(Length(amount, Unit(unit)) for amount, unit in lengths)


def inputs_of(case: Case) -> Inputs:
    """The same case as the service is asked it."""
    length, *extensions = (*lengths_of(case.lengths),) or (None,)
    return Inputs(
        start_on=case.start,
        length=length,
        calendars=calendars_of(case.calendars, case.counts_in),
        backward=case.backward,
        times=case.times,
        first_day=FirstDay(case.first_day),
        month_end=MonthEnd(case.month_end),
        roll=Roll(case.roll),
        pauses=pauses_of(case.pauses),
        extensions=tuple(extension for extension in extensions if extension is not None),
    )
