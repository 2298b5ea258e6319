"""`twinflow workflows`: list and check; the other commands have modules of their own."""

from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Json, cli_of
from twinflow.cli.later import add_later
from twinflow.cli.output import print_json, print_table
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.files import prove
from twinflow.sentences import Sentence

app = typer.Typer(help="Process files: what may happen to an agreement.", no_args_is_help=True)
add_later(
    app,
    {
        "show": ("showing.show", "States, steps, deadlines and everything else of a process, each with its source."),
        "diagram": ("picturing.diagram", "Draw a process, or the course of one agreement through it."),
        "replay": (
            "replaying.replay",
            "Take the steps of a scripted case on their days, list the alerts that go out, and say what is not as expected.",
        ),
        "coverage": (
            "replaying.coverage",
            "How much of each process file the scripted cases in workflows/cases exercise. Exit code 1 below 100 %.",
        ),
        "diff": (
            "comparing.diff",
            "What is different between two processes, in words. Exit code 0: nothing, 1: something.",
        ),
        "simulate": (
            "simulating.simulate",
            "Every alert, lapse and state that would come if nobody acted. Writes nothing.",
        ),
        "migrate": ("migrating.app", "Move running agreements to another version of their process."),
    },
)


@app.command("list")
def list_workflows(context: typer.Context, json: Json = False) -> None:
    """The processes and their versions."""
    cli = cli_of(context)
    processes = list(cli.rulebook.catalogue)
    if json:
        print_json([_summary(process) for process in processes], cli.language)
        return
    rows = [
        [
            process.name,
            cli.text(process.kind),
            cli.say(process.label),
            f"{process.extends[0]} v{process.extends[1]}" if process.extends else "–",
            str(process.in_force_from),
            cli.text("not confirmed") if process.unconfirmed else "–",
            process.digest[:12],
        ]
        for process in processes
    ]
    print_table(cli.headings("Process", "Kind", "Meaning", "Rests on", "In force from", "Checked", "Digest"), rows)


def _summary(process: ProcessDefinition) -> dict[str, object]:
    return {
        "key": process.key,
        "version": process.version,
        "label": process.label,
        "in_force_from": process.in_force_from,
        "in_force_to": process.in_force_to,
        "extends": f"{process.extends[0]}@{process.extends[1]}" if process.extends else None,
        "unconfirmed": process.unconfirmed or None,
        "digest": process.digest,
    }


@app.command()
def check(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Folder of process files; else those in use.")] = None,
    json: Json = False,
) -> None:
    """Read and check every process file and calendar; all mistakes at once."""
    cli = cli_of(context)
    settings = cli.settings.model_copy(update={"workflows_folder": folder}) if folder else cli.settings
    rulebook = prove(settings)
    if json:
        print_json([_summary(process) for process in rulebook.catalogue], cli.language)
        return
    values = {"processes": len(rulebook.catalogue.definitions), "calendars": len(rulebook.calendars)}
    print(cli.say(Sentence("{processes} process files and {calendars} calendars: no mistakes.", values)))
