"""The second factor: who needs one, and which code is right (RFC 6238)."""

import hashlib
import hmac
from base64 import b32encode
from datetime import datetime

import pyotp

from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import ADMINISTRATOR, Viewer

NEEDED_BY = frozenset({ADMINISTRATOR, "reviewer", "registrar"})
"""The roles that are never taken on with a password alone."""

SECONDS = 30
SECRET_BYTES = 20


def needs_second_factor(people: People, viewer: Viewer) -> bool:
    """By a role, or because an office asks it of whoever holds one there."""
    return any(each.role in NEEDED_BY or people.offices[each.office].second_factor for each in viewer.held)


def secret_of(key: bytes, person: str, salt: str) -> str:
    """The secret in base32. It stands nowhere: it is made from the key of the machine and the salt of the account."""
    made = hmac.new(key, f"second factor\0{person}\0{salt}".encode(), hashlib.sha256).digest()
    return b32encode(made[:SECRET_BYTES]).decode("ascii")


def accepted_counter(secret: str, code: str, last_counter: int, now: datetime) -> int | None:
    """The counter of the code if it is right now, or was or will be within half a minute; None if not, or if it was used."""
    digits = "".join(code.split())
    present = int(now.timestamp()) // SECONDS
    totp = pyotp.TOTP(secret, interval=SECONDS)
    right = (
        each for each in (present - 1, present, present + 1) if hmac.compare_digest(_code(totp, each), digits.encode())
    )
    counter = next(right, None)
    return counter if counter is not None and counter > last_counter else None


def _code(totp: pyotp.TOTP, counter: int) -> bytes:
    return totp.generate_otp(counter).encode("ascii")


def address_of(secret: str, account: str) -> str:
    """What an authenticator program is told: `otpauth://totp/…`."""
    return pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=account, issuer_name="twinflow")
