"""What a ledger has to show, checked line by line with nothing but the inputs in hand."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from twinflow.domain.calendar.business_days import FirstDay
from twinflow.domain.calendar.dates import Unit
from twinflow.domain.deadlines.counting import DayKind, DueDate, Inputs, Line

ONE = timedelta(days=1)
BY_MONTH = {Unit.MONTHS, Unit.YEARS}
REASONS = {DayKind.WEEKEND, DayKind.HOLIDAY, DayKind.PAUSED}


def complaints_about(due_date: DueDate) -> list[str]:
    """What is wrong with the ledger; nothing if it agrees with the date and explains it."""
    inputs, lines = due_date.inputs, due_date.ledger
    return [
        *_ends(due_date, lines),
        *_gaps(inputs, lines),
        *(complaint for line in lines for complaint in _reasons(inputs, line)),
        *_numbers(due_date, lines),
    ]


def _ends(due_date: DueDate, lines: Sequence[Line]) -> Iterator[str]:
    if lines[0].on != due_date.inputs.start_on or lines[0].kind is not DayKind.START:
        yield f"it begins with {lines[0]}"
    last = lines[-1]
    if due_date.on is not None and last.on != due_date.on:
        yield f"it ends with {last} and the date is {due_date.on}"
    if due_date.on is not None and last.kind in REASONS:
        yield f"it ends with a day that does not count: {last}"
    if due_date.on is None and (last.pause is None or last.pause.end is not None or last.kind is not DayKind.PAUSED):
        yield f"nothing holds it at {last}"


def _gaps(inputs: Inputs, lines: Sequence[Line]) -> Iterator[str]:
    """One line a day. Months and years have one line each, and one for each paused day before the last of them ends."""
    step = -ONE if inputs.backward else ONE
    ends = [number for number, line in enumerate(lines) if line.unit in BY_MONTH]
    months = sum(amount for unit, amount in _wanted(inputs).items() if unit in BY_MONTH)
    begin = 0 if not months else ends[-1] if len(ends) == months else len(lines) - 1
    order = [line.on for line in lines[: begin + 1]]
    if order != sorted(order, reverse=inputs.backward):
        yield "the months are out of order"
    rolled_back = False
    for before, after in pairwise(lines[begin:]):
        same = before.kind is DayKind.START and inputs.first_day is FirstDay.SAME_DAY
        way = after.on - before.on
        rolled_back = rolled_back or (way == -step and after.kind in {*REASONS, DayKind.ROLLED})
        expected = timedelta(0) if same else -step if rolled_back else step
        if way != expected:
            yield f"{after.on} follows on {before.on}"


def _reasons(inputs: Inputs, line: Line) -> Iterator[str]:
    """A day that is not counted says why; a day that is counted may be."""
    closed = [calendar for calendar in inputs.calendars.members if not calendar.is_business_day(line.on)]
    if [off.calendar for off in line.off] != [calendar.key for calendar in closed]:
        yield f"{line} names other calendars than {closed}"
    if [off.holiday for off in line.off] != [calendar.holidays.get(line.on) for calendar in closed]:
        yield f"{line} names other days off"
    named = any(off.holiday is not None for off in line.off)
    match line.kind:
        case DayKind.HOLIDAY if not named:
            yield f"{line} is no holiday"
        case DayKind.WEEKEND if named or not line.off:
            yield f"{line} is no weekend"
        case DayKind.WEEKEND | DayKind.HOLIDAY if inputs.calendars.is_business_day(line.on) or line.pause:
            yield f"{line} is not off"
        case DayKind.PAUSED if line.pause is None or not line.pause.holds(line.on) or inputs.backward:
            yield f"{line} is not paused"
        case DayKind.COUNTED | DayKind.MADE_UP if line.unit not in BY_MONTH and line.pause is not None:
            yield f"{line} is paused"
        case DayKind.COUNTED if line.unit is Unit.BUSINESS_DAYS and not inputs.calendars.is_business_day(line.on):
            yield f"{line} is no business day"
    if (line.number is None) != (line.unit is None) or (line.kind in REASONS and line.number is not None):
        yield f"{line} is numbered wrongly"


def _numbers(due_date: DueDate, lines: Sequence[Line]) -> Iterator[str]:
    """1, 2, 3 and so on up to what was to be counted, for each unit and for the days made up."""
    for unit, amount in _wanted(due_date.inputs).items():
        found = [line.number for line in lines if line.unit is unit and line.kind is DayKind.COUNTED]
        if found != list(range(1, len(found) + 1)):
            yield f"the {unit} are numbered {found}"
        if len(found) > amount or (due_date.on is not None and len(found) != amount):
            yield f"{len(found)} {unit} of {amount} are counted"
    made_up = [line.number for line in lines if line.kind is DayKind.MADE_UP]
    if made_up != list(range(1, len(made_up) + 1)):
        yield f"the days made up are numbered {made_up}"


def _wanted(inputs: Inputs) -> dict[Unit, int]:
    """How much of each unit has a line of its own: years only where nothing but years is counted by month."""
    only_years = all(length.unit is Unit.YEARS for length in inputs.lengths if length.unit in BY_MONTH)
    wanted = dict.fromkeys(Unit, 0)
    for number, length in enumerate(inputs.lengths):
        amount = length.amount * (inputs.times if number == 0 else 1)
        match length.unit:
            case Unit.YEARS if not only_years:
                wanted[Unit.MONTHS] += 12 * amount
            case Unit.WEEKS:
                wanted[Unit.DAYS] += 7 * amount
            case unit:
                wanted[unit] += amount
    return wanted
