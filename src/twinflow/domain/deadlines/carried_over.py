"""What becomes of each date of an agreement that moves to another version of its process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.agreement import Deadline
from twinflow.domain.agreement.entries import Carried, Migrated
from twinflow.domain.agreement.history import HistoryEntry

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What the last migration of a case left: the deadlines it carried over; how many entries there were before; its day.

    `closed` are the deadlines that were closed by then, each with the day the new version counts it from (see `with_closed`).
    `recurring` has the last occurrence of each recurring deadline that was closed or carried over, and its date: those of the
    new version come after it.
    """

    deadlines: Mapping[Key, Carried]
    entries: int
    on: date | None
    closed: Mapping[Key, date | None]
    recurring: Mapping[str, tuple[int, date]]


def taken_over(history: Sequence[HistoryEntry]) -> TakenOver:
    """What the last migration carried over; of what earlier ones did, it carried over what it did not leave to be recomputed."""
    for number in range(len(history) - 1, -1, -1):
        said = Migrated.read(history[number])
        if said is not None:
            return TakenOver(said.carried, number, history[number].effective_on, said.closed, said.recurring)
    return TakenOver({}, 0, None, {}, {})


def carried_over_on(history: Sequence[HistoryEntry], deadline: Deadline) -> date | None:
    """The day of the migration that the deadline's date rests on; None where it was counted from its event."""
    if deadline.basis is None or not deadline.basis.carried:
        return None
    for entry in reversed(history):
        said = Migrated.read(entry)
        if said is not None and deadline.key in said.carried:
            return entry.effective_on
    return None


def was_closed_by(entry: HistoryEntry, deadline: Deadline) -> bool:
    """Whether the deadline was closed when the migration of this entry came."""
    said = Migrated.read(entry)
    return said is not None and deadline.key in said.closed
