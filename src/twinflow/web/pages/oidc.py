"""Sign in at the provider that the settings name: there, and back."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from twinflow.domain.accounts.limits import LIMITS, Action
from twinflow.domain.accounts.provider import Provider
from twinflow.errors import NotFound, Refused
from twinflow.sentences import Problem
from twinflow.services.accounts import signing_in
from twinflow.web.pages.signing_in import see, sign_in_page, status_of
from twinflow.web.rendering import Here, Site
from twinflow.web.security import TO_PROVIDER
from twinflow.web.viewing import client_of, let_in, local_path

router = APIRouter(default_response_class=HTMLResponse)

COOKIE = "twinflow_provider"
"""What the browser keeps until it comes back: the token of the sign-in, and where to go on then."""
BACK = f"{TO_PROVIDER}/back"


@router.get(TO_PROVIDER)
def begin(request: Request, site: Here) -> Response:
    """A link and no form, which could not lead to another server. Nothing is done by it but to note that it was begun."""
    from twinflow.services.accounts import at_provider  # noqa: PLC0415 - a second, for joserfc, that most need not wait for

    asked, following = _provider(request, site), local_path(request.query_params.get("next", ""))
    try:
        begun = at_provider.begin(site.runtime.engine, asked, client_of(request), site.clock())
    except Refused as error:
        return _told(request, site, error, following)
    response = see(begun.address)
    seconds = int(LIMITS[Action.AT_PROVIDER].window.total_seconds())
    secure = site.runtime.settings.base_url.startswith("https:")
    kept = f"{begun.token}{following}"
    response.set_cookie(COOKIE, kept, max_age=seconds, httponly=True, samesite="lax", secure=secure)
    return response


@router.get(BACK)
def end(request: Request, site: Here) -> Response:
    from twinflow.services.accounts import at_provider  # noqa: PLC0415 - the same

    runtime, now = site.runtime, site.clock()
    token, _, following = request.cookies.get(COOKIE, "").partition("/")
    following = local_path(f"/{following}")
    try:
        vouched = at_provider.end(runtime.engine, _provider(request, site), token, request.query_params, now)
        new = signing_in.sign_in_vouched(runtime.engine, runtime.people, vouched, client_of(request), now)
    except Refused as error:
        return _told(request, site, error, following)
    response = let_in(request, see(following), new)
    response.delete_cookie(COOKIE)
    return response


def _provider(request: Request, site: Site) -> Provider:
    """Raises NotFound where the settings name none."""
    settings = site.runtime.settings
    oidc = settings.oidc
    if not oidc.issuer:
        raise NotFound("There is no page at {path}.", path=request.url.path)
    back = f"{settings.base_url.rstrip('/')}{BACK}"
    return Provider(oidc.name, oidc.issuer, oidc.client_id, oidc.client_secret.get_secret_value(), back)


def _told(request: Request, site: Site, error: Refused, following: str) -> HTMLResponse:
    problems = (Problem("provider", error.message),)
    return sign_in_page(request, site, status_of(error), following, problems=problems)
