"""Mail out: a batch is claimed, built, handed over on several connections, settled, while the next one is got ready.

No transaction is open while the mail server is spoken to. What a batch says is kept before the first of it leaves: of a mailer
that dies, the messages of that one batch are in doubt, may come twice, and are marked. Whatever goes wrong with one message
is that message's failure.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from jinja2 import TemplateNotFound, TemplateSyntaxError
from sqlalchemy import Engine

from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.mail.letter import Letter
from twinflow.domain.mail.message import NOTHING_LEFT, ClaimedMessage, Message, MessageState, Settlement
from twinflow.domain.mail.retries import after_failure
from twinflow.domain.mail.return_path import return_tag
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import EnvironmentFailed, MailFailed, MailServerDown
from twinflow.language import say
from twinflow.mail.mailer import Connection
from twinflow.mail.post import Post
from twinflow.sentences import Sentence
from twinflow.services.accounts import letters as account_letters
from twinflow.services.alerts import incidents
from twinflow.services.mail import outbox, received
from twinflow.services.mail.letters import Letters, letters
from twinflow.services.mail.restored_backup import may_send

log = logging.getLogger(__name__)

FOR_EACH_CONNECTION = 8
"""Messages of a batch. Larger batches cost less and are longer in doubt when a mailer dies."""

MINUTES_AHEAD = 2
"""Where so many messages a minute are allowed, a batch is no larger than what leaves in this time: leases are short."""


@dataclass(slots=True)
class Delivery:
    """How many messages were sent, and why others were not; how many wait for another try, and were given up, by now.

    `troubles` are those of the failures that messages do not keep themselves.
    """

    sent: int = 0
    dropped: int = 0
    failures: tuple[Sentence, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    waiting: int = 0
    undelivered: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed message with what it says if that was written just now, or with what became of it already."""

    message: ClaimedMessage
    built: Message | None = None
    settled: Settlement | None = None

    @property
    def content(self) -> bytes:
        return self.built.content if self.built is not None else self.message.content or b""


def _never() -> bool:
    return False


@dataclass(slots=True)
class Sender:
    """One pass of sending. `stopping` is asked before each message: what has not begun then is given back."""

    engine: Engine
    rulebook: Rulebook
    people: People
    post: Post
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = _never
    unreadable: dict[str, Sentence] = field(default_factory=dict)
    """Of the agreements of which nothing could be said, by reference."""
    return_key: str = field(default="", repr=False)
    """Of the database; read before anything is sent."""

    async def deliver(self) -> Delivery:
        """Send every message that is due. Each fails on its own; only a server that takes no part ends the pass."""
        delivery = Delivery()
        held = may_send(self.engine, self.post.state_file, self.clock())
        if held is not None:
            delivery.troubles = (Trouble("held", held),)
        else:
            self.return_key = received.return_key(self.engine)
            async with self.post.mailer.connect() as connections:
                await self._deliver(connections, delivery)
                await self._deliver_account_letters(connections, delivery)
            untold = incidents.tell_incidents(self.engine, self.rulebook, self.people, self.clock())
            delivery.troubles += tuple(untold)
        delivery.failures += (*self.unreadable.values(), *(each.sentence for each in delivery.troubles))
        counts = outbox.counts(self.engine)
        delivery.waiting, delivery.undelivered = outbox.waiting(counts), outbox.undelivered(counts)
        return delivery

    async def _deliver(self, connections: list[Connection], delivery: Delivery) -> None:
        size = FOR_EACH_CONNECTION * len(connections)
        if self.post.mailer.per_minute:
            size = min(size, MINUTES_AHEAD * self.post.mailer.per_minute)
        ready = self._getting_ready(size)
        try:
            while not self.stopping() and (batch := await ready):
                ready = self._getting_ready(size)
                await asyncio.to_thread(outbox.keep_content, self.engine, _built(batch))
                settlements, untried, down = await self._send_all(connections, batch)
                await asyncio.to_thread(self._settle, settlements, delivery)
                await asyncio.to_thread(outbox.give_back, self.engine, untried, self.clock())
                if down is not None:
                    break
        finally:
            left = await asyncio.gather(ready, return_exceptions=True)
            unsent = [each.message for each in left[0]] if isinstance(left[0], list) else []
            await asyncio.to_thread(outbox.give_back, self.engine, unsent, self.clock())

    async def _deliver_account_letters(self, connections: list[Connection], delivery: Delivery) -> None:
        """Letters with links are never kept as built; one that cannot be sent is written anew at a later pass."""
        for letter_id in await asyncio.to_thread(account_letters.due, self.engine, self.clock()):
            try:
                if not self.stopping() and await self._send_account_letter(connections[0], letter_id):
                    delivery.sent += 1
            except MailFailed as failure:
                log.warning("letter %s about an account: %s", letter_id, failure)
                if failure.permanent:
                    await asyncio.to_thread(account_letters.forget, self.engine, letter_id)
            except EnvironmentFailed:
                raise
            except Exception:
                log.exception("letter %s about an account cannot be written", letter_id)
                await asyncio.to_thread(account_letters.forget, self.engine, letter_id)

    async def _send_account_letter(self, connection: Connection, letter_id: int) -> bool:
        letter = await asyncio.to_thread(account_letters.write, self.engine, self.people, letter_id, self.clock())
        if letter is None:
            return False
        person, composer = letter.person, self.post.composer
        link = composer.page(letter.path) if letter.path else ""
        words = (say(letter.before, person.language), link, say(letter.after, person.language))
        content = composer.compose_plain(
            person,
            say(letter.subject, person.language),
            "".join(f"{each}\n\n" for each in words if each),
            message_id=secrets.token_hex(16),
            created_at=self.clock(),
        )
        await connection.turn()
        await connection.send(self.post.return_path, self.post.redirect_all_to or person.mail, content)
        await asyncio.to_thread(account_letters.forget, self.engine, letter_id)
        return True

    def _getting_ready(self, size: int) -> "asyncio.Task[list[Prepared]]":
        return asyncio.create_task(asyncio.to_thread(self._prepare, size))

    def _prepare(self, size: int) -> list[Prepared]:
        """The next messages, each with its bytes, or with what became of it already."""
        claimed = outbox.claim_batch(self.engine, self.rulebook, self.people, self.clock(), size)
        try:
            said = self._letters([message for message in claimed if message.content is None])
        except EnvironmentFailed:
            with suppress(EnvironmentFailed):  # else their leases end by themselves
                outbox.give_back(self.engine, claimed, self.clock())
            raise
        return [self._prepared(message, said) for message in claimed]

    def _letters(self, messages: Sequence[ClaimedMessage]) -> Letters:
        """What each says. Where they cannot be read together, each is read alone, so that one does not hold the others up.

        Raises EnvironmentFailed: that the database does not answer is no failure of any message.
        """
        if not messages:
            return {}
        try:
            written = letters(self.engine, self.rulebook, self.people, messages, self.clock())
        except EnvironmentFailed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes the failure of the message it is about
            if len(messages) == 1:
                return {messages[0].id: error}
            return {message.id: self._letters([message])[message.id] for message in messages}
        self.unreadable |= {error.reference: error.message for error in written.unreadable}
        return written.letters

    def _prepared(self, message: ClaimedMessage, said: Letters) -> Prepared:
        if message.content is not None:
            return Prepared(message)
        letter = said[message.id]
        if letter is None:
            return Prepared(message, settled=Settlement(message, MessageState.DROPPED, error=NOTHING_LEFT))
        try:
            return Prepared(message, self._built(message, letter))
        except MailFailed as failure:
            return Prepared(message, settled=after_failure(message, failure, self.clock()))

    def _built(self, message: ClaimedMessage, letter: Letter | Exception) -> Message:
        """Raises MailFailed for what cannot be written, whatever is wrong with it. Only damaged words are worth another try."""
        try:
            if isinstance(letter, Exception):
                raise letter
            # in a rehearsal the link would switch off what the real reader gets
            token = "" if self.post.redirect_all_to else secrets.token_urlsafe(32)
            return self.post.composer.compose(
                letter, message_id=message.message_id, created_at=message.first_attempt_at, unsubscribe_token=token
            )
        except Exception as error:
            log.exception("message %s cannot be written", message.id)
            why = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
            mendable = isinstance(error, TemplateNotFound | TemplateSyntaxError)
            raise MailFailed(
                "Message {id} cannot be written: {why}", permanent=not mendable, id=message.id, why=why
            ) from error

    async def _send_all(
        self, connections: list[Connection], batch: list[Prepared]
    ) -> tuple[list[Settlement], list[ClaimedMessage], MailServerDown | None]:
        """Hand the batch over, side by side: what became of each, which were not tried, and why nothing more is taken.

        A connection that the server does not grant leaves its work to the others.
        """
        settled = [each.settled for each in batch if each.settled is not None]
        waiting = deque(each for each in batch if each.settled is None)
        untried: list[ClaimedMessage] = []

        async def work(connection: Connection) -> MailServerDown | None:
            while waiting and not self.stopping():
                each = waiting.popleft()
                try:
                    outcome = await self._send(connection, each)
                except MailServerDown as down:
                    if down.doubtful:
                        settled.append(after_failure(each.message, down, self.clock()))
                    else:
                        waiting.appendleft(each)
                    return down
                if outcome is None:
                    untried.append(each.message)
                else:
                    settled.append(outcome)
            return None

        granted, down = connections, None
        while waiting and granted and not self.stopping():
            downs = await asyncio.gather(*(work(connection) for connection in granted))
            down = next((each for each in downs if each is not None), down)
            granted = [connection for connection, failed in zip(granted, downs, strict=True) if failed is None]
        if waiting and down is not None and not granted:
            settled += [self._never_left(each, down) for each in waiting]
            return settled, untried, down
        return settled, untried + [each.message for each in waiting], None

    def _never_left(self, each: Prepared, down: MailServerDown) -> Settlement:
        """The server heard nothing of it: nothing is in doubt, and what was written just now is written anew next time."""
        settled = after_failure(each.message, down, self.clock())
        return replace(settled, doubtful=False, unbuilt=each.built is not None)

    async def _send(self, connection: Connection, each: Prepared) -> Settlement | None:
        """What became of it; None if it was not tried, as its lease would have ended meanwhile. Raises MailServerDown."""
        message = each.message
        await connection.turn()
        if self.clock() > message.lease_until - outbox.SENDING_LIMIT:
            return None
        try:
            address = self.post.redirect_all_to or self.people.reader(message.recipient).mail
            async with asyncio.timeout(outbox.SENDING_LIMIT.total_seconds()):
                sender = self.post.envelope_sender(return_tag(self.return_key, message.id, message.message_id))
                await connection.send(sender, address, each.content)
        except TimeoutError:
            failure = MailFailed("Message {id}: the mail server is too slow.", doubtful=True, id=message.id)
            await connection.close()
        except MailServerDown:
            raise
        except MailFailed as refused:
            failure = refused
        except Exception as error:
            log.exception("message %s cannot be sent", message.id)
            why = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
            failure = MailFailed(
                "Message {id} cannot be sent: {why}", permanent=True, doubtful=True, id=message.id, why=why
            )
            await connection.close()
        else:
            state = MessageState.POSSIBLE_DUPLICATE if message.doubtful else MessageState.ACCEPTED
            return Settlement(message, state, sent_to="" if self.post.captures else address)
        return after_failure(message, failure, self.clock())

    def _settle(self, settlements: list[Settlement], delivery: Delivery) -> None:
        outbox.settle(self.engine, settlements, self.clock())
        for each in settlements:
            if each.state in {MessageState.ACCEPTED, MessageState.POSSIBLE_DUPLICATE}:
                delivery.sent += 1
            elif each.state is MessageState.DROPPED:
                delivery.dropped += 1
            elif each.error is not None:
                again = "will be tried again" if each.next_attempt_at else "given up"
                log.warning("message %s: %s; %s", each.claimed.id, each.error, again)
                if each.error not in delivery.failures:
                    delivery.failures = (*delivery.failures, each.error)


def _built(batch: Iterable[Prepared]) -> dict[int, Message]:
    return {each.message.id: each.built for each in batch if each.built is not None}
