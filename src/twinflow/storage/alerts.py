"""Alerts as rows: what was told to whom, once, and what each message tells."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import and_, delete, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from twinflow.domain.agreement import Deadline, DeadlineStatus
from twinflow.domain.letters import Matter
from twinflow.storage.deadlines import deadline_of
from twinflow.storage.tables import AgreementRow, AlertRow, DeadlineRow

MATTER_OF_AGREEMENT = (
    "reference",
    "title",
    "office",
    "state",
    "process",
    "process_version",
    "process_digest",
    "tracked_from",
)
MATTER_OF_ALERT = (
    "notice", "subject", "occurrence", "level", "role", "stands_for", "effective_on", "recorded_at", "details",
)  # fmt: skip
NOT_TOLD = (DeadlineStatus.MET.value, DeadlineStatus.VOID.value)


class Alerts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def alerted(self, agreement_id: int, subject: str, occurrence: int) -> set[tuple[str, str]]:
        """The (level, person) pairs that were told already; of an absent person also what was told to the delegate."""
        rows = self._session.exec(
            select(AlertRow.level, AlertRow.recipient, AlertRow.stands_for).where(
                AlertRow.agreement_id == agreement_id, AlertRow.subject == subject, AlertRow.occurrence == occurrence
            )
        )
        return {(level, person) for level, *people in rows for person in people if person}

    def fired(self, agreement_id: int, subject: str, occurrence: int) -> dict[str, date]:
        """The levels that were told to anybody, each with its day."""
        query = select(AlertRow.level, col(AlertRow.effective_on)).where(
            AlertRow.agreement_id == agreement_id, AlertRow.subject == subject, AlertRow.occurrence == occurrence
        )
        return dict(self._session.exec(query).all())

    def add(self, alert: AlertRow) -> None:
        self._session.add(alert)

    def agreements_of(self, outbox_id: int) -> list[tuple[int, str]]:
        """The agreements that a message tells of, each with the role that its reader was told in."""
        query = select(AlertRow.agreement_id, AlertRow.role).where(AlertRow.outbox_id == outbox_id)
        return list(dict(self._session.exec(query.order_by(col(AlertRow.id).desc())).all()).items())

    def matters(self, outbox_ids: Sequence[int]) -> list[Matter]:
        """What the messages tell, oldest first."""
        alert = [getattr(AlertRow, name) for name in ("id", "outbox_id", "agreement_id")]
        head = [getattr(AgreementRow, name) for name in MATTER_OF_AGREEMENT]
        rest = [getattr(AlertRow, name) for name in MATTER_OF_ALERT]
        query = (
            select(*alert, *head, *rest)
            .join(AgreementRow, col(AgreementRow.id) == AlertRow.agreement_id)
            .where(col(AlertRow.outbox_id).in_(outbox_ids))
            .order_by(col(AlertRow.id))
        )
        return [Matter(*row) for row in self._session.connection().execute(query)]

    def deadlines_told(self, outbox_ids: Sequence[int]) -> dict[tuple[int, str, int], Deadline]:
        """The deadlines, neither met nor void, of the agreements that the messages tell of, by agreement, rule and occurrence."""
        told = select(AlertRow.agreement_id).where(col(AlertRow.outbox_id).in_(outbox_ids))
        query = select(*DeadlineRow.__table__.columns).where(  # type: ignore[attr-defined]
            col(DeadlineRow.agreement_id).in_(told), col(DeadlineRow.status).not_in(NOT_TOLD)
        )
        rows = self._session.connection().execute(query)
        return {(row.agreement_id, row.rule, row.occurrence): deadline_of(row) for row in rows}

    def withdrawn(self, outbox_ids: Sequence[int]) -> dict[int, set[tuple[int, str, int]]]:
        """The void deadlines (agreement, rule, occurrence) of which the reader of each message was told before."""
        told = aliased(AlertRow)
        query = (
            select(AlertRow.outbox_id, DeadlineRow.agreement_id, DeadlineRow.rule, DeadlineRow.occurrence)
            .join(DeadlineRow, col(DeadlineRow.agreement_id) == AlertRow.agreement_id)
            .join(
                told,
                and_(
                    col(told.agreement_id) == DeadlineRow.agreement_id,
                    col(told.subject) == literal("deadline:") + col(DeadlineRow.rule),
                    col(told.occurrence) == DeadlineRow.occurrence,
                    col(told.recipient) == AlertRow.recipient,
                ),
            )
            .where(col(AlertRow.outbox_id).in_(outbox_ids), DeadlineRow.status == DeadlineStatus.VOID.value)
            .distinct()
        )
        found: dict[int, set[tuple[int, str, int]]] = {}
        for outbox_id, agreement_id, rule, occurrence in self._session.connection().execute(query):
            found.setdefault(outbox_id, set()).add((agreement_id, rule, occurrence))
        return found

    def release(self, alerts: Collection[int]) -> None:
        """What could not be said for the time being counts as not told: it is told again when there is something to say."""
        if alerts:
            self._session.connection().execute(delete(AlertRow).where(col(AlertRow.id).in_(alerts)))
