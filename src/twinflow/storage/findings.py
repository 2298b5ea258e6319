"""Findings as rows: what is to be settled in each agreement, and of which somebody was told."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection, bindparam, update
from sqlmodel import col, select

from twinflow.domain.agreement.findings import Finding, FindingCode, KnownFinding
from twinflow.storage.prepared import Prepared, adding
from twinflow.storage.tables import FindingRow, table_of

FINDING = table_of(FindingRow)
OF_AGREEMENT = Prepared(
    sqlalchemy.select(*(FINDING.c[name] for name in ("id", "code", "subject", "occurrence", "settled_at"))).where(
        FINDING.c.agreement_id == bindparam("agreement")
    )
)
ADD = adding(FindingRow)


class Findings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, agreement_id: int, found: Iterable[Finding], now: datetime) -> None:
        """Open what is new, settle what is gone. What was settled and comes back is told again."""
        present = {(finding.code.value, finding.subject) for finding in found}
        for row_id, code, subject, occurrence, settled_at in OF_AGREEMENT.rows(
            self._connection, {"agreement": agreement_id}
        ):
            change = update(FINDING).where(FINDING.c.id == row_id)
            if (code, subject) in present and settled_at is not None:
                anew = {"found_at": now, "told_at": None, "settled_at": None, "occurrence": occurrence + 1}
                self._connection.execute(change.values(anew))
            elif (code, subject) not in present and settled_at is None:
                self._connection.execute(change.values(settled_at=now))
            present.discard((code, subject))
        ADD.run(
            self._connection,
            [
                {
                    "agreement_id": agreement_id,
                    "code": code,
                    "subject": subject,
                    "occurrence": 1,
                    "found_at": now,
                    "told_at": None,
                    "settled_at": None,
                }
                for code, subject in sorted(present)
            ],
        )

    def all(self, agreement_id: int) -> list[KnownFinding]:
        """Those of an agreement, present and settled, in the order of their rows."""
        rows = self._connection.execute(
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
        return set(self._connection.scalars(query))

    def mark_told(self, agreement_id: int, finding: Finding, now: datetime) -> None:
        of_it = (col(FindingRow.code) == finding.code.value, col(FindingRow.subject) == finding.subject)
        change = update(FindingRow).where(col(FindingRow.agreement_id) == agreement_id, *of_it)
        self._connection.execute(change.values(told_at=now))
