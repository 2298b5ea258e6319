"""Sessions: how long somebody stays signed in, and what is still to be shown before anything else is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST = timedelta(hours=12)
LONGEST_IDLE = timedelta(hours=1)
NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is written down when a session was seen last."""


class WaitsFor(StrEnum):
    """What a session is good for until it comes: that alone."""

    NOTHING = ""
    SECOND_FACTOR = "second factor"
    ENROLMENT = "enrolment"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in somewhere. Times are UTC; only a hash of what the browser holds is known.

    `second_factor` says whether one was shown, here or at a provider.
    """

    id_hash: str
    person: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    user_agent: str
    waits_for: WaitsFor = WaitsFor.NOTHING
    revoked_at: datetime | None = None
    second_factor: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it is one still, at an instant."""
        return self.revoked_at is None and now < self.ends_at and now - self.seen_at < LONGEST_IDLE

    def is_to_be_noted(self, now: datetime) -> bool:
        return now - self.seen_at >= NOTED_EVERY
