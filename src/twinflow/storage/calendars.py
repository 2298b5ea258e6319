"""The editions of the calendars: which one dates are counted by, and the text of every one they ever were counted by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy
from sqlalchemy import case, update
from sqlmodel import col, select

from twinflow.errors import StaleAgreement
from twinflow.storage.engine import upsert
from twinflow.storage.prepared import Prepared
from twinflow.storage.readable import IsTime, is_damaged, text_in
from twinflow.storage.tables import CalendarRow, table_of
from twinflow.storage.writes import Repository, Writes

CALENDAR = table_of(CalendarRow)
IS_CURRENT = CALENDAR.c.current == sqlalchemy.true()
HELD = Prepared(sqlalchemy.select(CALENDAR.c.key, CALENDAR.c.edition).where(IS_CURRENT).with_for_update(read=True))


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a calendar, as the text of its file. `applied_at` (UTC) is when it came into use, where that can be read."""

    key: str
    edition: str
    text: str
    current: bool
    applied_at: datetime | None = None


def _readable(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    """Editions by calendar."""
    return {key: edition for key, edition in rows if not is_damaged(key) and not is_damaged(edition)}


class CalendarEditions(Repository):
    def __init__(self, writes: Writes) -> None:
        super().__init__(writes)
        self._held = False

    def all(self) -> list[Edition]:
        """Each of which can be said which it is, in the order in which they were applied."""
        named = [each for each in self._all() if not is_damaged(each.key) and not is_damaged(each.edition)]
        return [replace(each, text=text_in(each.text)) for each in named]

    def damaged(self) -> list[str]:
        """How those are called that cannot be read."""
        damaged = [each for each in self._all() if any(map(is_damaged, (each.key, each.edition, each.text)))]
        return [f"{text_in(each.key)}@{text_in(each.edition)}" for each in damaged]

    def _all(self) -> list[Edition]:
        row = CALENDAR.c
        applied_at = case((IsTime(row.applied_at), row.applied_at))
        query = sqlalchemy.select(row.key, row.edition, row.text, IS_CURRENT, applied_at).order_by(row.applied_at)
        return [Edition(*found) for found in self._connection.execute(query)]

    def current(self) -> dict[str, str]:
        """The edition in use of each calendar, by key."""
        query = select(CalendarRow.key, CalendarRow.edition).where(IS_CURRENT)
        return _readable(self._connection.execute(query))

    def pin(self, key: str, edition: str, text: str, now: datetime) -> None:
        """Keep the first edition of a calendar; one that is pinned already stays."""
        if key not in self.current():
            self._write(key, edition, text, now)

    def apply(self, key: str, edition: str, text: str, now: datetime) -> None:
        """Count by this edition from now on. Waits for those who are writing dates by the one before."""
        old = update(CalendarRow).where(col(CalendarRow.key) == key, col(CalendarRow.current))
        self._connection.execute(old.values(current=False))
        self._write(key, edition, text, now)

    def hold(self, editions: Mapping[str, str]) -> None:
        """Keep the editions as they are until the transaction ends.

        Raises StaleAgreement if one of those given is not the one in use: somebody applied another meanwhile.
        """
        if self._held:
            return
        current = _readable(HELD.rows(self._writes.connection, {}))
        if not editions.keys() <= current.keys():  # one that was replaced while we waited for it is not among them
            current = self.current()
        changed = sorted(key for key, edition in editions.items() if current.get(key, edition) != edition)
        if changed:
            raise StaleAgreement(
                "Another edition of {calendars} was applied meanwhile; do it again.", calendars=changed
            )
        self._held = True

    def _write(self, key: str, edition: str, text: str, now: datetime) -> None:
        values = {"key": key, "edition": edition, "text": text, "applied_at": now, "current": True}
        statement = upsert(self._connection, CalendarRow).values(**values)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key", "edition"], set_={"applied_at": now, "current": True}
            )
        )
