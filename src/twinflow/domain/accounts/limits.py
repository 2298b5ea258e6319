"""How often something may be tried. Counts are kept by windows of time, so that every node knows them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

LOCKED_FOR = timedelta(minutes=30)
"""How long an account is locked after too many tries."""


class Action(StrEnum):
    SIGN_IN = "sign in"
    SIGN_IN_FROM = "sign in from"
    SECOND_FACTOR = "second factor"
    RESET = "reset"
    RESET_FROM = "reset from"
    LINK_FROM = "link from"
    AT_PROVIDER = "at provider"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Limit:
    most: int
    window: timedelta

    def window_of(self, now: datetime) -> datetime:
        """When the window began in which an instant lies."""
        seconds = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


LIMITS = {
    Action.SIGN_IN: Limit(10, timedelta(minutes=30)),
    Action.SIGN_IN_FROM: Limit(100, timedelta(minutes=30)),
    Action.SECOND_FACTOR: Limit(10, timedelta(minutes=30)),
    Action.RESET: Limit(3, timedelta(hours=1)),
    Action.RESET_FROM: Limit(30, timedelta(hours=1)),
    Action.LINK_FROM: Limit(30, timedelta(minutes=30)),
    Action.AT_PROVIDER: Limit(1, timedelta(minutes=10)),
    Action.PASSKEY: Limit(1, timedelta(minutes=10)),
}
"""By account, and (`…_FROM`) by the address that asks: an office behind one address has many people.
Whoever went to sign in at the provider comes back once; a passkey answers what it was asked once."""
