"""Mail out: claim, compose, send, settle; each message on its own. And one pass of everything, for `tick` and the timetable."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError

from jinja2 import TemplateError
from sqlalchemy import Engine

from twinflow.domain.letters import ClaimedMessage
from twinflow.domain.library import Library
from twinflow.errors import DefinitionChanged, MailFailed, MailServerDown, Message, NotFound
from twinflow.mail.mailer import Connection
from twinflow.mail.post import Post
from twinflow.services import outbox
from twinflow.services.sweep import SweepResult, sweep

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many messages were sent, and why others were not; how many wait for another try, and were given up, by now."""

    sent: int
    dropped: int
    failures: tuple[Message, ...]
    waiting: int = 0
    undelivered: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    sweep: SweepResult
    delivery: Delivery


def tick(engine: Engine, library: Library, post: Post, clock: Callable[[], datetime]) -> Pass:
    """One pass: sweep, then send what is due. `clock` gives the present instant in UTC."""
    swept = sweep(engine, library, clock())
    return Pass(swept, asyncio.run(deliver(engine, library, post, clock)))


async def deliver(engine: Engine, library: Library, post: Post, clock: Callable[[], datetime]) -> Delivery:
    """Send every message that is due. No transaction is open while the mail server is spoken to.

    Each message fails on its own; only a server that does not answer ends the pass, and the rest waits for the next.
    """
    sent, dropped = 0, 0
    failures: list[Message] = []
    async with post.mailer.connect() as connection:
        for outbox_id in outbox.due(engine, clock()):
            claimed = outbox.claim(engine, outbox_id, clock())
            if claimed is None:
                continue
            try:
                async with asyncio.timeout(outbox.SENDING_LIMIT.total_seconds()):
                    has_been_sent = await _send(engine, library, post, connection, claimed, clock())
                outbox.settle_sent(engine, claimed, clock(), dropped=not has_been_sent)
                sent += has_been_sent
                dropped += not has_been_sent
            except TimeoutError:
                failures.append(_out_of_time(engine, claimed, clock()))
                break
            except MailFailed as failure:
                gave_up = outbox.settle_failed(engine, claimed, clock(), failure)
                log.warning(
                    "message %s: %s%s", claimed.id, failure, "; given up" if gave_up else "; will be tried again"
                )
                failures.append(failure.message)
                if isinstance(failure, MailServerDown):
                    break
    counts = outbox.counts(engine)
    waiting = sum(counts.get(state, 0) for state in ("queued", "sending", "retrying"))
    return Delivery(sent, dropped, tuple(failures), waiting, counts.get("failed", 0))


def _out_of_time(engine: Engine, claimed: ClaimedMessage, now: datetime) -> Message:
    """A server that answers, but so slowly that the lease would end before it is done."""
    failure = MailServerDown("Message {id}: the mail server is too slow.", id=claimed.id)
    outbox.settle_failed(engine, claimed, now, failure)
    return failure.message


async def _send(
    engine: Engine, library: Library, post: Post, connection: Connection, claimed: ClaimedMessage, now: datetime
) -> bool:
    """Send one message; False if there is nothing left to say."""
    try:
        content = claimed.content or _built(engine, library, post, claimed, now)
        address = library.person(claimed.recipient).mail
    except (NotFound, DefinitionChanged, TemplateError, ValueError, MessageError) as error:
        raise MailFailed(
            "Message {id} cannot be written: {why}", permanent=True, id=claimed.id, why=str(error)
        ) from error
    if content is not None:
        await connection.send(post.sender, address, content)
    return content is not None


def _built(engine: Engine, library: Library, post: Post, claimed: ClaimedMessage, now: datetime) -> bytes | None:
    """The message as bytes, built once and kept: a retry sends the same. None if there is nothing left to say."""
    letter = outbox.letter(engine, library, claimed, now)
    if letter is None:
        return None
    subject, content = post.composer.compose(letter, message_id=claimed.message_id, created_at=claimed.created_at)
    outbox.keep_content(engine, claimed.id, subject, content)
    return content
