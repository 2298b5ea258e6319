"""Signing in at an OpenID provider: the authorisation code with PKCE, and the token that is given for it.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth. Nothing that comes from the provider is kept or logged; its
keys are asked for each time, so that it may change them at any time.
"""

import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import quote

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Engine

from twinflow.domain.accounts.limits import Action
from twinflow.domain.accounts.provider import Provider, Vouched, vouched
from twinflow.errors import NoAnswer, Refused
from twinflow.services.accounts.hashing import hashed, new_token
from twinflow.services.accounts.signing_in import Client, count_tries
from twinflow.storage.unit_of_work import UnitOfWork

ALGORITHMS = ("RS256", "PS256", "ES256")
"""None that would take a secret or a public key for the other (RFC 8725, section 3.1)."""
LEEWAY = 60
"""Seconds by which the clocks may differ."""
TIMEOUT = 10
REFUSED = range(400, 500)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was begun: what the browser keeps of it, and where it goes."""

    token: str
    address: str


def begin(engine: Engine, provider: Provider, client: Client, now: datetime) -> Begun:
    """Send somebody to the provider. State, nonce and verifier are made from the token that their browser keeps.

    Raises TooManyTries by the address that asks, NoAnswer.
    """
    count_tries(engine, Action.SIGN_IN_FROM, client.address, now)
    with httpx2.Client(timeout=TIMEOUT) as http:
        address = _text(provider, _described(http, provider), "authorization_endpoint")
    token = new_token()
    with UnitOfWork(engine) as work:
        work.accounts.note_begun(Action.AT_PROVIDER, hashed(token), now)
        work.commit()
    challenge = urlsafe_b64encode(sha256(_made(token, "verifier").encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "scope": "openid email",
        "client_id": provider.client_id,
        "redirect_uri": provider.back,
        "state": _made(token, "state"),
        "nonce": _made(token, "nonce"),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return Begun(token, str(httpx2.URL(address).copy_merge_params(asked)))


def end(engine: Engine, provider: Provider, token: str, answer: Mapping[str, str], now: datetime) -> Vouched:
    """What the provider vouches for, by its `answer` to whoever holds the token; good once.

    Raises Refused in one sentence for whatever is wrong with it, NoAnswer.
    """
    if not compare_digest(answer.get("state", "").encode(), _made(token, "state").encode()):
        raise _failed(provider, "the state is of another browser")
    with UnitOfWork(engine) as work:
        is_open = work.accounts.end_begun(Action.AT_PROVIDER, hashed(token), now)
        work.commit()
    if not is_open:
        raise _failed(provider, "it was ended before, or is too old")
    with httpx2.Client(timeout=TIMEOUT) as http:
        described = _described(http, provider)
        _check_issuer(provider, described, answer.get("iss"))
        if "error" in answer or not answer.get("code"):
            raise _failed(provider, "the provider gives no code")
        given = _redeemed(http, provider, described, answer["code"], _made(token, "verifier"))
        keys = _json(provider, http, "GET", _text(provider, described, "jwks_uri"))
        claims = _proved(provider, given.get("id_token"), keys, _made(token, "nonce"), now)
        if "email" not in claims and "userinfo_endpoint" in described:
            claims |= _asked_for_mail(http, provider, described, given.get("access_token"), claims["sub"])
    return vouched(claims)


def _made(token: str, what: str) -> str:
    return hashed(f"{what}\0{token}")


def _described(http: httpx2.Client, provider: Provider) -> dict[str, Any]:
    """What the provider says of itself: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig."""
    found = _json(provider, http, "GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise _silent(provider, "it calls itself by another issuer")
    return found


def _check_issuer(provider: Provider, described: Mapping[str, Any], issuer: str | None) -> None:
    """Whose answer it is (RFC 9207): a provider that says it always says it."""
    must = described.get("authorization_response_iss_parameter_supported") is True
    if (must or issuer is not None) and issuer != provider.issuer:
        raise _failed(provider, "the answer is of another issuer")


def _redeemed(
    http: httpx2.Client, provider: Provider, described: Mapping[str, Any], code: str, verifier: str
) -> dict[str, Any]:
    """The tokens for a code. Who we are is said in the header, which every provider has to know (RFC 6749, section 2.3.1).

    A space is `%20` there: not all read `+` as one.
    """
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.back,
        "code_verifier": verifier,
    }
    known_as = (quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
    return _json(provider, http, "POST", _text(provider, described, "token_endpoint"), data=sent, auth=known_as)


def _proved(provider: Provider, token: object, keys: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
    """The claims of a token that the provider signed for us and for this sign-in."""
    wanted = jwt.JWTClaimsRegistry(
        int(now.timestamp()),
        LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(str(token), KeySet.import_key_set(keys), ALGORITHMS).claims  # type: ignore[arg-type]
        wanted.validate(claims)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise _failed(provider, f"the token is not good ({type(error).__name__})") from None
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise _failed(provider, "the token is for somebody else")
    return claims


def _asked_for_mail(
    http: httpx2.Client, provider: Provider, described: Mapping[str, Any], access_token: object, subject: object
) -> dict[str, Any]:
    """The address, where the provider does not say it in the token; it has to be of the same account."""
    headers = {"Authorization": f"Bearer {access_token}"}
    found = _json(provider, http, "GET", _text(provider, described, "userinfo_endpoint"), headers=headers)
    if found.get("sub") != subject:
        raise _failed(provider, "the address is of another account")
    return {name: found[name] for name in ("email", "email_verified") if name in found}


def _json(provider: Provider, http: httpx2.Client, method: str, address: str, **sent: Any) -> dict[str, Any]:
    try:
        response = http.request(method, address, **sent)
        if response.status_code in REFUSED and method == "POST":
            raise _failed(provider, f"the code is not taken ({response.status_code})")
        found = response.raise_for_status().json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise _silent(provider, type(error).__name__) from None
    if not isinstance(found, dict):
        raise _silent(provider, "its answer is no object")
    return found


def _text(provider: Provider, values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise _silent(provider, f"it has no {name}")
    return value


def _failed(provider: Provider, why: str) -> Refused:
    """The reason is for whoever runs the service; it has nothing in it that was sent."""
    log.warning("Signing in by %s did not work: %s.", provider.issuer, why)
    return Refused("Signing in by {provider} did not work. Begin again.", provider=provider.name)


def _silent(provider: Provider, why: str) -> NoAnswer:
    log.error("%s does not answer as an OpenID provider: %s.", provider.issuer, why)
    return NoAnswer(
        "{provider} does not answer as it should. Try again later, or sign in with a password.", provider=provider.name
    )
