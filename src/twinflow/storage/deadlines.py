"""Deadline rows: the schedule. A sweep asks for those it has to wake for and claims each by a conditional update."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, insert, or_, update
from sqlmodel import Session, col, select

from twinflow.domain.agreement import Deadline, DeadlineStatus
from twinflow.storage.basis import basis_of, basis_text
from twinflow.storage.tables import DeadlineRow


@dataclass(frozen=True, slots=True)
class Waking:
    """A deadline that a sweep has something to do about. `wake_on` is what its claim is held by."""

    id: int
    agreement_id: int
    key: tuple[str, int]
    wake_on: date


class Deadlines:
    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(
        self,
        agreement_id: int,
        before: Mapping[tuple[str, int], Deadline],
        after: Mapping[tuple[str, int], Deadline],
        wake_on: Mapping[tuple[str, int], date | None],
    ) -> None:
        """Write what differs. A deadline that nothing gives rise to any more is void."""
        connection = self._session.connection()
        added = [
            {"agreement_id": agreement_id, "wake_on": wake_on[key], **_values(deadline)}
            for key, deadline in after.items()
            if key not in before
        ]
        if added:
            connection.execute(insert(DeadlineRow), added)
        for key, old in before.items():
            new = after.get(key)
            if new == old or (new is None and not old.is_open):
                continue
            values = (
                {"wake_on": wake_on[key], **_values(new)}
                if new is not None
                else {"wake_on": None, "status": DeadlineStatus.VOID.value}
            )
            connection.execute(
                update(DeadlineRow)
                .where(
                    col(DeadlineRow.agreement_id) == agreement_id,
                    col(DeadlineRow.rule) == key[0],
                    col(DeadlineRow.occurrence) == key[1],
                )
                .values(**values)
            )

    def waking(self, until: date, agreement_id: int | None = None) -> list[Waking]:
        """The deadlines with something to do by `until`, of all agreements or of one, soonest first."""
        query = select(DeadlineRow).where(col(DeadlineRow.wake_on) <= until)
        query = query.order_by(col(DeadlineRow.wake_on), col(DeadlineRow.rule), col(DeadlineRow.occurrence))
        if agreement_id is not None:
            query = query.where(DeadlineRow.agreement_id == agreement_id)
        rows = self._session.exec(query)
        return [
            Waking(row.id, row.agreement_id, (row.rule, row.occurrence), row.wake_on)
            for row in rows
            if row.id is not None and row.wake_on is not None
        ]

    def wake_by(self, agreement_id: int, key: tuple[str, int], day: date) -> None:
        """Let a sweep look at the deadline on the day, if not before."""
        self._session.connection().execute(
            update(DeadlineRow)
            .where(
                col(DeadlineRow.agreement_id) == agreement_id,
                col(DeadlineRow.rule) == key[0],
                col(DeadlineRow.occurrence) == key[1],
                or_(col(DeadlineRow.wake_on).is_(None), col(DeadlineRow.wake_on) > day),
            )
            .values(wake_on=day)
        )

    def claim(self, waking: Waking, next_wake_on: date | None) -> bool:
        """Take what is to be done now and set when to come back; False if somebody else did first."""
        changed = self._session.connection().execute(
            update(DeadlineRow)
            .where(col(DeadlineRow.id) == waking.id, col(DeadlineRow.wake_on) == waking.wake_on)
            .values(wake_on=next_wake_on)
        )
        return bool(changed.rowcount == 1)


def _values(deadline: Deadline) -> dict[str, object]:
    return {
        "rule": deadline.rule,
        "occurrence": deadline.occurrence,
        "anchor_on": deadline.anchor_on,
        "warn_on": deadline.warn_on,
        "due_on": deadline.due_on,
        "status": deadline.status.value,
        "closed_on": deadline.closed_on,
        "edition": deadline.edition,
        "provisional": deadline.provisional,
        "basis": basis_text(deadline.basis),
    }


def deadline_of(row: DeadlineRow | Row[Any]) -> Deadline:
    return Deadline(
        rule=row.rule,
        occurrence=row.occurrence,
        anchor_on=row.anchor_on,
        warn_on=row.warn_on,
        due_on=row.due_on,
        status=DeadlineStatus(row.status),
        closed_on=row.closed_on,
        edition=row.edition,
        provisional=row.provisional,
        basis=basis_of(row.basis),
    )
