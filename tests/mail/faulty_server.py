"""An SMTP server on loopback that misbehaves at the moment a test names, and counts what it kept.

It is written by hand where aiosmtpd cannot misbehave so: it answers nothing, byte by byte, nonsense, or leaves halfway.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Thread

from twinflow.config import MailSettings

MESSAGE_ID = re.compile(rb"(?mi)^Message-ID: <([^@>]+)@")
ADDRESS = re.compile(rb"<([^>]*)>")


class Stage(StrEnum):
    """`CONTENT` is before the message is read, `DOT` after its last dot and before it is kept."""

    GREETING = "greeting"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    DOT = "dot"


@dataclass(frozen=True)
class Moment:
    """`connection` and `number` count from 1: which connection it is, how often this stage was reached in all.

    `recipient` is known from RCPT on, `messages` is how many were kept over this connection.
    """

    stage: Stage
    connection: int
    number: int
    recipient: str
    messages: int


Behaviour = Callable[["Session"], Awaitable[None]]
Fault = Callable[[Moment], Behaviour | None]


@dataclass
class FaultyServer:
    """`fault` decides at each moment; None, or None from it: the server does its duty.

    `kept_one` is called after each message with how many there are.
    """

    port: int = 0
    fault: Fault | None = None
    kept: list[tuple[str, str]] = field(default_factory=list)
    reached: Counter[Stage] = field(default_factory=Counter)
    connections: int = 0
    kept_one: Callable[[int], None] = lambda _: None

    @property
    def copies_by_id(self) -> Counter[str]:
        """How often each message was kept, by what stands before the @ in its Message-ID."""
        return Counter(message_id for _, message_id in self.kept)

    def settings(self, *, connections: int = 1, timeout_seconds: float = 10) -> MailSettings:
        return MailSettings(
            host="127.0.0.1",
            port=self.port,
            tls="none",
            sender="twinflow@test.example",
            connections=connections,
            timeout_seconds=timeout_seconds,
        )


class _Over(Exception):
    """The server ends the conversation."""


@dataclass
class Session:
    """One connection, seen from the server."""

    server: FaultyServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    recipient: str = ""
    content: bytes = b""
    messages: int = 0

    async def run(self) -> None:
        try:
            await self._at(Stage.GREETING, says("220 ready"))
            while line := await self.reader.readline():
                await self._answer(line[:4].upper(), line)
        except (_Over, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.writer.close()

    async def _answer(self, verb: bytes, line: bytes) -> None:
        match verb:
            case b"EHLO" | b"HELO":
                await self._at(Stage.EHLO, says("250-ready\r\n250 8BITMIME"))
            case b"AUTH":
                await self._at(Stage.AUTH, says("235 welcome"))
            case b"MAIL":
                self.recipient = ""
                await self._at(Stage.MAIL, says("250 OK"))
            case b"RCPT":
                found = ADDRESS.search(line)
                assert found is not None
                self.recipient = found[1].decode()
                await self._at(Stage.RCPT, says("250 OK"))
            case b"DATA":
                await self._data()
            case b"QUIT":
                self.say(b"221 goodbye\r\n")
                raise _Over
            case _:
                self.say(b"250 OK\r\n")

    async def _data(self) -> None:
        go_on = await self._at(Stage.DATA, says("354 go on"))
        if go_on:
            await self._at(Stage.CONTENT, nothing)
            self.content = await self.reader.readuntil(b"\r\n.\r\n")
            await self._at(Stage.DOT, keeps(says("250 kept")))

    async def _at(self, stage: Stage, duty: Behaviour) -> bool:
        """Whether the client may go on."""
        self.server.reached[stage] += 1
        moment = Moment(stage, self.number, self.server.reached[stage], self.recipient, self.messages)
        fault = self.server.fault(moment) if self.server.fault is not None else None
        await (fault or duty)(self)
        return fault is None or getattr(fault, "goes_on", False)

    def say(self, raw: bytes) -> None:
        self.writer.write(raw)

    def keep(self) -> None:
        found = MESSAGE_ID.search(self.content)
        assert found is not None
        self.messages += 1
        self.server.kept.append((self.recipient, found[1].decode()))
        self.server.kept_one(len(self.server.kept))


async def nothing(session: Session) -> None:
    """The server does what it should."""


async def leaves(session: Session) -> None:
    """The connection ends."""
    raise _Over


async def is_silent(session: Session) -> None:
    """No answer, until the client has lost its patience."""
    while await session.reader.read(4096):
        pass
    raise _Over


async def drips(session: Session) -> None:
    """An answer byte by byte, that never ends."""
    while not session.reader.at_eof():
        session.say(b"2")
        try:
            await asyncio.wait_for(session.reader.read(4096), 0.02)
        except TimeoutError:
            continue
    raise _Over


async def leaves_halfway(session: Session) -> None:
    """The connection ends while the message is read."""
    await session.reader.readexactly(100)
    raise _Over


def says(answer: str | bytes) -> Behaviour:
    raw = answer if isinstance(answer, bytes) else answer.encode() + b"\r\n"

    async def behave(session: Session) -> None:
        session.say(raw)

    behave.goes_on = raw.startswith(b"354")  # type: ignore[attr-defined]
    return behave


def says_and_leaves(answer: str) -> Behaviour:
    async def behave(session: Session) -> None:
        session.say(answer.encode() + b"\r\n")
        raise _Over

    return behave


def keeps(then: Behaviour) -> Behaviour:
    """The message is kept, whatever the client hears of it."""

    async def behave(session: Session) -> None:
        session.keep()
        await then(session)

    return behave


def at(stage: Stage, behaviour: Behaviour, person: str = "", number: int = 0) -> Fault:
    """Always at this stage, or for one person's message, or when the stage is reached that time."""

    def fault(moment: Moment) -> Behaviour | None:
        here = moment.stage is stage and moment.recipient.startswith(person) and number in {0, moment.number}
        return behaviour if here else None

    return fault


def both(one: Fault, other: Fault) -> Fault:
    return lambda moment: one(moment) or other(moment)


@contextmanager
def faulty_server(fault: Fault | None = None) -> Iterator[FaultyServer]:
    """The server in a thread of its own."""
    server = FaultyServer(fault=fault)
    ready, stop = Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        await Session(server, reader, writer, server.connections).run()

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        listening = await asyncio.start_server(met, "127.0.0.1", 0, limit=2**24)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield server
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(30)
