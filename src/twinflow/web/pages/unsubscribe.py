"""The link in optional mail that switches its notices off: no login, no cookie, nothing changed by looking (RFC 8058).

Mail programs post to the address by themselves; what they post says nothing more, so it is not read.
"""

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow.services.alerts import opt_outs
from twinflow.services.alerts.opt_outs import Choice
from twinflow.web.rendering import Here, Site

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/unsubscribe/{token}")
@router.get("/unsubscribe/{token}/undo")
def ask(request: Request, site: Here, token: str) -> HTMLResponse:
    """Programs that look at the links of a message come here too."""
    return _page(
        request, site, opt_outs.choice(site.runtime.engine, site.runtime.rulebook, site.runtime.people, token), token
    )


@router.post("/unsubscribe/{token}")
def switch_off(request: Request, site: Here, token: str) -> HTMLResponse:
    return _chosen(request, site, token, off=True)


@router.post("/unsubscribe/{token}/undo")
def switch_on(request: Request, site: Here, token: str) -> HTMLResponse:
    return _chosen(request, site, token, off=False)


def _chosen(request: Request, site: Site, token: str, *, off: bool) -> HTMLResponse:
    runtime = site.runtime
    found = opt_outs.choose(runtime.engine, runtime.rulebook, runtime.people, token, site.clock(), off=off)
    return _page(request, site, found, token, done=True)


def _page(request: Request, site: Site, found: Choice, token: str, *, done: bool = False) -> HTMLResponse:
    """`done`: something was asked for, not only looked at. 409 if nothing of the message can be switched off any more."""
    status = HTTPStatus.OK if found.optional else HTTPStatus.CONFLICT
    return site.public_page(
        request, "unsubscribe.html", status=status, language=found.person.language, choice=found, token=token, done=done
    )
