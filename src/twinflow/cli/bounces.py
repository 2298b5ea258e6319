"""`twinflow bounces read | list | show | settle`; and where mail comes back by the settings, for what runs by itself."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from twinflow.bootstrap import Runtime
from twinflow.cli.context import Cli, Json, Person, cli_of
from twinflow.cli.failing import EXIT_ENVIRONMENT
from twinflow.cli.output import print_json, print_table, write_file
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.mail.delivery_reports import ReportKind
from twinflow.mail.reports import readable_text
from twinflow.mail.returned import Mailbox, Watched, open_mailbox
from twinflow.sentences import Sentence
from twinflow.services.clock import last_pass
from twinflow.services.mail import received
from twinflow.services.mail.bounces import Outcome
from twinflow.services.mail.received import ReceivedLine
from twinflow.text import harmless, harmless_lines
from twinflow.worker.returns import Reading, listening, read_mailbox

app = typer.Typer(help="Mail that came in: delivery reports, and answers of persons.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="ID")]


@app.command()
def read(
    context: typer.Context,
    mailbox: Annotated[Path, typer.Argument(metavar="FILE-OR-FOLDER", help="An mbox file or a Maildir folder.")],
    json: Json = False,
) -> None:
    """Read all of a mailbox once more; what was recorded before changes nothing. Exit code 3 where something stays unread."""
    cli = cli_of(context)
    box = open_mailbox(mailbox, everything=True)
    runtime, now = cli.runtime, cli.now()
    last_pass.look(runtime.engine, now, runtime.settings.clock.longest_gap).check()
    reading = read_mailbox(runtime.engine, runtime.rulebook, runtime.people, box, now)
    if json:
        print_json(_summary(reading), cli.language)
    else:
        rows = [[cli.say(what), str(count)] for what, count in _rows(reading)]
        print_table(cli.headings("What came back", "Messages"), rows)
        cli.warn(reading.problems)
    if reading.troubles:
        raise typer.Exit(EXIT_ENVIRONMENT)


def _rows(reading: Reading) -> list[tuple[Sentence, int]]:
    kinds, outcomes = reading.kinds(), reading.outcomes()
    return [
        (Sentence("not delivered (hard bounce)"), kinds[ReportKind.HARD]),
        (Sentence("– recorded now"), outcomes[Outcome.BOUNCED]),
        (Sentence("– nothing new"), outcomes[Outcome.NO_CHANGE]),
        (Sentence("– proven by nothing"), outcomes[Outcome.UNPROVEN]),
        (Sentence("– to be looked at again"), outcomes[Outcome.WAITING]),
        (Sentence("delayed"), kinds[ReportKind.DELAYED]),
        (Sentence("delivered"), kinds[ReportKind.DELIVERED]),
        (Sentence("automatic answer"), kinds[ReportKind.AUTO_REPLY]),
        (Sentence("answer of a person"), kinds[ReportKind.ANSWER]),
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


@app.command("list")
def list_received(context: typer.Context, reader: Reader = "", json: Json = False) -> None:
    """What came in and changed nothing by itself: answers, reports that nothing proves, what was not understood."""
    cli = cli_of(context)
    lines = received.received_messages(cli.runtime.engine, viewer=viewer_at_shell(cli, reader))
    if json:
        print_json(lines, cli.language)
        return
    headings = cli.headings("Id", "What it is", "Received", "From", "Subject", "About", "Settled by")
    print_table(headings, [_row(cli, line) for line in lines])


def _row(cli: Cli, line: ReceivedLine) -> list[str]:
    m = line.message
    said = (harmless(m.sender) or "–", harmless(m.subject) or "–", cli.say(line.about), m.settled_by or "–")
    return [str(m.id), cli.say(line.what), f"{m.received_at:%Y-%m-%d %H:%M} UTC", *said]


@app.command()
def show(
    context: typer.Context,
    received_id: Number,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write all of it there.")] = None,
    reader: Reader = "",
    json: Json = False,
) -> None:
    """One message that came in: what it is, and its text."""
    cli = cli_of(context)
    line, content = received.received_message(cli.runtime.engine, received_id, viewer=viewer_at_shell(cli, reader))
    text, is_all = readable_text(content)
    if output is not None:
        write_file(output, content)
        print(cli.say(Sentence("{file} is written.", {"file": str(output)})))
    elif json:
        print_json({"message": line, "text": text}, cli.language)
    else:
        headings = cli.headings("Id", "What it is", "Received", "From", "Subject", "About", "Settled by")
        for heading, value in zip(headings, _row(cli, line), strict=True):
            print(f"{heading}: {value}")
        if not line.message.whole:
            print(cli.text("Only its beginning is kept here; the mailbox has all of it."))
        if not is_all:
            said = "Only the beginning of its text is shown; all of it: “twinflow bounces show {id} --output FILE”."
            print(cli.say(Sentence(said, {"id": received_id})))
        print(f"\n{harmless_lines(text)}")


@app.command()
def settle(context: typer.Context, received_id: Number, person: Person) -> None:
    """You have looked at a message that came in; it stays kept."""
    cli = cli_of(context)
    received.settle(cli.runtime.engine, cli.runtime.people, received_id, by=person, now=cli.now())
    print(cli.say(Sentence("Message {id} is settled.", {"id": received_id})))


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
