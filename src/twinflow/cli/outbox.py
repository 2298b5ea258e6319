"""`twinflow outbox`: list, show, retry."""

from datetime import datetime
from email import policy
from email.parser import BytesParser
from typing import Annotated

import typer

from twinflow.cli.context import Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.errors import BadInput, Message
from twinflow.services import outbox

app = typer.Typer(help="Messages: sent, waiting and failed.", no_args_is_help=True)

STATES = ("queued", "sending", "retrying", "sent", "failed", "dropped")


@app.command("list")
def list_messages(
    context: typer.Context,
    state: Annotated[str | None, typer.Option("--state", help=", ".join(STATES))] = None,
    json: Json = False,
) -> None:
    """All messages, oldest first."""
    if state is not None and state not in STATES:
        raise BadInput("--state “{state}” is not one of {states}.", state=state, states=STATES)
    cli = cli_of(context)
    messages = outbox.messages(cli.runtime.engine, state)
    if json:
        keys = (
            "id",
            "recipient",
            "state",
            "attempts",
            "subject",
            "error",
            "created_at",
            "next_attempt_at",
            "settled_at",
        )
        print_json([{key: getattr(message, key) for key in keys} for message in messages], cli.language)
        return
    rows = [
        [
            str(m.id),
            m.recipient,
            cli.text(m.state),
            str(m.attempts),
            _instant(m.next_attempt_at),
            m.subject or "–",
            m.error or "–",
        ]
        for m in messages
    ]
    print_table(cli.headings("Id", "To", "State", "Attempts", "Next attempt", "Subject", "Error"), rows)


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"


@app.command()
def show(context: typer.Context, message_id: Annotated[int, typer.Argument(metavar="ID")], json: Json = False) -> None:
    """One message as it was built."""
    cli = cli_of(context)
    content = outbox.content(cli.runtime.engine, message_id)
    message = BytesParser(policy=policy.default).parsebytes(content or b"")
    body = message.get_body(preferencelist=("plain",))
    text = str(body.get_content()) if body is not None and content else ""
    if json:
        headers = {name: str(value) for name, value in message.items()}
        print_json({"id": message_id, "headers": headers, "text": text}, cli.language)
        return
    for name, value in message.items():
        print(f"{name}: {value}")
    print(f"\n{text}" if text else cli.text("The message has not been built yet."))


@app.command()
def retry(context: typer.Context, message_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Send a failed message again with the next pass."""
    cli = cli_of(context)
    outbox.retry(cli.runtime.engine, message_id, cli.now())
    print(cli.say(Message("Message {id} will be sent with the next pass.", {"id": message_id})))
