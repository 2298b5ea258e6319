"""The web application: pages, static files, errors and headers put together. It starts no worker and sends no mail."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from twinflow.bootstrap import Runtime
from twinflow.clock import read
from twinflow.web import errors
from twinflow.web.head import HeadAsGet
from twinflow.web.pages import (
    agreements,
    feeds,
    health,
    inbox,
    incidents,
    me,
    oidc,
    passkeys,
    pictures,
    signing_in,
    unsubscribe,
)
from twinflow.web.rendering import Site, environment
from twinflow.web.security import SecurityHeaders
from twinflow.web.viewing import gate

STATIC = Path(__file__).parent / "static"


def _hosts(base_url: str) -> list[str]:
    """The names this server answers to, as browsers send them: another comes from a page that means to read over our shoulder."""
    return ["127.0.0.1", "localhost", (urlsplit(base_url).hostname or "localhost").encode("idna").decode("ascii")]


def create_app(runtime: Runtime, clock: Callable[[], datetime] = read, *, demo: bool = False) -> FastAPI:
    """The pages of a running twinflow. `demo` says on every page that the data are for demonstration."""
    app = FastAPI(title="twinflow", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(gate)])
    app.state.site = Site(runtime, clock, demo, environment())
    for noun in (pictures, agreements, inbox, incidents, me, passkeys, signing_in, oidc, unsubscribe, feeds, health):
        app.include_router(noun.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_hosts(runtime.settings.base_url), www_redirect=False)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(HeadAsGet)
    errors.install(app)
    return app
