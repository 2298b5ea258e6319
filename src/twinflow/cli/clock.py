"""`twinflow clock`: show, confirm."""

import typer

from twinflow.cli.context import Json, Person, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.domain.clock.last_pass import instant_in_words
from twinflow.sentences import Sentence
from twinflow.services.clock import last_pass

app = typer.Typer(help="Whether the clock of this machine is believed.", no_args_is_help=True)


@app.command()
def show(context: typer.Context, json: Json = False) -> None:
    """What the next pass would say of the clock, and who has confirmed it."""
    cli = cli_of(context)
    runtime, now = cli.runtime, cli.now()
    standing = last_pass.look(runtime.engine, now, runtime.settings.clock.longest_gap)
    confirmed = last_pass.confirmations(runtime.engine)
    if json:
        print_json({"now": now, "standing": standing.sentences, "confirmed": confirmed}, cli.language)
        return
    print(cli.say(Sentence("Now it is {now}.", {"now": instant_in_words(now)})))
    for sentence in standing.sentences or [Sentence("The clock is believed.")]:
        print(cli.say(sentence))
    rows = [[each.person, instant_in_words(each.confirmed_at), instant_in_words(each.last_at)] for each in confirmed]
    if rows:
        print_table(cli.headings("Confirmed by", "At", "After"), rows)


@app.command()
def confirm(context: typer.Context, person: Person, json: Json = False) -> None:
    """Say that the clock of this machine is right now: passes go on. It stays on record."""
    cli = cli_of(context)
    runtime, now = cli.runtime, cli.now()
    doubt = last_pass.confirm(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        person=person,
        now=now,
        longest_gap=runtime.settings.clock.longest_gap,
    )
    if json:
        print_json({"now": now, "last": doubt.last.at, "person": person}, cli.language)
        return
    print(cli.say(Sentence("Confirmed: it is {now}. Passes go on from here.", {"now": instant_in_words(now)})))
    if doubt.went_back:
        print(
            cli.text("What the passes ahead have planned is planned anew; what has left and what they have done stays.")
        )
