"""The instant of the last pass, and who has confirmed the machine's clock."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, insert, or_, true, update
from sqlmodel import col, select

from twinflow.storage.readable import IsTime
from twinflow.storage.tables import ClockConfirmationRow, ClockRow
from twinflow.storage.writes import Repository

IS_READABLE = IsTime(col(ClockRow.last_pass_at))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who has said that it was `confirmed_at` (UTC), after a last pass at `last_at`."""

    person: str
    confirmed_at: datetime
    last_at: datetime


class Clock(Repository):
    def last_pass_at(self, *, held: bool = False) -> datetime | None:
        """`held`: no other pass begins until the transaction ends."""
        query = select(case((IS_READABLE, ClockRow.last_pass_at)))
        at: datetime | None = self._connection.scalars(query.with_for_update() if held else query).one()
        return at

    def begin(self, now: datetime) -> None:
        """A pass begins; of two that begin together the later instant stays."""
        is_earlier = or_(
            col(ClockRow.last_pass_at).is_(None), IS_READABLE.is_not(true()), col(ClockRow.last_pass_at) < now
        )
        self._connection.execute(update(ClockRow).where(is_earlier).values(last_pass_at=now))

    def confirm(self, confirmation: Confirmation) -> None:
        """Whatever the last pass was, the following ones are counted from the instant that is confirmed."""
        self._connection.execute(update(ClockRow).values(last_pass_at=confirmation.confirmed_at))
        self._connection.execute(
            insert(ClockConfirmationRow).values(
                person=confirmation.person, confirmed_at=confirmation.confirmed_at, last_at=confirmation.last_at
            )
        )

    def confirmations(self) -> list[Confirmation]:
        """All of them that can be read, oldest first."""
        row = ClockConfirmationRow
        readable = IsTime(col(row.confirmed_at)), IsTime(col(row.last_at))
        query = select(row.person, row.confirmed_at, row.last_at).where(*readable).order_by(col(row.id))
        return [Confirmation(*found) for found in self._connection.execute(query)]

    def is_demonstration(self) -> bool:
        return bool(self._connection.scalars(select(col(ClockRow.demonstration) == true())).one())

    def mark_demonstration(self) -> None:
        self._connection.execute(update(ClockRow).values(demonstration=True))
