"""The headers of every response: nothing is loaded from elsewhere, no script runs, no cache keeps anything, nobody is sent away
but to the provider at which they want to sign in.

https://www.w3.org/TR/CSP3/
"""

from collections.abc import Awaitable
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""For the HTML part of a message, which anybody may have written: no script, no images, an origin of its own."""

TO_PROVIDER = "/sign-in/oidc"
"""The one address that sends somebody to another server: to the one in the settings."""


class SecurityHeaders:
    """ASGI middleware. A response that brings a header of its own keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self._app(scope, receive, send)

        def send_secured(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message), scope["path"])
            return send(message)

        return self._app(scope, receive, send_secured)


def secure(headers: MutableHeaders, path: str) -> None:
    """Static files may be kept but are asked for again; pages are not kept."""
    headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-cache" if path.startswith("/static/") else "no-store")
    if "Location" in headers and path != TO_PROVIDER:
        headers["Location"] = _on_this_server(headers["Location"])


def _on_this_server(address: str) -> str:
    """Without scheme and host: a reader keeps theirs, whatever a proxy in between speaks (RFC 9110, section 10.2.2)."""
    parts = urlsplit(address)
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))
