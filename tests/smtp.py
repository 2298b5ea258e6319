"""A real SMTP server on loopback that keeps what it gets and misbehaves where a test asks it to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from socket import socket
from typing import Any

from aiosmtpd.controller import Controller

from twinflow.config import MailSettings

ACCEPT = "250 OK"


@dataclass
class RecordingServer:
    """`answer_to_recipient` and `answer_to_data` decide what the server says. `senders` are those of the envelopes."""

    port: int
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    answer_to_sender: str = ""
    answer_to_recipient: Callable[[str], str] = lambda _: ACCEPT
    answer_to_data: Callable[[], str] = lambda: ACCEPT

    @property
    def settings(self) -> MailSettings:
        return MailSettings(
            host="127.0.0.1", port=self.port, tls="none", sender="twinflow@test.example", timeout_seconds=5
        )

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.answer_to_sender:
            return self.answer_to_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPT

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answer_to_recipient(address)
        if answer == ACCEPT:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answer_to_data()
        if answer == ACCEPT:
            message = BytesParser(policy=policy.default).parsebytes(envelope.content)
            self.received.append((list(envelope.rcpt_tos), message))
            self.senders.append(envelope.mail_from)
        return answer


@contextmanager
def recording_server(**security: Any) -> Iterator[RecordingServer]:
    """`security` goes to the server as it is: a TLS context, an authenticator."""
    server = RecordingServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **security)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
