"""`twinflow database`: upgrade, check."""

import typer

from twinflow import bootstrap
from twinflow.cli.context import cli_of
from twinflow.errors import Message

app = typer.Typer(help="The database's tables.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables to the newest version."""
    cli = cli_of(context)
    version = bootstrap.upgrade_database(cli.settings)
    print(cli.say(Message("The database is at version {version}.", {"version": version})))


@app.command()
def check(context: typer.Context) -> None:
    """Whether the database answers and is at the newest version."""
    cli = cli_of(context)
    version = bootstrap.check_database(cli.settings)
    print(cli.say(Message("The database is at version {version}.", {"version": version})))
