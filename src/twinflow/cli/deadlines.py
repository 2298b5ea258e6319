"""`twinflow deadlines`: list, explain, compute; pause, resume, extend, remove-extension, move, confirm; acknowledge, snooze."""

from datetime import date
from typing import Annotated

import typer

from twinflow.cli import options as reading
from twinflow.cli.acknowledging import acknowledge, snooze
from twinflow.cli.agreements import deadline_headings, deadline_row
from twinflow.cli.computing import compute
from twinflow.cli.context import Json, On, Person, cli_of
from twinflow.cli.day_of_the_act import day_of_the_act, print_json_of_act
from twinflow.cli.failing import EXIT_ENVIRONMENT
from twinflow.cli.ledgers import print_explained
from twinflow.cli.options import Options
from twinflow.cli.output import print_json, print_table
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.sentences import Sentence
from twinflow.services.deadlines.changing import ChangedDeadline, change_deadline
from twinflow.services.reading import deadlines
from twinflow.services.reading.agreements import office_of
from twinflow.services.reading.explanations import explain as explanation_of
from twinflow.services.reading.ledger_in_words import NO_DATE, explained

app = typer.Typer(help="Deadlines of all agreements, how each date came about, and changing one.", no_args_is_help=True)
app.command("compute")(compute)
app.command("acknowledge")(acknowledge)
app.command("snooze")(snooze)

Id = Annotated[str, typer.Argument(metavar="ID", help="Deadline, like MX-9/opinion/1; see `deadlines list`.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
Paper = Annotated[str, typer.Option("--paper", help="What it rests on, like the number of a letter.")]
Basis = Annotated[str, typer.Option("--basis", help="Article or decision that allows it.")]


@app.command("list")
def list_deadlines(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    reader: Reader = "",
    json: Json = False,
) -> None:
    """What is due, soonest first."""
    cli = cli_of(context)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people, cli.now())
    found = deadlines.list_deadlines(*here, viewer=viewer_at_shell(cli, reader), everything=everything)
    if json:
        print_json(found.lines, cli.language)
    else:
        print_table(["ID", *deadline_headings(cli)], [[line.id, *deadline_row(cli, line)] for line in found.lines])
    cli.warn(found.unreadable)
    if found.unreadable:
        raise typer.Exit(EXIT_ENVIRONMENT)


@app.command()
def explain(context: typer.Context, id_: Id, reader: Reader = "", json: Json = False) -> None:
    """How the date came about: every day, counted or not, and why."""
    cli = cli_of(context)
    wanted = DeadlineId.parse(id_)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
    shown = explained(explanation_of(*here, wanted, cli.now(), viewer=viewer_at_shell(cli, reader)))
    if json:
        print_json(shown, cli.language)
    else:
        print_explained(cli, shown)


@app.command()
def pause(
    context: typer.Context,
    id_: Id,
    person: Person,
    on: On = "",
    reason: Reason = "",
    paper: Paper = "",
    basis: Basis = "",
    json: Json = False,
) -> None:
    """Stop the count: from this day on, days do not count."""
    act = _Act(context, id_, person, on, json=json)
    act.take(ChangeKind.PAUSE, reason=reason, paper=paper, legal_basis=basis)


@app.command()
def resume(context: typer.Context, id_: Id, person: Person, on: On = "", json: Json = False) -> None:
    """Go on counting: this day counts again."""
    _Act(context, id_, person, on, json=json).take(ChangeKind.RESUME)


@app.command()
def extend(
    context: typer.Context,
    id_: Id,
    length: Annotated[str, typer.Argument(help="How much more, like “10 business days”.")],
    person: Person,
    on: On = "",
    reason: Reason = "",
    paper: Paper = "",
    basis: Basis = "",
    json: Json = False,
) -> None:
    """Grant more time."""
    act = _Act(context, id_, person, on, json=json)
    granted = act.options.read("LENGTH", length, reading.length)
    act.take(ChangeKind.EXTEND, length=granted, reason=reason, paper=paper, legal_basis=basis)


@app.command("remove-extension")
def remove_extension(
    context: typer.Context,
    id_: Id,
    person: Person,
    number: Annotated[
        int | None, typer.Option("--number", help="Number of the change; else the last extension.")
    ] = None,
    on: On = "",
    reason: Reason = "",
    paper: Paper = "",
    basis: Basis = "",
    json: Json = False,
) -> None:
    """Take an extension back: the date is the one it was without it."""
    act = _Act(context, id_, person, on, json=json)
    act.take(ChangeKind.REMOVE, of=number, reason=reason, paper=paper, legal_basis=basis)


@app.command()
def move(
    context: typer.Context,
    id_: Id,
    to: Annotated[str, typer.Option("--to", metavar="DATE", help="Day agreed on.")],
    party: Annotated[str, typer.Option("--party", help="Party that agrees; each has to.")],
    person: Person,
    on: On = "",
    reason: Reason = "",
    paper: Paper = "",
    basis: Basis = "",
    json: Json = False,
) -> None:
    """Put another day in the place of the computed one; it counts when every party has agreed on it."""
    act = _Act(context, id_, person, on, json=json)
    day = act.options.read("--to", to, reading.whole_day)
    act.take(ChangeKind.MOVE, to=day, party=party, reason=reason, paper=paper, legal_basis=basis)


@app.command()
def confirm(
    context: typer.Context,
    id_: Id,
    person: Person,
    number: Annotated[int | None, typer.Argument(help="Number of the change; else the last that waits.")] = None,
    on: On = "",
    json: Json = False,
) -> None:
    """Confirm, as the second person, a change that waits."""
    _Act(context, id_, person, on, json=json).take(ChangeKind.CONFIRM, of=number)


class _Act:
    """A change of a deadline as the command line asks for it."""

    def __init__(self, context: typer.Context, id_: str, person: str, on: str, *, json: bool) -> None:
        self.cli = cli_of(context)
        self.id, self.person, self.json = DeadlineId.parse(id_), person, json
        self.options = Options()
        self.on = self.options.read("--on", on, reading.whole_day)

    def take(
        self,
        kind: ChangeKind,
        *,
        length: Length | None = None,
        to: date | None = None,
        party: str = "",
        of: int | None = None,
        reason: str = "",
        paper: str = "",
        legal_basis: str = "",
    ) -> None:
        self.options.check()
        runtime, now = self.cli.runtime, self.cli.now()
        viewer = viewer_at_shell(self.cli, self.person)
        day = day_of_the_act(self.cli, self.on, lambda: office_of(runtime.engine, self.id.reference, viewer=viewer))
        command = ChangeCommand(
            kind=kind,
            on=day.on,
            reason=reason,
            paper=paper,
            legal_basis=legal_basis,
            length=length,
            to=to,
            party=party,
            of=of,
        )
        changed = change_deadline(
            runtime.engine,
            runtime.rulebook,
            runtime.people,
            self.id,
            command,
            person=self.person,
            door=self.cli.door,
            now=now,
        )
        if self.json:
            print_json_of_act(self.cli, changed, day)
        else:
            print(self.cli.say(_done(self.id, command, changed)))


def _done(wanted: DeadlineId, command: ChangeCommand, changed: ChangedDeadline) -> Sentence:
    """What was done and what it made of the date, in one line."""
    before, after = (day or NO_DATE for day in (changed.before, changed.after))
    values: dict[str, object] = {"id": str(wanted), "what": _what(command, changed), "before": before, "after": after}
    if changed.waits_for:
        values |= {"number": changed.number, "role": changed.waits_for}
        return Sentence(
            "{id}: {what}. It waits for the confirmation of {role}: "
            "twinflow deadlines confirm {id} {number} --as PERSON. The date stays: {after}.",
            values,
        )
    if changed.before == changed.after:
        return Sentence("{id}: {what}. The date stays: {after}.", values)
    return Sentence("{id}: {what}. {before} → {after}.", values)


def _what(command: ChangeCommand, changed: ChangedDeadline) -> Sentence:
    values: dict[str, object] = {"number": changed.number, "party": command.party, "to": command.to}
    match command.kind:
        case ChangeKind.PAUSE:
            return Sentence("paused, change {number}", values)
        case ChangeKind.RESUME:
            return Sentence("resumed, change {number}", values)
        case ChangeKind.EXTEND:
            values["length"] = command.length.message if command.length else ""
            return Sentence("extended by {length}, change {number}", values)
        case ChangeKind.REMOVE:
            return Sentence("extension taken back, change {number}", values)
        case ChangeKind.MOVE:
            return Sentence("{party} agrees on {to}, change {number}", values)
        case ChangeKind.CONFIRM:
            return Sentence("change {number} confirmed", values)
