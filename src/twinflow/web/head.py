"""HEAD is answered as GET, without the body (RFC 9110, section 9.3.2), whatever the address."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return self._app(scope, receive, send)

        def send_head(message: Message) -> Awaitable[None]:
            return send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        return self._app({**scope, "method": "GET"}, receive, send_head)
