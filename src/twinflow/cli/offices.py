"""`twinflow offices`: list, add, change."""

from dataclasses import replace
from typing import Annotated

import typer

from twinflow.cli.changing_people import As, DryRun, Reason, show_change
from twinflow.cli.context import Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.definitions.people import content_of_office, office_of
from twinflow.domain.people.people import Office, People
from twinflow.errors import BadInput, NotFound

app = typer.Typer(help="Offices: municipalities, ministries, registries.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="OFFICE", help="The key of the office.")]
Kind = typer.Option("--kind", help="What kind of office it is, as process files name it: municipality, ministry.")
English = typer.Option("--label-en", metavar="TEXT", help="Its name in English.")
Spanish = typer.Option("--label-es", metavar="TEXT", help="Its name in Spanish.")
Country = typer.Option("--country", help="ISO 3166-1 alpha-2, like MX.")
Zone = typer.Option("--time-zone", help="Like America/Mexico_City.")
City = typer.Option(
    "--city", metavar="NAME", help="What its own party is called, where its key or name does not say it."
)
SecondFactor = typer.Option(
    "--second-factor/--no-second-factor",
    help="Whoever holds a role there signs in with a second factor, or need not. Reviewers, registrars and administrators do.",
)
Calendar = typer.Option("--calendar", help="Its days off; several times for several. Else Monday to Friday.")


@app.command("list")
def list_offices(context: typer.Context, json: Json = False) -> None:
    """Every office, with its time zone and calendars."""
    cli = cli_of(context)
    offices = list(cli.runtime.people.offices.values())
    if json:
        print_json(offices, cli.language)
        return
    rows = [[o.key, cli.say(o.label), o.kind, o.country, o.time_zone, ", ".join(o.calendars) or "–"] for o in offices]
    print_table(cli.headings("Office", "Name", "Kind", "Country", "Time zone", "Calendars"), rows)


@app.command()
def add(
    context: typer.Context,
    key: Key,
    kind: Annotated[str, Kind],
    label_en: Annotated[str, English],
    label_es: Annotated[str, Spanish],
    country: Annotated[str, Country],
    time_zone: Annotated[str, Zone],
    calendar: Annotated[list[str] | None, Calendar] = None,
    city: Annotated[str, City] = "",
    second_factor: Annotated[bool, SecondFactor] = False,
    reason: Reason = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """A new office."""
    cli = cli_of(context)
    label = {"en": label_en, "es": label_es}
    place = {"country": country, "time_zone": time_zone, "city": city}
    content = {"kind": kind, "label": label, "calendars": calendar or (), "second_factor": second_factor, **place}
    new = office_of(key, content)

    def change(people: People) -> People:
        if key in people.offices:
            raise BadInput(
                "There is an office {office} already; “twinflow offices change {office}” changes it.", office=key
            )
        return _with(people, new)

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


@app.command("change")
def change_office(
    context: typer.Context,
    key: Key,
    kind: Annotated[str, Kind] = "",
    label_en: Annotated[str, English] = "",
    label_es: Annotated[str, Spanish] = "",
    country: Annotated[str, Country] = "",
    time_zone: Annotated[str, Zone] = "",
    calendar: Annotated[list[str] | None, Calendar] = None,
    city: Annotated[str, City] = "",
    second_factor: Annotated[bool | None, SecondFactor] = None,
    reason: Reason = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Another name, time zone, country, kind, or other calendars for an office; or whether it asks for a second factor.

    Its open dates follow at the next pass.
    """
    cli = cli_of(context)
    place = {"country": country, "time_zone": time_zone, "city": city}
    given: dict[str, object] = {"kind": kind, "calendars": calendar, **place}

    def change(people: People) -> People:
        office = people.offices.get(key)
        if office is None:
            raise NotFound(
                "There is no office {office}; there are {offices}.", office=key, offices=sorted(people.offices)
            )
        label = {**office.label, **{code: text for code, text in (("en", label_en), ("es", label_es)) if text}}
        edits = {field: value for field, value in given.items() if value}
        if second_factor is not None:
            edits["second_factor"] = second_factor
        return _with(people, office_of(key, {**content_of_office(office), "label": label, **edits}))

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


def _with(people: People, office: Office) -> People:
    return replace(people, offices={**people.offices, office.key: office})
