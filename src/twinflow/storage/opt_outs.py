"""Optional notices that people do not want by mail, and the messages that brought them there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, delete, select

from twinflow.storage.engine import upsert
from twinflow.storage.readable import text_in
from twinflow.storage.tables import AlertRow, OptOutRow, OutboxRow
from twinflow.storage.writes import Repository


@dataclass(frozen=True, slots=True)
class Mailed:
    """Who got a message, which notices it brought, and when (UTC)."""

    recipient: str
    notices: tuple[str, ...]
    built_at: datetime | None


class OptOuts(Repository):
    def of(self, person: str) -> frozenset[str]:
        """The keys of the notices that the person has switched off."""
        return frozenset(self._connection.scalars(select(OptOutRow.notice).where(OptOutRow.person == person)))

    def all(self) -> list[tuple[str, str]]:
        """Who does without which notice."""
        rows = self._connection.execute(select(OptOutRow.person, OptOutRow.notice))
        return [(text_in(person), text_in(notice)) for person, notice in rows]

    def switch_off(self, person: str, notices: Iterable[str], now: datetime) -> None:
        """What is off already stays off since when it was."""
        for notice in notices:
            row = {"person": person, "notice": notice, "off_at": now}
            self._connection.execute(upsert(self._connection, OptOutRow).values(**row).on_conflict_do_nothing())

    def switch_on(self, person: str, notices: Iterable[str], since: datetime | None = None) -> None:
        """`since`: only what was switched off from then on (UTC)."""
        statement = delete(OptOutRow).where(col(OptOutRow.person) == person, col(OptOutRow.notice).in_(list(notices)))
        if since is not None:
            statement = statement.where(col(OptOutRow.off_at) >= since)
        self._connection.execute(statement)

    def mailed(self, unsubscribe_hash: str) -> Mailed | None:
        """The message with a token of that SHA-256; None if there is none."""
        columns = select(OutboxRow.id, OutboxRow.recipient, OutboxRow.first_attempt_at)
        query = columns.where(OutboxRow.unsubscribe_hash == unsubscribe_hash)
        found = self._connection.execute(query).first()
        if found is None:
            return None
        notices = select(AlertRow.notice).where(AlertRow.outbox_id == found[0]).distinct().order_by(AlertRow.notice)
        return Mailed(found[1], tuple(self._connection.scalars(notices)), found[2])
