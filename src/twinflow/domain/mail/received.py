"""Mail that came in and changed nothing by itself: a person has to look at it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReceivedKind(StrEnum):
    ANSWER = "answer"
    """A person wrote it."""
    UNPROVEN = "unproven report"
    """It says that a message of ours did not arrive, and did not come to that message's return path."""
    OTHER = "not understood"
    """Also a real report that does not say what happened."""


@dataclass(frozen=True, slots=True)
class Received:
    """One of them. Times are UTC. `about` is the message of ours that it says it is about; `whole`: all of it is kept."""

    id: int
    kind: ReceivedKind
    received_at: datetime
    sender: str
    subject: str
    about: int | None
    whole: bool
    settled_at: datetime | None
    settled_by: str
