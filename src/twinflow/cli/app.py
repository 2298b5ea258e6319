"""The `twinflow` command. Exit codes: 0 done, 1 refused by a rule, 2 bad input, 3 the environment."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli import streams
from twinflow.cli.context import Cli, cli_of
from twinflow.cli.failing import EXIT_ENVIRONMENT, exit_code, in_our_words, print_error
from twinflow.cli.later import add_later

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
        "rounds": ("rounds.app", "Rounds of an opinion: drafts, observations, consultations."),
        "deadlines": ("deadlines.app", "Deadlines of all agreements, how each date came about, and changing one."),
        "workflows": ("workflows.app", "Process files: what may happen to an agreement."),
        "calendars": ("calendars.app", "Calendars of non-working days."),
        "outbox": ("outbox.app", "Messages: waiting, on their way, arrived or not."),
        "incidents": ("incidents.incidents", "What could not be done and is still open, and since when."),
        "bounces": ("bounces.app", "Mail that came in: delivery reports, and answers of persons."),
        "notices": ("notices.app", "What is told, in which words, and what a person can do without."),
        "people": ("people.app", "People and the roles they hold."),
        "queue": ("queue.app", "What waits for the roles of a person, and who has it in hand."),
        "offices": ("offices.app", "Offices: municipalities, ministries, registries."),
        "feeds": ("feeds.app", "Private calendar addresses."),
        "clock": ("clock.app", "Whether the clock of this machine is believed."),
        "database": ("database.app", "The database: its tables, and whether the books are as they were written."),
    },
)


@app.callback()
def start(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings; else twinflow.toml in this folder.")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an unexpected error arose.")
    ] = False,
) -> None:
    cli = cli_of(context)
    cli.config, cli.debug = config, debug


def main() -> None:
    """Run the command line; whatever goes wrong becomes a sentence and an exit code."""
    streams.make_usable()
    cli = Cli(None)
    logging.getLogger("twinflow").addHandler(logging.NullHandler())  # commands print what went wrong themselves
    try:
        code = _run(cli)
    finally:
        cli.close()
    failed = streams.flush()
    if failed is not None and code != EXIT_ENVIRONMENT:  # else it has been said
        code = _said(cli, failed)
    sys.exit(code)


def _run(cli: Cli) -> str | int | None:
    """The exit code. That whoever reads the output has gone is no failure."""
    try:
        app(obj=cli)
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):
            return stop.code
        streams.write_to_nobody(sys.stdout)
        return _of_usage(stop.__context__) or 0  # the command library answers a closed pipe with 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it leaves as a sentence
        return _said(cli, error)
    return 0


def _said(cli: Cli, error: Exception) -> int:
    """The exit code of an error, once it is said; nobody may be there to hear it."""
    if isinstance(error, OSError) and (usage := _of_usage(error)):
        return usage
    ours = in_our_words(error)
    print_error(ours, cli.language_of_errors)
    if cli.debug and ours is not error:
        streams.note("".join(traceback.format_exception(error)))
    return exit_code(ours)


def _of_usage(error: BaseException) -> int:
    """The exit code of what is wrong with the arguments, if it was that which could not be printed; else 0."""
    return int(getattr(error.__context__, "exit_code", 0))
