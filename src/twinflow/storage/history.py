"""The history: read and added to, never changed."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, literal
from sqlmodel import col, select

from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.storage.prepared import adding
from twinflow.storage.tables import DeadlineRow, HistoryRow, table_of
from twinflow.storage.writes import Repository

ADD_ENTRIES = adding(HistoryRow)


class History(Repository):
    def add(self, agreement_id: int, *entries: HistoryEntry) -> None:
        """Entries that change no state: alerts, deadlines that moved."""
        self._writes.add(ADD_ENTRIES, *(values_of(agreement_id, entry) for entry in entries))

    def add_about(self, entry: HistoryEntry, deadlines: Sequence[int]) -> None:
        """The entry in the history of each of these rows of deadlines, by a single statement."""
        columns = table_of(HistoryRow).columns
        values = {name: value for name, value in values_of(0, entry).items() if name != "agreement_id"}
        given = {name: literal(value, columns[name].type).label(name) for name, value in values.items()}
        chosen = select(col(DeadlineRow.agreement_id), *given.values()).where(col(DeadlineRow.id).in_(deadlines))
        self._connection.execute(insert(HistoryRow).from_select(["agreement_id", *given], chosen))

    def said(self) -> dict[int, list[HistoryEntry]]:
        """What people said about the warnings of deadlines, and which dates moved there, by agreement, oldest first."""
        saying = (EntryKind.ACKNOWLEDGED.value, EntryKind.SNOOZED.value)
        some = select(HistoryRow.agreement_id).where(col(HistoryRow.kind).in_(saying))
        query = select(HistoryRow).where(
            col(HistoryRow.kind).in_((*saying, EntryKind.DEADLINE.value)), col(HistoryRow.agreement_id).in_(some)
        )
        found: dict[int, list[HistoryEntry]] = defaultdict(list)
        for row in self._connection.execute(query.order_by(col(HistoryRow.id))):
            found[row.agreement_id].append(entry_of(row))
        return found


def values_of(agreement_id: int, entry: HistoryEntry) -> dict[str, Any]:
    return {
        "agreement_id": agreement_id,
        "kind": entry.kind.value,
        "actor": entry.actor,
        "effective_on": entry.effective_on,
        "recorded_at": entry.recorded_at,
        "step": entry.step,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "party": entry.party,
        "details": dict(entry.details),
    }


def entry_of(row: HistoryRow | Row[Any]) -> HistoryEntry:
    return HistoryEntry(
        kind=EntryKind(row.kind),
        actor=row.actor,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        step=row.step,
        from_state=row.from_state,
        to_state=row.to_state,
        party=row.party,
        details=row.details,
    )
