"""`twinflow feeds`: create, list, revoke."""

from datetime import datetime
from typing import Annotated

import typer

from twinflow.cli.context import Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.sentences import Sentence
from twinflow.services.mail import calendar_feeds

app = typer.Typer(help="Private calendar addresses.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context, person: Annotated[str, typer.Argument(metavar="PERSON")], json: Json = False
) -> None:
    """A calendar address for a person, shown this once. Earlier ones of theirs go on."""
    cli = cli_of(context)
    made = calendar_feeds.create(cli.runtime.engine, cli.runtime.people, person, cli.now())
    address = f"{cli.settings.base_url.rstrip('/')}/calendar/{made.token}.ics"
    if json:
        print_json({"id": made.id, "person": person, "address": address}, cli.language)
        return
    print(address)
    note = Sentence(
        "Calendar feed {id} for {person}. The address is shown this once; whoever has it can read the dates. "
        "To end it: twinflow feeds revoke {id}",
        {"id": made.id, "person": person},
    )
    print(cli.say(note))


@app.command("list")
def list_feeds(context: typer.Context, json: Json = False) -> None:
    """Who has a calendar address, since when, and until when."""
    cli = cli_of(context)
    found = calendar_feeds.feeds(cli.runtime.engine)
    if json:
        print_json(found, cli.language)
        return
    rows = [[str(feed.id), feed.person, _instant(feed.created_at), _instant(feed.revoked_at)] for feed in found]
    print_table(cli.headings("Id", "Person", "Since", "Revoked"), rows)


@app.command()
def revoke(context: typer.Context, feed_id: Annotated[int, typer.Argument(metavar="ID")], json: Json = False) -> None:
    """End a calendar address: programs that ask for it are told so."""
    cli = cli_of(context)
    feed, done = calendar_feeds.revoke(cli.runtime.engine, feed_id, cli.now())
    if json:
        print_json({"feed": feed, "revoked_now": done}, cli.language)
        return
    values = {"id": feed.id, "person": feed.person, "at": _instant(feed.revoked_at)}
    if done:
        print(cli.say(Sentence("Calendar feed {id} of {person} is revoked.", values)))
    else:
        print(cli.say(Sentence("Calendar feed {id} of {person} was revoked already, on {at}.", values)))


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"
