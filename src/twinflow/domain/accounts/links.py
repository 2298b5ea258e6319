"""Links that are good once, and the letters that bring them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class LinkKind(StrEnum):
    RESET = "reset"
    INVITATION = "invitation"


LASTS = {LinkKind.RESET: timedelta(minutes=30), LinkKind.INVITATION: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link to set a password with, of which only a hash is known. Times are UTC."""

    token_hash: str
    kind: LinkKind
    person: str
    ends_at: datetime
    used_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.used_at is None and now < self.ends_at


class LetterKind(StrEnum):
    """What is written to somebody about their account."""

    RESET = "reset"
    INVITATION = "invitation"
    LOCKED = "locked"


TRIED_FOR = {
    LetterKind.RESET: LASTS[LinkKind.RESET],
    LetterKind.INVITATION: timedelta(days=3),
    LetterKind.LOCKED: timedelta(days=1),
}
"""How long a letter is tried to be sent: what comes later helps nobody."""


@dataclass(frozen=True, slots=True)
class AskedLetter:
    """A letter to be written to whoever has the address, if anybody has. Its link is made when it is sent."""

    id: int
    kind: LetterKind
    address: str
    asked_at: datetime
