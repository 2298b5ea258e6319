"""Incidents as rows: what the last pass could not do, and since when; and when the last pass was."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, case, delete, exists, func, or_, true, update
from sqlmodel import col, select

from twinflow.domain.alerts.incident import Incident, LastPass, Part, Trouble
from twinflow.domain.mail.message import INCIDENTS, MessageState
from twinflow.domain.people.viewer import Viewer
from twinflow.sentences import packed, unpacked
from twinflow.storage.engine import upsert
from twinflow.storage.readable import IsTime, text_in
from twinflow.storage.tables import IncidentRow, LastPassRow, OutboxRow, table_of
from twinflow.storage.visibility import AGREEMENT, visible
from twinflow.storage.writes import Repository

INCIDENT = table_of(IncidentRow)
NOT_NOW = datetime.min.replace(tzinfo=UTC)
"""When what a pass has not found yet was seen. Keys are not compared: one that is damaged is no text, and none is equal to it."""


class Incidents(Repository):
    def keep(self, part: Part, found: Sequence[Trouble], now: datetime) -> None:
        """All that the part has found: what it had found before and has not found now has ended."""
        is_ours = or_(col(IncidentRow.part) == part.value, col(IncidentRow.part).not_in(list(Part)))
        self._connection.execute(update(IncidentRow).where(is_ours).values(seen_at=NOT_NOW))
        for each in sorted(found, key=lambda each: each.key):
            self.add(part, each, now)
        self._connection.execute(delete(IncidentRow).where(col(IncidentRow.seen_at) == NOT_NOW))

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

    def all(self, viewer: Viewer) -> list[Incident]:
        """The oldest first: those about no agreement, and those about one that the viewer sees."""
        return self._incidents(_seen(viewer))

    def of(self, reference: str) -> list[Incident]:
        """Those of an agreement."""
        return self._incidents(col(IncidentRow.reference) == reference)

    def _incidents(self, wanted: ColumnElement[bool]) -> list[Incident]:
        """One that cannot be read is left out: the next pass has it anew."""
        row = INCIDENT.c
        since = case((IsTime(row.since), row.since), else_=row.seen_at)
        query = sqlalchemy.select(row.part, row.key, row.reference, row.sentence, since, row.seen_at)
        found = self._connection.execute(query.where(wanted, IsTime(row.seen_at)).order_by(since, row.part, row.key))
        return [incident for row in found for incident in _read(row)]

    def count(self, viewer: Viewer) -> int:
        """How many are open, with the messages that were not delivered, and the reasons for which others wait for another try."""
        kept = select(func.count()).select_from(IncidentRow).where(_seen(viewer)).scalar_subquery()
        lost = select(func.count()).where(col(OutboxRow.state).in_([state.value for state in INCIDENTS]))
        waiting = select(func.count(func.distinct(OutboxRow.error))).where(
            OutboxRow.state == MessageState.RETRYING.value
        )
        return int(self._connection.scalar(select(kept + lost.scalar_subquery() + waiting.scalar_subquery())) or 0)

    def last_passes(self) -> dict[Part, LastPass]:
        """Those that can be read; the next one is written in the place of the others."""
        row = LastPassRow
        query = select(row.part, row.at, row.failed).where(col(row.part).in_(list(Part)), IsTime(col(row.at)))
        return {Part(part): LastPass(at, failed) for part, at, failed in self._connection.execute(query)}


def _seen(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.sees_everything:
        return true()
    own = exists().where(AGREEMENT.c.reference == INCIDENT.c.reference, visible(viewer))
    return or_(INCIDENT.c.reference == "", own)


def _read(row: Sequence[Any]) -> Iterator[Incident]:
    """The incident of a row, none where it cannot be read."""
    part, key, reference, sentence, since, seen_at = row
    with suppress(ValueError, TypeError, AttributeError):
        yield Incident(Part(part), text_in(key), text_in(reference), unpacked(sentence), since, seen_at)
