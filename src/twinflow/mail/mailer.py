"""Ways for a built message to leave: by SMTP, or into a folder while no mail server is configured."""

import asyncio
import mailbox
import re
import ssl
from collections.abc import AsyncIterator, Callable, Container
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
)

from twinflow.errors import MailFailed, MailServerDown
from twinflow.regular_files import open_file
from twinflow.text import harmless

GO_ON, CLOSING, LOGIN_NEEDED = 354, 421, 530
TAKEN = range(200, 300)
"""Such as 251, “it will be forwarded” (RFC 5321, 4.2.1 and 4.3.2)."""

PERMANENT = range(500, 600)
LONGEST_ANSWER = 500
"""Characters of an answer that are kept."""

BROKEN = (SMTPException, OSError, TimeoutError)
LOST_IN_A_ROW = 2
"""After so many connections lost one after the other the server is left alone until the next pass."""

AUTHENTICATIONS = ("plain", "login", "cram-md5")
"""By our liking: the connection is encrypted, and one wrong try counts once against a lock-out."""

A_DOT_FIRST = re.compile(rb"(?m)^\.")


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Connection(Protocol):
    """A way out, open or to be opened with the first message."""

    async def turn(self) -> None:
        """Wait until one more message may leave."""

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message for one recipient; `sender` is that of the envelope.

        Raises MailFailed, and MailServerDown where the server takes no part.
        """

    async def close(self) -> None:
        """Say goodbye."""


class Mailer(Protocol):
    """A way out, opened once for a pass. `per_minute` is how many messages may leave (0: any number)."""

    @property
    def per_minute(self) -> int: ...

    def connect(self) -> AbstractAsyncContextManager[list[Connection]]:
        """The connections that may be used side by side; closed when the block ends."""


@dataclass(slots=True)
class Pace:
    """At most so many messages a minute (0: any), evenly. `clock` and `sleep` count seconds."""

    per_minute: int
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    sleep: Callable[[float], "asyncio.Future[None]"] = field(default=asyncio.sleep)  # type: ignore[assignment]
    _next: float = 0.0

    async def turn(self) -> None:
        """Wait until it is this message's turn."""
        if self.per_minute:
            now = self.clock()
            mine = max(now, self._next)
            self._next = mine + 60 / self.per_minute
            if mine > now:
                await self.sleep(mine - now)


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends through an SMTP server.

    `timeout` is in seconds, for each answer of the server. `certificate_authority` vouches for it beside those that the
    machine trusts anyway.
    """

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30
    connections: int = 1
    per_minute: int = 0
    certificate_authority: Path | None = None

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[list[Connection]]:
        door = _Door(Pace(self.per_minute))
        opened: list[Connection] = [_SmtpConnection(self, self._client(), door) for _ in range(self.connections)]
        try:
            yield opened
        finally:
            await asyncio.gather(*(connection.close() for connection in opened))

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls is Tls.IMPLICIT,
            start_tls=self.tls is Tls.STARTTLS,
            cert_bundle=str(self.certificate_authority) if self.certificate_authority else None,
            timeout=self.timeout,
        )


@dataclass(slots=True)
class _Door:
    """What the connections of a pass share. They open one after the other, and what is wrong with our login, or with the
    server's encryption, is tried once: more tries would count towards a lock-out.
    """

    pace: Pace
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    shut: MailServerDown | None = None


@dataclass(slots=True)
class _SmtpConnection:
    mailer: SmtpMailer
    client: SMTP
    door: _Door
    lost: int = 0

    async def turn(self) -> None:
        await self.door.pace.turn()

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        used = self.client.is_connected
        await self._open()
        handed_over = False
        try:
            await self._begin(sender, used=used)
            await self._commanded(f"RCPT TO:<{recipient}>", recipient)
            await self._commanded("DATA", recipient, expected={GO_ON})
            handed_over = True
            await self._content(message, recipient)
        except BROKEN as error:
            self.lost += 1
            self.client.close()
            doubtful = handed_over and getattr(error, "code", 0) != CLOSING  # 421 says that it was not taken
            if self.lost >= LOST_IN_A_ROW:
                raise self._down(error, doubtful=doubtful) from error
            raise MailFailed(
                "The connection to {server} broke: {why}", doubtful=doubtful, server=self._server, why=_why(error)
            ) from error
        self.lost = 0

    async def _begin(self, sender: str, *, used: bool) -> None:
        """A connection that was in use may have had its share: what closes it before a message is begun is no failure."""
        command = f"MAIL FROM:<{sender}>"
        if used:
            try:
                await self._commanded(command)
            except BROKEN:
                self.client.close()
                await self._open()
            else:
                return
        await self._commanded(command)

    async def close(self) -> None:
        transport = self.client.transport
        if self.client.is_connected:
            try:
                await self.client.quit(timeout=1)
            except BROKEN:
                self.client.close()
        if isinstance(
            transport, asyncio.WriteTransport
        ):  # all has been said: the end of TLS, which a server may leave unanswered, is not waited for
            transport.abort()
            await asyncio.sleep(0)

    async def _open(self) -> None:
        async with self.door.opening:
            await self._open_in_turn()

    async def _open_in_turn(self) -> None:
        if self.door.shut is not None:
            raise self.door.shut
        if self.client.is_connected:
            return
        try:
            if self.mailer.certificate_authority is not None:
                open_file(self.mailer.certificate_authority).close()  # else a pipe would be waited for
            await self.client.connect()
            if self.client.is_ehlo_or_helo_needed:
                await self.client.ehlo()
            if self.mailer.username:
                await self._log_in()
        except Exception as error:  # whatever it is, no message has been spoken of
            self.client.close()
            down = self._down(error)
            if _is_settled(error):
                self.door.shut = down
            raise down from error

    async def _log_in(self) -> None:
        offered = self.client.server_auth_methods
        method = next((name for name in AUTHENTICATIONS if name in offered), None)
        ways = {"plain": self.client.auth_plain, "login": self.client.auth_login, "cram-md5": self.client.auth_crammd5}
        if method is None:
            raise SMTPException("it offers no way to log in that we know")
        await ways[method](self.mailer.username, self.mailer.password)

    async def _commanded(self, command: str, recipient: str = "", expected: Container[int] = TAKEN) -> None:
        answer = await self.client.execute_command(command.encode("ascii"))
        if self.client.protocol is not None and self.client.protocol._buffer:  # noqa: SLF001 - no other way to see it
            raise SMTPException("it answers what was not asked")  # which would pass for the answer to the message
        if answer.code not in expected:
            await self._refused(answer, recipient)

    async def _content(self, message: bytes, recipient: str) -> None:
        """The bytes themselves, after the server has asked for them: what fails now may have arrived all the same."""
        protocol = self.client.protocol
        if protocol is None:
            raise SMTPException("the connection was lost")
        protocol.write(A_DOT_FIRST.sub(b"..", message) + b".\r\n")
        answer = await protocol.read_response(timeout=self.mailer.timeout)
        if answer.code not in TAKEN:
            await self._refused(answer, recipient)

    async def _refused(self, answer: SMTPResponse, recipient: str) -> None:
        """What the server said of this message (RFC 5321, 4.2.1) or of us; an answer in no known words is a broken line."""
        if answer.code == CLOSING or answer.code not in range(400, 600):
            raise SMTPResponseException(answer.code, answer.message)
        self.lost = 0
        await self._reset()
        if not recipient or self._is_about_us(answer):  # nothing else would get through either
            raise self._down(SMTPResponseException(answer.code, answer.message))
        raise MailFailed(
            "{server} refused the message to {recipient}: {code} {text}",
            permanent=answer.code in PERMANENT,
            server=self._server,
            recipient=recipient,
            code=answer.code,
            text=_readable(answer.message),
        )

    def _is_about_us(self, answer: SMTPResponse) -> bool:
        """A server that wants a login may say so only when it hears of a recipient (RFC 4954, section 6; RFC 3463, 3.8)."""
        wants_login = not self.mailer.username and bool(self.client.server_auth_methods)
        return answer.code == LOGIN_NEEDED or (wants_login and answer.message.startswith("5.7."))

    async def _reset(self) -> None:
        """Ready for the next message; a connection that cannot be is opened anew."""
        try:
            await self.client.rset()
        except BROKEN:
            self.client.close()

    def _down(self, error: Exception, *, doubtful: bool = False) -> MailServerDown:
        """What is wrong with the server or with our settings, not with the message: nothing is given up for it."""
        return MailServerDown(
            "{server} takes no mail from us: {why}", doubtful=doubtful, server=self._server, why=_why(error)
        )

    @property
    def _server(self) -> str:
        return f"{self.mailer.host}:{self.mailer.port}"


def _is_settled(error: Exception) -> bool:
    """Whether another connection would hear the same: a login refused for good, no encryption, a certificate not trusted."""
    if isinstance(error, SMTPResponseException):
        return error.code in PERMANENT
    return isinstance(error, ssl.SSLError) or not isinstance(error, OSError)


def _why(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return _readable(f"{error.code} {error.message}")
    return _readable(getattr(error, "verify_message", "") or str(error) or type(error).__name__)


def _readable(answer: str) -> str:
    """What a server says, as text that can be kept and shown: it may be in any encoding, or nothing but noise."""
    return harmless(answer)[:LONGEST_ANSWER]


@dataclass(frozen=True, slots=True)
class CaptureMailer:
    """Keeps every message in a Maildir folder; nothing leaves."""

    folder: Path
    per_minute: int = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[list[Connection]]:
        yield [self]

    async def turn(self) -> None:
        """Nobody is kept waiting."""

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        del sender, recipient
        try:
            open_maildir(self.folder).add(message)
        except OSError as error:
            raise MailServerDown(
                "Mail cannot be kept in {folder}: {why}.", folder=str(self.folder), why=error.strerror or str(error)
            ) from error

    async def close(self) -> None:
        """Nothing is open."""


def open_maildir(folder: Path) -> mailbox.Maildir:
    """The folder as a Maildir, made complete where parts are missing. Raises OSError."""
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    return mailbox.Maildir(folder)
