"""Which language a reader gets: asked for in the address, else remembered, else what the browser prefers."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from twinflow.language import LANGUAGES

NAMES = {"es": "Español", "en": "English"}
PARAMETER = "lang"
COOKIE = "twinflow_lang"
ONE_YEAR = 365 * 24 * 60 * 60

LONGEST_ASKED = 200
"""How many characters of what an address asks for are looked at; the field for words takes no more either."""


def choose(request: Request, default: str, reader: str = "") -> str:
    """`reader`: the language of whom the page is for; goes before what the browser prefers, after what was asked for."""
    asked = (request.query_params.get(PARAMETER), request.cookies.get(COOKIE), reader, *_accepted(request))
    return next((language for language in asked if language in LANGUAGES), default)


def remember(request: Request, response: Response, *, secure: bool) -> None:
    """Keep the language that the address asks for."""
    language = request.query_params.get(PARAMETER)
    if language in LANGUAGES:
        response.set_cookie(COOKIE, language, max_age=ONE_YEAR, httponly=True, samesite="lax", secure=secure)


def switch(request: Request) -> list[tuple[str, str, str]]:
    """Code, name and address of the present page in each language."""
    kept = asked_without(request, PARAMETER)
    return [(code, NAMES[code], f"?{urlencode([*kept, (PARAMETER, code)])}") for code in LANGUAGES]


def asked_without(request: Request, *names: str) -> list[tuple[str, str]]:
    """What the address asks for, as another may repeat it: not `names`, and of a text nothing beyond what is looked at."""
    asked = request.query_params.multi_items()
    return [
        (name, value[:LONGEST_ASKED])
        for name, value in asked
        if value and name not in names and len(name) <= LONGEST_ASKED
    ]


def _accepted(request: Request) -> list[str]:
    """The languages of the Accept-Language header without their regions, the preferred one first (RFC 9110, 12.5.4)."""
    weighted = []
    for entry in request.headers.get("accept-language", "").split(","):
        tag, _, weight = entry.strip().partition(";q=")
        weighted.append((_number(weight), tag.split("-")[0].strip().lower()))
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]


def _number(weight: str) -> float:
    try:
        return float(weight or 1)
    except ValueError:
        return 0
