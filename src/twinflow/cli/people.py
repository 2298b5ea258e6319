"""`twinflow people`: list, add, change, disable, enable, assign, end, away, import, history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli import accounts
from twinflow.cli.changing_people import DryRun, Reason, show_change
from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.options import Options, whole_day
from twinflow.cli.output import print_json, print_table
from twinflow.definitions.people import content_of_person, person_of, read_people
from twinflow.domain.people.changes import Line
from twinflow.domain.people.declared import with_declared
from twinflow.domain.people.people import Assignment, People, Person
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.services.people import changing

app = typer.Typer(help="People and the roles they hold.", no_args_is_help=True)

app.command()(accounts.invite)
app.command()(accounts.lock)
app.command()(accounts.unlock)
app.command("end-sessions")(accounts.end_sessions)
app.command("forget-second-factor")(accounts.forget_second_factor)

Key = Annotated[str, typer.Argument(metavar="PERSON", help="The key of the person.")]
Role = Annotated[str, typer.Argument(help="The role, as process files name it.")]
OfficeKey = Annotated[str, typer.Argument(metavar="OFFICE", help="The key of the office.")]


@app.command("list")
def list_people(context: typer.Context, json: Json = False) -> None:
    """Who holds which role in which office."""
    cli = cli_of(context)
    people = cli.runtime.people.people
    if json:
        print_json(list(people.values()), cli.language)
        return
    headings = cli.headings("Person", "Name", "Mail", "Language", "Roles", "Out of office", "Account")
    print_table(headings, [_row(cli, person) for person in people.values()])


def _row(cli: Cli, person: Person) -> list[str]:
    roles = ", ".join(_role(cli, a) for a in person.assignments)
    disabled = cli.text("disabled") if person.disabled else "–"
    return [person.key, person.name, person.mail, person.language, roles, _away(cli, person), disabled]


def _role(cli: Cli, a: Assignment) -> str:
    """The role and its office, with its days where it has any."""
    days = (
        "" if a.from_day is None and a.to_day is None else f" ({cli.short_day(a.from_day)} – {cli.short_day(a.to_day)})"
    )
    return f"{a.role} @ {a.office}{days}"


def _away(cli: Cli, person: Person) -> str:
    """Days out of office, and who gets the mail meanwhile."""
    days = ((cli.short_day(a.from_day), cli.short_day(a.to_day), a.delegate) for a in person.absences)
    return "; ".join(f"{first} – {last} → {delegate}" for first, last, delegate in days) or "–"


@app.command()
def add(
    context: typer.Context,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="The name, as it is shown.")],
    mail: Annotated[str, typer.Option("--mail", help="The mail address; nobody else has it.")],
    language: Annotated[str, typer.Option("--language", help="Of the mail to the person: es or en.")] = "es",
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Somebody new, who holds no role yet."""
    cli = cli_of(context)
    new = person_of(key, {"name": name, "mail": mail, "language": language, "roles": ()})

    def change(people: People) -> People:
        if key in people.people:
            raise BadInput("There is a person {person} already; “twinflow people change” changes them.", person=key)
        return _with(people, new)

    show_change(cli, change, reason, dry_run=dry_run, json=json)


@app.command("change")
def change_person(
    context: typer.Context,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="The name, as it is shown.")] = "",
    mail: Annotated[str, typer.Option("--mail", help="The mail address; nobody else has it.")] = "",
    language: Annotated[str, typer.Option("--language", help="Of the mail to the person: es or en.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Another name, address or language for somebody."""
    cli = cli_of(context)
    given = {"name": name, "mail": mail, "language": language}
    edits = {field: value for field, value in given.items() if value}

    def change(people: People) -> People:
        return _edited(people, key, edits)

    show_change(cli, change, reason, dry_run=dry_run, json=json)


@app.command()
def disable(context: typer.Context, key: Key, reason: Reason = "", dry_run: DryRun = False, json: Json = False) -> None:
    """Somebody holds no role any more and gets no mail. Histories go on naming them."""
    _switch(context, key, reason, disabled=True, dry_run=dry_run, json=json)


@app.command()
def enable(context: typer.Context, key: Key, reason: Reason = "", dry_run: DryRun = False, json: Json = False) -> None:
    """Somebody who was disabled holds their roles again."""
    _switch(context, key, reason, disabled=False, dry_run=dry_run, json=json)


def _switch(context: typer.Context, key: str, reason: str, *, disabled: bool, dry_run: bool, json: bool) -> None:
    cli = cli_of(context)

    def change(people: People) -> People:
        return _with(people, replace(people.person(key), disabled=disabled))

    show_change(cli, change, reason, dry_run=dry_run, json=json)


@app.command()
def assign(
    context: typer.Context,
    key: Key,
    role: Role,
    office: OfficeKey,
    from_day: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day; else always.")] = "",
    to_day: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day; else without end.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """A role in an office, from a day to a day."""
    cli = cli_of(context)
    assignment = {"role": role, "office": office, **_days(from_day, to_day)}

    def change(people: People) -> People:
        person = people.person(key)
        _check_new(cli, person, role, office, assignment)
        roles = [*_list(content_of_person(person)["roles"]), assignment]
        return _edited(people, key, {"roles": roles})

    show_change(cli, change, reason, dry_run=dry_run, json=json)


def _check_new(cli: Cli, person: Person, role: str, office: str, days: Mapping[str, object]) -> None:
    """Raises Refused where the person holds the role on some of these days already."""
    for there in person.assignments:
        if (there.role, there.office) == (role, office) and _overlap(there, days.get("from"), days.get("to")):
            raise Refused("{person} holds {role} already.", person=person.key, role=_role(cli, there))


def _overlap(there: Assignment, first: object, last: object) -> bool:
    begins = first if isinstance(first, date) else date.min
    ends = last if isinstance(last, date) else date.max
    return (there.from_day or date.min) <= ends and begins <= (there.to_day or date.max)


@app.command()
def end(
    context: typer.Context,
    key: Key,
    role: Role,
    office: OfficeKey,
    last_day: Annotated[
        str, typer.Option("--last-day", metavar="DATE", help="The last day on which the role is held.")
    ],
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Somebody holds a role until a day, and no longer."""
    cli = cli_of(context)
    options = Options()
    last = options.read("--last-day", last_day, whole_day)
    options.check()

    def change(people: People) -> People:
        person = people.person(key)
        found = [a for a in person.assignments if (a.role, a.office) == (role, office) and _is_open(a, last)]
        if not found:
            raise NotFound(
                "{person} does not hold the role {role} in {office} on that day.", person=key, role=role, office=office
            )
        roles = tuple(replace(a, to_day=last) if a is found[0] else a for a in person.assignments)
        return _with(people, replace(person, assignments=roles))

    show_change(cli, change, reason, dry_run=dry_run, json=json)


def _is_open(a: Assignment, last: date | None) -> bool:
    """Whether it is held on the day, or would be on a later one."""
    return last is not None and (a.from_day is None or a.from_day <= last) and (a.to_day is None or last <= a.to_day)


@app.command()
def away(
    context: typer.Context,
    key: Key,
    from_day: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day out of office.")],
    to_day: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day out of office.")],
    delegate: Annotated[str, typer.Option("--delegate", metavar="PERSON", help="Who gets the mail meanwhile.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Days out of office, on which the mail goes to another."""
    cli = cli_of(context)
    absence = {**_days(from_day, to_day), "delegate": delegate}

    def change(people: People) -> People:
        absences = _list(content_of_person(people.person(key))["away"])
        return _edited(people, key, {"away": [*absences, absence]})

    show_change(cli, change, reason, dry_run=dry_run, json=json)


@app.command("import")
def import_people(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A people file, like examples/cuenca/people.toml.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take over what a people file declares. Whom it does not name stays as they are; a second time changes nothing."""
    cli = cli_of(context)
    declared = read_people(file)
    show_change(cli, lambda people: with_declared(people, declared), reason, dry_run=dry_run, json=json)


@app.command()
def history(context: typer.Context, json: Json = False) -> None:
    """What was changed about offices and people, by whom, and why."""
    cli = cli_of(context)
    found = changing.history(cli.runtime.engine)
    if json:
        print_json(found, cli.language)
        return
    headings = cli.headings("Number", "Recorded", "By", "What", "Before", "Now", "Reason")
    rows = [
        [str(each.entry.number), _instant(each.recorded_at), each.entry.by, *_words(line), each.entry.reason]
        for each in found
        for line in each.entry.lines
    ]
    print_table(headings, rows)


def _words(line: Line) -> tuple[str, str, str]:
    return line.place, line.was or "–", line.now or "–"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _days(from_day: str, to_day: str) -> dict[str, date | None]:
    options = Options()
    days = {"from": options.read("--from", from_day, whole_day), "to": options.read("--to", to_day, whole_day)}
    options.check()
    return days


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _edited(people: People, key: str, edits: Mapping[str, object]) -> People:
    person = people.person(key)
    changed = person_of(person.key, {**content_of_person(person), **edits})
    return _with(people, replace(changed, disabled=person.disabled))


def _with(people: People, person: Person) -> People:
    return replace(people, people={**people.people, person.key: person})
