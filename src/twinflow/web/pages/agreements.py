"""The list of agreements, everything about one of them, and how the date of one of its deadlines came about."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow.domain.agreement.listing import Due, Filters, Position
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, NotFound
from twinflow.services.alerts import open_incidents
from twinflow.services.reading import agreements
from twinflow.services.reading.explanations import Explanation, explain
from twinflow.services.reading.ledger_in_words import Explained, explained
from twinflow.web import viewing
from twinflow.web.languages import LONGEST_ASKED, PARAMETER, asked_without
from twinflow.web.rendering import Here, Site

LONGEST_PAGE = 400
"""How many lines of ledgers an agreement's page holds; what is longer has a page of its own only."""
ENTRY = re.compile(r"[0-9]{1,9}")
"""How the place in a timeline is written."""

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/")
@router.get("/agreements")
def show_all(request: Request, site: Here) -> HTMLResponse:
    runtime = site.runtime
    filters, after = _filters(request, runtime.rulebook), request.query_params.get("after")
    viewer = viewing.asking(request)
    page = agreements.list_agreements(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        site.clock(),
        filters,
        viewer=viewer,
        after=Position.parse(after) if after else None,
    )
    kept = asked_without(request, "after", PARAMETER)
    return site.page(
        request,
        "agreements.html",
        lines=page.lines,
        filters=filters,
        is_narrowed=filters != Filters(everything=filters.everything),
        is_first=not after,
        first=f"?{urlencode(kept)}",
        following=f"?{urlencode([*kept, ('after', str(page.following))])}" if page.following else None,
        processes={each.key: each.label for each in runtime.rulebook.all_versions},
        states=agreements.states_of(runtime.rulebook, filters.process) if filters.process or filters.state else {},
        offices=agreements.offices_seen(runtime.engine, runtime.people, viewer=viewer),
        countries=agreements.countries_of_partners(runtime.engine, viewer=viewer),
    )


def _filters(request: Request, rulebook: Rulebook) -> Filters:
    """What the address asks for. A state that another process has goes when the process changes."""
    asked = request.query_params
    process, state, due = (asked.get(name, "") for name in ("process", "state", "due"))
    if process and state not in agreements.states_of(rulebook, process):
        state = ""
    return Filters(
        words=asked.get("words", "")[:LONGEST_ASKED],
        process=process,
        state=state,
        office=asked.get("office", ""),
        country=asked.get("country", ""),
        due=Due(due) if due in set(Due) else None,
        everything=asked.get("all") == "1",
    )


@router.get("/agreements/{reference:path}/deadlines/{rule}/{occurrence}")
def show_deadline(request: Request, site: Here, reference: str, rule: str, occurrence: str) -> HTMLResponse:
    """Asked for before the agreement itself, whose reference may hold slashes."""
    try:
        wanted = DeadlineId.parse(f"{reference}/{rule}/{occurrence}")
        here = (site.runtime.engine, site.runtime.rulebook, site.runtime.people)
        viewer = viewing.asking(request)
        shown = explained(explain(*here, wanted, site.clock(), viewer=viewer))
    except (BadInput, NotFound) as error:
        return show_one_called(request, site, f"{reference}/deadlines/{rule}/{occurrence}", error)
    return site.page(request, "deadline.html", shown=shown, reference=reference)


@router.get("/agreements/{reference:path}")
def show_one(request: Request, site: Here, reference: str) -> HTMLResponse:
    """A reference may hold slashes, as file numbers do. `before` asks for the older part of the timeline."""
    runtime, before = site.runtime, request.query_params.get("before", "")
    viewer = viewing.asking(request)
    shown = agreements.show_agreement(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        reference,
        site.clock(),
        viewer=viewer,
        before=int(before) if ENTRY.fullmatch(before) else None,
        at_once=agreements.AT_ONCE,
    )
    return site.page(
        request,
        "agreement.html",
        shown=shown,
        line=shown.line,
        ledgers=tuple(_short_enough(shown.explanations)),
        is_newest=not before,
        own_incidents=open_incidents.of_agreement(runtime.engine, reference, viewer=viewer),
    )


def show_one_called(request: Request, site: Site, reference: str, error: BadInput | NotFound) -> HTMLResponse:
    """An agreement whose reference reads like the address of another page: books of before may have some. Else raises `error`."""
    try:
        return show_one(request, site, reference)
    except NotFound:
        raise error from None


def _short_enough(explanations: Iterable[Explanation]) -> Iterator[tuple[Explained, bool]]:
    """Each with whether there is room for its ledger on the page."""
    room = LONGEST_PAGE
    for explanation in explanations:
        found = explained(explanation)
        fits = found.lines <= room
        room -= found.lines if fits else 0
        yield found, fits
