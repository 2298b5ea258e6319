"""Open deadlines in bulk: read by the thousand without their agreements, written back by the thousand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, Insert, Update, bindparam, case, func, insert, update
from sqlalchemy.types import TypeEngine
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.storage.tables import AgreementRow, DeadlineRow, HistoryRow
from twinflow.storage.writes import Repository

OPEN = (DeadlineStatus.OPEN.value, DeadlineStatus.PAUSED.value)


@dataclass(frozen=True, slots=True)
class OpenDeadline:
    """An open deadline with what its date is counted from; `basis` as text, empty where it was not kept."""

    id: int
    agreement_id: int
    reference: str
    process: str
    process_version: int
    process_digest: str
    office: str
    rule: str
    occurrence: int
    anchor_on: date
    warn_on: date | None
    due_on: date | None
    provisional: bool
    edition: str
    basis: str


class _AsWritten(TypeEngine[str]):
    """Goes to the database as it is: dates and JSON as text. By the million, turning them into it row by row costs most."""


class CalendarRecount(Repository):
    def open_counted_by(self, calendar: str, edition: str, at_once: int) -> Iterator[list[OpenDeadline]]:
        """The open deadlines counted by another edition of the calendar, in batches by row."""
        last = 0
        while batch := self.batch(calendar, edition, last, at_once):
            yield batch
            last = batch[-1].id

    def batch(self, calendar: str, edition: str, after: int, at_once: int) -> list[OpenDeadline]:
        """The next of them after the row `after`."""
        query = (
            select(  # type: ignore[call-overload]
                DeadlineRow.id,
                DeadlineRow.agreement_id,
                AgreementRow.reference,
                AgreementRow.process,
                AgreementRow.process_version,
                AgreementRow.process_digest,
                AgreementRow.office,
                DeadlineRow.rule,
                DeadlineRow.occurrence,
                DeadlineRow.anchor_on,
                DeadlineRow.warn_on,
                DeadlineRow.due_on,
                DeadlineRow.provisional,
                DeadlineRow.edition,
                DeadlineRow.basis,
            )
            .join(AgreementRow, col(AgreementRow.id) == col(DeadlineRow.agreement_id))
            .where(col(DeadlineRow.id) > after, *_counted_by(calendar, edition))
            .order_by(col(DeadlineRow.id))
            .limit(at_once)
        )
        return [OpenDeadline(*row) for row in self._connection.execute(query)]

    def count(self, calendar: str, edition: str) -> int:
        query = select(func.count()).select_from(DeadlineRow).where(*_counted_by(calendar, edition))
        return self._connection.scalars(query).one()

    def set_edition(self, first: int, last: int, old: str, new: str) -> None:
        """The open deadlines of these rows that were counted by `old` are counted by `new`."""
        self._connection.execute(
            update(DeadlineRow)
            .where(
                col(DeadlineRow.id).between(first, last),
                col(DeadlineRow.status).in_(OPEN),
                col(DeadlineRow.edition) == old,
            )
            .values(edition=new)
        )

    def set_dates(self, values: Sequence[Mapping[str, Any]]) -> None:
        """Write `warn_on`, `due_on`, `wake_on`, `status` and `provisional` of each `row`."""
        if values:
            statement = update(DeadlineRow).where(col(DeadlineRow.id) == bindparam("row"))
            self._execute(statement, values)

    def set_next_dates(self, agreements: Sequence[int], today: date) -> None:
        """Set the first date that is open in each of these agreements; the next pass derives anew what days change there."""
        if not agreements:
            return
        first = (
            select(func.min(DeadlineRow.due_on))
            .where(DeadlineRow.agreement_id == AgreementRow.id, DeadlineRow.status == DeadlineStatus.OPEN.value)
            .scalar_subquery()
        )
        self._connection.execute(
            update(AgreementRow)
            .where(col(AgreementRow.id).in_(agreements))
            .values(
                next_on=func.coalesce(first, date.max, type_=Date),
                derive_on=case((col(AgreementRow.derive_on) > today, today), else_=col(AgreementRow.derive_on)),
            )
        )

    def add_history(self, values: Sequence[Mapping[str, Any]]) -> None:
        """Write entries whose `effective_on` and `details` come as text."""
        if values:
            self._execute(insert(HistoryRow), values)

    def _execute(self, statement: Insert | Update, values: Sequence[Mapping[str, Any]]) -> None:
        """Once for each of the values."""
        plain = {name: bindparam(name, type_=_AsWritten()) for name in values[0] if name not in {"row", "recorded_at"}}
        self._connection.execute(statement.values(plain), list(values))


def _counted_by(calendar: str, edition: str) -> tuple[Any, ...]:
    """Open, counted by the calendar, and not by this edition of it. Keys are lower-case letters and hyphens."""
    return (
        col(DeadlineRow.status).in_(OPEN),
        col(DeadlineRow.edition).contains(f"{calendar}@", autoescape=True),
        ~col(DeadlineRow.edition).contains(f"{calendar}@{edition}", autoescape=True),
    )
