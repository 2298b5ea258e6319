"""Tokens for programs: what one may do, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST = timedelta(days=366)
MOST = 20
"""How many a person may have at once."""


class Scope(StrEnum):
    READ = "read"
    STEPS = "steps"
    PEOPLE = "people"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of a person, of which only a hash is known. Times are UTC."""

    id: int
    person: str
    name: str
    scopes: tuple[Scope, ...]
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.ends_at
