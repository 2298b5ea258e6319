"""For monitoring: does this process serve, and does the database answer?"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse

from twinflow.errors import EnvironmentFailed
from twinflow.services import health
from twinflow.web.rendering import Site, site_of

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/healthz")
def show(site: Annotated[Site, Depends(site_of)]) -> JSONResponse:
    """Says nothing about the cause: that is in the log. That a pass has failed is told, and is no failure of the pages."""
    try:
        schema = health.check(site.runtime.engine)
        passes = health.last_passes(site.runtime.engine)
    except EnvironmentFailed as error:
        log.warning("healthz: %s", error)
        return JSONResponse({"status": "failing", "database": "failing", "schema": None}, 503)
    last = {part.value: {"at": each.at.isoformat(), "failed": each.failed} for part, each in passes.items()}
    return JSONResponse({"status": "ok", "database": "ok", "schema": schema, "passes": last})
