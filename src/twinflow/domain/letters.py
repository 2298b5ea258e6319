"""Messages as values: what one says before it is put into words, and where it stands on its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


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
    """A message to one person, in their language."""

    name: str
    mail: str
    language: str
    roles: tuple[str, ...]
    groups: tuple[LetterGroup, ...]

    @property
    def items(self) -> list[LetterItem]:
        return [item for group in self.groups for item in group.items]


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message taken for sending. `content` is None until it has been built."""

    id: int
    message_id: str
    recipient: str
    attempts: int
    created_at: datetime
    content: bytes | None


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One notice or digest to one recipient, as lists show it."""

    id: int
    message_id: str
    recipient: str
    digest: bool
    state: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    settled_at: datetime | None
    error: str
    subject: str
