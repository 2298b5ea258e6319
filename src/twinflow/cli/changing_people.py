"""What every command that changes offices or people has in common."""

from collections.abc import Sequence
from typing import Annotated

import typer

from twinflow.cli.context import Cli
from twinflow.cli.machine import machine_user
from twinflow.cli.output import print_json, print_table
from twinflow.domain.people.changes import Line
from twinflow.sentences import Sentence
from twinflow.services.people.changing import Change, change_people, rehearse

Reason = Annotated[str, typer.Option("--reason", help="Why.")]
As = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who does it; else the operator of this machine.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]


def show_change(cli: Cli, change: Change, reason: str, *, person: str, dry_run: bool, json: bool) -> None:
    """Make the change, and print what stands otherwise since; on a dry run what would."""
    runtime = cli.runtime
    number = None
    if dry_run:
        lines = rehearse(runtime.engine, runtime.rulebook, change, now=cli.now(), person=person)
    else:
        entry = change_people(
            runtime.engine, runtime.rulebook, change, by=_who(person), reason=reason, now=cli.now(), person=person
        )
        lines, number = (entry.lines, entry.number) if entry is not None else ((), None)
    if json:
        print_json({"entry": number, "lines": lines}, cli.language)
        return
    if lines:
        print_table(cli.headings("What", "Before", "Now"), _rows(lines))
    print(cli.say(_said(lines, number, dry_run=dry_run)))


def _rows(lines: Sequence[Line]) -> list[list[str]]:
    return [[line.place, line.was or "–", line.now or "–"] for line in lines]


def _said(lines: Sequence[Line], number: int | None, *, dry_run: bool) -> Sentence:
    if not lines:
        return Sentence("Nothing changes: it stands there already.")
    if dry_run:
        return Sentence("A dry run: nothing was changed.")
    return Sentence("Changed; entry {number} of the history of people.", {"number": number})


def _who(person: str) -> str:
    """Whoever runs the command, by the machine: what is done in the shell is done by its user, as whomever they say."""
    return f"{person} ({machine_user()})" if person else machine_user()
