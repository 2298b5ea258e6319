"""Mail out: claim, compose, send, settle; each message on its own. And one pass of everything, for `tick` and the timetable."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.library import Library
from twinflow.errors import MailFailed, Message
from twinflow.mail.compose import Composer
from twinflow.mail.mailer import Connection, Mailer
from twinflow.services import outbox
from twinflow.services.sweep import SweepResult, sweep
from twinflow.storage.outbox import Claimed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """What mail needs: words, a way out, and the address it comes from."""

    composer: Composer
    mailer: Mailer
    sender: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many messages were sent, and why others were not."""

    sent: int
    dropped: int
    failures: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Pass:
    sweep: SweepResult
    delivery: Delivery


def tick(engine: Engine, library: Library, post: Post, clock: Callable[[], datetime]) -> Pass:
    """One pass: sweep, then send what is due. `clock` gives the present instant in UTC."""
    swept = sweep(engine, library, clock())
    return Pass(swept, asyncio.run(deliver(engine, library, post, clock)))


async def deliver(engine: Engine, library: Library, post: Post, clock: Callable[[], datetime]) -> Delivery:
    """Send every message that is due. No transaction is open while the mail server is spoken to."""
    sent, dropped = 0, 0
    failures: list[Message] = []
    async with post.mailer.connect() as connection:
        for outbox_id in outbox.due(engine, clock()):
            claimed = outbox.claim(engine, outbox_id, clock())
            if claimed is None:
                continue
            try:
                if await _send(engine, library, post, connection, claimed, clock()):
                    outbox.settle_sent(engine, claimed.id, clock())
                    sent += 1
                else:
                    outbox.settle_dropped(engine, claimed.id, clock(), "every reason for it has gone")
                    dropped += 1
            except MailFailed as failure:
                gave_up = outbox.settle_failed(engine, claimed, clock(), failure)
                log.warning(
                    "message %s: %s%s", claimed.id, failure, "; given up" if gave_up else "; will be tried again"
                )
                failures.append(failure.message)
    return Delivery(sent, dropped, tuple(failures))


async def _send(
    engine: Engine, library: Library, post: Post, connection: Connection, claimed: Claimed, now: datetime
) -> bool:
    """Send one message; False if there is nothing left to say. Built once: a retry sends the same bytes."""
    content = claimed.content
    if content is None:
        letter = outbox.letter(engine, library, claimed, now)
        if letter is None:
            return False
        subject, content = post.composer.compose(letter, message_id=claimed.message_id, created_at=claimed.created_at)
        outbox.keep_content(engine, claimed.id, subject, content)
    await connection.send(post.sender, library.person(claimed.recipient).mail, content)
    return True
