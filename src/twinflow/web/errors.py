"""Errors as pages: the one place where what went wrong becomes a status and a text. Never a traceback."""

import logging
from difflib import get_close_matches
from http import HTTPStatus

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from twinflow.errors import BadInput, EnvironmentFailed, NotFound, TwinflowError
from twinflow.sentences import Sentence
from twinflow.services.reading import agreements
from twinflow.text import LONGEST, harmless, shortened
from twinflow.web import viewing
from twinflow.web.rendering import site_of
from twinflow.web.security import secure
from twinflow.web.viewing import BadToken, ForeignForm, NotSignedIn, TokenMayNot, with_next

log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    app.exception_handler(NotSignedIn)(_not_signed_in)
    app.exception_handler(ForeignForm)(_foreign)
    app.exception_handler(BadToken)(_bad_token)
    app.exception_handler(TokenMayNot)(_token_may_not)
    app.exception_handler(NotFound)(_not_found)
    app.exception_handler(BadInput)(_not_found)
    app.exception_handler(TwinflowError)(_failed)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(Exception)(_broken)


def _not_signed_in(request: Request, error: NotSignedIn) -> Response:
    """A page is gone on to after signing in; what was sent is lost."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = with_next(error.page, path) if request.method == "GET" else error.page
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def _foreign(request: Request, error: ForeignForm) -> Response:
    return site_of(request).error_page(request, HTTPStatus.FORBIDDEN, error.message)


def _bad_token(request: Request, error: BadToken) -> Response:
    """https://www.rfc-editor.org/rfc/rfc6750#section-3.1, as the next."""
    response = site_of(request).error_page(request, HTTPStatus.UNAUTHORIZED, error.message)
    response.headers["WWW-Authenticate"] = 'Bearer realm="twinflow", error="invalid_token"'
    return response


def _token_may_not(request: Request, error: TokenMayNot) -> Response:
    response = site_of(request).error_page(request, HTTPStatus.FORBIDDEN, error.message)
    response.headers["WWW-Authenticate"] = 'Bearer realm="twinflow", error="insufficient_scope", scope="read"'
    return response


def _not_found(request: Request, error: NotFound | BadInput) -> Response:
    """All that a reader writes is the address."""
    return site_of(request).error_page(request, HTTPStatus.NOT_FOUND, error.message, _similar(request))


def _failed(request: Request, error: TwinflowError) -> Response:
    log.error("%s: %s", _path(request), error)
    if isinstance(error, EnvironmentFailed):  # the reason is for the log, not for whoever looks at the page
        message = Sentence("The database does not answer.")
        return site_of(request).error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, message)
    return site_of(request).error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, error.message)


def _refused(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        message = Sentence("There is no page at {path}.", {"path": shortened(request.url.path)})
        response = site_of(request).error_page(request, status, message)
    elif status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        response = site_of(request).error_page(request, status, Sentence("That is more than a form of ours has."))
    else:
        response = site_of(request).error_page(
            request, status, Sentence("This address only shows; it takes no other request.")
        )
    response.headers.update(error.headers or {})
    if response.headers.get("Allow") == "GET":
        response.headers["Allow"] = "GET, HEAD"  # whatever shows answers both
    return response


def _broken(request: Request, error: Exception) -> Response:
    """A mistake in the program. The server logs the traceback. No middleware sees this answer: it is secured here."""
    del error
    response = site_of(request).error_page(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, Sentence("The program made a mistake.")
    )
    secure(response.headers, request.url.path)
    return response


def _path(request: Request) -> str:
    """The address without a token that it may hold: who reads the log may not read on with it."""
    token, path = request.path_params.get("token"), request.url.path
    return harmless(path.replace(str(token), "…") if token else path)


def _similar(request: Request) -> list[str]:
    """References that look like the one in the address, of what whoever asks sees."""
    site = site_of(request)
    asked = str(request.path_params.get("reference", "")).upper()
    if not 0 < len(asked) <= LONGEST["reference"]:
        return []
    seen = agreements.list_references(site.runtime.engine, viewer=viewing.asking(request))
    return get_close_matches(asked, seen, n=8, cutoff=0.5)
