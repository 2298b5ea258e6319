"""An OpenID provider, and what it says of somebody who has signed in there, as far as that lets them in here."""

from collections.abc import Mapping
from dataclasses import dataclass

MULTI_FACTOR = "mfa"
"""RFC 8176, section 2: of `amr`."""
OF_SEVERAL_FACTORS = frozenset({"https://refeds.org/profile/mfa", "phr", "phrh"})
"""Of `acr`: the profile of REFEDS, and those of OpenID Connect Extended Authentication Profile, section 2."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who is asked, who we are there, and the address of ours that people come back to."""

    name: str
    issuer: str
    client_id: str
    client_secret: str
    back: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whose mail address it is, as it was written; empty where the provider has not verified it."""

    mail: str
    second_factor: bool


def vouched(claims: Mapping[str, object]) -> Vouched:
    """What the claims say. What is not said plainly is not said: `email_verified` is true, and no text."""
    mail, methods, level = claims.get("email"), claims.get("amr"), claims.get("acr")
    is_verified = isinstance(mail, str) and claims.get("email_verified") is True
    several = isinstance(methods, list) and MULTI_FACTOR in methods
    return Vouched(
        str(mail) if is_verified else "", several or (isinstance(level, str) and level in OF_SEVERAL_FACTORS)
    )
