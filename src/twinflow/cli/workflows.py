"""`twinflow workflows`: list, show, check, diagram, replay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from twinflow import bootstrap
from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.definitions.scripts import read_script
from twinflow.domain.diagram import mermaid
from twinflow.domain.process import DeadlineRule, ProcessDefinition, Side, level_message
from twinflow.errors import Message
from twinflow.services.replay import replay as replay_script

app = typer.Typer(help="Process files: what may happen to an agreement.", no_args_is_help=True)

Process = Annotated[str, typer.Argument(help="Process, like mx/twinning.")]
Version = Annotated[int | None, typer.Option("--version", help="Else the newest.")]


@app.command("list")
def list_workflows(context: typer.Context, json: Json = False) -> None:
    """The processes and their versions."""
    cli = cli_of(context)
    processes = list(cli.library.catalogue)
    if json:
        print_json([_summary(process) for process in processes], cli.language)
        return
    rows = [
        [process.name, cli.text(process.kind), cli.say(process.label), str(process.in_force_from), process.digest[:12]]
        for process in processes
    ]
    print_table(cli.headings("Process", "Kind", "Meaning", "In force from", "Digest"), rows)


def _summary(process: ProcessDefinition) -> dict[str, object]:
    return {
        "key": process.key,
        "version": process.version,
        "label": process.label,
        "in_force_from": process.in_force_from,
        "in_force_to": process.in_force_to,
        "digest": process.digest,
    }


@app.command()
def show(context: typer.Context, process: Process, version: Version = None, json: Json = False) -> None:
    """States, steps and deadlines of a process, each with its source."""
    cli = cli_of(context)
    definition = _find(cli, process, version)
    if json:
        print_json(definition, cli.language)
        return
    print(f"{definition.name} · {cli.say(definition.label)}\n{'; '.join(definition.law)}\n")
    waits = {role.key: role.label for role in definition.roles.values()}
    print_table(
        cli.headings("State", "Meaning", "Stage", "Waits for"),
        [
            [s.key, cli.say(s.label), cli.say(definition.stages[s.stage]), cli.say(waits.get(s.waits_for or "", "–"))]
            for s in definition.states.values()
        ],
    )
    print_table(
        cli.headings("Step", "Meaning", "From", "To", "By", "Source"),
        [
            [
                s.key,
                cli.say(s.label),
                ", ".join(sorted(s.sources)),
                ", ".join(d.state for d in s.to),
                ", ".join(sorted(s.by)),
                cli.say(s.source) or "–",
            ]
            for s in definition.steps.values()
        ],
    )
    print_table(
        cli.headings("Deadline", "Meaning", "Length", "Warnings", "Source"),
        [_deadline_row(cli, rule) for rule in definition.deadlines.values()],
    )
    changes = [row for rule in definition.deadlines.values() for row in _change_rows(cli, rule)]
    if changes:
        print_table(cli.headings("Deadline", "May be", "By", "At most", "Confirmed by", "Source"), changes)


def _deadline_row(cli: Cli, rule: DeadlineRule) -> list[str]:
    anchor = rule.anchor.step or rule.anchor.fact or rule.anchor.deadline
    length = cli.say(rule.length.message) if rule.length else f"{cli.text('by the text')}: {rule.term}"
    values = {"length": length, "anchor": anchor}
    if rule.is_fixed:
        counted = cli.say(Message("on the day itself: {anchor}", values))
    elif rule.side is Side.BEFORE:
        counted = cli.say(Message("{length} before {anchor}", values))
    else:
        counted = cli.say(Message("{length} from {anchor}", values))
    if rule.calendars:
        counted += f" ({', '.join(rule.calendars)})"
    levels = ", ".join(cli.say(level_message(level)) for level in rule.warn + rule.escalate)
    return [rule.key, cli.say(rule.label), counted, levels or "–", cli.say(rule.source)]


def _change_rows(cli: Cli, rule: DeadlineRule) -> Iterator[list[str]]:
    """How the deadline may be changed by an act: who, up to what, and on what basis."""
    named = {"paused": rule.pause, "extended": rule.extend, "moved by agreement": rule.move}
    for name, change in named.items():
        if change is not None:
            at_most = cli.say(change.at_most.message) if change.at_most else "–"
            by, second = ", ".join(sorted(change.by)), change.second or "–"
            yield [rule.key, cli.text(name), by, at_most, second, cli.say(change.source)]


@app.command()
def check(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Folder of process files; else those in use.")] = None,
    json: Json = False,
) -> None:
    """Read and check every process file and calendar; all mistakes at once."""
    cli = cli_of(context)
    settings = cli.settings.model_copy(update={"workflows_folder": folder}) if folder else cli.settings
    library = bootstrap.load_library(settings)
    if json:
        print_json([_summary(process) for process in library.catalogue], cli.language)
        return
    values = {"processes": len(library.catalogue.definitions), "calendars": len(library.calendars)}
    print(cli.say(Message("{processes} process files and {calendars} calendars: no mistakes.", values)))


@app.command()
def diagram(context: typer.Context, process: Process, version: Version = None, json: Json = False) -> None:
    """The process as Mermaid text."""
    cli = cli_of(context)
    text = mermaid(_find(cli, process, version), cli.language)
    if json:
        print_json({"mermaid": text}, cli.language)
    else:
        print(text)


@app.command()
def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Script, like examples/chihuahua-albuquerque.toml.")],
    json: Json = False,
) -> None:
    """Take the steps of a scripted case on their days and list the alerts that would have gone out."""
    cli = cli_of(context)
    result = replay_script(cli.library, read_script(file, cli.library.catalogue))
    if json:
        print_json(result, cli.language)
        return
    print_table(
        cli.headings("Day", "Step", "By", "State"),
        [[cli.short_day(s.on), cli.say(s.label), s.actor, cli.say(s.state_label)] for s in result.steps],
    )
    print_table(
        cli.headings("Day", "Alert", "Level", "To"),
        [[cli.short_day(a.on), f"{a.notice}: {cli.say(a.label)}", a.level or "–", a.to] for a in result.alerts],
    )


def _find(cli: Cli, key: str, version: int | None) -> ProcessDefinition:
    catalogue = cli.library.catalogue
    return catalogue.versions(key)[-1] if version is None else catalogue.version(key, version)
