"""A step as somebody asks for it, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import Announcement, ProcessDefinition, Step


@dataclass(frozen=True, slots=True)
class StepCommand:
    """A step as somebody asks for it. `effective_on` is the day of the act, in the time zone of the office; None is its today.

    `records` holds the facts the step records, by name, as text; `party` names the party where the step is taken for one.
    `received_at` (UTC) is when it arrived where it was sent, for offices that have a closing hour. `corrected_by` is who has put
    right what whoever takes it had entered. `beside` are the numbers of entries that are being corrected, where it is taken again
    for that: what helps else does not help then.
    """

    step: str
    effective_on: date | None
    party: str | None = None
    records: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    capacity: str = ""
    reason: str = ""
    received_at: datetime | None = None
    corrected_by: str = ""
    beside: frozenset[int] = frozenset()

    def taken_on(self, today: date) -> date:
        """The day of the act, where `today` is the date at the office."""
        return self.effective_on or today


@dataclass(frozen=True, slots=True)
class Attempt:
    """The `step` that `actor` would take on the day `on`. `agreement` has what is recorded with it; `calendars` are those of the
    process.

    `from_here`: the step leaves the present state, and is taken now. Where it is not, nothing is gained by giving what it lacks.
    """

    agreement: Agreement
    definition: ProcessDefinition
    actor: Actor
    on: date
    calendars: Calendars
    from_here: bool = True
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step makes of an agreement: its new snapshot, the history entry, and the notices to send."""

    agreement: Agreement
    entry: HistoryEntry
    announcements: tuple[Announcement, ...]
