"""Captured mail, what was sent to whom, as it was sent; and mail that came in and that a person has to look at."""

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow.errors import NotFound
from twinflow.mail.inbox import CapturedMessage, captured_message, captured_messages
from twinflow.mail.reports import readable_text
from twinflow.services.mail import outbox, received
from twinflow.text import harmless_lines
from twinflow.web import viewing
from twinflow.web.rendering import Here, Site
from twinflow.web.security import MAIL_POLICY
from twinflow.web.viewing import OnlyAdministrators

NUMBER = re.compile(r"[0-9]{1,10}")

router = APIRouter(default_response_class=HTMLResponse, dependencies=[OnlyAdministrators])


@router.get("/inbox")
def show_all(request: Request, site: Here) -> HTMLResponse:
    """Of what tells of cases only what whoever asks sees all of."""
    viewer, engine = viewing.asking(request), site.runtime.engine
    unseen = outbox.telling_of_unseen(engine, viewer=viewer)
    captured = captured_messages(site.runtime.settings.mail.capture_folder)
    messages = [each for each in captured if each.message_id not in unseen]
    came_in = received.received_messages(engine, viewer=viewer)
    return site.page(request, "inbox.html", messages=messages, came_in=came_in, host=site.runtime.settings.mail.host)


@router.get("/inbox/received/{number}")
def show_received(request: Request, site: Here, number: str) -> HTMLResponse:
    if not NUMBER.fullmatch(number):
        raise NotFound("There is no received message {id}.", id=number)
    line, content = received.received_message(site.runtime.engine, int(number), viewer=viewing.asking(request))
    text, is_all = readable_text(content)
    return site.page(request, "received.html", line=line, text=harmless_lines(text), is_all=is_all)


@router.get("/inbox/{key}")
def show_one(request: Request, site: Here, key: str) -> HTMLResponse:
    return site.page(request, "message.html", message=_message(request, site, key))


@router.get("/inbox/{key}/html")
def show_html_part(request: Request, site: Here, key: str) -> HTMLResponse:
    """The HTML part as it is, with no rights at all: shown in a frame of the page of the message."""
    return HTMLResponse(_message(request, site, key).html, headers={"Content-Security-Policy": MAIL_POLICY})


def _message(request: Request, site: Site, key: str) -> CapturedMessage:
    message = captured_message(site.runtime.settings.mail.capture_folder, key)
    unseen = outbox.telling_of_unseen(site.runtime.engine, viewer=viewing.asking(request))
    if message is None or message.message_id in unseen:
        raise NotFound("There is no captured message {key}.", key=key)
    return message
