"""`twinflow people`: list."""

import typer

from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.definitions.people import read_people
from twinflow.domain.people.people import Person

app = typer.Typer(help="People and the roles they hold.", no_args_is_help=True)


@app.command("list")
def list_people(context: typer.Context, json: Json = False) -> None:
    """Who holds which role in which office."""
    cli = cli_of(context)
    people = read_people(cli.settings.people_file).people
    if json:
        print_json(list(people.values()), cli.language)
        return
    rows = [
        [p.key, p.name, p.mail, p.language, ", ".join(f"{a.role} @ {a.office}" for a in p.assignments), _away(cli, p)]
        for p in people.values()
    ]
    print_table(cli.headings("Person", "Name", "Mail", "Language", "Roles", "Out of office"), rows)


def _away(cli: Cli, person: Person) -> str:
    """Days out of office, and who gets the mail meanwhile."""
    days = ((cli.short_day(a.from_day), cli.short_day(a.to_day), a.delegate) for a in person.absences)
    return "; ".join(f"{first} – {last} → {delegate}" for first, last, delegate in days) or "–"
