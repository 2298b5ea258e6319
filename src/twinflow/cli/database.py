"""`twinflow database`: upgrade, check."""

import typer

from twinflow import bootstrap
from twinflow.cli.context import Json, cli_of
from twinflow.cli.output import print_json
from twinflow.sentences import Sentence

app = typer.Typer(help="The database's tables.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables to the newest version."""
    cli = cli_of(context)
    print(cli.say(bootstrap.upgrade_database(cli.settings)))


@app.command()
def check(context: typer.Context, json: Json = False) -> None:
    """Whether the database answers and is at the newest version."""
    cli = cli_of(context)
    version = bootstrap.check_database(cli.settings)
    if json:
        print_json({"version": version}, cli.language)
        return
    print(cli.say(Sentence("The database is at version {version}.", {"version": version})))
