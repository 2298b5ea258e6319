"""What a form sends, as it was typed; and whether it was sent from a page of this server."""

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request

BY_LINK = ("/unsubscribe/{token}", "/unsubscribe/{token}/undo", "/calendar/{token}.ics")
"""Who has the address may; mail programs post to it by themselves, from nowhere, and what they post is not read."""
LARGEST = 64_000
MOST_FIELDS = 200


class Form:
    """The fields of a form; one that was not sent is empty."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def get(self, name: str) -> str:
        return self.all(name)[0] if self.all(name) else ""

    def all(self, name: str) -> list[str]:
        return self._fields.get(name, [])


async def posted(request: Request) -> Form:
    """Read as a whole, and no more of it than a form of ours may have."""
    if request.method != "POST" or request.scope["route"].path in BY_LINK:
        return Form({})
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413)
    try:
        return Form(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(413) from None


Posted = Annotated[Form, Depends(posted)]


def is_from_here(request: Request) -> bool:
    """By what browsers say with every form they send (RFC 6454); a program that says nothing needs the form's own token."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
