"""`twinflow deadlines`: list."""

from typing import Annotated

import typer

from twinflow.cli.agreements import deadline_headings, deadline_row
from twinflow.cli.context import Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.services import queries

app = typer.Typer(help="Deadlines of all agreements.", no_args_is_help=True)


@app.command("list")
def list_deadlines(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    json: Json = False,
) -> None:
    """What is due, soonest first."""
    cli = cli_of(context)
    lines = queries.list_deadlines(cli.runtime.engine, cli.runtime.library, cli.now(), everything=everything)
    if json:
        print_json(lines, cli.language)
        return
    headings = [cli.text("Reference"), *deadline_headings(cli)]
    print_table(headings, [[line.reference, *deadline_row(cli, line)] for line in lines])
