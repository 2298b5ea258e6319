"""Findings as rows: what is to be settled in each agreement, and of which somebody was told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from twinflow.domain.findings import Finding, FindingCode
from twinflow.storage.tables import FindingRow


@dataclass(frozen=True, slots=True)
class UntoldFinding:
    id: int
    agreement_id: int
    finding: Finding
    occurrence: int


class Findings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(self, agreement_id: int, found: Iterable[Finding], now: datetime) -> None:
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

    def untold(self, agreement_id: int | None = None) -> list[UntoldFinding]:
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
