"""`twinflow agreements move`, `accept-move` and `refuse-move`: another office is to keep a case from now on."""

from typing import Annotated

import typer

from twinflow.cli.context import Json, Person, Reference, cli_of
from twinflow.cli.output import print_json
from twinflow.cli.reading_as import viewer_at_shell
from twinflow.domain.agreement.entries import MoveAct
from twinflow.sentences import Sentence
from twinflow.services.agreements.moving import Moved, accept_move, ask_to_move, refuse_move
from twinflow.services.reading import agreements

Why = Annotated[str, typer.Option("--reason", help="Why; it stays in the history.")]
_SAID = {
    MoveAct.ASKED: Sentence(
        "{reference}: {to} is asked to keep it; until somebody there accepts that, {office} keeps it."
    ),
    MoveAct.ACCEPTED: Sentence("{reference}: {to} keeps it from now on; before it was {office}."),
    MoveAct.REFUSED: Sentence("{reference}: the move to {to} is refused; {office} keeps it."),
    MoveAct.TAKEN_BACK: Sentence("{reference}: the move to {to} is taken back; {office} keeps it."),
}


def move(
    context: typer.Context,
    reference: Reference,
    person: Person,
    to: Annotated[str, typer.Option("--to", metavar="OFFICE", help="The key of the office that is to keep it.")],
    reason: Why,
    json: Json = False,
) -> None:
    """Ask that another office keep the case from now on, as a supervisor of the one that keeps it."""
    cli = cli_of(context)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
    done = ask_to_move(*here, reference, to, reason, person=person, door=cli.door, now=cli.now())
    _print(context, done, person, json=json)


def accept(context: typer.Context, reference: Reference, person: Person, json: Json = False) -> None:
    """Accept a case as a supervisor of the office that is to keep it: it does so from now on."""
    cli = cli_of(context)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
    _print(context, accept_move(*here, reference, person=person, door=cli.door, now=cli.now()), person, json=json)


def refuse(context: typer.Context, reference: Reference, person: Person, reason: Why, json: Json = False) -> None:
    """Refuse a case as a supervisor of the office that is to keep it; or take back what one has asked for."""
    cli = cli_of(context)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
    done = refuse_move(*here, reference, reason, person=person, door=cli.door, now=cli.now())
    _print(context, done, person, json=json)


def _print(context: typer.Context, done: Moved, person: str, *, json: bool) -> None:
    cli = cli_of(context)
    here, reference = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people), done.agreement.reference
    if json:
        page = agreements.show_agreement(*here, reference, cli.now(), viewer=viewer_at_shell(cli, person))
        print_json(page, cli.language)
        return
    values = {"reference": reference, "office": done.said.before, "to": done.said.to, "along": list(done.along)}
    print(cli.say(Sentence(_SAID[done.said.act].template, values)))
    if done.along:
        print(cli.say(Sentence("Along with it went: {along}.", values)))
