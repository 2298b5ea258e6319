"""What could not be done by itself and is still open."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow.domain.alerts.incident import Part
from twinflow.sentences import Sentence
from twinflow.services import health
from twinflow.services.alerts import open_incidents
from twinflow.web import viewing
from twinflow.web.rendering import Here
from twinflow.web.viewing import OnlyAdministrators

router = APIRouter(default_response_class=HTMLResponse, dependencies=[OnlyAdministrators])

NAMES = {Part.SWEEP: Sentence("Last sweep"), Part.MAIL: Sentence("Last pass of mail")}


@router.get("/incidents")
def show_all(request: Request, site: Here) -> HTMLResponse:
    engine = site.runtime.engine
    passes = health.last_passes(engine)
    shown = [(name, passes[part]) for part, name in NAMES.items() if part in passes]
    found = open_incidents.open_incidents(engine, viewer=viewing.asking(request))
    return site.page(request, "incidents.html", open=found, passes=shown)
