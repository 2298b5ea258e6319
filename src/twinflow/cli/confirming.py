"""`twinflow outbox confirm`, and what is said where a rehearsal or a restored backup keeps mail from its readers."""

from typing import Annotated

import typer

from twinflow.bootstrap import Runtime
from twinflow.cli.context import Cli, cli_of
from twinflow.cli.output import print_table
from twinflow.cli.streams import note
from twinflow.errors import BadInput
from twinflow.sentences import Sentence
from twinflow.services.mail import restored_backup

NOTHING_HELD = Sentence("Nothing is held back: mail of this database leaves from here.")


def confirm(
    context: typer.Context,
    send: Annotated[bool, typer.Option("--send", help="Send what waits.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Send nothing of what waits: it was sent by the database that is lost.")
    ] = False,
) -> None:
    """After a backup was restored: let mail leave again. Without an option, show what waits."""
    cli = cli_of(context)
    if send and cancel:
        raise BadInput("Of --send and --cancel only one can be meant.")
    state_file = cli.runtime.state_file
    if state_file is None:
        print(cli.text("Mail is captured: nothing leaves, and there is nothing to confirm."))
    elif send or cancel:
        messages = restored_backup.confirm(cli.runtime.engine, state_file, cancel=cancel, now=cli.now())
        values = {"messages": messages}
        cancelled = Sentence("Confirmed; messages cancelled: {messages}.", values)
        print(cli.say(cancelled if cancel else Sentence("Confirmed; messages that leave: {messages}.", values)))
    else:
        _show(cli, restored_backup.held(cli.runtime.engine, state_file) or NOTHING_HELD)


def _show(cli: Cli, standing: Sentence) -> None:
    print(cli.say(standing))
    waiting = restored_backup.waiting(cli.runtime.engine)
    rows = [[each.recipient, str(each.messages), f"{each.since:%Y-%m-%d %H:%M} UTC"] for each in waiting]
    if rows:
        print_table(cli.headings("To", "Messages", "Waiting since"), rows)
    if standing is not NOTHING_HELD:
        print(cli.text("Let what waits leave: twinflow outbox confirm --send"))
        print(cli.text("Cancel what waits, because it was sent before: twinflow outbox confirm --cancel"))


def say_rehearsal(cli: Cli, runtime: Runtime) -> None:
    """A line to standard error where all mail goes to one address."""
    mail = runtime.settings.mail
    if mail.host and mail.redirect_all_to:
        values = {"address": mail.redirect_all_to}
        note(cli.say(Sentence("Rehearsal: all mail goes to {address} and to nobody else.", values)))


def say_held(cli: Cli, runtime: Runtime) -> None:
    """A line to standard error where no mail leaves until somebody has confirmed it."""
    held = restored_backup.held(runtime.engine, runtime.state_file)
    if held is not None:
        note(f"{cli.say(held)} {cli.text('See “twinflow outbox confirm”.')}")
