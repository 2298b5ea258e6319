"""Incidents as rows: what the last pass could not do, and since when; and when the last pass was."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import col, select

from twinflow.domain.alerts.incident import Incident, LastPass, Part, Trouble
from twinflow.domain.mail.message import INCIDENTS, MessageState
from twinflow.sentences import packed, unpacked
from twinflow.storage.engine import upsert
from twinflow.storage.tables import IncidentRow, LastPassRow, OutboxRow
from twinflow.storage.writes import Repository


class Incidents(Repository):
    def keep(self, part: Part, found: Sequence[Trouble], now: datetime) -> None:
        """All that the part has found: what it had found before and has not found now has ended."""
        query = select(IncidentRow.key).where(IncidentRow.part == part.value)
        gone = set(self._connection.scalars(query)) - {each.key for each in found}
        for key in sorted(gone):
            one = (col(IncidentRow.part) == part.value, col(IncidentRow.key) == key)
            self._connection.execute(delete(IncidentRow).where(*one))
        for each in sorted(found, key=lambda each: each.key):
            self.add(part, each, now)

    def add(self, part: Part, trouble: Trouble, now: datetime) -> None:
        """One more, since now; one that is known was seen again."""
        values = {"sentence": packed(trouble.sentence), "reference": trouble.reference, "seen_at": now}
        row = upsert(self._connection, IncidentRow).values(part=part.value, key=trouble.key, since=now, **values)
        self._connection.execute(row.on_conflict_do_update(index_elements=["part", "key"], set_=values))

    def end_pass(self, part: Part, now: datetime, *, failed: bool) -> None:
        """Held until the transaction ends: of two that end at the same time one writes after the other."""
        values = {"at": now, "failed": failed}
        row = upsert(self._connection, LastPassRow).values(part=part.value, **values)
        self._connection.execute(row.on_conflict_do_update(index_elements=["part"], set_=values))

    def all(self) -> list[Incident]:
        """The oldest first."""
        return self._incidents()

    def of(self, reference: str) -> list[Incident]:
        """Those of an agreement."""
        return self._incidents(reference)

    def _incidents(self, reference: str = "") -> list[Incident]:
        query = select(IncidentRow).order_by(col(IncidentRow.since), col(IncidentRow.part), col(IncidentRow.key))
        if reference:
            query = query.where(IncidentRow.reference == reference)
        return [
            Incident(Part(row.part), row.key, row.reference, unpacked(row.sentence), row.since, row.seen_at)
            for row in self._connection.execute(query)
        ]

    def count(self) -> int:
        """How many are open, with the messages that were not delivered, and the reasons for which others wait for another try."""
        kept = select(func.count()).select_from(IncidentRow).scalar_subquery()
        lost = select(func.count()).where(col(OutboxRow.state).in_([state.value for state in INCIDENTS]))
        waiting = select(func.count(func.distinct(OutboxRow.error))).where(
            OutboxRow.state == MessageState.RETRYING.value
        )
        return int(self._connection.scalar(select(kept + lost.scalar_subquery() + waiting.scalar_subquery())) or 0)

    def last_passes(self) -> dict[Part, LastPass]:
        return {Part(row.part): LastPass(row.at, row.failed) for row in self._connection.execute(select(LastPassRow))}
