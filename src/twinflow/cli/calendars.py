"""`twinflow calendars`: list, show."""

from typing import Annotated

import typer

from twinflow.cli.context import Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.errors import NotFound

app = typer.Typer(help="Calendars of non-working days.", no_args_is_help=True)


@app.command("list")
def list_calendars(context: typer.Context, json: Json = False) -> None:
    """The calendars and the years they are filled in for."""
    cli = cli_of(context)
    calendars = cli.library.calendars
    if json:
        shown = [
            {"key": c.key, "label": c.label, "first_year": c.first_year, "last_year": c.last_year}
            for c in calendars.values()
        ]
        print_json(shown, cli.language)
        return
    rows = [[c.key, cli.say(c.label), f"{c.first_year}–{c.last_year}", c.edition] for c in calendars.values()]
    print_table(cli.headings("Calendar", "Meaning", "Years", "Edition"), rows)


@app.command()
def show(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Calendar, like mx-labour.")],
    year: Annotated[int | None, typer.Option("--year")] = None,
    json: Json = False,
) -> None:
    """The non-working days of a calendar, each with its source."""
    cli = cli_of(context)
    calendar = cli.library.calendars.get(key)
    if calendar is None:
        raise NotFound("There is no calendar {key}; there are {known}.", key=key, known=sorted(cli.library.calendars))
    days = [holiday for on, holiday in sorted(calendar.holidays.items()) if year in (None, on.year)]
    if json:
        print_json(days, cli.language)
        return
    rows = [
        [cli.short_day(d.on), cli.say(d.label), d.source, cli.text("proposed") if d.proposed else "–"] for d in days
    ]
    print_table(cli.headings("Day", "Meaning", "Source", "Status"), rows)
