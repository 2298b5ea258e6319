"""What goes to one reader at once, before it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from twinflow.domain.mail.calendar_events import CalendarEvent
from twinflow.domain.people.people import Person


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One thing told: the notice that has the words, and the values for them."""

    notice: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """What is told about one agreement."""

    reference: str
    title: str
    items: tuple[LetterItem, ...]


@dataclass(frozen=True, slots=True)
class LastLink:
    """How the last link of the chain over all books is called, and when it was made (UTC): kept by readers, it proves them."""

    name: str
    short_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one person, in their language. `reasons` say why it cannot be switched off; none: it can.

    `events` are the dates it speaks of, for the reader's calendar; a digest has the last link of the chain.
    """

    person: Person
    roles: tuple[str, ...]
    groups: tuple[LetterGroup, ...]
    digest: bool = False
    reasons: tuple[str, ...] = ()
    events: tuple[CalendarEvent, ...] = ()
    last_link: LastLink | None = None

    @property
    def items(self) -> list[LetterItem]:
        return [item for group in self.groups for item in group.items]

    @property
    def is_optional(self) -> bool:
        return not self.reasons
