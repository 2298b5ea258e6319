"""`twinflow bounces read`; and what the settings say of mail that comes back, for the commands that run by themselves."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from twinflow.bootstrap import Runtime
from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.domain.mail.delivery_reports import ReportKind
from twinflow.mail.returned import Mailbox, Watched, open_mailbox
from twinflow.sentences import Sentence
from twinflow.services.clock import last_pass
from twinflow.services.mail.bounces import Outcome
from twinflow.worker.returns import Reading, listening, read_mailbox

app = typer.Typer(help="Mail that came back: delivery reports.", no_args_is_help=True)


@app.callback()
def bounces() -> None:
    """A command of its own name, even as the only one."""


@app.command()
def read(
    context: typer.Context,
    mailbox: Annotated[Path, typer.Argument(metavar="FILE-OR-FOLDER", help="An mbox file or a Maildir folder.")],
    json: Json = False,
) -> None:
    """Read all of a mailbox once more; what was recorded before changes nothing."""
    cli = cli_of(context)
    box = open_mailbox(mailbox, everything=True)
    runtime, now = cli.runtime, cli.now()
    last_pass.look(runtime.engine, now, runtime.settings.clock.longest_gap).check()
    reading = read_mailbox(runtime.engine, runtime.rulebook, runtime.people, box, now)
    if json:
        print_json(_summary(reading), cli.language)
        return
    print_table(
        cli.headings("What came back", "Messages"), [[cli.say(what), str(count)] for what, count in _rows(reading)]
    )
    cli.warn(reading.problems)


def _rows(reading: Reading) -> list[tuple[Sentence, int]]:
    kinds, outcomes = reading.kinds(), reading.outcomes()
    return [
        (Sentence("not delivered (hard bounce)"), kinds[ReportKind.HARD]),
        (Sentence("– recorded now"), outcomes[Outcome.BOUNCED]),
        (Sentence("– nothing new"), outcomes[Outcome.NO_CHANGE]),
        (Sentence("– not about a message of ours"), outcomes[Outcome.UNKNOWN]),
        (Sentence("– to be looked at again"), outcomes[Outcome.WAITING]),
        (Sentence("delayed"), kinds[ReportKind.DELAYED]),
        (Sentence("delivered"), kinds[ReportKind.DELIVERED]),
        (Sentence("automatic answer"), kinds[ReportKind.AUTO_REPLY]),
        (Sentence("not understood"), kinds[ReportKind.OTHER]),
    ]


def _summary(reading: Reading) -> dict[str, object]:
    kinds, outcomes = reading.kinds(), reading.outcomes()
    return {
        "kinds": {kind.value: kinds[kind] for kind in ReportKind},
        "hard": {outcome.value: outcomes[outcome] for outcome in Outcome},
        "messages": reading.messages,
        "failure": reading.failure,
    }


def mailbox_of(runtime: Runtime) -> Mailbox | None:
    """The mailbox of the settings, to be looked at with each pass; None where the settings name none."""
    path = runtime.settings.bounces.mailbox
    return Watched(path) if path is not None else None


def port_of(cli: Cli, runtime: Runtime) -> AbstractContextManager[None]:
    """The port of the settings, open until the block ends; nothing where there is none. Raises EnvironmentFailed."""
    wanted = runtime.settings.bounces
    if wanted.port is None:
        return nullcontext()
    return listening(
        runtime.engine,
        lambda: runtime.rulebook,
        runtime.people,
        cli.now,
        wanted.port,
        lmtp=wanted.protocol == "lmtp",
        longest_gap=runtime.settings.clock.longest_gap,
    )
