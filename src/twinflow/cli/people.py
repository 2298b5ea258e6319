"""`twinflow people`: who is there, what they hold, who acts for them, and what was changed about that."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli import accounts, handing_over
from twinflow.cli.changing_people import As, DryRun, Reason, show_change
from twinflow.cli.context import Cli, Json, cli_of, day_option
from twinflow.cli.options import Options, whole_day
from twinflow.cli.output import print_json, print_table
from twinflow.definitions.people import content_of_person, delegation_of, person_of, read_people
from twinflow.domain.people.changes import Line
from twinflow.domain.people.declared import with_declared
from twinflow.domain.people.delegations import until
from twinflow.domain.people.people import Assignment, Delegation, People, Person
from twinflow.domain.people.satisfied import Unsatisfied, unsatisfied
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.sentences import Sentence
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
    headings = cli.headings("Person", "Name", "Mail", "Language", "Roles", "Delegated", "Out of office", "Account")
    print_table(headings, [_row(cli, person) for person in people.values()])


def _row(cli: Cli, person: Person) -> list[str]:
    roles = ", ".join(_role(cli, a) for a in person.assignments)
    disabled = cli.text("disabled") if person.disabled else "–"
    given = "; ".join(_given(cli, each) for each in person.delegations if each.from_day <= each.to_day) or "–"
    return [person.key, person.name, person.mail, person.language, roles, given, _away(cli, person), disabled]


def _role(cli: Cli, a: Assignment) -> str:
    """The role and its office, with its days where it has any."""
    days = (
        "" if a.from_day is None and a.to_day is None else f" ({cli.short_day(a.from_day)} – {cli.short_day(a.to_day)})"
    )
    return f"{a.role} @ {a.office}{days}"


def _given(cli: Cli, given: Delegation) -> str:
    """What is delegated, on which days, and to whom."""
    what = f"{given.role} @ {given.office}" if given.role is not None else cli.text("all roles")
    return f"{what} ({cli.short_day(given.from_day)} – {cli.short_day(given.to_day)}) → {given.to}"


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
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Somebody new, who holds no role yet."""
    cli = cli_of(context)
    new = person_of(key, {"name": name, "mail": mail, "language": language, "roles": ()})

    def change(people: People) -> People:
        if key in people.people:
            raise BadInput(
                "There is a person {person} already; “twinflow people change {person}” changes them.", person=key
            )
        return _with(people, new)

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


@app.command("change")
def change_person(
    context: typer.Context,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="The name, as it is shown.")] = "",
    mail: Annotated[str, typer.Option("--mail", help="The mail address; nobody else has it.")] = "",
    language: Annotated[str, typer.Option("--language", help="Of the mail to the person: es or en.")] = "",
    reason: Reason = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Another name, address or language for somebody."""
    cli = cli_of(context)
    given = {"name": name, "mail": mail, "language": language}
    edits = {field: value for field, value in given.items() if value}

    def change(people: People) -> People:
        return _edited(people, key, edits)

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


@app.command()
def disable(
    context: typer.Context, key: Key, reason: Reason = "", person: As = "", dry_run: DryRun = False, json: Json = False
) -> None:
    """Somebody holds no role any more and gets no mail. Histories go on naming them."""
    _switch(context, key, reason, person, disabled=True, dry_run=dry_run, json=json)


@app.command()
def enable(
    context: typer.Context, key: Key, reason: Reason = "", person: As = "", dry_run: DryRun = False, json: Json = False
) -> None:
    """Somebody who was disabled holds their roles again."""
    _switch(context, key, reason, person, disabled=False, dry_run=dry_run, json=json)


def _switch(
    context: typer.Context, key: str, reason: str, person: str, *, disabled: bool, dry_run: bool, json: bool
) -> None:
    cli = cli_of(context)

    def change(people: People) -> People:
        return _with(people, replace(people.person(key), disabled=disabled))

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


@app.command()
def assign(
    context: typer.Context,
    key: Key,
    role: Role,
    office: OfficeKey,
    from_day: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day; else always.")] = "",
    to_day: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day; else without end.")] = "",
    reason: Reason = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """A role in an office, from a day to a day."""
    cli = cli_of(context)
    assignment = {"role": role, "office": office, **_days(from_day, to_day)}

    def change(people: People) -> People:
        holder = people.person(key)
        _check_new(cli, holder, role, office, assignment)
        roles = [*_list(content_of_person(holder)["roles"]), assignment]
        return _edited(people, key, {"roles": roles})

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


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
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Somebody holds a role until a day, and no longer."""
    cli = cli_of(context)
    options = Options()
    last = options.read("--last-day", last_day, whole_day)
    options.check()

    def change(people: People) -> People:
        holder = people.person(key)
        found = [a for a in holder.assignments if (a.role, a.office) == (role, office) and _is_open(a, last)]
        if not found:
            raise NotFound(
                "{person} does not hold the role {role} in {office} on that day.", person=key, role=role, office=office
            )
        roles = tuple(replace(a, to_day=last) if a is found[0] else a for a in holder.assignments)
        return _with(people, replace(holder, assignments=roles))

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


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
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Days out of office, on which the mail goes to another."""
    cli = cli_of(context)
    absence = {**_days(from_day, to_day), "delegate": delegate}

    def change(people: People) -> People:
        absences = _list(content_of_person(people.person(key))["away"])
        return _edited(people, key, {"away": [*absences, absence]})

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


@app.command()
def delegate(
    context: typer.Context,
    key: Key,
    to: Annotated[str, typer.Argument(metavar="DELEGATE", help="The key of the person who may act for them.")],
    from_day: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day.")],
    to_day: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="One role, with --office; else all.")] = "",
    office: Annotated[str, typer.Option("--office", metavar="OFFICE", help="The office of the role.")] = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Another may act for somebody, from a day to a day. Their mail goes on going to them: see “people away”."""
    cli = cli_of(context)
    days = _days(from_day, to_day)
    what = {"role": role or None, "office": office or None, "from": days["from"], "until": days["to"]}

    def change(people: People) -> People:
        giver = people.person(key)
        new = delegation_of(giver.key, {"to": to, "reason": reason, **what})
        return _with(people, replace(giver, delegations=(*giver.delegations, new)))

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


@app.command("end-delegation")
def end_delegation(
    context: typer.Context,
    key: Key,
    to: Annotated[str, typer.Argument(metavar="DELEGATE", help="The key of the person who acts for them.")],
    last_day: Annotated[str, typer.Option("--last-day", metavar="DATE", help="The last day on which it holds.")],
    reason: Reason = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Everything that somebody has delegated to another ends on a day; what was to begin later does not begin."""
    cli = cli_of(context)
    last = day_option(last_day, "--last-day")

    def ended(given: Delegation) -> Delegation:
        return until(given, last) if given.to == to else given

    def change(people: People) -> People:
        giver = people.person(key)
        if not any(each.to == to and last < each.to_day for each in giver.delegations):
            raise NotFound("{person} delegates nothing to {delegate} after that day.", person=key, delegate=to)
        return _with(people, replace(giver, delegations=tuple(ended(each) for each in giver.delegations)))

    show_change(cli, change, reason, person=person, dry_run=dry_run, json=json)


app.command("hand-over")(handing_over.hand_over)
app.command()(handing_over.accept)
app.command()(handing_over.decline)


@app.command("import")
def import_people(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A people file, like examples/cuenca/people.toml.")],
    reason: Reason = "",
    person: As = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take over what a people file declares. Whom it does not name stays as they are; a second time changes nothing."""
    cli = cli_of(context)
    declared = read_people(file)
    show_change(cli, lambda people: with_declared(people, declared), reason, person=person, dry_run=dry_run, json=json)


@app.command()
def check(context: typer.Context, json: Json = False) -> None:
    """Whether those who are there can take every process to its end: exit 1 where a role is missing or a second person."""
    cli = cli_of(context)
    runtime = cli.runtime
    found = list(unsatisfied(runtime.rulebook.catalogue, runtime.people, cli.now().date()))
    if json:
        print_json(found, cli.language)
    if found:
        raise Refused("Not every process can be taken to its end by those who are there.", tuple(map(_missing, found)))
    if not json:
        print(cli.text("Every process can be taken to its end by those who are there."))


def _missing(found: Unsatisfied) -> Sentence:
    return Sentence("{office}, {process}: {why}", {"office": found.office, "process": found.process, "why": found.why})


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
    return _with(people, replace(changed, disabled=person.disabled, delegations=person.delegations))


def _with(people: People, person: Person) -> People:
    return replace(people, people={**people.people, person.key: person})
