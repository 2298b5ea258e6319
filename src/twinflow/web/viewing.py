"""Who is asking. No route is reachable without a viewer but those that stand in `PUBLIC`; a new one is closed until it does."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from twinflow.domain.accounts.sessions import LONGEST, Session, WaitsFor
from twinflow.domain.accounts.tokens import Scope
from twinflow.domain.people.people import Person
from twinflow.domain.people.viewer import ADMINISTRATOR, Door, Viewer, viewer_of
from twinflow.errors import NotFound
from twinflow.sentences import Sentence
from twinflow.services.accounts import api_tokens
from twinflow.services.accounts.hashing import hashed
from twinflow.services.accounts.signing_in import Client, NewSession, signed_in
from twinflow.web.forms import BY_LINK, Posted, is_from_here
from twinflow.web.rendering import fresh_site_of, site_of

COOKIE = "twinflow_session"
SIGN_IN = "/sign-in"
LONGEST_NEXT = 2_000

PUBLIC = frozenset(
    {
        *BY_LINK,
        "/healthz",
        SIGN_IN,
        "/sign-in/demonstration",
        "/sign-in/oidc",
        "/sign-in/oidc/back",
        "/reset",
        "/password/{token}",
    }
)
"""By decision, and by the path of the route; static files are public too."""

PAGE_FOR = {WaitsFor.SECOND_FACTOR: "/sign-in/code", WaitsFor.ENROLMENT: "/second-factor"}
"""The one page that a session which waits is good for."""
WHILE_WAITING = frozenset({"/sign-out"})


BY_TOKEN = frozenset(
    {
        "/",
        "/agreements",
        "/agreements/{reference:path}",
        "/agreements/{reference:path}/deadlines/{rule}/{occurrence}",
        "/agreements/{reference:path}/picture",
        "/agreements/{reference:path}/picture.svg",
        "/inbox",
        "/inbox/received/{number}",
        "/inbox/{key}",
        "/inbox/{key}/html",
        "/incidents",
    }
)
"""What a program may read with a token, as its person sees it; never what is one's own, and no form."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whoever asks, with the session by which they do and the token that its forms carry.

    A program with a token has a session that stands nowhere, and no token for forms.
    """

    session: Session
    person: Person
    viewer: Viewer
    form_token: str
    reader: str = ""
    """The language that they read pages in; empty: as the browser says."""

    @property
    def is_administrator(self) -> bool:
        return any(each.role == ADMINISTRATOR for each in self.viewer.held)


class NotSignedIn(Exception):
    """There is no session, or it waits for something else first: `page` is where that is done."""

    def __init__(self, page: str) -> None:
        super().__init__(page)
        self.page = page


class ForeignForm(Exception):
    """A form that was sent from another session, or from a page of somebody else's."""

    message = Sentence("This form is of another session. Go back, load its page again, and send it anew.")


class BadToken(Exception):
    """A token for programs that lets nobody in, whatever is wrong with it."""

    message = Sentence("This token was never given, was revoked or has ended, or its account is closed.")


class TokenMayNot(Exception):
    """A token for programs that is good, and not for this."""

    message = Sentence("A token opens pages to read, where it has the scope “read”, and nothing else.")


def gate(request: Request, form: Posted) -> None:
    """For every route there is. Raises NotSignedIn, ForeignForm, BadToken, TokenMayNot."""
    path = request.scope["route"].path
    is_form = request.method == "POST" and path not in BY_LINK
    if is_form and not is_from_here(request):
        raise ForeignForm
    if path in PUBLIC:
        return
    token = _token_for_programs(request)
    if token is not None:
        request.state.signed_in = _by_token(request, path, token)
        return
    found = _signed_in(request)
    if is_form and not compare_digest(form.get("form").encode(), found.form_token.encode()):
        raise ForeignForm
    waits_for = found.session.waits_for
    if waits_for is not WaitsFor.NOTHING and path not in {PAGE_FOR[waits_for], *WHILE_WAITING}:
        raise NotSignedIn(PAGE_FOR[waits_for])
    request.state.signed_in = found


def _signed_in(request: Request) -> SignedIn:
    token = request.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn(SIGN_IN)
    site = fresh_site_of(request)
    now, people = site.clock(), site.runtime.people
    found = signed_in(site.runtime.engine, people, token, now)
    if found is None:
        raise NotSignedIn(SIGN_IN)
    person = people.people[found.session.person]
    viewer = viewer_of(people, person.key, now, Door.PAGE)
    reader = "" if found.account.by_browser else person.language
    return SignedIn(found.session, person, viewer, hashed(f"form\0{token}"), reader)


def _token_for_programs(request: Request) -> str | None:
    """That of the header (RFC 6750, section 2.1), which goes before a cookie; None where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _by_token(request: Request, path: str, token: str) -> SignedIn:
    site = fresh_site_of(request)
    now, people = site.clock(), site.runtime.people
    found = api_tokens.shown(site.runtime.engine, people, token, now)
    if found is None:
        raise BadToken
    if request.method != "GET" or path not in BY_TOKEN or Scope.READ not in found.scopes:
        raise TokenMayNot
    nowhere = Session("", found.person, now, now, now, "", second_factor=True)
    return SignedIn(nowhere, people.people[found.person], viewer_of(people, found.person, now, Door.PAGE), "")


def whoever_asks(request: Request) -> SignedIn:
    found = request.state.signed_in
    assert isinstance(found, SignedIn)
    return found


def asking(request: Request) -> Viewer:
    return whoever_asks(request).viewer


def administrator(request: Request) -> None:
    """For others there is no such page: raises NotFound in the words of an address that is none."""
    if not whoever_asks(request).is_administrator:
        raise NotFound("There is no page at {path}.", path=request.url.path)


Me = Annotated[SignedIn, Depends(whoever_asks)]
Asking = Annotated[Viewer, Depends(asking)]
OnlyAdministrators = Depends(administrator)


def client_of(request: Request) -> Client:
    return Client(request.client.host if request.client is not None else "", request.headers.get("user-agent", ""))


def let_in(request: Request, response: Response, new: NewSession) -> Response:
    """The response with the session in a cookie that no script reads and no other site's form brings."""
    secure = site_of(request).runtime.settings.base_url.startswith("https:")
    seconds = int(LONGEST.total_seconds())
    response.set_cookie(COOKIE, new.token, max_age=seconds, httponly=True, samesite="lax", secure=secure)
    return response


def local_path(address: str) -> str:
    """Where to go on: a path of this server, or the first page."""
    odd = "\\" in address or not address.isascii() or not address.isprintable() or len(address) > LONGEST_NEXT
    return address if address.startswith("/") and not address.startswith("//") and not odd else "/"


def with_next(page: str, address: str) -> str:
    """The page, which goes on to the address then."""
    there = local_path(address)
    return page if there == "/" else f"{page}?{urlencode({'next': there})}"
