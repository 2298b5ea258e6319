"""`twinflow people hand-over` and `accept`: all that somebody has in hand goes to a successor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, Person, cli_of
from twinflow.cli.output import print_json, print_table, write_file
from twinflow.sentences import Sentence
from twinflow.services.people import handing_over
from twinflow.services.people.handing_over import InHand


def hand_over(
    context: typer.Context,
    giver: Annotated[
        str, typer.Argument(metavar="PERSON", help="The key of who has it in hand; or of an office, for all there.")
    ],
    to: Annotated[str, typer.Argument(metavar="SUCCESSOR", help="The key of the person who is to have it.")],
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    paper: Annotated[
        Path | None, typer.Option("--paper", metavar="FILE", help="Write the list there, to be printed.")
    ] = None,
    json: Json = False,
) -> None:
    """Hand over all that somebody has in hand, in one act. The successor accepts it; until then the deputy is told too."""
    cli = cli_of(context)
    runtime = cli.runtime
    done = handing_over.hand_over(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        giver,
        to,
        person=person,
        reason=reason,
        door=cli.door,
        now=cli.now(),
    )
    if paper is not None:
        write_file(paper, _paper(cli, giver, to, reason, done))
    _show(cli, done, Sentence("Handed over to {person}: {count}", {"person": to, "count": len(done)}), json=json)


def accept(
    context: typer.Context,
    person: Person,
    references: Annotated[
        list[str] | None, typer.Argument(metavar="REFERENCE", help="Of these agreements; else all.")
    ] = None,
    json: Json = False,
) -> None:
    """Take in hand what was handed over to you."""
    cli = cli_of(context)
    runtime = cli.runtime
    done = handing_over.accept(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        references or (),
        person=person,
        door=cli.door,
        now=cli.now(),
    )
    _show(cli, done, Sentence("Accepted by {person}: {count}", {"person": person, "count": len(done)}), json=json)


def _show(cli: Cli, done: Sequence[InHand], said: Sentence, *, json: bool) -> None:
    if json:
        print_json(done, cli.language)
        return
    print_table(cli.headings("Reference", "State", "Since", "Title"), [_row(cli, each) for each in done])
    print(cli.say(said))


def _row(cli: Cli, each: InHand) -> list[str]:
    return [each.reference, cli.say(each.state), cli.short_day(each.since), each.title]


def _paper(cli: Cli, giver: str, to: str, reason: str, done: Sequence[InHand]) -> str:
    people = cli.runtime.people
    of_office = people.offices.get(giver) if giver not in people.people else None
    name = cli.say(of_office.label) if of_office is not None else people.person(giver).name
    names = {"giver": name, "to": people.person(to).name, "day": cli.now().date()}
    lines = [cli.say(Sentence("Handed over by {giver} to {to} on {day}", names)), reason, ""]
    lines += [" · ".join(_row(cli, each)) for each in done]
    signed = [f"{names[who]}: ______________________________" for who in ("giver", "to")]
    return "\n".join([*lines, "", *signed, ""])
