"""The list of agreements, and everything about one of them."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow.services import queries
from twinflow.web.rendering import Here

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/")
def show_all(request: Request, site: Here) -> HTMLResponse:
    everything = request.query_params.get("all") == "1"
    runtime = site.runtime
    lines = queries.list_agreements(runtime.engine, runtime.library, site.clock(), everything=everything)
    return site.page(request, "agreements.html", lines=lines, everything=everything)


@router.get("/agreements/{reference:path}")
def show_one(request: Request, site: Here, reference: str) -> HTMLResponse:
    """A reference may hold slashes, as file numbers do."""
    shown = queries.show_agreement(site.runtime.engine, site.runtime.library, reference, site.clock())
    return site.page(request, "agreement.html", shown=shown, line=shown.line)
