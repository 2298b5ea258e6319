"""Passkeys: whom they are made for, and what is kept of one (https://www.w3.org/TR/webauthn-3/)."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

MOST = 10
"""How many a person may have."""
LONGEST_NAME = 100
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom a browser makes passkeys for, and the pages that may ask for them."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of a person. What it signs is proved by the public key; its counter never goes back. Times are UTC."""

    credential_id: str
    person: str
    name: str
    public_key: str
    sign_count: int
    made_at: datetime
    used_at: datetime | None = None


def relying_party(base_url: str) -> RelyingParty | None:
    """Who this service is by its address; None where browsers make no passkeys: without TLS or a name, but for `localhost`."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").encode("idna").decode("ascii")
    if not host or _is_number(host) or not (parts.scheme == "https" or host == "localhost"):
        return None
    port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{port}")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def counts_on(kept: int, shown: int) -> bool:
    """Whether a counter has gone on; an authenticator that counts nothing always shows 0 (section 6.1.1)."""
    return shown > kept or shown == kept == 0
