"""`twinflow people hand-over`, `accept` and `decline`: all that somebody has open goes to a successor."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, Person, cli_of
from twinflow.cli.output import print_json, print_table, write_file
from twinflow.cli.papers import hand_over_list, said_of_delegation
from twinflow.domain.people.duties import Act
from twinflow.sentences import Sentence
from twinflow.services.people import handing_over
from twinflow.services.people.handing_over import HandOver, InHand

Things = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="THING", help="One thing, or the reference of an agreement for all of it; nothing for everything."
    ),
]


def hand_over(
    context: typer.Context,
    giver: Annotated[
        str, typer.Argument(metavar="PERSON", help="The key of who has it open; or of an office, for all there.")
    ],
    to: Annotated[str, typer.Argument(metavar="SUCCESSOR", help="The key of the person who is to have it.")],
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    paper: Annotated[
        Path | None, typer.Option("--paper", metavar="FILE", help="Write the list there, as HTML to be printed.")
    ] = None,
    json: Json = False,
) -> None:
    """Hand over all that somebody has open, in one act. The successor accepts it; until then the deputy is told too."""
    cli = cli_of(context)
    runtime = cli.runtime
    now = cli.now()
    done = handing_over.hand_over(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        giver,
        to,
        person=person,
        reason=reason,
        door=cli.door,
        now=now,
    )
    if paper is not None:
        people = runtime.people
        of_office = people.offices.get(giver) if giver not in people.people else None
        whose, successor = of_office or people.person(giver), people.person(to)
        today = people.today(people.office_of(successor, now).key, now)
        write_file(paper, hand_over_list(whose, successor, reason, today, done))
    if json:
        print_json(done, cli.language)
        return
    _show(cli, done.things, Sentence("Handed over to {person}: {count}", {"person": to, "count": len(done.things)}))
    _show_beside(cli, done)


def accept(context: typer.Context, person: Person, things: Things = None, json: Json = False) -> None:
    """Take on what was handed over to you."""
    _answer(context, things, Act.ACCEPT, person, "", json=json)


def decline(
    context: typer.Context,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    things: Things = None,
    json: Json = False,
) -> None:
    """Do not take on what was handed over to you: it stays with whoever has it, and who handed it over is told."""
    _answer(context, things, Act.DECLINE, person, reason, json=json)


def _answer(
    context: typer.Context, things: Sequence[str] | None, act: Act, person: str, reason: str, *, json: bool
) -> None:
    cli = cli_of(context)
    runtime = cli.runtime
    done = handing_over.answer(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        things or (),
        act,
        person=person,
        reason=reason,
        door=cli.door,
        now=cli.now(),
    )
    if json:
        print_json(done, cli.language)
        return
    values = {"person": person, "count": len(done)}
    said = Sentence("Accepted by {person}: {count}", values)
    _show(cli, done, said if act is Act.ACCEPT else Sentence("Declined by {person}: {count}", values))


def _show(cli: Cli, done: Iterable[InHand], said: Sentence) -> None:
    print_table(cli.headings("Thing", "What", "Since", "Due", "Title"), [_row(cli, each) for each in done])
    print(cli.say(said))


def _row(cli: Cli, each: InHand) -> list[str]:
    return [each.id, cli.say(each.what), cli.short_day(each.since), cli.short_day(each.due_on), each.title]


def _show_beside(cli: Cli, done: HandOver) -> None:
    """What passes to nobody by name."""
    if done.waits:
        _show(cli, done.waits, Sentence("Waits for the role as well: {count}", {"count": len(done.waits)}))
    for each in done.ended:
        print(f"{cli.say(said_of_delegation(each))}: {cli.text('ended with the hand-over')}")
    for each in done.left:
        print(f"{cli.say(said_of_delegation(each))}: {cli.text('whoever gives it decides whether it goes on')}")
