"""Messages as values: what one says before it is put into words, and where it stands on its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.mail.calendar_events import CalendarEvent
from twinflow.domain.people.people import Person
from twinflow.sentences import Message


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
class Letter:
    """A message to one person, in their language. `reasons` say why it cannot be switched off; none: it can.

    `events` are the dates it speaks of, for the reader's calendar.
    """

    person: Person
    roles: tuple[str, ...]
    groups: tuple[LetterGroup, ...]
    digest: bool = False
    reasons: tuple[str, ...] = ()
    events: tuple[CalendarEvent, ...] = ()

    @property
    def items(self) -> list[LetterItem]:
        return [item for group in self.groups for item in group.items]

    @property
    def is_optional(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Built:
    """A letter as it leaves: the bytes, and the digest of the words it was written with."""

    subject: str
    words: str
    content: bytes
    unsubscribe_hash: str | None = None


class MessageState(StrEnum):
    """Where a message stands. The last five are final, but for a person who tries again."""

    QUEUED = "queued"
    LEASED = "leased"
    RETRYING = "retrying"
    ACCEPTED = "accepted"
    POSSIBLE_DUPLICATE = "possible duplicate"
    BOUNCED = "bounced"
    FAILED = "failed"
    DROPPED = "dropped"
    CANCELLED = "cancelled"


WAITING = (MessageState.QUEUED, MessageState.LEASED, MessageState.RETRYING)
INCIDENTS = (MessageState.FAILED, MessageState.BOUNCED)
"""Messages that reached nobody: somebody has to see to them."""


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message taken for sending until `lease_until` (UTC). `content` is None until it has been built.

    `doubtful`: a server may have accepted it before, without our knowing.
    """

    id: int
    message_id: str
    recipient: str
    digest: bool
    attempts: int
    created_at: datetime
    first_attempt_at: datetime
    lease_until: datetime
    doubtful: bool
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt. `next_attempt_at` None: nothing is tried any more by itself.

    `unbuilt`: no server heard of it, so the words are not kept.
    """

    claimed: ClaimedMessage
    state: MessageState
    error: Message | None = None
    sent_to: str = ""
    doubtful: bool = False
    next_attempt_at: datetime | None = None
    unbuilt: bool = False


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One notice or digest to one recipient, as lists show it."""

    id: int
    message_id: str
    recipient: str
    digest: bool
    digest_on: date | None
    state: str
    created_at: datetime
    attempts: int
    first_attempt_at: datetime | None
    next_attempt_at: datetime | None
    settled_at: datetime | None
    doubtful: bool
    error: Message | None
    sent_to: str
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One alert of a message with the head of the agreement it is about."""

    alert_id: int
    outbox_id: int
    agreement_id: int
    reference: str
    title: str
    office: str
    state: str
    process: str
    process_version: int
    process_digest: str
    tracked_from: date
    notice: str
    subject: AlertSubject
    occurrence: int
    level: str
    role: str
    stands_for: str
    effective_on: date
    recorded_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
