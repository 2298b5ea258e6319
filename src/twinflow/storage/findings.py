"""Findings as rows: what is to be settled in each agreement, and of which somebody was told."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import Finding, KnownFinding
from twinflow.storage.prepared import Prepared, values_given
from twinflow.storage.tables import FindingRow, table_of
from twinflow.storage.writes import Repository

FINDING = table_of(FindingRow)
_upsert = postgresql.insert(FINDING)  # both databases spell it alike
_given = values_given(FindingRow)
FIND = Prepared(
    _upsert.values(_given)
    .on_conflict_do_update(
        index_elements=["agreement_id", "code", "subject"],
        set_={name: _upsert.excluded[name] for name in ("occurrence", "found_at", "told_at", "settled_at")},
    )
    .inline()
)
_ONE = [FINDING.c[name] == bindparam(f"of_{name}") for name in ("agreement_id", "code", "subject")]
SETTLE = Prepared(update(FINDING).where(*_ONE).values(settled_at=bindparam("at")))
TELL = Prepared(update(FINDING).where(*_ONE).values(told_at=bindparam("at")))


class Findings(Repository):
    def write(self, agreement_id: int, changed: Iterable[KnownFinding], now: datetime) -> None:
        """Those of an agreement that are new, have come back, or are settled."""
        for known in changed:
            if known.settled:
                self._writes.add(SETTLE, {**_which(agreement_id, known.finding), "at": now})
            else:
                found = {"agreement_id": agreement_id, "code": known.finding.code, "subject": known.finding.subject}
                times = {"found_at": now, "told_at": None, "settled_at": None}
                self._writes.add(FIND, {**found, **times, "occurrence": known.occurrence})

    def untold(self) -> set[int]:
        """The agreements with something that nobody was told of."""
        query = select(FindingRow.agreement_id).where(
            col(FindingRow.told_at).is_(None), col(FindingRow.settled_at).is_(None)
        )
        return set(self._connection.scalars(query))

    def mark_told(self, agreement_id: int, finding: Finding, now: datetime) -> None:
        self._writes.add(TELL, {**_which(agreement_id, finding), "at": now})


def _which(agreement_id: int, finding: Finding) -> dict[str, object]:
    return {"of_agreement_id": agreement_id, "of_code": finding.code, "of_subject": finding.subject}
