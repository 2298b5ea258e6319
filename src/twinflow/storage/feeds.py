"""Calendar feeds: whose they are, and the dates that they are made of."""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy
from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, update
from sqlmodel import SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from twinflow.domain.agreement.agreement import AgreementHead, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import DateMoved
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.mail.calendar_events import DatedAgreement
from twinflow.domain.people.viewer import Viewer
from twinflow.errors import reason
from twinflow.storage.deadlines import deadline_of
from twinflow.storage.failures import is_of_a_row, one_by_one
from twinflow.storage.history import entry_of
from twinflow.storage.snapshots import OF_HEAD
from twinflow.storage.tables import LAST_ROW, AgreementRow, DeadlineRow, FeedRow, HistoryRow, table_of
from twinflow.storage.visibility import visible
from twinflow.storage.writes import Repository

log = logging.getLogger(__name__)

OPEN = (DeadlineStatus.OPEN.value, DeadlineStatus.PAUSED.value)
AT_ONCE = 10_000
"""SQLite takes 32,766 values in a statement, and the longest here names each agreement twice."""

MAKING_EVENTS = (EntryKind.DEADLINE.value, EntryKind.MIGRATED.value)


@dataclass(frozen=True, slots=True)
class Feed:
    """The private calendar address of a person. Times are UTC."""

    id: int
    person: str
    created_at: datetime
    revoked_at: datetime | None


class Feeds(Repository):
    def add(self, person: str, token_hash: str, now: datetime) -> int:
        values = {"person": person, "token_hash": token_hash, "created_at": now}
        statement = insert(FeedRow).values(**values).returning(col(FeedRow.id))
        return int(self._connection.execute(statement).scalar_one() or 0)

    def all(self) -> list[Feed]:
        """Oldest first."""
        return [_feed(row) for row in self._connection.execute(select(FeedRow).order_by(col(FeedRow.id)))]

    def get(self, feed_id: int) -> Feed | None:
        if not 0 < feed_id <= LAST_ROW:
            return None
        row = self._connection.execute(select(FeedRow).where(FeedRow.id == feed_id)).first()
        return _feed(row) if row is not None else None

    def by_hash(self, token_hash: str) -> Feed | None:
        row = self._connection.execute(select(FeedRow).where(FeedRow.token_hash == token_hash)).first()
        return _feed(row) if row is not None else None

    def revoke(self, feed_id: int, now: datetime) -> bool:
        """False if it was revoked already, or never was."""
        changed = self._connection.execute(
            update(FeedRow).where(col(FeedRow.id) == feed_id, col(FeedRow.revoked_at).is_(None)).values(revoked_at=now)
        )
        return bool(changed.rowcount == 1)

    def dates(self, viewer: Viewer, offices: Collection[str], since: date) -> dict[int, DatedAgreement]:
        """The agreements of these offices that the viewer sees, by row, with the deadlines open or closed since then."""
        kept = or_(col(DeadlineRow.status).in_(OPEN), func.coalesce(DeadlineRow.closed_on, DeadlineRow.due_on) >= since)
        wanted = col(AgreementRow.office).in_(sorted(offices)) & visible(viewer)
        try:
            return self._dated(wanted, kept)
        except Exception as error:
            if not is_of_a_row(error):
                raise
        ids = [found for found in self._connection.scalars(select(AgreementRow.id).where(wanted)) if found]
        return self._those_that_can_be_read(ids, kept)

    def dates_of(self, agreement_ids: Collection[int]) -> dict[int, DatedAgreement]:
        """These agreements, by row, with all their deadlines."""
        ids = sorted(agreement_ids)
        found: dict[int, DatedAgreement] = {}
        for start in range(0, len(ids), AT_ONCE):
            found |= self._those_that_can_be_read(ids[start : start + AT_ONCE])
        return found

    def _those_that_can_be_read(self, ids: Sequence[int], *kept: ColumnElement[bool]) -> dict[int, DatedAgreement]:
        found = one_by_one(lambda few: self._dated(col(AgreementRow.id).in_(few), *kept).items(), ids, _said)
        return dict(each for each in found if each is not None)

    def _dated(self, *wanted: ColumnElement[bool]) -> dict[int, DatedAgreement]:
        """Of each agreement only its own row, and of its history what events are made of: moved dates, migrations, and the
        last entry that is no alert. Three queries, whatever their number; plain rows, because there may be very many.
        """
        joined = col(AgreementRow.id) == col(DeadlineRow.agreement_id)
        chosen = select(DeadlineRow.agreement_id).join(AgreementRow, joined).where(*wanted).distinct()
        deadlines: dict[int, list[Deadline]] = defaultdict(list)
        query = _columns(DeadlineRow).join(table_of(AgreementRow), joined).where(*wanted).order_by(col(DeadlineRow.id))
        for row in self._connection.execute(query):
            deadlines[row.agreement_id].append(deadline_of(cast("DeadlineRow", row)))
        entries: dict[int, list[HistoryEntry]] = defaultdict(list)
        for row in self._connection.execute(_making_events(chosen)):
            entries[row.agreement_id].append(entry_of(cast("HistoryRow", row)))
        rows = self._connection.execute(_columns(AgreementRow).where(col(AgreementRow.id).in_(chosen)))
        return {row.id: _dated(cast("AgreementRow", row), deadlines[row.id], entries[row.id]) for row in rows}


def _said(agreement_id: int, error: Exception) -> None:
    log.warning("the dates of agreement #%s cannot be read: %s", agreement_id, reason(error))


def _columns(row: type[SQLModel]) -> Select[Any]:
    return sqlalchemy.select(*table_of(row).columns)


def _making_events(chosen: SelectOfScalar[int]) -> Select[Any]:
    theirs = col(HistoryRow.agreement_id).in_(chosen)
    last = (
        select(func.max(HistoryRow.id))
        .where(HistoryRow.kind != EntryKind.ALERT.value, theirs)
        .group_by(col(HistoryRow.agreement_id))
    )
    making = col(HistoryRow.kind).in_(MAKING_EVENTS) & theirs
    return _columns(HistoryRow).where(or_(making, col(HistoryRow.id).in_(last))).order_by(col(HistoryRow.id))


def _feed(row: Row[Any]) -> Feed:
    return Feed(row.id, row.person, row.created_at, row.revoked_at)


def _dated(row: AgreementRow, deadlines: Sequence[Deadline], entries: Sequence[HistoryEntry]) -> DatedAgreement:
    return DatedAgreement(
        head=AgreementHead(**{name: getattr(row, name) for name in OF_HEAD}),
        deadlines=tuple(deadlines),
        moves=tuple(moved for entry in entries if (moved := DateMoved.read(entry)) is not None),
        migrations=tuple(entry for entry in entries if entry.kind is EntryKind.MIGRATED),
        changed_at=entries[-1].recorded_at,
    )
