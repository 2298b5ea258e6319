"""`twinflow queue`: what waits for the roles of a person, and who has it in hand."""

from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, Person, Reference, cli_of, day_option
from twinflow.cli.output import print_json, print_table
from twinflow.domain.people.duties import Act, Asked
from twinflow.sentences import Sentence
from twinflow.services.people.queues import Taken, Waiting, WaitingMove, act, queue_of
from twinflow.services.reading.history_in_words import how_to_answer_a_move

app = typer.Typer(help="What waits for the roles of a person, and who has it in hand.", no_args_is_help=True)

Why = Annotated[str, typer.Option("--reason", help="Why.")]


@app.command("list")
def list_queue(context: typer.Context, person: Person, json: Json = False) -> None:
    """What waits, soonest first, who has it, and how much is put aside."""
    cli = cli_of(context)
    runtime = cli.runtime
    found = queue_of(runtime.engine, runtime.rulebook, runtime.people, person, cli.now())
    if json:
        print_json(found, cli.language)
        return
    for move in found.moves:
        print(cli.say(_move_in_words(move)))
    if found.waiting:
        print_table(
            cli.headings("Reference", "State", "Due", "In the hands of", "Since", "Title"),
            [_row(cli, each) for each in found.waiting],
        )
    elif not found.moves:
        print(cli.text("Nothing waits."))
    if found.more:
        print(cli.text("There are more; these are the soonest."))
    print(cli.say(Sentence("Put aside: {count}", {"count": found.aside})))


def _move_in_words(move: WaitingMove) -> Sentence:
    values = {
        "reference": move.reference,
        "title": move.title,
        "person": move.person,
        "to": move.to,
        "reason": move.reason,
        "how": list(how_to_answer_a_move(move.reference)),
    }
    return Sentence("{reference} · {title}: {person} asks that {to} keep it; reason: {reason}. {how}", values)


def _row(cli: Cli, each: Waiting) -> list[str]:
    state, due, since = cli.say(each.state), cli.short_day(each.due_on), cli.short_day(each.since)
    return [each.reference, state, due, each.person or "–", since, each.title]


@app.command()
def claim(context: typer.Context, reference: Reference, person: Person, json: Json = False) -> None:
    """Take a duty in hand: you are told of it, and others of your role no longer."""
    _act(context, reference, person, Asked(Act.CLAIM), json=json)


@app.command("take-over")
def take_over(
    context: typer.Context, reference: Reference, person: Person, reason: Why = "", json: Json = False
) -> None:
    """Take in hand what another has; the history says so, and why."""
    _act(context, reference, person, Asked(Act.TAKE_OVER, reason), json=json)


@app.command()
def release(context: typer.Context, reference: Reference, person: Person, reason: Why = "", json: Json = False) -> None:
    """Give a duty back: it waits for everybody of the role again."""
    _act(context, reference, person, Asked(Act.RELEASE, reason), json=json)


@app.command()
def assign(
    context: typer.Context,
    reference: Reference,
    to: Annotated[str, typer.Argument(metavar="TO", help="The key of the person who gets it.")],
    person: Person,
    reason: Why = "",
    json: Json = False,
) -> None:
    """A supervisor of the office gives a duty to somebody of the role, whoever had it."""
    _act(context, reference, person, Asked(Act.ASSIGN, reason, to), json=json)


@app.command("put-aside")
def put_aside(
    context: typer.Context,
    reference: Reference,
    person: Person,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The day on which it comes back by itself.")],
    reason: Why = "",
    json: Json = False,
) -> None:
    """Put a duty aside until a day. Its dates and warnings stay."""
    cli_of(context)
    asked = Asked(Act.PUT_ASIDE, reason, until=day_option(until, "--until"))
    _act(context, reference, person, asked, json=json)


@app.command("take-back")
def take_back(context: typer.Context, reference: Reference, person: Person, json: Json = False) -> None:
    """What was put aside is there again before its day."""
    _act(context, reference, person, Asked(Act.TAKE_BACK), json=json)


def _act(context: typer.Context, reference: str, person: str, asked: Asked, *, json: bool) -> None:
    cli = cli_of(context)
    runtime = cli.runtime
    done = act(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        reference,
        asked,
        person=person,
        door=cli.door,
        now=cli.now(),
    )
    if json:
        print_json(done, cli.language)
    else:
        print(cli.say(_said(done)))


def _said(done: Taken) -> Sentence:
    values = {"reference": done.reference, "person": done.person, "until": done.until}
    if not done.person:
        return Sentence("{reference} waits for everybody of the role.", values)
    if done.until is not None:
        return Sentence("{reference}: put aside by {person} until {until}.", values)
    return Sentence("{reference}: {person} has it in hand.", values)
