"""Findings as rows: what is to be settled in each agreement, and of which somebody was told."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from twinflow.domain.agreement.findings import Finding, FindingCode, KnownFinding
from twinflow.storage.tables import FindingRow


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

    def all(self, agreement_id: int) -> list[KnownFinding]:
        """Those of an agreement, present and settled, in the order of their rows."""
        rows = self._session.exec(
            select(FindingRow).where(FindingRow.agreement_id == agreement_id).order_by(col(FindingRow.id))
        )
        return [
            KnownFinding(
                Finding(FindingCode(row.code), row.subject),
                row.occurrence,
                told=row.told_at is not None,
                settled=row.settled_at is not None,
            )
            for row in rows
        ]

    def untold(self) -> set[int]:
        """The agreements with something that nobody was told of."""
        query = select(FindingRow.agreement_id).where(
            col(FindingRow.told_at).is_(None), col(FindingRow.settled_at).is_(None)
        )
        return set(self._session.exec(query))

    def mark_told(self, agreement_id: int, finding: Finding, now: datetime) -> None:
        of_it = (FindingRow.code == finding.code.value, FindingRow.subject == finding.subject)
        self._session.exec(
            select(FindingRow).where(FindingRow.agreement_id == agreement_id, *of_it)
        ).one().told_at = now
