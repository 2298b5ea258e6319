"""Deadline rows: the schedule. A sweep asks once who is awake, and sets when to come back to each deadline."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, Date, Row, bindparam, func, or_, union, update
from sqlalchemy.dialects import postgresql
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus
from twinflow.storage.deadline_basis import basis_of, basis_text
from twinflow.storage.prepared import Prepared, values_given
from twinflow.storage.tables import AgreementRow, DeadlineRow, FindingRow, table_of
from twinflow.storage.writes import Repository

Key = tuple[str, int]

KEY = ("agreement_id", "rule", "occurrence")
_upsert = postgresql.insert(table_of(DeadlineRow))  # both databases spell it alike
_values_given = values_given(DeadlineRow)
WRITE = Prepared(
    _upsert.values(_values_given)
    .on_conflict_do_update(
        index_elements=KEY, set_={name: _upsert.excluded[name] for name in _values_given if name not in KEY}
    )
    .inline()
)
DEADLINE, AGREEMENT, FINDING = table_of(DeadlineRow), table_of(AgreementRow), table_of(FindingRow)
WAKE = Prepared(
    update(DEADLINE)
    .where(*(DEADLINE.c[name] == bindparam(f"of_{name.removesuffix('_id')}") for name in KEY))
    .values(wake_on=bindparam("day"))
)

NEVER = sqlalchemy.literal(date.max, Date())
_untold = sqlalchemy.select(FINDING.c.agreement_id).where(FINDING.c.told_at.is_(None), FINDING.c.settled_at.is_(None))
AWAKE = Prepared(
    union(
        _untold,
        sqlalchemy.select(DEADLINE.c.agreement_id).where(DEADLINE.c.wake_on <= bindparam("until", type_=Date())),
        sqlalchemy.select(AGREEMENT.c.id).where(AGREEMENT.c.derive_on <= bindparam("until", type_=Date())),
        # derived when a clock was ahead
        sqlalchemy.select(AGREEMENT.c.id).where(AGREEMENT.c.derived_on > bindparam("until", type_=Date())),
        # what is no date would never come: it is looked at, and reported
        sqlalchemy.select(DEADLINE.c.agreement_id).where(DEADLINE.c.wake_on > NEVER),
        sqlalchemy.select(AGREEMENT.c.id).where(AGREEMENT.c.derive_on > NEVER),
    )
)
LONG_AGO = date(1900, 1, 1)
"""What waits since then is looked at by the next sweep."""


class Deadlines(Repository):
    def write(self, agreement_id: int, rows: Mapping[Key, Deadline], wake_on: Mapping[Key, date | None]) -> None:
        """Write these deadlines, over those of the same keys."""
        self._writes.add(
            WRITE,
            *(
                {"agreement_id": agreement_id, "wake_on": wake_on[key], **_values(deadline)}
                for key, deadline in rows.items()
            ),
        )

    def awake(self, until: date) -> set[int]:
        """The agreements that a sweep looks at: something was told to nobody, or a deadline wakes or may change by then."""
        return {agreement_id for (agreement_id,) in AWAKE.rows(self._connection, {"until": until})}

    def next_day(self) -> date | None:
        """The first day on which any agreement is awake so."""
        firsts = (select(func.min(DeadlineRow.wake_on)), select(func.min(AgreementRow.derive_on)))
        days = [self._connection.scalars(first).one() for first in firsts]
        return min((day for day in days if day is not None), default=None)

    def wake_by(self, agreement_id: int, key: tuple[str, int], day: date) -> None:
        """Let a sweep look at the deadline on the day, if not before."""
        self._connection.execute(
            update(DeadlineRow)
            .where(*_row(agreement_id, key), or_(col(DeadlineRow.wake_on).is_(None), col(DeadlineRow.wake_on) > day))
            .values(wake_on=day)
        )

    def look_at_all(self) -> None:
        """Let the next sweep look at everything. The agreements are kept from other writers before."""
        is_open = col(DeadlineRow.status) == DeadlineStatus.OPEN.value
        self._connection.execute(update(AgreementRow).values(derive_on=LONG_AGO))
        self._connection.execute(update(DeadlineRow).where(is_open).values(wake_on=LONG_AGO))

    def wake_next(self, agreement_id: int, key: Key, day: date | None) -> None:
        """What there was to do is done: when to come back."""
        rule, occurrence = key
        self._writes.add(WAKE, {"of_agreement": agreement_id, "of_rule": rule, "of_occurrence": occurrence, "day": day})


def _row(agreement_id: int, key: Key) -> tuple[ColumnElement[bool], ...]:
    return (
        col(DeadlineRow.agreement_id) == agreement_id,
        col(DeadlineRow.rule) == key[0],
        col(DeadlineRow.occurrence) == key[1],
    )


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
