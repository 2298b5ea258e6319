"""The instant of the last pass, and who has confirmed the machine's clock."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, true, update
from sqlmodel import col, select

from twinflow.domain.clock.last_pass import LastPass
from twinflow.storage.failures import is_of_a_row
from twinflow.storage.readable import IsTime
from twinflow.storage.tables import ClockConfirmationRow, ClockRow
from twinflow.storage.writes import Repository

IS_READABLE = IsTime(col(ClockRow.last_pass_at))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who has said that it was `confirmed_at` (UTC), after a last pass at `last_at`: the same where that could not be read."""

    person: str
    confirmed_at: datetime
    last_at: datetime


class Clock(Repository):
    def last_pass(self, *, held: bool = False) -> LastPass | None:
        """None where no pass was made yet. `held`: no other pass begins until the transaction ends."""
        query = select(ClockRow.last_pass_at)
        try:
            found = self._connection.scalars(query.with_for_update() if held else query).all()
        except Exception as error:
            if not is_of_a_row(error):
                raise
            return LastPass(None)
        made = [at for at in found if at is not None]
        if made:
            return LastPass(max(made))
        return None if found else LastPass(None)

    def begin(self, now: datetime) -> None:
        """A pass begins; of two that begin together the later instant stays."""
        is_earlier = or_(
            col(ClockRow.last_pass_at).is_(None), IS_READABLE.is_not(true()), col(ClockRow.last_pass_at) < now
        )
        self._connection.execute(update(ClockRow).where(is_earlier).values(last_pass_at=now))

    def confirm(self, confirmation: Confirmation) -> None:
        """Whatever the last pass was, the following ones are counted from the instant that is confirmed."""
        self._set(last_pass_at=confirmation.confirmed_at)
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
        marked = select(ClockRow.id).where(col(ClockRow.demonstration))
        return self._connection.scalars(marked).first() is not None

    def mark_demonstration(self) -> None:
        self._set(demonstration=True)

    def _set(self, **values: object) -> None:
        """In the one row, which is put back where it is gone."""
        if not self._connection.execute(update(ClockRow).values(**values)).rowcount:
            self._connection.execute(insert(ClockRow).values(id=1, **values))
