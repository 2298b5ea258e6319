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
    TERM = "term"
    DRAFT = "draft"
    OBSERVATION = "observation"
    CONSULTATION = "consultation"
    NOTE = "note"
    MIGRATED = "migrated"
    MAIL = "mail"
    CORRECTED = "corrected"
    REFUSED = "refused"
    """A correction that waited for a second person is not to be."""
    WITHDRAWN = "withdrawn"
    """In the place of a step that a correction has taken out: no row is written so."""


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
