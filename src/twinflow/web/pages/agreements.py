"""The list of agreements, everything about one of them, and how the date of one of its deadlines came about."""

from collections.abc import Iterable, Iterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.services.reading import agreements
from twinflow.services.reading.explanations import Explanation, explain
from twinflow.services.reading.ledger_in_words import Explained, explained
from twinflow.web.rendering import Here

LONGEST_PAGE = 400
"""How many lines of ledgers an agreement's page holds; what is longer has a page of its own only."""


router = APIRouter(default_response_class=HTMLResponse)


@router.get("/")
def show_all(request: Request, site: Here) -> HTMLResponse:
    everything = request.query_params.get("all") == "1"
    runtime = site.runtime
    lines = agreements.list_agreements(
        runtime.engine, runtime.rulebook, runtime.people, site.clock(), everything=everything
    )
    return site.page(request, "agreements.html", lines=lines, everything=everything)


@router.get("/agreements/{reference:path}/deadlines/{rule}/{occurrence}")
def show_deadline(request: Request, site: Here, reference: str, rule: str, occurrence: str) -> HTMLResponse:
    """Asked for before the agreement itself, whose reference may hold slashes."""
    wanted = DeadlineId.parse(f"{reference}/{rule}/{occurrence}")
    shown = explained(explain(site.runtime.engine, site.runtime.rulebook, site.runtime.people, wanted, site.clock()))
    return site.page(request, "deadline.html", shown=shown, reference=reference)


@router.get("/agreements/{reference:path}")
def show_one(request: Request, site: Here, reference: str) -> HTMLResponse:
    """A reference may hold slashes, as file numbers do."""
    shown = agreements.show_agreement(
        site.runtime.engine, site.runtime.rulebook, site.runtime.people, reference, site.clock()
    )
    ledgers = tuple(_short_enough(shown.explanations))
    return site.page(request, "agreement.html", shown=shown, line=shown.line, ledgers=ledgers)


def _short_enough(explanations: Iterable[Explanation]) -> Iterator[tuple[Explained, bool]]:
    """Each with whether there is room for its ledger on the page."""
    room = LONGEST_PAGE
    for explanation in explanations:
        found = explained(explanation)
        fits = found.lines <= room
        room -= found.lines if fits else 0
        yield found, fits
