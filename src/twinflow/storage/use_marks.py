"""Who has an SQLite file in use. A file that holds a mark and is in use by nobody here is a copy, or was left by a crash."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, inspect, update
from sqlmodel import col, select

from twinflow.storage.readable import IsTime
from twinflow.storage.tables import UseMarkRow
from twinflow.storage.writes import Repository


@dataclass(frozen=True, slots=True)
class UseMark:
    """`since` (UTC): what was written before is in the file itself. `is_short`: found in a copy that lacks its “-wal”."""

    token: str
    since: datetime
    is_short: bool


class UseMarks(Repository):
    def all(self) -> list[UseMark]:
        """But for the accepted ones; none in tables of before."""
        if not inspect(self._connection).has_table(UseMarkRow.__tablename__):
            return []
        row = UseMarkRow
        query = select(row.token, row.since, row.is_short).where(IsTime(col(row.since)), col(row.accepted_at).is_(None))
        return [UseMark(*each) for each in self._connection.execute(query)]

    def add(self, token: str, now: datetime) -> None:
        values = {"token": token, "since": now, "is_short": False, "accepted_by": ""}
        self._connection.execute(insert(UseMarkRow).values(**values))

    def remove(self, tokens: Iterable[str]) -> None:
        self._connection.execute(delete(UseMarkRow).where(col(UseMarkRow.token).in_(tokens)))

    def find_short(self, tokens: Iterable[str]) -> None:
        self._connection.execute(update(UseMarkRow).where(col(UseMarkRow.token).in_(tokens)).values(is_short=True))

    def accept(self, person: str, now: datetime) -> int:
        """What is missing is missed by nobody any longer; how many marks said that something is."""
        open_ones = update(UseMarkRow).where(col(UseMarkRow.is_short), col(UseMarkRow.accepted_at).is_(None))
        return int(self._connection.execute(open_ones.values(accepted_by=person, accepted_at=now)).rowcount)
