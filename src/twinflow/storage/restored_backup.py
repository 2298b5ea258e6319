"""The count of sending passes, and what waits to be sent."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, update
from sqlmodel import col, select

from twinflow.domain.mail.message import WAITING, MessageState
from twinflow.sentences import Sentence, packed
from twinflow.storage.tables import MailStateRow, OutboxRow
from twinflow.storage.writes import Repository


@dataclass(frozen=True, slots=True)
class Count:
    """What a database is known by, and what it has counted of its sending passes."""

    database: str
    passes: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages wait for one person, and since when the oldest (UTC)."""

    recipient: str
    messages: int
    since: datetime


class RestoredBackup(Repository):
    def current(self, *, held: bool = False) -> Count:
        """`held`: nobody else counts until the transaction ends."""
        query = select(MailStateRow)
        row = self._connection.execute(query.with_for_update() if held else query).one()
        return Count(row.database, row.passes)

    def count(self, passes: int) -> None:
        self._connection.execute(update(MailStateRow).values(passes=passes))

    def begin_anew(self) -> str:
        """Be known by another name: the database that this one was restored from may still be somewhere."""
        name = uuid.uuid4().hex
        self._connection.execute(update(MailStateRow).values(database=name))
        return name

    def hold(self) -> None:
        """Be one from which mail has been sent, and not by any machine that is known: whatever stands here now."""
        self._connection.execute(delete(MailStateRow))
        self._connection.execute(insert(MailStateRow).values(database=uuid.uuid4().hex, passes=1))

    def has_due(self, now: datetime) -> bool:
        """Whether there is a message to send now."""
        query = select(OutboxRow.id).where(col(OutboxRow.next_attempt_at) <= now).limit(1)
        return self._connection.execute(query).first() is not None

    def has_leased(self) -> bool:
        """Whether a mailer has taken a message and not settled it."""
        query = select(OutboxRow.id).where(OutboxRow.state == MessageState.LEASED.value).limit(1)
        return self._connection.execute(query).first() is not None

    def waiting(self) -> list[Waiting]:
        """What is not settled, by person."""
        query = (
            select(OutboxRow.recipient, func.count(), func.min(OutboxRow.created_at))
            .where(col(OutboxRow.state).in_([state.value for state in WAITING]))
            .group_by(col(OutboxRow.recipient))
            .order_by(col(OutboxRow.recipient))
        )
        return [Waiting(*row) for row in self._connection.execute(query)]

    def cancel_waiting(self, reason: Sentence, now: datetime) -> int:
        """Nothing that waits will be sent; how many messages that were. The mornings of digests are free for others."""
        changed = self._connection.execute(
            update(OutboxRow)
            .where(col(OutboxRow.state).in_([state.value for state in WAITING]))
            .values(
                state=MessageState.CANCELLED.value,
                settled_at=now,
                next_attempt_at=None,
                digest_on=None,
                error=packed(reason),
            )
        )
        return int(changed.rowcount)
