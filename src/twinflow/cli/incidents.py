"""`twinflow incidents`: what could not be done by itself and is still open, as on the page of the same name."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import typer

from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.mail.message import OutboxMessage
from twinflow.sentences import Sentence
from twinflow.services.alerts.open_incidents import OpenIncidents, open_incidents


def incidents(context: typer.Context, reader: Reader = "", json: Json = False) -> None:
    """What could not be done and is still open, and since when."""
    cli = cli_of(context)
    found = open_incidents(cli.runtime.engine, viewer=viewer_at_shell(cli, reader))
    if json:
        print_json(found, cli.language)
        return
    rows = list(_rows(cli, found))
    if rows:
        print_table(cli.headings("Incident", "Agreement", "Since", "Last seen"), rows)
    else:
        print(cli.text("There are no incidents."))


def _rows(cli: Cli, found: OpenIncidents) -> Iterator[list[str]]:
    for each in found.kept:
        yield [cli.say(each.sentence), each.reference or "–", _instant(each.since), _instant(each.seen_at)]
    for messages in (*found.undelivered, *found.retrying):
        first = min(message.created_at for message in messages)
        yield [_messages(cli, messages), "–", _instant(first), "–"]


def _messages(cli: Cli, messages: Sequence[OutboxMessage]) -> str:
    """Those that did not arrive for the same reason."""
    numbers = ", ".join(str(message.id) for message in messages)
    people = ", ".join(dict.fromkeys(message.recipient for message in messages))
    of_whom = Sentence("Messages: {numbers}; to: {people}", {"numbers": numbers, "people": people})
    why = cli.say(messages[0].error) if messages[0].error else "–"
    return f"{why} {cli.say(of_whom)}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
