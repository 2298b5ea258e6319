"""Ways for a built message to leave: by SMTP, or into a folder while no mail server is configured."""

import mailbox
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from twinflow.errors import MailFailed, MailServerDown

PERMANENT = range(500, 600)


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Connection(Protocol):
    """An open way out."""

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message for one recipient. Raises MailFailed."""


class Mailer(Protocol):
    """A way out, opened once for a batch."""

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """Connects with the first message; sending raises MailServerDown where the server does not take part."""


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends through an SMTP server. `timeout` is in seconds, for each answer of the server."""

    host: str
    port: int
    tls: Tls
    username: str
    password: str
    timeout: float

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        client = SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls is Tls.IMPLICIT,
            start_tls=self.tls is Tls.STARTTLS,
            username=self.username or None,
            password=self.password or None,
            timeout=self.timeout,
        )
        try:
            yield _SmtpConnection(client, f"{self.host}:{self.port}")
        finally:
            client.close()


@dataclass(frozen=True, slots=True)
class _SmtpConnection:
    client: SMTP
    server: str

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        try:
            if not self.client.is_connected:
                await self.client.connect()
        except (SMTPException, OSError) as error:
            raise self._down(error) from error
        try:
            await self.client.sendmail(sender, [recipient], message)
        except SMTPRecipientsRefused as error:
            refusal = error.recipients[0]
            raise self._refused(recipient, refusal.code, refusal.message) from error
        except SMTPSenderRefused as error:
            raise self._down(error) from error
        except SMTPResponseException as error:
            raise self._refused(recipient, error.code, error.message) from error
        except (SMTPException, OSError) as error:
            raise self._down(error) from error

    def _refused(self, recipient: str, code: int, text: str) -> MailFailed:
        """What the server said of this one message; a temporary refusal may be tried again."""
        return MailFailed(
            "{server} refused the message to {recipient}: {code} {text}",
            permanent=code in PERMANENT,
            server=self.server,
            recipient=recipient,
            code=code,
            text=text,
        )

    def _down(self, error: Exception) -> MailServerDown:
        """What is wrong with the server or with our settings, not with the message: nothing is given up for it."""
        self.client.close()
        if isinstance(error, SMTPResponseException):
            why = f"{error.code} {error.message}"
        else:
            why = getattr(error, "verify_message", "") or str(error) or type(error).__name__
        return MailServerDown("{server} takes no mail from us: {why}", server=self.server, why=why)


@dataclass(frozen=True, slots=True)
class CaptureMailer:
    """Keeps every message in a Maildir folder; nothing leaves."""

    folder: Path

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        yield self

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        del sender, recipient
        try:
            open_maildir(self.folder).add(message)
        except OSError as error:
            raise MailServerDown(
                "Mail cannot be kept in {folder}: {why}", folder=str(self.folder), why=error.strerror or str(error)
            ) from error


def open_maildir(folder: Path) -> mailbox.Maildir:
    """The folder as a Maildir, made complete where parts are missing. Raises OSError."""
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    return mailbox.Maildir(folder)
