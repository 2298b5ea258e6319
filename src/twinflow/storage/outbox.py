"""What is to be told: findings, alerts, and the messages that carry them. Claims are conditional updates that expire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from twinflow.domain.findings import Finding, FindingCode
from twinflow.domain.letters import ClaimedMessage, OutboxMessage
from twinflow.storage.tables import AlertRow, FindingRow, OutboxRow


@dataclass(frozen=True, slots=True)
class UntoldFinding:
    id: int
    agreement_id: int
    finding: Finding


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
            elif key not in present and row.settled_at is None:
                row.settled_at = now
            present.discard(key)
        for code, subject in sorted(present):
            self._session.add(FindingRow(agreement_id=agreement_id, code=code, subject=subject, found_at=now))

    def untold_findings(self) -> list[UntoldFinding]:
        rows = self._session.exec(
            select(FindingRow)
            .where(col(FindingRow.told_at).is_(None), col(FindingRow.settled_at).is_(None))
            .order_by(col(FindingRow.agreement_id), col(FindingRow.id))
        )
        return [
            UntoldFinding(row.id, row.agreement_id, Finding(FindingCode(row.code), row.subject))
            for row in rows
            if row.id is not None
        ]

    def claim_finding(self, finding_id: int, now: datetime) -> bool:
        changed = self._session.connection().execute(
            update(FindingRow)
            .where(col(FindingRow.id) == finding_id, col(FindingRow.told_at).is_(None))
            .values(told_at=now)
        )
        return bool(changed.rowcount == 1)

    # alerts

    def alerted(self, agreement_id: int, subject: str, occurrence: int) -> set[tuple[str, str]]:
        """The (level, recipient) pairs that were told already."""
        rows = self._session.exec(
            select(AlertRow.level, AlertRow.recipient).where(
                AlertRow.agreement_id == agreement_id, AlertRow.subject == subject, AlertRow.occurrence == occurrence
            )
        )
        return set(rows)

    def add_alert(self, alert: AlertRow) -> None:
        self._session.add(alert)

    def open_digest(self, recipient: str, message_id: str, now: datetime) -> int:
        """The queued digest of the person, made with `message_id` if there is none."""
        query = select(OutboxRow.id).where(
            OutboxRow.recipient == recipient, col(OutboxRow.digest).is_(True), OutboxRow.state == "queued"
        )
        found = self._session.exec(query).first()
        return found if found is not None else self.add_message(recipient, message_id, now, digest=True)

    def add_message(self, recipient: str, message_id: str, now: datetime, *, digest: bool = False) -> int:
        row = OutboxRow(
            message_id=message_id,
            recipient=recipient,
            digest=digest,
            state="queued",
            created_at=now,
            next_attempt_at=now,
        )
        self._session.add(row)
        self._session.flush()
        assert row.id is not None
        return row.id

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
            .values(next_attempt_at=lease_until, state="retrying", attempts=col(OutboxRow.attempts) + 1)
        )
        if changed.rowcount != 1:
            return None
        row = self._session.get_one(OutboxRow, outbox_id)
        return ClaimedMessage(
            outbox_id, row.message_id, row.recipient, row.digest, row.attempts, row.created_at, row.content
        )

    def keep_content(self, outbox_id: int, subject: str, content: bytes) -> None:
        row = self._session.get_one(OutboxRow, outbox_id)
        row.subject, row.content = subject, content

    def settle(
        self, outbox_id: int, state: str, now: datetime, *, error: str = "", next_attempt_at: datetime | None = None
    ) -> None:
        """`sent`, `failed` and `dropped` are final; `retrying` comes back at `next_attempt_at`."""
        row = self._session.get_one(OutboxRow, outbox_id)
        row.state, row.error, row.next_attempt_at = state, error, next_attempt_at
        row.settled_at = None if next_attempt_at is not None else now

    def messages(self, state: str | None = None) -> list[OutboxMessage]:
        """All messages, or those in one state, oldest first."""
        query = select(OutboxRow).order_by(col(OutboxRow.id))
        if state is not None:
            query = query.where(OutboxRow.state == state)
        return [OutboxMessage(**row.model_dump()) for row in self._session.exec(query)]

    def retry(self, outbox_id: int, now: datetime) -> bool:
        """Put a failed or waiting message back to be sent now; False if it was sent or dropped."""
        changed = self._session.connection().execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == outbox_id, col(OutboxRow.state).in_(["failed", "retrying"]))
            .values(state="retrying", next_attempt_at=now, settled_at=None)
        )
        return bool(changed.rowcount == 1)
