"""Messages as values: what leaves, and where it stands on its way."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from twinflow.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Message:
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

NOTHING_LEFT = Sentence("there was nothing left to say")
"""Why a message is dropped."""
RESTORED = Sentence("restored backup: the database that is lost has sent it")
"""Why messages are cancelled that a backup has as waiting; shown with them."""


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
    error: Sentence | None = None
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
    error: Sentence | None
    sent_to: str
    subject: str
    words: str
