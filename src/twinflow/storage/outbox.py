"""What is to be told: findings, alerts, and the messages that carry them. Claims are conditional updates that expire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import func, insert, text, update
from sqlmodel import Session, col, select

from twinflow.domain.findings import Finding, FindingCode
from twinflow.domain.letters import ClaimedMessage, OutboxMessage
from twinflow.errors import NotFound
from twinflow.storage.engine import upsert
from twinflow.storage.tables import AlertRow, FindingRow, OutboxRow

DIGESTS = 0x7477696E
"""The advisory lock of those who write into digests."""


@dataclass(frozen=True, slots=True)
class UntoldFinding:
    id: int
    agreement_id: int
    finding: Finding
    occurrence: int


class Outbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    # findings

    def replace_findings(self, agreement_id: int, found: Iterable[Finding], now: datetime) -> None:
        """Open what is new, settle what is gone. What was settled and comes back is told again."""
        rows = self._session.exec(select(FindingRow).where(FindingRow.agreement_id == agreement_id)).all()
        present = {(finding.code.value, finding.subject) for finding in found}
        for row in rows:
            key = (row.code, row.subject)
            if key in present and row.settled_at is not None:
                row.found_at, row.told_at, row.settled_at = now, None, None
                row.occurrence += 1
            elif key not in present and row.settled_at is None:
                row.settled_at = now
            present.discard(key)
        for code, subject in sorted(present):
            self._session.add(FindingRow(agreement_id=agreement_id, code=code, subject=subject, found_at=now))

    def untold_findings(self, agreement_id: int | None = None) -> list[UntoldFinding]:
        """The findings that nobody was told of, of all agreements or of one."""
        query = select(FindingRow).where(col(FindingRow.told_at).is_(None), col(FindingRow.settled_at).is_(None))
        if agreement_id is not None:
            query = query.where(FindingRow.agreement_id == agreement_id)
        rows = self._session.exec(query.order_by(col(FindingRow.id)))
        return [
            UntoldFinding(row.id, row.agreement_id, Finding(FindingCode(row.code), row.subject), row.occurrence)
            for row in rows
            if row.id is not None
        ]

    def mark_told(self, finding_id: int, now: datetime) -> None:
        self._session.get_one(FindingRow, finding_id).told_at = now

    # alerts

    def alerted(self, agreement_id: int, subject: str, occurrence: int) -> set[tuple[str, str]]:
        """The (level, recipient) pairs that were told already."""
        rows = self._session.exec(
            select(AlertRow.level, AlertRow.recipient).where(
                AlertRow.agreement_id == agreement_id, AlertRow.subject == subject, AlertRow.occurrence == occurrence
            )
        )
        return set(rows)

    def fired(self, agreement_id: int, subject: str, occurrence: int) -> dict[str, date]:
        """The levels that were told to anybody, each with its day."""
        query = select(AlertRow.level, col(AlertRow.effective_on)).where(
            AlertRow.agreement_id == agreement_id, AlertRow.subject == subject, AlertRow.occurrence == occurrence
        )
        return dict(self._session.exec(query).all())

    def add_alert(self, alert: AlertRow) -> None:
        self._session.add(alert)

    def open_digest(self, recipient: str, message_id: str, now: datetime) -> int:
        """The queued digest of the person, made with `message_id` if there is none; held until the transaction ends.

        A mailer that wants to claim it meanwhile waits, so no alert joins a message that is already gone. On PostgreSQL
        one transaction at a time writes into digests: two that tell the same people in another order would deadlock.
        """
        connection = self._session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(DIGESTS)))
        statement = (
            upsert(connection, OutboxRow)
            .values(**_new_message(recipient, message_id, now, digest=True))
            .on_conflict_do_update(
                index_elements=["recipient"],
                index_where=text("digest AND state = 'queued'"),
                set_={"recipient": recipient},
            )
            .returning(col(OutboxRow.id))
        )
        return int(connection.execute(statement).scalar_one() or 0)

    def add_message(self, recipient: str, message_id: str, now: datetime) -> int:
        """A message of its own, to be sent at once."""
        statement = insert(OutboxRow).values(**_new_message(recipient, message_id, now, digest=False))
        return int(self._session.connection().execute(statement.returning(col(OutboxRow.id))).scalar_one() or 0)

    def alerts_of(self, outbox_id: int) -> Sequence[AlertRow]:
        """What a message tells, oldest first."""
        return self._session.exec(
            select(AlertRow).where(AlertRow.outbox_id == outbox_id).order_by(col(AlertRow.id))
        ).all()

    # messages

    def due(self, now: datetime) -> list[int]:
        rows = self._session.exec(
            select(OutboxRow.id).where(col(OutboxRow.next_attempt_at) <= now).order_by(col(OutboxRow.id))
        )
        return [found for found in rows if found is not None]

    def claim(self, outbox_id: int, now: datetime, lease_until: datetime) -> ClaimedMessage | None:
        """Take a due message until `lease_until`: a mailer that dies gives it back by then. None if somebody else has it."""
        changed = self._session.connection().execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == outbox_id, col(OutboxRow.next_attempt_at) <= now)
            .values(next_attempt_at=lease_until, state="sending", attempts=col(OutboxRow.attempts) + 1)
        )
        if changed.rowcount != 1:
            return None
        row = self._session.get_one(OutboxRow, outbox_id)
        return ClaimedMessage(outbox_id, row.message_id, row.recipient, row.attempts, row.created_at, row.content)

    def keep_content(self, outbox_id: int, subject: str, content: bytes) -> None:
        row = self._session.get_one(OutboxRow, outbox_id)
        row.subject, row.content = subject, content

    def settle(
        self,
        claimed: ClaimedMessage,
        state: str,
        now: datetime,
        *,
        error: str = "",
        next_attempt_at: datetime | None = None,
    ) -> None:
        """`sent`, `failed` and `dropped` are final; `retrying` comes back at `next_attempt_at`.

        Who claimed it later has the last word: a mailer whose lease has ended settles nothing.
        """
        self._session.connection().execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == claimed.id, col(OutboxRow.attempts) == claimed.attempts)
            .values(
                state=state,
                error=error,
                next_attempt_at=next_attempt_at,
                settled_at=None if next_attempt_at is not None else now,
            )
        )

    def messages(self, state: str | None = None) -> list[OutboxMessage]:
        """All messages, or those in one state, oldest first."""
        names = [field.name for field in fields(OutboxMessage)]
        query = select(*(getattr(OutboxRow, name) for name in names)).order_by(col(OutboxRow.id))
        if state is not None:
            query = query.where(OutboxRow.state == state)
        return [OutboxMessage(*row) for row in self._session.exec(query)]

    def counts(self) -> dict[str, int]:
        """How many messages are in each state."""
        query = select(OutboxRow.state, func.count()).group_by(OutboxRow.state)
        return dict(self._session.exec(query).all())

    def content(self, outbox_id: int) -> bytes | None:
        """The message as built, None if it has not been. Raises NotFound."""
        row = self._session.get(OutboxRow, outbox_id)
        if row is None:
            raise NotFound("There is no message {id}.", id=outbox_id)
        return row.content

    def retry(self, outbox_id: int, now: datetime) -> bool:
        """Put a failed or waiting message back to be sent now; False if it is being sent, was sent or dropped."""
        changed = self._session.connection().execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == outbox_id, col(OutboxRow.state).in_(["failed", "retrying"]))
            .values(state="retrying", next_attempt_at=now, settled_at=None)
        )
        return bool(changed.rowcount == 1)


def _new_message(recipient: str, message_id: str, now: datetime, *, digest: bool) -> dict[str, object]:
    return {
        "message_id": message_id,
        "recipient": recipient,
        "digest": digest,
        "state": "queued",
        "created_at": now,
        "attempts": 0,
        "next_attempt_at": now,
        "error": "",
        "subject": "",
    }
