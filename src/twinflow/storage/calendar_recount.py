"""Open deadlines in bulk: read by the thousand without their agreements, written back by the thousand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Update, bindparam, case, func, or_, update
from sqlalchemy.types import TypeEngine
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.errors import UnreadableAgreement, reason, unreadable
from twinflow.storage.failures import is_of_a_row, one_by_one
from twinflow.storage.tables import LAST_ROW, AgreementRow, DeadlineRow
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Open deadlines from the row `first` to the row `last`; those of agreements that cannot be read stay as they are."""

    first: int
    last: int
    deadlines: list[OpenDeadline]
    unreadable: dict[int, UnreadableAgreement] = field(default_factory=dict)


class _AsWritten(TypeEngine[str]):
    """Goes to the database as it is: dates and JSON as text. By the million, turning them into it row by row costs most."""


class CalendarRecount(Repository):
    def open_counted_by(self, calendar: str, edition: str, at_once: int) -> Iterator[Batch]:
        """The open deadlines counted by another edition of the calendar, in batches by row."""
        last = 0
        while batch := self.batch(calendar, edition, last, at_once):
            yield batch
            last = batch.last

    def owners(self, calendar: str, edition: str, after: int, at_once: int) -> tuple[list[int], int]:
        """Whose the next of them after the row `after` are, and the last row of them; that row again where there are none."""
        next_ones = (col(DeadlineRow.id) > after, *_counted_by(calendar, edition))
        query = select(DeadlineRow.id, DeadlineRow.agreement_id).where(*next_ones)
        rows = self._connection.execute(query.order_by(col(DeadlineRow.id)).limit(at_once)).all()
        return sorted({owner for _, owner in rows}), max((row for row, _ in rows), default=after)

    def batch(self, calendar: str, edition: str, after: int, at_once: int, last: int = LAST_ROW) -> Batch | None:
        """The next of them after the row `after`, up to the row `last`; None if there are no more."""
        next_ones = (col(DeadlineRow.id).between(after + 1, last), *_counted_by(calendar, edition))
        try:
            found = self._open(*next_ones, at_once=at_once)
            return Batch(found[0].id, found[-1].id, found) if found else None
        except Exception as error:
            if not is_of_a_row(error):
                raise
        ids = [
            found
            for found in self._connection.scalars(
                select(DeadlineRow.id).where(*next_ones).order_by(col(DeadlineRow.id)).limit(at_once)
            )
            if found
        ]
        batch = Batch(ids[0], ids[-1], [])
        for each in one_by_one(
            lambda few: self._open(col(DeadlineRow.id).in_(few), at_once=at_once), ids, self._unreadable
        ):
            if isinstance(each, OpenDeadline):
                batch.deadlines.append(each)
            else:
                batch.unreadable.update(each)
        return batch

    def _unreadable(self, row: int, error: Exception) -> dict[int, UnreadableAgreement]:
        owner = select(AgreementRow.reference).join(DeadlineRow, col(DeadlineRow.agreement_id) == AgreementRow.id)
        reference = self._connection.scalar(owner.where(DeadlineRow.id == row))
        return {row: unreadable(str(reference), reason(error))}

    def _open(self, *which: ColumnElement[bool], at_once: int) -> list[OpenDeadline]:
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
            .where(*which)
            .order_by(col(DeadlineRow.id))
            .limit(at_once)
        )
        return [OpenDeadline(*row) for row in self._connection.execute(query)]

    def count(self, calendar: str, edition: str) -> int:
        query = select(func.count()).select_from(DeadlineRow).where(*_counted_by(calendar, edition))
        return self._connection.scalars(query).one()

    def set_edition(self, batch: Batch, old: str, new: str) -> None:
        """The open deadlines of the batch that were counted by `old` are counted by `new`."""
        self._connection.execute(
            update(DeadlineRow)
            .where(
                col(DeadlineRow.id).between(batch.first, batch.last),
                col(DeadlineRow.id).not_in(batch.unreadable),
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
        is_assumed = col(DeadlineRow.basis).contains('"assumed"', autoescape=True)
        first = (
            select(func.min(DeadlineRow.due_on))
            .where(
                DeadlineRow.agreement_id == AgreementRow.id,
                DeadlineRow.status == DeadlineStatus.OPEN.value,
                or_(
                    ~is_assumed,
                    col(AgreementRow.derived_on).is_(None),
                    col(DeadlineRow.due_on) >= col(AgreementRow.derived_on),
                ),
            )
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

    def _execute(self, statement: Update, values: Sequence[Mapping[str, Any]]) -> None:
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
