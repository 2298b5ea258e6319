"""Mail through the outbox beside aiosmtplib alone, a digest over many deadlines, and memory. `make bench`.

Ours claims, renders, keeps, sends and settles; the other renders and builds the same messages with the standard library and
keeps no books. Both send to a server in a process of its own that does nothing. They take turns.
"""

import asyncio
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from time import perf_counter

import aiosmtplib

from bench import books
from bench.driver import timed
from bench.rows import Bar, Row, in_turns, per_second
from twinflow import bootstrap
from twinflow.domain.mail.letter import Letter
from twinflow.domain.process.notices import BASE
from twinflow.mail.compose import Composer
from twinflow.mail.mailer import SmtpMailer, Tls
from twinflow.services.mail import outbox
from twinflow.services.mail.letters import letters
from twinflow.worker.sending import Sender

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
SINK = Path(__file__).with_name("smtp_sink.py")


@contextmanager
def sink(milliseconds: float = 0) -> Iterator[int]:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(SINK), str(port), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield port
        finally:
            process.terminate()


def write(file: Path, messages: int, told_by_each: int = 1) -> None:
    """So many requested opinions, and as many urgent messages about them, or one digest about all of them."""
    books.write(file, books.days_before(NOW.date() - timedelta(days=3), 1) * (messages * told_by_each), NOW)
    recorded = NOW.replace(tzinfo=None).isoformat(" ", "microseconds")
    digest = told_by_each > 1
    connection = sqlite3.connect(file)
    connection.executemany(
        "INSERT INTO outbox (id, message_id, recipient, digest, state, created_at, attempts, next_attempt_at, doubtful, "
        "error, sent_to, subject, words) VALUES (?,?,'rita',?,'queued',?,0,?,0,'','','','')",
        ((n, f"{n:032x}", digest, recorded, recorded) for n in range(1, messages + 1)),
    )
    subject, notice = ("deadline:opinion", "deadline-soon") if digest else ("step:request_opinion", "opinion-requested")
    connection.executemany(
        "INSERT INTO alert (agreement_id, outbox_id, notice, subject, occurrence, level, recipient, stands_for, role, "
        "effective_on, recorded_at, details) VALUES (?,?,?,?,1,'','rita','','reviewer',?,?,?)",
        (
            (n, 1 if digest else n, notice, subject, NOW.date().isoformat(), recorded, '{"state": "opinion_requested"}')
            for n in range(1, messages * told_by_each + 1)
        ),
    )
    connection.commit()
    connection.close()


def mailer(port: int, connections: int) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", port, Tls.NONE, connections=connections)


def by_outbox(runtime: bootstrap.Runtime, port: int, connections: int) -> float:
    """Seconds for everything that is in the outbox."""
    post = replace(runtime.post, mailer=mailer(port, connections))
    begin = perf_counter()
    done = asyncio.run(Sender(runtime.engine, runtime.rulebook, runtime.people, post, lambda: NOW).deliver())
    seconds = perf_counter() - begin
    if done.failures or done.waiting or done.undelivered:
        raise SystemExit(f"not everything was sent: {done}")
    return seconds


def built(composer: Composer, letter: Letter, number: int) -> EmailMessage:
    """The same words, put together with the standard library alone."""
    group = composer._group("en", letter.groups[0])
    subject = composer._subject(letter)
    context = {
        "subject": subject, "person": letter.person, "roles": letter.roles, "groups": [group],
        "base_url": "http://127.0.0.1:8000", "digest": False, "reasons": letter.reasons, "unsubscribe_url": "",
        "head": "", "short_head": "", "head_on": None,
    }  # fmt: skip
    message = EmailMessage(policy=SMTP_POLICY)
    message["Subject"], message["From"], message["To"] = subject, "twinflow@localhost", letter.person.mail
    message["Date"], message["Message-ID"] = format_datetime(NOW), f"<{number}@localhost>"
    message.set_content(composer.words.template(BASE, "en", "message.txt").render(context))
    message.add_alternative(composer.words.template(BASE, "en", "message.html").render(context), subtype="html")
    return message


def by_aiosmtplib(
    composer: Composer, said: list[Letter], port: int, connections: int, *, built_before: bool = False
) -> float:
    """Seconds for all messages; `built_before`: only for sending them, nothing is rendered or built meanwhile."""
    before = [built(composer, letter, number) for number, letter in enumerate(said)] if built_before else []

    async def run() -> float:
        clients = [aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) for _ in range(connections)]
        await asyncio.gather(*(client.connect() for client in clients))
        waiting = iter(enumerate(said))

        async def send(client: aiosmtplib.SMTP) -> None:
            for number, letter in waiting:
                await client.send_message(before[number] if before else built(composer, letter, number))

        begin = perf_counter()
        await asyncio.gather(*(send(client) for client in clients))
        seconds = perf_counter() - begin
        await asyncio.gather(*(client.quit() for client in clients))
        return seconds

    return asyncio.run(run())


def all_letters(runtime: bootstrap.Runtime, count: int) -> list[Letter]:
    claimed = outbox.claim_batch(runtime.engine, runtime.rulebook, runtime.people, NOW, count)
    found = letters(runtime.engine, runtime.rulebook, runtime.people, claimed, NOW).letters.values()
    return [letter for letter in found if isinstance(letter, Letter)]


def throughput(folder: Path, messages: int, rounds: int, connections: int, milliseconds: float) -> list[Row]:
    start = folder / "start.db"
    write(start, messages)
    runtime = books.start(Path(shutil.copy(start, folder / "letters.db")))
    said = all_letters(runtime, messages)
    if len(said) != messages:
        raise SystemExit(f"{len(said)} letters for {messages} messages")
    composer = runtime.post.composer

    def sent(number: int, port: int) -> float:
        one = books.start(Path(shutil.copy(start, folder / f"round{number}.db")))
        seconds = by_outbox(one, port, connections)
        one.engine.dispose()
        return seconds

    with sink(milliseconds) as port:
        ours, theirs, alone = in_turns(
            rounds,
            lambda number: sent(number, port),
            lambda _number: by_aiosmtplib(composer, said, port, connections),
            lambda _number: by_aiosmtplib(composer, said, port, connections, built_before=True),
        )
    runtime.engine.dispose()
    return [
        Row(
            what=f"mail through the outbox, {connections} connections, {milliseconds:g} ms a reply",
            unit="messages/s",
            ours=per_second(messages, ours),
            peer=per_second(messages, seconds),
            against=against,
        )
        for against, seconds in (("aiosmtplib, no books", theirs), ("aiosmtplib, built before", alone))
    ]


def digest(folder: Path, deadlines: int, rounds: int) -> Row:
    write(folder / "digest.db", 1, deadlines)
    runtime = books.start(folder / "digest.db")
    runtime.rulebook = replace(runtime.rulebook, mail_hours=replace(runtime.rulebook.mail_hours, digest_at=None))
    (claimed,) = outbox.claim_batch(runtime.engine, runtime.rulebook, runtime.people, NOW, 1)

    def written() -> None:
        letter = letters(runtime.engine, runtime.rulebook, runtime.people, [claimed], NOW).letters[claimed.id]
        assert isinstance(letter, Letter)
        runtime.post.composer.compose(letter, message_id="1", created_at=NOW, unsubscribe_token="")
        if len(letter.items) != deadlines:
            raise SystemExit(f"{len(letter.items)} of {deadlines} deadlines are in the digest")

    (ours,) = in_turns(rounds, lambda _number: timed(written))
    runtime.engine.dispose()
    return Row(what=f"a digest over {deadlines:,} deadlines gathered and written", unit="s", ours=ours)


def memory(folder: Path, messages: int) -> Row:
    """The most memory that was ever in use, after a tenth of the messages and at the end."""
    write(folder / "memory.db", messages)
    runtime = books.start(folder / "memory.db")
    peaks: list[int] = []
    with sink() as port:
        post = replace(runtime.post, mailer=mailer(port, 4))
        sender = Sender(runtime.engine, runtime.rulebook, runtime.people, post, lambda: NOW)
        prepare, prepared = sender._prepare, 0

        def counting(size: int) -> object:
            nonlocal prepared
            if prepared >= messages // 10 and not peaks:
                peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            batch = prepare(size)
            prepared += len(batch)
            return batch

        Sender._prepare, original = lambda _self, size: counting(size), Sender._prepare  # type: ignore[method-assign]
        try:
            done = asyncio.run(sender.deliver())
        finally:
            Sender._prepare = original  # type: ignore[method-assign]
    runtime.engine.dispose()
    last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if done.sent != messages:
        raise SystemExit(f"not everything was sent: {done}")
    return Row(
        what=f"most memory in use while {messages:,} messages are sent",
        unit="MB",
        ours=[last / 1024],
        peer=[peaks[0] / 1024],
        against="in the first tenth",
        bar=Bar(1.2),
    )


def rows(messages: int = 5000, rounds: int = 5, deadlines: int = 10_000, flat: int = 100_000) -> list[Row]:
    found = []
    for work in (
        lambda folder: [memory(folder, flat)],  # before what may take more
        lambda folder: throughput(folder, messages, rounds, 4, 0),
        lambda folder: throughput(folder, messages // 5, rounds, 8, 5),
        lambda folder: [digest(folder, deadlines, rounds)],
    ):
        with TemporaryDirectory() as name:
            found += work(Path(name))
    return found
