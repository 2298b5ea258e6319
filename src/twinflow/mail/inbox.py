"""Captured messages, for the inbox page, and the SMTP server on loopback that captures them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from aiosmtpd.handlers import Mailbox

from twinflow.mail.loopback import ListeningController
from twinflow.mail.mailer import open_maildir


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    key: str
    subject: str
    sender: str
    recipient: str
    sent_at: datetime
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str

    @property
    def message_id(self) -> str:
        """What stands before the @ of its Message-ID."""
        return dict(self.headers).get("Message-ID", "").strip("<>").partition("@")[0]


def captured_messages(folder: Path) -> list[CapturedMessage]:
    """Newest first; nothing where nothing was captured yet."""
    if not folder.is_dir():
        return []
    box = open_maildir(folder)
    messages = [_read(key, box.get_bytes(key)) for key in box.keys()]  # noqa: SIM118 - a Maildir iterates over messages
    return sorted(messages, key=lambda message: (message.sent_at, message.key), reverse=True)


def captured_message(folder: Path, key: str) -> CapturedMessage | None:
    """One message by its key; None if there is no such message."""
    if not folder.is_dir():
        return None
    try:
        return _read(key, open_maildir(folder).get_bytes(key))
    except KeyError:
        return None


def _read(key: str, content: bytes) -> CapturedMessage:
    message: EmailMessage = BytesParser(policy=policy.default).parsebytes(content)
    return CapturedMessage(
        key=key,
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        recipient=str(message["To"]),
        sent_at=_sent_at(message),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _sent_at(message: EmailMessage) -> datetime:
    """The Date header; the beginning of time where there is none that can be read."""
    try:
        return parsedate_to_datetime(str(message["Date"])).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


@contextmanager
def capture_server(folder: Path, listener: socket.socket) -> Iterator[None]:
    """A real SMTP server that keeps what it gets in `folder`."""
    open_maildir(folder)
    controller = ListeningController(Mailbox(folder), listener)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
