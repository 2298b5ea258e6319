"""For monitoring: does this process serve, does the database answer, and is the clock believed?"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse

from twinflow.domain.clock.last_pass import Standing
from twinflow.errors import EnvironmentFailed
from twinflow.services import health
from twinflow.services.clock import last_pass
from twinflow.web.rendering import Site, site_of

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/healthz")
def show(site: Annotated[Site, Depends(site_of)]) -> JSONResponse:
    """Says nothing about the cause: that is in the log. That a pass has failed is told, and is no failure of the pages."""
    try:
        schema = health.check(site.runtime.engine)
        standing = last_pass.look(site.runtime.engine, site.clock(), site.runtime.settings.clock.longest_gap)
        passes = health.last_passes(site.runtime.engine)
    except EnvironmentFailed as error:
        log.warning("healthz: %s", error)
        return JSONResponse({"status": "failing", "database": "failing", "schema": None}, 503)
    last = {part.value: {"at": each.at.isoformat(), "failed": each.failed} for part, each in passes.items()}
    clock = _in_a_word(standing)
    return JSONResponse({"status": "ok", "database": "ok", "schema": schema, "clock": clock, "passes": last})


def _in_a_word(standing: Standing) -> str:
    """Pages are served whatever the clock says, so that nothing of it is a failure of this process."""
    if standing.doubt is not None:
        return "to be confirmed"
    return "ok" if standing.later is None else "entries later than now"
