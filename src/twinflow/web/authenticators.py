"""Passkeys on pages: whether this service has them, and the one script that asks a browser for them.

What makes and proves them takes a second to load, and may not be installed: only who comes that far waits for it.
"""

from importlib.util import find_spec

from starlette.requests import Request
from starlette.responses import Response

from twinflow.domain.accounts.passkeys import RelyingParty, relying_party
from twinflow.errors import NotFound
from twinflow.sentences import Sentence
from twinflow.services.accounts.signing_in import NewSession
from twinflow.web.rendering import Site
from twinflow.web.security import PAGE_POLICY
from twinflow.web.viewing import SignedIn, client_of

IS_INSTALLED = find_spec("webauthn") is not None


def party_of(site: Site) -> RelyingParty | None:
    """Whom passkeys are made for; None where there are none."""
    return relying_party(site.runtime.settings.base_url) if IS_INSTALLED else None


def why_none(site: Site) -> Sentence:
    """Why there are no passkeys here, for whoever runs the service."""
    if not IS_INSTALLED:
        return Sentence("This service has no passkeys: whoever runs it installs “twinflow[passkeys]”.")
    values = {"address": site.runtime.settings.base_url}
    return Sentence(
        "This service has no passkeys: they need an address with a name and TLS, and base_url is {address}.", values
    )


def asked_for_new(site: Site, me: SignedIn) -> str | None:
    """What a browser is asked to make a passkey by; None where there are none."""
    party = party_of(site)
    if party is None:
        return None
    from twinflow.services.accounts import passkeys  # noqa: PLC0415 - see above

    return passkeys.ask_for_new(site.runtime.engine, party, me.session, me.person, site.clock())


def asked_for_one(site: Site, me: SignedIn) -> str | None:
    """What a browser is asked to show a passkey by; None where the person has none, or there are none here."""
    party = party_of(site)
    if party is None:
        return None
    from twinflow.services.accounts import passkeys  # noqa: PLC0415 - see above

    return passkeys.ask(site.runtime.engine, party, me.session, site.clock())


def add(request: Request, site: Site, me: SignedIn, name: str, answer: str) -> tuple[NewSession, tuple[str, ...]]:
    """A browser has made a passkey. Raises as the service, and NotFound where there are none."""
    party = _party(request, site)
    from twinflow.services.accounts import passkeys  # noqa: PLC0415 - see above

    return passkeys.add(site.runtime.engine, party, me.session, name, answer, client_of(request), site.clock())


def show(request: Request, site: Site, me: SignedIn, answer: str) -> NewSession:
    """A browser has shown a passkey. Raises as the service, and NotFound where there are none."""
    party = _party(request, site)
    from twinflow.services.accounts import passkeys  # noqa: PLC0415 - see above

    return passkeys.show(site.runtime.engine, party, me.session, answer, client_of(request), site.clock())


def with_script(response: Response) -> Response:
    """The page may run our own script: no browser shows a passkey without one."""
    response.headers["Content-Security-Policy"] = f"{PAGE_POLICY}; script-src 'self'"
    return response


def _party(request: Request, site: Site) -> RelyingParty:
    party = party_of(site)
    if party is None:
        raise NotFound("There is no page at {path}.", path=request.url.path)
    return party
