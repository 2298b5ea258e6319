"""`twinflow outbox`: list, show, retry, cancel, confirm."""

from datetime import datetime
from email import policy
from email.parser import BytesParser
from typing import Annotated

import typer

from twinflow.cli.confirming import confirm
from twinflow.cli.context import Cli, Json, Person, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.mail.message import MessageState, OutboxMessage
from twinflow.errors import BadInput
from twinflow.sentences import Sentence
from twinflow.services.mail import outbox
from twinflow.text import harmless, harmless_lines

app = typer.Typer(help="Messages: waiting, on their way, arrived or not.", no_args_is_help=True)

STATES = tuple(state.value for state in MessageState)
Number = Annotated[int, typer.Argument(metavar="ID")]


@app.command("list")
def list_messages(
    context: typer.Context,
    state: Annotated[str | None, typer.Option("--state", help=", ".join(STATES))] = None,
    reader: Reader = "",
    json: Json = False,
) -> None:
    """All messages, oldest first."""
    cli = cli_of(context)
    if state is not None and state not in STATES:
        raise BadInput("--state “{state}” is not one of {states}.", state=state, states=STATES)
    messages = outbox.messages(cli.runtime.engine, [state] if state else [], viewer=viewer_at_shell(cli, reader))
    if json:
        print_json(messages, cli.language)
        return
    rows = [
        [
            str(m.id),
            m.recipient,
            cli.text(m.state),
            str(m.attempts),
            _instant(cli, m.next_attempt_at),
            m.subject or "–",
            cli.say(m.error) if m.error else "–",
        ]
        for m in messages
    ]
    print_table(cli.headings("Id", "To", "State", "Attempts", "Next attempt", "Subject", "Error"), rows)


def _instant(cli: Cli, at: datetime | None) -> str:
    return f"{cli.short_day(at.date())} {at:%H:%M} UTC" if at else "–"


@app.command()
def show(context: typer.Context, message_id: Number, reader: Reader = "", json: Json = False) -> None:
    """One message: where it stands, and the text as it was built."""
    cli = cli_of(context)
    found, content = outbox.message(cli.runtime.engine, message_id, viewer=viewer_at_shell(cli, reader))
    message = BytesParser(policy=policy.default).parsebytes(content or b"")
    body = message.get_body(preferencelist=("plain",))
    text = str(body.get_content()) if body is not None and content else ""
    headers = {name: str(value) for name, value in message.items()}
    if json:
        print_json({"message": found, "headers": headers, "text": text}, cli.language)
        return
    for sentence in _where_it_stands(cli, found):
        print(cli.say(sentence))
    print()
    for name, value in headers.items():
        print(f"{name}: {harmless(str(value))}")
    print(f"\n{harmless_lines(text)}" if text else cli.text("The message has not been built yet."))


def _where_it_stands(cli: Cli, message: OutboxMessage) -> list[Sentence]:
    values = {"id": message.id, "state": Sentence(message.state), "recipient": message.recipient}
    found = [Sentence("Message {id} to {recipient}: {state}", values)]
    if message.error:
        found.append(message.error)
    if message.sent_to:
        found.append(
            Sentence("Sent to {address} at {at}", {"address": message.sent_to, "at": _instant(cli, message.settled_at)})
        )
    if message.doubtful:
        found.append(
            Sentence("A mailer or its server broke off while this message was on its way: it may have arrived twice.")
        )
    if message.next_attempt_at:
        found.append(Sentence("Next attempt: {at}", {"at": _instant(cli, message.next_attempt_at)}))
    if message.words:
        found.append(Sentence("Words it was written with: {digest}", {"digest": message.words}))
    return found


@app.command()
def retry(context: typer.Context, message_id: Number) -> None:
    """Send a message again that failed or bounced, with the next pass."""
    cli = cli_of(context)
    outbox.retry(cli.runtime.engine, message_id, cli.now())
    print(cli.say(Sentence("Message {id} will be sent with the next pass.", {"id": message_id})))


@app.command()
def cancel(
    context: typer.Context,
    message_id: Number,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays on record.")],
) -> None:
    """Take a message back that has not left, or close the incident of one that did not arrive."""
    cli = cli_of(context)
    runtime = cli.runtime
    outbox.cancel(runtime.engine, runtime.people, message_id, by=person, door=cli.door, reason=reason, now=cli.now())
    print(cli.say(Sentence("Message {id} is cancelled.", {"id": message_id})))


app.command("confirm")(confirm)
