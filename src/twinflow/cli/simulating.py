"""`twinflow workflows simulate`: what would come of an agreement, or of a process that nobody uses yet, if nobody acted."""

from collections.abc import Callable
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from twinflow.cli import options as reading
from twinflow.cli.context import Cli, Json, cli_of, pairs
from twinflow.cli.options import Options
from twinflow.cli.output import print_json, print_table
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.agreement.agreement import Term
from twinflow.domain.agreement.subject import SubjectKind
from twinflow.domain.alerts.alerts import MISSED, OVERDUE
from twinflow.domain.alerts.recipients import Recipient
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.clock.simulation import Event, EventKind, level_of
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.process.definition import Label, ProcessDefinition, level_message
from twinflow.sentences import Sentence
from twinflow.services.clock.simulating import FreshCase, Outlook, simulate_agreement, simulate_process
from twinflow.services.reading.history_in_words import subject_in_words

YEARS = 10
"""How far ahead, where no day is named."""


def simulate(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="[REF]", help="Agreement; from now on.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Last day; else ten years ahead.")] = "",
    process: Annotated[str, typer.Option("--process", help="Process, like mx/twinning, before it is used.")] = "",
    version: Annotated[int | None, typer.Option("--version", help="Else the newest.")] = None,
    from_: Annotated[str, typer.Option("--from", metavar="DATE", help="First day of the case; else today.")] = "",
    state: Annotated[str | None, typer.Option("--state", help="State of the case; else the first.")] = None,
    facts: Annotated[
        list[str] | None, typer.Option("--fact", metavar="NAME=VALUE", help="What is known, like signed_on=2026-01-10.")
    ] = None,
    terms: Annotated[
        list[str] | None, typer.Option("--term", metavar="NAME=LENGTH", help="What the text says; else the defaults.")
    ] = None,
    steps: Annotated[
        list[str] | None, typer.Option("--step", metavar="NAME=DATE", help="A step that was taken, and its day.")
    ] = None,
    reader: Reader = "",
    json: Json = False,
) -> None:
    """Every alert, lapse and state that would come if nobody acted. Writes nothing."""
    cli = cli_of(context)
    options = Options()
    last, first = (
        options.read(name, text, reading.whole_day) for name, text in (("--until", until), ("--from", from_))
    )
    known = {name: _known(options, name, text) for name, text in pairs(facts or [], "--fact").items()}
    stated = {
        name: options.read(f"--term {name}", text, Term.parse) for name, text in pairs(terms or [], "--term").items()
    }
    taken = {
        name: options.read(f"--step {name}", text, reading.whole_day)
        for name, text in pairs(steps or [], "--step").items()
    }
    if bool(reference) == bool(process):
        options.wrong("--process", Sentence("name either an agreement or, with --process, a process."))
    alone = {"--version": version, "--from": from_, "--state": state, "--fact": facts, "--term": terms, "--step": steps}
    for option in (option for option, value in alone.items() if reference and value):
        options.wrong(option, Sentence("it goes with --process; what an agreement has is in the books."))
    options.check()
    if reference:
        now = cli.now()
        runtime = cli.runtime
        here = (runtime.engine, runtime.rulebook, runtime.people)
        viewer = viewer_at_shell(cli, reader)
        outlook = simulate_agreement(*here, reference, now, last or _ahead(now.date()), viewer=viewer)
    else:
        catalogue = cli.rulebook.catalogue
        definition = catalogue.versions(process)[-1] if version is None else catalogue.version(process, version)
        start = first or cli.now().astimezone(ZoneInfo(definition.time_zone)).date()
        case = FreshCase(
            definition=definition,
            start=start,
            state=state,
            terms={name: term for name, term in stated.items() if term is not None},
            facts={name: value for name, value in known.items() if value is not None},
            steps={name: day for name, day in taken.items() if day is not None},
        )
        outlook = simulate_process(cli.rulebook, case, last or _ahead(start))
    _print(cli, outlook, json=json)


def _known(options: Options, name: str, text: str) -> PartialDate | str | None:
    parse: Callable[[str], PartialDate | str] = PartialDate.parse if name.endswith("_on") else str
    return options.read(f"--fact {name}", text, parse)


def _ahead(day: date) -> date:
    """The same day, ten years later; of a leap day the last of February."""
    later = day.year + YEARS
    return day.replace(year=later, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=later)


def _print(cli: Cli, outlook: Outlook, *, json: bool) -> None:
    if json:
        shown = {name: getattr(outlook, name) for name in Outlook.__slots__ if name != "definitions"}
        print_json(shown, cli.language)
        return
    if outlook.annulled_on is not None:
        values = {"reference": outlook.reference, "day": outlook.annulled_on}
        print(cli.say(Sentence("{reference} was annulled on {day}: nothing comes of it.", values)))
        return
    print_table(cli.headings("Day", "What", "Who", "Level"), [_row(cli, outlook, event) for event in outlook.events])
    definition = outlook.definitions[outlook.reference]
    values = {
        "name": outlook.reference,
        "start": outlook.start,
        "until": outlook.until,
        "state": definition.states[outlook.state].label,
        "end": definition.states[outlook.ends_in].label,
    }
    print(cli.say(Sentence("{name}, if nobody acts: “{state}” on {start}, “{end}” on {until}.", values)))


def _row(cli: Cli, outlook: Outlook, event: Event) -> list[str]:
    what, who, level = told_in_words(cli, event, outlook.definitions[event.reference])
    if event.reference != outlook.reference:
        what = f"{event.reference}: {what}"
    return [cli.short_day(event.on), what, who, level]


def told_in_words(cli: Cli, event: Event, definition: ProcessDefinition) -> tuple[str, str, str]:
    """What comes, whom it reaches, and at which level."""
    return (
        cli.say(_what(event, definition)),
        cli.say(_who(event, definition)) or "–",
        cli.say(_level(event, definition)),
    )


def _what(event: Event, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {
        "subject": subject_in_words(event.subject, definition),
        "number": event.occurrence,
        "day": event.effective_on,
    }
    if event.occurrence > 1 and event.subject.kind is SubjectKind.DEADLINE:
        values["subject"] = Sentence("{subject} ({number})", dict(values))
    match event.kind:
        case EventKind.STEP:
            values |= {"step": definition.steps[event.step].label, "state": definition.states[event.state].label}
            what = Sentence("{subject}: {step} → {state}", values)
        case EventKind.UNMET:
            what = Sentence("{subject}: not met", values)
        case EventKind.LAPSED:
            what = Sentence("{subject}: passed unused", values)
        case EventKind.STUCK:
            values["reasons"] = list(event.reasons)
            what = Sentence("{subject}: its day has passed, and the step cannot be taken: {reasons}", values)
        case EventKind.ALERT:
            what = Sentence("{subject}", values)
            if event.notice == OVERDUE:
                what = Sentence("{subject}: its day has passed", values)
    if event.effective_on != event.on:
        what = Sentence("{what}, of {day}", {"what": what, "day": event.effective_on})
    return Sentence("{what} (provisional)", {"what": what}) if event.provisional else what


def _who(event: Event, definition: ProcessDefinition) -> list[Sentence]:
    """Whom it reaches: a person and the role, or the role that nobody holds."""
    told = [_told(each, definition.roles[each.role].label) for each in event.told]
    return told + [Sentence("{role}: nobody holds it", {"role": definition.roles[role].label}) for role in event.vacant]


def _told(each: Recipient, role: Label) -> Sentence:
    values = {"person": each.person, "role": role, "absent": each.stands_for}
    if each.stands_for:
        return Sentence("{person} ({role}), in the absence of {absent}", values)
    return Sentence("{role}" if each.person == each.role else "{person} ({role})", values)


def _level(event: Event, definition: ProcessDefinition) -> object:
    rule = definition.deadlines[event.subject.name] if event.subject.kind is SubjectKind.DEADLINE else None
    key = LevelKey.parse(event.level)
    level = level_of(rule, key) if rule is not None else None
    if event.level == MISSED:
        return Sentence("missed")
    if level is None:
        return "–"
    words = level_message(level)
    return Sentence("{level} ({number})", {"level": words, "number": key.number}) if key.number else words
