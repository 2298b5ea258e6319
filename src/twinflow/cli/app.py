"""The `twinflow` command. Exit codes: 0 done, 1 refused by a rule, 2 bad input, 3 the environment."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli
from twinflow.cli.failing import exit_code, print_error
from twinflow.cli.later import add_later
from twinflow.errors import TwinflowError

app = typer.Typer(
    name="twinflow",
    help="Agreements between cities: steps, deadlines, alerts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
add_later(
    app,
    {
        "tick": (
            "run.tick",
            "One pass: tell what is due and not told, take the steps that dates take, send what waits.",
        ),
        "serve": ("run.serve", "Serve the pages on loopback, and sweep and send mail beside them."),
        "worker": ("run.worker", "Sweep and send mail, without pages, until stopped."),
        "demo": (
            "run.demo",
            "The real register of Cuenca and a worked case, captured mail, pages on loopback. Nothing leaves, nothing stays.",
        ),
        "agreements": ("agreements.app", "Cases: look at them, open them, take their steps, import a register."),
        "deadlines": ("deadlines.app", "Deadlines of all agreements, how each date came about, and changing one."),
        "workflows": ("workflows.app", "Process files: what may happen to an agreement."),
        "calendars": ("calendars.app", "Calendars of non-working days."),
        "outbox": ("outbox.app", "Messages: waiting, on their way, arrived or not."),
        "incidents": ("incidents.incidents", "What could not be done and is still open, and since when."),
        "bounces": ("bounces.app", "Mail that came back: delivery reports."),
        "notices": ("notices.app", "What is told, in which words, and what a person can do without."),
        "people": ("people.app", "People and the roles they hold."),
        "feeds": ("feeds.app", "Private calendar addresses."),
        "database": ("database.app", "The database's tables."),
    },
)


@app.callback()
def start(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings; else twinflow.toml in this folder.")
    ] = None,
) -> None:
    context.obj.config = config


def main() -> None:
    """Run the command line; errors of ours become a sentence and an exit code."""
    cli = Cli(None)
    logging.getLogger("twinflow").addHandler(logging.NullHandler())  # commands print what went wrong themselves
    try:
        code = _run(cli)
    finally:
        cli.close()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _write_to_nobody()
    sys.exit(code)


def _run(cli: Cli) -> str | int | None:
    """The exit code. That whoever reads the output has gone is no failure."""
    try:
        app(obj=cli)
    except TwinflowError as error:
        print_error(error, _language(cli))
        return exit_code(error)
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):
            return stop.code
        _write_to_nobody()  # the command library answers a closed pipe with 1
    return 0


def _write_to_nobody() -> None:
    """Nothing that is still to be printed finds the closed pipe again, not even at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _language(cli: Cli) -> str:
    """The language for an error, which may be that the settings cannot be read."""
    try:
        return cli.language
    except TwinflowError:
        return "es" if os.environ.get("TWINFLOW_LANGUAGE") == "es" else "en"
