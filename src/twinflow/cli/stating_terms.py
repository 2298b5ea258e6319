"""`twinflow agreements confirm-term`: what the text says of a term of which only the process's default was known."""

from typing import Annotated

import typer

from twinflow.cli.context import Json, Person, Reference, cli_of
from twinflow.cli.options import Options
from twinflow.cli.output import print_json
from twinflow.cli.reading_as import viewer_at_shell
from twinflow.domain.agreement.agreement import Term
from twinflow.domain.steps.terms import TermCommand
from twinflow.sentences import Sentence
from twinflow.services.agreements.stating_terms import state_term
from twinflow.services.reading.agreements import show_agreement


def confirm_term(
    context: typer.Context,
    reference: Reference,
    term: Annotated[str, typer.Argument(help="Name of the term in the process file, like validity.")],
    person: Person,
    reading: Annotated[
        str, typer.Argument(help="What the text says: 3 years, indefinite, not stated; else the default holds.")
    ] = "",
    source: Annotated[str, typer.Option("--source", help="Where it stands, like “text, clause 9”.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    json: Json = False,
) -> None:
    """Say what the text says of a term, or confirm that the model's default holds: its dates count from then on."""
    cli = cli_of(context)
    runtime, now = cli.runtime, cli.now()
    options = Options()
    stated = options.read("READING", reading, Term.parse)
    options.check()
    command = TermCommand(term, stated, source, reason)
    done = state_term(
        runtime.engine, runtime.rulebook, runtime.people, reference, command, person=person, door=cli.door, now=now
    )
    if json:
        here = (runtime.engine, runtime.rulebook, runtime.people)
        print_json(show_agreement(*here, reference, now, viewer=viewer_at_shell(cli, person)), cli.language)
        return
    values = {"reference": reference, "term": done.label, "reading": done.term.message}
    print(cli.say(Sentence("{reference}: stated: {term}: {reading}.", values)))
