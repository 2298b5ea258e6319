"""The calendar feed of a person: who has the address may read it, and nobody else. Calendar programs ask again and again."""

import hashlib
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from twinflow.errors import NotFound, Refused
from twinflow.language import LANGUAGES, say
from twinflow.mail.dates_file import CONTENT_TYPE, feed_file
from twinflow.sentences import Sentence
from twinflow.services.mail import calendar_feeds
from twinflow.web.rendering import Here

router = APIRouter()


@router.get("/calendar/{token}.ics")
def show(request: Request, site: Here, token: str) -> Response:
    """Made anew each time; what has not changed since is not sent again (RFC 9110, section 13.1.2)."""
    runtime = site.runtime
    try:
        person = calendar_feeds.reader(runtime.engine, runtime.people, token)
    except NotFound as error:
        return _sentence(HTTPStatus.NOT_FOUND, error.message)
    except Refused as error:
        return _sentence(HTTPStatus.GONE, error.message)
    events = calendar_feeds.dates_of(runtime.engine, runtime.rulebook, runtime.people, person, site.clock())
    content = feed_file(events, person.language, runtime.settings.base_url)
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Content-Language": person.language}
    if _has_it(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type=f"{CONTENT_TYPE}; charset=utf-8", headers=headers)


def _sentence(status: HTTPStatus, message: Sentence) -> Response:
    """In every language: who subscribed cannot be asked for theirs."""
    text = "".join(f"{say(message, code)}\n" for code in LANGUAGES)
    return PlainTextResponse(text, status, {"Content-Language": ", ".join(LANGUAGES)})


def _has_it(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag; its weak form will do."""
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return tag in known or "*" in known
