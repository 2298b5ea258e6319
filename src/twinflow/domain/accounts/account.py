"""The account of a person, and what it may be changed to."""

from dataclasses import dataclass
from datetime import datetime

from twinflow.domain.people.people import Person
from twinflow.sentences import Sentence

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
"""More is not hashed: what anybody may send costs no more than that."""


@dataclass(frozen=True, slots=True)
class Account:
    """How a person signs in. One that was invited and has not answered has no password.

    `totp_salt` is what the secret of the second factor is made from, and empty without one; until a code of it was shown the
    factor is not `confirmed`. `locked` was locked by hand, `locked_until` (UTC) by too many tries. `by_browser`: pages are in the
    language that the browser prefers, else in that of the person.
    """

    person: str
    password_hash: str = ""
    totp_salt: str = ""
    confirmed: bool = False
    last_counter: int = 0
    locked: bool = False
    locked_until: datetime | None = None
    by_browser: bool = True

    def is_locked(self, now: datetime) -> bool:
        return self.locked or (self.locked_until is not None and now < self.locked_until)

    @property
    def has_authenticator(self) -> bool:
        return bool(self.totp_salt) and self.confirmed


def mistake_of_password(password: str, person: Person) -> Sentence | None:
    """Why the person may not have the password; None if they may."""
    if len(password) < SHORTEST_PASSWORD:
        return Sentence("A password has at least {count} characters.", {"count": SHORTEST_PASSWORD})
    if len(password) > LONGEST_PASSWORD:
        return Sentence("A password has at most {count} characters.", {"count": LONGEST_PASSWORD})
    known = {part for part in (person.key, *person.name.split(), *person.address.split("@")) if len(part) > 1}
    left = password.casefold()
    for part in sorted(known, key=len, reverse=True):
        left = left.replace(part.casefold(), "")
    if len(set(left)) < SHORTEST_PASSWORD // 3:
        return Sentence("Anybody would guess this: take words that have nothing to do with you.")
    return None
