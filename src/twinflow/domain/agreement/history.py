"""What happened to an agreement, entry by entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

IMPORT = "import"
"""The actor of entries that came from a sheet."""


class EntryKind(StrEnum):
    OPENED = "opened"
    IMPORTED = "imported"
    STEP = "step"
    ALERT = "alert"
    DEADLINE = "deadline"
    CHANGE = "change"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    DUTY = "duty"
    HANDED_OVER = "handed-over"
    TERM = "term"
    DRAFT = "draft"
    OBSERVATION = "observation"
    CONSULTATION = "consultation"
    NOTE = "note"
    MIGRATED = "migrated"
    MOVE = "move"
    MAIL = "mail"
    CORRECTED = "corrected"
    REFUSED = "refused"
    """A correction that waited for a second person is not to be."""
    WITHDRAWN = "withdrawn"
    """In the place of a step that a correction has taken out: no row is written so."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a person came to act: by which door, at the shell as which user of the machine; in which role it was allowed, and for
    whom that role was exercised, where a delegation gave it.

    `for_several`: it was set then that one user of the machine may act for several people.
    """

    door: str
    machine_user: str = ""
    role: str = ""
    acts_for: str = ""
    for_several: bool = False

    def details(self) -> dict[str, str]:
        """As rows keep it, beside what the entry says."""
        said = {
            OF_THE_DOOR: self.door,
            "by.user": self.machine_user,
            "by.role": self.role,
            "by.for": self.acts_for,
            "by.several": "yes" if self.for_several else "",
        }
        return {name: text for name, text in said.items() if text}


OF_THE_DOOR = "by.door"
"""No fact is called so: a name has no full stop in it."""

ONLY_TOLD = frozenset({EntryKind.ALERT, EntryKind.MAIL})
"""What people were told, and how it reached them: no decision follows from it."""


OF_A_ROUND = frozenset({EntryKind.DRAFT, EntryKind.OBSERVATION, EntryKind.CONSULTATION, EntryKind.NOTE})
"""What is done within a round of an opinion, beside the steps that open and end it."""

INTERNAL_TO_A_ROUND = frozenset({EntryKind.CONSULTATION, EntryKind.NOTE})
"""What stays with the office that decides: the one that keeps the case never sees it."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What happened: `effective_on` is the day of the act on paper, `recorded_at` (UTC) when it was entered."""

    kind: EntryKind
    actor: str
    effective_on: date
    recorded_at: datetime
    step: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    party: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    way: Way | None = None
    """None where no person did it, and in books of before."""

    @property
    def written(self) -> dict[str, str]:
        """What its row keeps of the details and of the way."""
        return {**self.details, **(self.way.details() if self.way is not None else {})}


def parted(written: Mapping[str, str]) -> tuple[Mapping[str, str], Way | None]:
    """What a row keeps, as what the entry says and the way in which somebody came to make it."""
    if not isinstance(written, Mapping) or OF_THE_DOOR not in written:
        return written, None
    by = {name: text for name, text in written.items() if name.startswith("by.")}
    way = Way(by[OF_THE_DOOR], by.get("by.user", ""), by.get("by.role", ""), by.get("by.for", ""), "by.several" in by)
    return {name: text for name, text in written.items() if name not in by}, way
