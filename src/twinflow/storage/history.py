"""The history: read and added to, never changed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, tuple_, union_all
from sqlmodel import col

from twinflow.domain.agreement.history import ONLY_TOLD, EntryKind, HistoryEntry, parted
from twinflow.domain.agreement.present_names import in_present_names
from twinflow.domain.clock.last_pass import LaterEntries
from twinflow.storage.failures import is_of_a_row, one_by_one
from twinflow.storage.prepared import adding
from twinflow.storage.seals import Seals
from twinflow.storage.tables import AgreementRow, DeadlineRow, HistoryRow, table_of
from twinflow.storage.writes import Repository, Writes

Said = Sequence[HistoryEntry] | Exception
"""Entries, or why those of the agreement cannot be read."""

SAYING = (EntryKind.ACKNOWLEDGED.value, EntryKind.SNOOZED.value)
ENDING = (EntryKind.DEADLINE.value, EntryKind.MOVE.value)
"""What may put an end to what was said."""
ADD_ENTRIES = adding(HistoryRow)
HISTORY = table_of(HistoryRow)
PLACE: tuple[ColumnElement[Any], ...] = (HISTORY.c.effective_on, HISTORY.c.recorded_at, HISTORY.c.id)


def in_the_hands_of(people: Sequence[str]) -> ColumnElement[bool]:
    """Entries after which one of the people has something in hand, or is to have it."""
    named = (HISTORY.c.details[name].as_string().in_(people) for name in ("person", "to"))
    kinds = [EntryKind.DUTY.value, EntryKind.HANDED_OVER.value]
    return HISTORY.c.kind.in_(kinds) & or_(*named)


class History(Repository):
    def __init__(self, writes: Writes, seals: Seals) -> None:
        super().__init__(writes)
        self._seals = seals

    def add(self, agreement_id: int, *entries: HistoryEntry) -> None:
        """Entries that change no state: alerts, deadlines that moved."""
        self.add_all([(agreement_id, entry) for entry in entries])

    def add_all(self, entries: Sequence[tuple[int, HistoryEntry]]) -> None:
        """The same to many agreements."""
        self._seals.hold(agreement_id for agreement_id, _ in entries)
        for agreement_id, entry in entries:
            (seal,) = self._seals.seal(agreement_id, [entry])
            self._writes.add(ADD_ENTRIES, values_of(agreement_id, entry, seal))

    def add_about(self, entry: HistoryEntry, deadlines: Sequence[int]) -> None:
        """The entry in the history of each of these rows of deadlines."""
        query = select(col(DeadlineRow.agreement_id)).where(col(DeadlineRow.id).in_(deadlines))
        owners = self._connection.scalars(query.order_by(col(DeadlineRow.id)))
        self.add_all([(owner, entry) for owner in owners])

    def as_written(self, agreement_id: int) -> list[HistoryEntry]:
        """The entries that decisions go by, oldest first, as they were written: not corrected, under the names of their time."""
        told = [kind.value for kind in ONLY_TOLD]
        query = select(HISTORY).where(HISTORY.c.agreement_id == agreement_id, HISTORY.c.kind.not_in(told))
        return [entry_of(row) for row in self._connection.execute(query.order_by(HISTORY.c.id))]

    def with_kinds(self, kinds: Collection[EntryKind]) -> list[int]:
        """The agreements that have an entry of one of the kinds."""
        wanted = sorted(kind.value for kind in kinds)
        return sorted(
            self._connection.scalars(select(HISTORY.c.agreement_id).where(HISTORY.c.kind.in_(wanted)).distinct())
        )

    def page(
        self, agreement_id: int, before: int | None, at_once: int | None
    ) -> tuple[list[tuple[int | None, HistoryEntry]], int | None]:
        """The newest entries with the number each can be named by, and what older ones come `before`, if there are any.

        They are ordered by the day of their effect, then as recorded.
        `before` is what the page before this one gave. States and steps have the names of now. All of them if `at_once` is None.
        """
        newest = select(HISTORY.c.id).where(HISTORY.c.agreement_id == agreement_id).order_by(*(c.desc() for c in PLACE))
        if before is not None:
            newest = newest.where(tuple_(*PLACE) < select(*PLACE).where(HISTORY.c.id == before).scalar_subquery())
        page = newest.limit(at_once + 1 if at_once is not None else None).cte("page")
        migrated = HISTORY.c.agreement_id == agreement_id, HISTORY.c.kind == EntryKind.MIGRATED.value
        read = union_all(select(page.c.id), select(HISTORY.c.id).where(*migrated))
        told = [kind.value for kind in ONLY_TOLD]
        counted = select(HISTORY.c.id, func.row_number().over(order_by=HISTORY.c.id).label("number")).where(
            HISTORY.c.agreement_id == agreement_id, HISTORY.c.kind.not_in(told)
        )
        numbers = counted.subquery()
        is_wanted = HISTORY.c.id.in_(select(page.c.id)).label("wanted")
        query = select(*HISTORY.c, is_wanted, numbers.c.number).where(HISTORY.c.id.in_(read))
        query = query.select_from(HISTORY.outerjoin(numbers, numbers.c.id == HISTORY.c.id))
        rows: list[Any] = list(self._connection.execute(query.order_by(HISTORY.c.id)))
        named = zip(rows, in_present_names([entry_of(row) for row in rows]), strict=True)
        placed = ((_place(row), row.number, entry) for row, entry in named if row.wanted)
        found = sorted(placed, key=itemgetter(0), reverse=True)
        shown = found[:at_once]
        older = shown[-1][0][-1] if len(found) > len(shown) else None
        return [(number, entry) for _, number, entry in shown], older

    def newest_at(self, *which: ColumnElement[bool]) -> datetime | None:
        """When the latest entry of all, or of some, was recorded (UTC). An instant that cannot be read is passed over."""
        instant = HISTORY.c.recorded_at
        try:
            newest: datetime | None = self._connection.scalar(select(func.max(instant)).where(*which))
        except Exception as error:
            if not is_of_a_row(error):
                raise
        else:
            return newest

        def read(ids: Sequence[int]) -> list[datetime]:
            return list(self._connection.scalars(select(instant).where(HISTORY.c.id.in_(ids))))

        for number in self._connection.scalars(select(HISTORY.c.id).where(*which).order_by(instant.desc())):
            (newest,) = one_by_one(read, [number], lambda _number, _error: None)
            if newest is not None:
                return newest
        return None

    def later_than(self, instant: datetime, at_most: int) -> LaterEntries | None:
        """The entries that were recorded later than an instant (UTC), with at most so many references; None without any."""
        later = HISTORY.c.recorded_at > instant
        count = self._connection.scalar(select(func.count()).select_from(HISTORY).where(later))
        if not count:
            return None
        of_them = col(AgreementRow.id).in_(select(HISTORY.c.agreement_id).where(later))
        query = select(col(AgreementRow.reference)).where(of_them).order_by(col(AgreementRow.reference))
        found = list(self._connection.scalars(query.limit(at_most + 1)))
        return LaterEntries(count, self.newest_at(later), tuple(found[:at_most]), len(found) > at_most)

    def said(self) -> dict[int, Said]:
        """What people said about the warnings of deadlines, and what puts an end to that, by agreement, oldest first."""
        some = select(col(HistoryRow.agreement_id)).where(col(HistoryRow.kind).in_(SAYING))
        try:
            return self._said(some)
        except Exception as error:
            if not is_of_a_row(error):
                raise
        ids = list(self._connection.scalars(some.distinct()))
        return dict(one_by_one(lambda few: self._said(few).items(), ids, lambda number, error: (number, error)))

    def _said(self, some: Any) -> dict[int, Said]:
        query = select(HistoryRow).where(
            col(HistoryRow.kind).in_((*SAYING, *ENDING)), col(HistoryRow.agreement_id).in_(some)
        )
        found: dict[int, list[HistoryEntry]] = defaultdict(list)
        for row in self._connection.execute(query.order_by(col(HistoryRow.id))):
            found[row.agreement_id].append(entry_of(row))
        return dict(found)


def _place(row: Row[Any]) -> tuple[date, datetime, int]:
    return row.effective_on, row.recorded_at, row.id


def values_of(agreement_id: int, entry: HistoryEntry, seal: str) -> dict[str, Any]:
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
        "details": entry.written,
        "seal": seal,
    }


def entry_of(row: HistoryRow | Row[Any]) -> HistoryEntry:
    details, way = parted(row.details)
    return HistoryEntry(
        kind=EntryKind(row.kind),
        actor=row.actor,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        step=row.step,
        from_state=row.from_state,
        to_state=row.to_state,
        party=row.party,
        details=details,
        way=way,
    )
