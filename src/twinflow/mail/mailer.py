"""Ways for a built message to leave: by SMTP, or into a folder while no mail server is configured."""

import mailbox
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

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
            await self.client.sendmail(sender, [recipient], message)
        except SMTPRecipientsRefused as error:
            refusal = error.recipients[0]
            raise MailFailed(
                "{server} refused {recipient}: {code} {text}",
                permanent=refusal.code in PERMANENT,
                server=self.server,
                recipient=recipient,
                code=refusal.code,
                text=refusal.message,
            ) from error
        except SMTPResponseException as error:
            raise MailFailed(
                "{server} refused the message: {code} {text}",
                permanent=error.code in PERMANENT,
                server=self.server,
                code=error.code,
                text=error.message,
            ) from error
        except ssl.SSLError as error:
            raise MailServerDown(
                "{server} has a certificate that is not trusted: {why}",
                server=self.server,
                why=getattr(error, "verify_message", "") or str(error.reason),
            ) from error
        except (SMTPException, OSError) as error:
            self.client.close()
            raise MailServerDown(
                "{server} does not answer: {why}",
                server=self.server,
                why=str(error) or type(error).__name__,
            ) from error


@dataclass(frozen=True, slots=True)
class CaptureMailer:
    """Keeps every message in a Maildir folder; nothing leaves."""

    folder: Path

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        yield self

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        del sender, recipient
        open_maildir(self.folder).add(message)


def open_maildir(folder: Path) -> mailbox.Maildir:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return mailbox.Maildir(folder, create=True)
