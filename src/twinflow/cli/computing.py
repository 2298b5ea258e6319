"""`twinflow deadlines compute`: a date from its inputs, without agreement, people or database."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from twinflow.cli import options as reading
from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.ledgers import print_ledger
from twinflow.cli.options import Options
from twinflow.cli.output import jsonable, print_json
from twinflow.domain.calendar.business_days import Calendar, Calendars, CountsIn, FirstDay, Roll
from twinflow.domain.calendar.business_days import received_on as receive
from twinflow.domain.calendar.dates import LONGEST, Length, MonthEnd, Unit, hour_of_day
from twinflow.domain.deadlines import counting
from twinflow.domain.deadlines.counting import Inputs
from twinflow.errors import Unreadable
from twinflow.sentences import Sentence
from twinflow.services.reading.ledger_in_words import Ledger, ledger

PLACEHOLDER = (date(2000, 1, 3), Length(1, Unit.DAYS))
"""Stands for a start or a length that is wrong, while the other options are looked at; nothing is computed from it."""


def compute(
    context: typer.Context,
    from_: Annotated[
        str, typer.Option("--from", metavar="DATE|INSTANT", help="Day of the event, or 2026-02-18T22:01-06:00.")
    ],
    length: Annotated[
        str, typer.Option("--length", help="Like “15 business days” or “3 months”; else the date is a fixed one.")
    ] = "",
    calendar: Annotated[
        list[str] | None, typer.Option("--calendar", metavar="KEY", help="Calendar, like mx-ministry; may be repeated.")
    ] = None,
    counts_in: Annotated[
        str, typer.Option("--counts-in", metavar="all|any", help="In how many of the calendars a business day is one.")
    ] = CountsIn.ALL,
    pauses: Annotated[
        list[str] | None,
        typer.Option("--pause", metavar="A..B", help="First and last day that do not count, both included."),
    ] = None,
    extensions: Annotated[
        list[str] | None, typer.Option("--extend", metavar="LENGTH", help="More time, like “5 business days”.")
    ] = None,
    backward: Annotated[bool, typer.Option("--backward", help="Count back from the day of the event.")] = False,
    first_day: Annotated[
        str, typer.Option("--first-day", metavar="WHICH", help="same_day, next_day or next_business_day.")
    ] = FirstDay.NEXT_DAY,
    month_end: Annotated[
        str, typer.Option("--month-end", metavar="RULE", help="clamp or overflow: 31 January and one month.")
    ] = MonthEnd.CLAMP,
    roll: Annotated[
        str, typer.Option("--roll", metavar="RULE", help="following, preceding, modified_following or none.")
    ] = Roll.NONE,
    zone: Annotated[str, typer.Option("--zone", metavar="IANA", help="Time zone of the office, for an instant.")] = "",
    cut_off: Annotated[str, typer.Option("--cut-off", metavar="HH:MM", help="Closing hour, for an instant.")] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show what became of each day.")] = False,
    json: Json = False,
) -> None:
    """Compute a due date from its inputs alone."""
    cli = cli_of(context)
    options = Options()
    start = options.read("--from", from_, reading.start)
    calendars = _calendars(cli, options, calendar, counts_in)
    office = _office(options, start, zone, cut_off)
    inputs = Inputs(
        start_on=PLACEHOLDER[0] if start is None or isinstance(start, datetime) else start,
        length=options.read("--length", length, reading.length) or (PLACEHOLDER[1] if length else None),
        calendars=calendars,
        backward=backward,
        first_day=options.read("--first-day", first_day, reading.one_of(FirstDay)) or FirstDay.NEXT_DAY,
        month_end=options.read("--month-end", month_end, reading.one_of(MonthEnd)) or MonthEnd.CLAMP,
        roll=options.read("--roll", roll, reading.one_of(Roll)) or Roll.NONE,
        pauses=options.read_all("--pause", pauses, reading.pause),
        extensions=options.read_all("--extend", extensions, reading.length),
    )
    _check(options, inputs, named=bool(calendar), asked_backward=backward and not length)
    options.check()
    received_on = None
    if isinstance(start, datetime) and office is not None:
        received_on = receive(start, *office, calendars)
        inputs = replace(inputs, start_on=received_on)
    _print(cli, Computed(received_on, ledger(counting.compute(inputs))), explain=explain, json=json)


@dataclass(frozen=True, slots=True)
class Computed:
    """`received_on` is the day that an instant counts as received on."""

    received_on: date | None
    ledger: Ledger


def _calendars(cli: Cli, options: Options, keys: list[str] | None, counts_in: str) -> Calendars:
    known = cli.rulebook.calendars

    def find(key: str) -> Calendar:
        if key in known:
            return known[key]
        near = get_close_matches(key, known, n=1)
        if near:
            raise Unreadable("there is no such calendar (did you mean “{near}”?)", near=near[0])
        raise Unreadable("there is no such calendar; there are: {known}", known=sorted(known))

    members = options.read_all("--calendar", dict.fromkeys(keys or []), find)
    rule = options.read("--counts-in", counts_in, reading.one_of(CountsIn)) or CountsIn.ALL
    return Calendars(members, rule)


def _office(
    options: Options, start: date | datetime | None, zone: str, cut_off: str
) -> tuple[ZoneInfo, time | None] | None:
    """Where and until when something may arrive."""
    where = options.read("--zone", zone, reading.zone)
    closes = options.read("--cut-off", cut_off, hour_of_day)
    if isinstance(start, datetime) and not zone:
        options.wrong(
            "--zone", Sentence("--from is an instant: say in which time zone it arrives, like America/Mexico_City.")
        )
    if start is not None and not isinstance(start, datetime):
        given = [option for option, text in (("--zone", zone), ("--cut-off", cut_off)) if text]
        for option in given:
            options.wrong(option, Sentence("--from is a day; an hour is needed too, like 2026-02-18T22:01-06:00."))
    return None if where is None else (where, closes)


def _check(options: Options, inputs: Inputs, *, named: bool, asked_backward: bool) -> None:
    """What cannot be meant, each with the option that says it."""
    plain = Inputs(start_on=inputs.start_on, length=inputs.length, backward=inputs.backward)
    aspects = {
        "--calendar": replace(plain, calendars=inputs.calendars),
        "--first-day": replace(plain, first_day=inputs.first_day),
        "--pause": replace(plain, pauses=inputs.pauses),
        "--extend": replace(plain, extensions=inputs.extensions),
    }
    for option, aspect in aspects.items():
        for mistake in counting.mistakes(aspect):
            options.wrong(option, Sentence("{mistake}.", {"mistake": mistake}))
    if asked_backward:
        options.wrong("--backward", Sentence("say how far to count back with --length, like “60 days”."))
    if not named and (inputs.counts_business_days or inputs.roll is not Roll.NONE):
        options.wrong("--calendar", Sentence("business days are counted by a calendar: name one, like mx-ministry."))
    if sum(length.amount / LONGEST[length.unit] for length in inputs.lengths) > 1:
        options.wrong("--extend", Sentence("all lengths together are at most a hundred years."))


def _print(cli: Cli, computed: Computed, *, explain: bool, json: bool) -> None:
    found = computed.ledger
    if json:
        shown = {field: value for field, value in _fields(found, cli.language).items() if explain or field != "lines"}
        print_json({"received_on": computed.received_on, **shown}, cli.language)
        return
    print(cli.say(_sentence(computed)))
    if explain:
        print_ledger(cli, found)


def _fields(found: Ledger, language: str) -> dict[str, object]:
    fields = jsonable(found, language)
    assert isinstance(fields, dict)
    return fields


def _sentence(computed: Computed) -> Sentence:
    """The date, and on what it stands, in one line."""
    found = computed.ledger
    start = found.inputs["start_on"]
    days = Sentence("1 day") if found.days == 1 else Sentence("{amount} days", {"amount": found.days})
    values = {"due": found.due_on, "days": days, "start": start}
    backward = found.inputs["backward"]
    due = (
        Sentence("Due on {due}, {days} before {start}.", values)
        if backward
        else Sentence("Due on {due}, {days} after {start}.", values)
    )
    if found.days == 0:
        due = Sentence("Due on {due}, the day of the event itself.", values)
    parts = [due]
    if computed.received_on is not None:
        parts.insert(0, Sentence("Counts as received on {day}.", {"day": computed.received_on}))
    if found.provisional:
        parts.append(Sentence("Provisional: {why}.", {"why": found.why}))
    return _joined(parts)


def _joined(parts: list[Sentence]) -> Sentence:
    names = [f"part_{number}" for number in range(len(parts))]
    return Sentence(" ".join(f"{{{name}}}" for name in names), dict(zip(names, parts, strict=True)))
