"""`twinflow calendars`: list, show, propose, check, preview, apply."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, Person, cli_of, day_option
from twinflow.cli.failing import EXIT_BAD_INPUT, EXIT_ENVIRONMENT
from twinflow.cli.output import print_json, print_table
from twinflow.cli.progress import progress_bar
from twinflow.definitions.calendars import check_calendars, read_calendar
from twinflow.definitions.proposals import Proposal, entry, propose
from twinflow.definitions.reader import read_text
from twinflow.domain.calendar.business_days import Calendar, Holiday
from twinflow.domain.calendar.dates import FIRST_YEAR, LAST_YEAR
from twinflow.errors import BadInput, NotFound, UnreadableAgreement
from twinflow.files import workflows_folder
from twinflow.regular_files import read_bytes
from twinflow.sentences import Sentence
from twinflow.services.deadlines import calendar_editions
from twinflow.services.deadlines.calendar_editions import Applied, MovedDeadline

PROCESS = re.compile(rb"^[ \t]*\[process\]", re.MULTILINE)
"""The table that every process file has."""

app = typer.Typer(help="Calendars of non-working days.", no_args_is_help=True)


@app.command("list")
def list_calendars(context: typer.Context, json: Json = False) -> None:
    """The calendars, the years they are filled in for, and how many of their days nobody has checked yet."""
    cli = cli_of(context)
    known = cli.rulebook.calendars.values()
    if json:
        print_json([_summary(calendar) for calendar in known], cli.language)
        return
    rows = [
        [c.key, cli.say(c.label), f"{c.first_year}–{c.last_year}", str(len(c.holidays)), str(_proposed(c)), c.edition]
        for c in known
    ]
    print_table(cli.headings("Calendar", "Meaning", "Years", "Days", "Still proposed", "Edition"), rows)


def _summary(calendar: Calendar) -> dict[str, object]:
    return {
        "key": calendar.key,
        "label": calendar.label,
        "first_year": calendar.first_year,
        "last_year": calendar.last_year,
        "days": len(calendar.holidays),
        "proposed": _proposed(calendar),
        "edition": calendar.edition,
    }


def _proposed(calendar: Calendar) -> int:
    return sum(holiday.proposed for holiday in calendar.holidays.values())


@app.command()
def show(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Calendar, like mx-labour.")],
    year: Annotated[int | None, typer.Option("--year", min=FIRST_YEAR, max=LAST_YEAR)] = None,
    json: Json = False,
) -> None:
    """The non-working days of a calendar, each with its source."""
    cli = cli_of(context)
    calendar = _find(cli, key)
    days = [holiday for on, holiday in sorted(calendar.holidays.items()) if year in (None, on.year)]
    if json:
        print_json(days, cli.language)
        return
    rows = [[cli.short_day(d.on), cli.say(d.label), d.source, _status(cli, d)] for d in days]
    print_table(cli.headings("Day", "Meaning", "Source", "Status"), rows)


def _status(cli: Cli, day: Holiday) -> str:
    if day.guessed:
        return cli.text("guessed")
    return cli.text("proposed") if day.proposed else "–"


@app.command("propose")
def propose_entries(
    context: typer.Context,
    country: Annotated[str, typer.Argument(help="Country, like MX or México.")],
    year: Annotated[int, typer.Argument(help="Year, like 2028.")],
    calendar: Annotated[
        str | None, typer.Option("--calendar", metavar="KEY", help="Only what this calendar does not have.")
    ] = None,
    json: Json = False,
) -> None:
    """Draft the public holidays of a year as entries for a calendar file, to be checked against the gazette."""
    cli = cli_of(context)
    proposal = propose(country, year, _find(cli, calendar) if calendar else None)
    if json:
        print_json(proposal, cli.language)
        return
    _print_proposal(cli, proposal, calendar)


def _print_proposal(cli: Cli, proposal: Proposal, calendar: str | None) -> None:
    """TOML to paste: the entries, and the rest as comments."""
    about = {"country": proposal.country, "year": str(proposal.year), "calendar": calendar or "–"}
    parts = [entry(holiday) for holiday in proposal.entries]
    if proposal.unknown:
        heading = Sentence("Days of {calendar} in {year} that the library does not have for {country}:", about)
        days = [f"#   {day.on.isoformat()} {cli.say(day.label)}: {day.source}" for day in proposal.unknown]
        parts.append("\n".join([f"# {cli.say(heading)}", *days]))
    if not parts:
        same = Sentence("Nothing differs: {calendar} has in {year} the days that the library has for {country}.", about)
        none = Sentence("The library has no day of {year} for {country}.", about)
        parts.append(f"# {cli.say(same if calendar else none)}")
    if proposal.remarks:
        said = [Sentence("The library says: {remark}", {"remark": remark}) for remark in proposal.remarks]
        parts.append("\n".join(f"# {cli.say(message)}" for message in said))
    print("\n\n".join(parts))


@app.command()
def check(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of process files with its calendars, or of calendars; else that in use."),
    ] = None,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="As of this day, like 2026-11-20; else today.")] = "",
    json: Json = False,
) -> None:
    """Find mistakes, years without their days, and calendars that run out within a year; all at once."""
    cli = cli_of(context)
    today = day_option(on, "--on") if on else cli.now().date()
    checked, problems = check_calendars(_calendars_of(cli, folder), today)
    if json:
        print_json(problems, cli.language)
        raise typer.Exit(EXIT_BAD_INPUT if problems else 0)
    if problems:
        values = {"calendars": checked, "count": len(problems)}
        raise BadInput("Calendars: {calendars}; to be put right: {count}.", tuple(problems), **values)
    print(
        cli.say(
            Sentence(
                "Calendars: {calendars}; nothing is to be put right on {day}.", {"calendars": checked, "day": today}
            )
        )
    )


CalendarFile = Annotated[Path, typer.Argument(metavar="FILE", help="A calendar file, like mx-labour.toml.")]


@app.command()
def preview(context: typer.Context, file: CalendarFile, json: Json = False) -> None:
    """Show every open deadline that the days of a calendar file would move, old and new; nothing is written."""
    cli = cli_of(context)
    calendar, _ = _read(file)
    runtime = cli.runtime
    with progress_bar() as progress:
        found = list(
            calendar_editions.preview(
                runtime.engine, runtime.rulebook, runtime.people, calendar, cli.now(), progress=progress
            )
        )
    moved = [each for each in found if isinstance(each, MovedDeadline)]
    unreadable = [each.message for each in found if isinstance(each, UnreadableAgreement)]
    if json:
        print_json(moved, cli.language)
    else:
        _print_moved(cli, calendar, moved)
    _warn(cli, unreadable)


def _print_moved(cli: Cli, calendar: Calendar, moved: Sequence[MovedDeadline]) -> None:
    rows = [[each.id, cli.say(each.label), cli.short_day(each.before), cli.short_day(each.after)] for each in moved]
    if rows:
        print_table(cli.headings("Deadline", "Meaning", "Due until now", "Due then"), rows)
    values = {"calendar": calendar.key, "edition": calendar.edition, "moved": len(moved)}
    print(cli.say(Sentence("{calendar}, edition {edition}: open deadlines that would move: {moved}.", values)))


def _warn(cli: Cli, unreadable: Sequence[Sentence]) -> None:
    """Of the agreements that were left as they were."""
    cli.warn(unreadable)
    if unreadable:
        raise typer.Exit(EXIT_ENVIRONMENT)


@app.command("apply")
def apply_(context: typer.Context, file: CalendarFile, person: Person, json: Json = False) -> None:
    """Count by the days of a calendar file from now on, and every open deadline anew; closed ones stay as they were."""
    cli = cli_of(context)
    calendar, text = _read(file)
    runtime = cli.runtime
    with progress_bar() as progress:
        done = calendar_editions.apply(
            runtime.engine,
            runtime.rulebook,
            runtime.people,
            calendar,
            text,
            person=person,
            now=cli.now(),
            progress=progress,
        )
    if json:
        print_json(done, cli.language)
    else:
        _print_applied(cli, done)
    _warn(cli, done.unreadable)


def _print_applied(cli: Cli, done: Applied) -> None:
    values = {
        "calendar": done.calendar,
        "edition": done.edition,
        "recounted": done.recounted,
        "moved": done.moved,
        "told": done.told,
    }
    print(
        cli.say(
            Sentence(
                "{calendar}, edition {edition}, is in use: open deadlines counted anew: {recounted}; "
                "moved: {moved}; people told: {told}.",
                values,
            )
        )
    )


def _read(file: Path) -> tuple[Calendar, str]:
    text = read_text(file, str(file))
    return read_calendar(text, str(file)), text


def _calendars_of(cli: Cli, folder: Path | None) -> Path:
    """The folder of calendar files: that inside a folder of process files, else the folder itself. Raises BadInput."""
    inside = (folder or workflows_folder(cli.settings)) / "calendars"
    if inside.is_dir():
        return inside
    if folder is None or _has_processes(folder):
        raise BadInput("There is no folder {folder}.", folder=str(inside))
    return folder


def _has_processes(folder: Path) -> bool:
    with suppress(OSError):
        files = (path for depth in ("*.toml", "*/*.toml") for path in folder.glob(depth))
        return any(PROCESS.search(read_bytes(path)) for path in files)
    return False


def _find(cli: Cli, key: str) -> Calendar:
    calendar = cli.rulebook.calendars.get(key)
    if calendar is None:
        raise NotFound("There is no calendar {key}; there are {known}.", key=key, known=sorted(cli.rulebook.calendars))
    return calendar
