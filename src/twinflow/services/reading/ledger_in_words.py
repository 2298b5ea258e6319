"""How a date came about, in words: the one presentation that the command line, JSON and pages share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.entries import ChangeKind, Policy
from twinflow.domain.calendar.business_days import ONE_DAY, Calendars, CountsIn, FirstDay, Pause, Roll
from twinflow.domain.calendar.dates import MonthEnd, Unit
from twinflow.domain.deadlines.changes import Change
from twinflow.domain.deadlines.counting import DayKind, DayOff, DueDate, Inputs, Line
from twinflow.domain.process.definition import Label
from twinflow.sentences import Sentence, as_it_stands
from twinflow.services.reading.explanations import Explanation

A_WEEK = 7
NO_DATE = Sentence("no date while paused")


@dataclass(frozen=True, slots=True)
class OffLine:
    """That a calendar has a day off: its entry, or its weekend where `source` is empty."""

    calendar: str
    label: Label | Sentence
    source: str
    proposed: bool
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class PauseLine:
    """A pause: `start` is the first day that does not count, `end` the day on which counting goes on (None: it still runs)."""

    start: date
    end: date | None
    reason: str | Label
    paper: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One day. `count` says `number` in its `unit`, `what` what became of the day; both are for people."""

    on: date
    kind: str
    number: int | None
    unit: str | None
    off: tuple[OffLine, ...]
    pause: PauseLine | None
    is_due: bool
    count: Sentence | str
    what: Sentence


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the summary; several values where there are several."""

    name: Sentence
    values: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """One due date and how it came about. `days` are calendar days from the start, `why` is why the date is provisional."""

    length: Sentence
    due_on: date | None
    days: int | None
    provisional: bool
    why: tuple[Sentence, ...]
    inputs: Mapping[str, object]
    summary: tuple[Point, ...]
    lines: tuple[LedgerLine, ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change on record. `state`: that it counts, who confirmed it, or whom it waits for."""

    number: int
    kind: str
    on: date
    actor: str
    what: Sentence
    grounds: tuple[Sentence, ...]
    waits: bool
    state: Sentence


@dataclass(frozen=True, slots=True)
class Explained:
    """A deadline with one ledger for each reading of its length.

    `carried`: how a migration took its date over, if one did; `assumed`: by what default it is only assumed, if it is.
    """

    id: str
    label: Label
    source: Label
    status: str
    warn_on: date | None
    due_on: date | None
    provisional: bool
    assumed: Sentence | None
    carried: Sentence | None
    readings: tuple[Ledger, ...]
    changes: tuple[ChangeLine, ...]

    @property
    def lines(self) -> int:
        return sum(len(reading.lines) for reading in self.readings)


def explained(explanation: Explanation) -> Explained:
    deadline = explanation.deadline
    return Explained(
        id=explanation.id,
        label=explanation.label,
        source=explanation.source,
        status=deadline.status.value,
        warn_on=as_it_stands(deadline.warn_on, provisional=deadline.provisional),
        due_on=deadline.shown_on,
        provisional=deadline.provisional,
        assumed=explanation.assumed,
        carried=_carried(explanation),
        readings=tuple(ledger(due) for due in explanation.readings),
        changes=tuple(_change_line(change, explanation.roles) for change in explanation.changes),
    )


def _carried(explanation: Explanation) -> Sentence | None:
    basis, values = explanation.deadline.basis, {"day": explanation.carried_on}
    if basis is None or explanation.carried_on is None:
        return None
    if basis.carried == Policy.KEEP_DUE:
        return Sentence("The process has another version since {day}; the date of before was kept.", values)
    return Sentence("The process has another version since {day}; counted from there is what was left.", values)


def ledger(due: DueDate) -> Ledger:
    lines = ledger_lines(due)
    why = tuple(_why_provisional(due))
    return Ledger(
        length=_length(due.inputs),
        due_on=as_it_stands(due.on, provisional=due.provisional),
        days=abs((due.on - due.inputs.start_on).days) if due.on is not None else None,
        provisional=due.provisional,
        why=why,
        inputs=_inputs(due.inputs),
        summary=tuple(_summary(due, lines, why)),
        lines=lines,
    )


def ledger_lines(due: DueDate) -> tuple[LedgerLine, ...]:
    """Each day from the start to the due date."""
    found: list[LedgerLine] = []
    lines = due.ledger
    for index, line in enumerate(lines):
        is_due = index == len(lines) - 1 and line.on == due.on
        what = _what(line, lines)
        found.append(
            LedgerLine(
                on=line.on,
                kind=line.kind.value,
                number=line.number,
                unit=line.unit.value if line.unit else None,
                off=tuple(_off_line(off) for off in line.off),
                pause=_pause_line(line.pause) if line.pause else None,
                is_due=is_due,
                count=_count(line),
                what=Sentence("Due date: {what}", {"what": what}) if is_due else what,
            )
        )
    return tuple(found)


def _off_line(off: DayOff) -> OffLine:
    if off.holiday is None:
        return OffLine(off.calendar, Sentence("weekend"), "", proposed=False)
    return OffLine(off.calendar, off.holiday.label, off.holiday.source, off.holiday.proposed, off.holiday.guessed)


def _pause_line(pause: Pause) -> PauseLine:
    return PauseLine(pause.start, pause.end, pause.reason, pause.paper)


def _count(line: Line) -> Sentence | str:
    values = {"number": line.number}
    match line.unit:
        case None:
            return ""
        case Unit.BUSINESS_DAYS:
            return Sentence("business day {number}", values)
        case Unit.MONTHS:
            return Sentence("month {number}", values)
        case Unit.YEARS:
            return Sentence("year {number}", values)
        case _:
            return Sentence("day {number}", values)


def _what(line: Line, lines: Sequence[Line]) -> Sentence:
    off = [_off_message(each) for each in line.off]
    match line.kind:
        case DayKind.START:
            return Sentence("Start: the day of the event")
        case DayKind.COUNTED:
            return Sentence("counted; a day off: {off}", {"off": off}) if off else Sentence("counted")
        case DayKind.MADE_UP:
            return Sentence("counted in the place of a paused day")
        case DayKind.WEEKEND | DayKind.HOLIDAY:
            return Sentence("not counted: {off}", {"off": off})
        case DayKind.PAUSED:
            grounds = _pause_grounds(line.pause) if line.pause else []
            return (
                Sentence("not counted: paused ({grounds})", {"grounds": grounds})
                if grounds
                else Sentence("not counted: paused")
            )
        case DayKind.ROLLED:
            last = _last_counted(lines)
            if line.on > last:
                return Sentence("moved on from {day}, to the next day on which it can be due", {"day": last})
            return Sentence("moved back from {day}, to the last day on which it can be due", {"day": last})
        case DayKind.AGREED:
            return Sentence("agreed on by the parties")


def _last_counted(lines: Sequence[Line]) -> date:
    return [line.on for line in lines if line.kind in {DayKind.START, DayKind.COUNTED, DayKind.MADE_UP}][-1]


def _off_message(off: DayOff) -> Sentence:
    if off.holiday is None:
        return Sentence("weekend ({calendar})", {"calendar": off.calendar})
    holiday = off.holiday
    values = {"holiday": holiday.label, "calendar": off.calendar, "source": holiday.source}
    if holiday.guessed:
        return Sentence("{holiday} ({calendar}: {source}; guessed)", values)
    if holiday.proposed:
        return Sentence("{holiday} ({calendar}: {source}; proposed, not checked yet)", values)
    return Sentence("{holiday} ({calendar}: {source})", values)


def _pause_grounds(pause: Pause) -> list[Sentence]:
    """The reason and the paper, as far as they are on record."""
    given = [
        Sentence("reason: {value}", {"value": pause.reason}) if pause.reason else None,
        Sentence("paper: {value}", {"value": pause.paper}) if pause.paper else None,
    ]
    return [message for message in given if message is not None]


def _length(inputs: Inputs) -> Sentence:
    if inputs.length is None:
        return Sentence("a fixed date")
    length = inputs.length.message
    if inputs.times > 1:
        length = Sentence("{times} times {length}", {"times": inputs.times, "length": length})
    return Sentence("{length} before", {"length": length}) if inputs.backward else length


def _summary(due: DueDate, lines: Iterable[LedgerLine], why: tuple[Sentence, ...]) -> Iterator[Point]:
    inputs = due.inputs
    yield Point(Sentence("Due date"), (Sentence("{day}", {"day": due.on}) if due.on else NO_DATE,))
    yield Point(Sentence("Counted from"), (Sentence("{day}", {"day": inputs.start_on}),))
    yield Point(Sentence("Length"), (_length(inputs),))
    if inputs.agreed_on is not None:
        yield Point(Sentence("In the place of the computed date"), (Sentence("agreed on by the parties"),))
    if inputs.length is not None:
        yield Point(Sentence("First day counted"), (_first_day(inputs),))
    none = (Sentence("none"),)
    yield Point(Sentence("Extensions"), tuple(length.message for length in inputs.extensions) or none)
    yield Point(Sentence("Pauses"), tuple(_pause_message(pause) for pause in inputs.pauses) or none)
    yield Point(Sentence("Calendars"), tuple(_calendars(inputs)))
    if any(length.unit in {Unit.MONTHS, Unit.YEARS} for length in inputs.lengths):
        yield Point(Sentence("A month without that day"), (_MONTH_ENDS[inputs.month_end],))
    yield Point(Sentence("On a day off"), (_ROLLS[inputs.roll],))
    proposed = tuple(_proposed(inputs, lines))
    if proposed:
        yield Point(Sentence("Days off not checked yet"), proposed)
    yield Point(Sentence("Provisional"), why or (Sentence("no"),))


def _proposed(inputs: Inputs, lines: Iterable[LedgerLine]) -> Iterator[Sentence]:
    """The days that were not counted because of an entry that nobody has checked."""
    weekends = {calendar.key: calendar.weekend for calendar in inputs.calendars.members}
    for line in lines:
        for off in line.off:
            if line.kind == DayKind.HOLIDAY and off.proposed and line.on.weekday() not in weekends[off.calendar]:
                yield Sentence("{day} ({calendar})", {"day": line.on, "calendar": off.calendar})


def _first_day(inputs: Inputs) -> Sentence:
    if inputs.backward:
        return Sentence("the day before the event, backward")
    match inputs.first_day:
        case FirstDay.SAME_DAY:
            return Sentence("the day of the event itself")
        case FirstDay.NEXT_DAY:
            return Sentence("the day after the event")
        case FirstDay.NEXT_BUSINESS_DAY:
            return Sentence("the first business day after the event")


_MONTH_ENDS = {
    MonthEnd.CLAMP: Sentence("its last day is taken"),
    MonthEnd.OVERFLOW: Sentence("the count goes on into the next month"),
}
_ROLLS = {
    Roll.FOLLOWING: Sentence("moves to the next business day"),
    Roll.PRECEDING: Sentence("moves to the business day before"),
    Roll.MODIFIED_FOLLOWING: Sentence("moves to the next business day of its month, else to the one before"),
    Roll.NONE: Sentence("stays on its day"),
}


def _pause_message(pause: Pause) -> Sentence:
    grounds = _pause_grounds(pause)
    if pause.end is None:
        span = Sentence("from {first}, still running", {"first": pause.start})
    else:
        span = Sentence("from {first} to {last}", {"first": pause.start, "last": pause.end - ONE_DAY})
    return Sentence("{span} ({grounds})", {"span": span, "grounds": grounds}) if grounds else span


def _calendars(inputs: Inputs) -> Iterator[Sentence]:
    calendars = inputs.calendars
    for calendar in calendars.members:
        values = {
            "label": calendar.label,
            "calendar": calendar.key,
            "edition": calendar.edition,
            "first": calendar.first_year,
            "last": calendar.last_year,
        }
        yield Sentence("{label} ({calendar}, edition {edition}, filled in for {first} to {last})", values)
    if not calendars.members:
        yield Sentence("none: every day counts")
    elif len(calendars.members) > 1:
        yield _COUNTS_IN[calendars.counts_in]


_COUNTS_IN = {
    CountsIn.ALL: Sentence("a business day is one in all of them"),
    CountsIn.ANY: Sentence("a business day is one in any of them"),
}


def _why_provisional(due: DueDate) -> Iterator[Sentence]:
    """Which calendar does not reach over the days that were counted through, and which of its entries are guesses."""
    if not due.provisional:
        return
    inputs = due.inputs
    days = [inputs.start_on, due.on or inputs.start_on]
    for calendar in inputs.calendars.members:
        if not all(calendar.covers(day) for day in days):
            values = {"calendar": calendar.key, "first": calendar.first_year, "last": calendar.last_year}
            yield Sentence("{calendar} is filled in for {first} to {last} only", values)
    yield from _guesses(due)


def _guesses(due: DueDate) -> Iterator[Sentence]:
    """The guessed entries that the date was counted past; what is a few days apart is one period."""
    lines = due.ledger
    last = _last_counted(lines)
    passed = [line for line in lines if line.kind is DayKind.HOLIDAY or (line.on == last and line.on != due.on)]
    periods: list[tuple[str, Label, list[date]]] = []
    for line in passed:
        for calendar, label in (
            (off.calendar, off.holiday.label) for off in line.off if off.holiday and off.holiday.guessed
        ):
            if periods and periods[-1][0] == calendar and abs((line.on - periods[-1][2][-1]).days) < A_WEEK:
                periods[-1][2].append(line.on)
            else:
                periods.append((calendar, label, [line.on]))
    for calendar, label, days in periods:
        values = {"holiday": label, "calendar": calendar, "first": min(days), "last": max(days)}
        yield Sentence("{holiday} ({calendar}, {first} to {last}) is guessed", values)


def _inputs(inputs: Inputs) -> dict[str, object]:
    """The inputs for programs: calendars by key and edition, not by their days."""
    return {
        "start_on": inputs.start_on,
        "length": str(inputs.length) if inputs.length else None,
        "backward": inputs.backward,
        "times": inputs.times,
        "first_day": inputs.first_day.value,
        "month_end": inputs.month_end.value,
        "roll": inputs.roll.value,
        "pauses": [_pause_line(pause) for pause in inputs.pauses],
        "extensions": [str(length) for length in inputs.extensions],
        "agreed_on": inputs.agreed_on,
        "calendars": _calendar_inputs(inputs.calendars),
        "counts_in": inputs.calendars.counts_in.value,
    }


def _calendar_inputs(calendars: Calendars) -> list[dict[str, object]]:
    return [
        {"key": one.key, "edition": one.edition, "first_year": one.first_year, "last_year": one.last_year}
        for one in calendars.members
    ]


def _change_line(change: Change, roles: Mapping[str, Label]) -> ChangeLine:
    return ChangeLine(
        number=change.number,
        kind=change.kind.value,
        on=change.on,
        actor=change.actor,
        what=_change_message(change),
        grounds=tuple(_change_grounds(change)),
        waits=not change.counts,
        state=_change_state(change, roles),
    )


def _change_message(change: Change) -> Sentence:
    command = change.command
    match change.kind:
        case ChangeKind.PAUSE:
            return Sentence("paused")
        case ChangeKind.RESUME:
            return Sentence("resumed after the pause of change {of}", {"of": command.of})
        case ChangeKind.EXTEND:
            return Sentence("extended by {length}", {"length": command.length.message if command.length else ""})
        case ChangeKind.REMOVE:
            return Sentence("the extension of change {of} taken back", {"of": command.of})
        case ChangeKind.MOVE:
            return Sentence("{party} agrees on {day}", {"party": command.party, "day": command.to})
        case ChangeKind.CONFIRM:
            return Sentence("change {number} confirmed", {"number": change.number})


def _change_grounds(change: Change) -> Iterator[Sentence]:
    command = change.command
    if command.reason:
        yield Sentence("reason: {value}", {"value": command.reason})
    if command.paper:
        yield Sentence("paper: {value}", {"value": command.paper})
    if command.legal_basis:
        yield Sentence("legal basis: {value}", {"value": command.legal_basis})


def _change_state(change: Change, roles: Mapping[str, Label]) -> Sentence:
    if not change.counts:
        return Sentence("waits for the confirmation of {role}", {"role": roles[change.second]})
    if change.confirmed_by:
        return Sentence("confirmed by {person} on {day}", {"person": change.confirmed_by, "day": change.confirmed_on})
    return Sentence("counts")
