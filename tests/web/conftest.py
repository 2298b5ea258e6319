"""The register of Cuenca as it stood on 20 November 2026, after one pass of the clock, behind the pages."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from web_register import clock, settings_in, take_over

from signed_in import ZOILA, signed_in
from twinflow import bootstrap
from twinflow.bootstrap import Runtime
from twinflow.web.app import create_app
from twinflow.worker.passes import Worker

Browse = Callable[..., TestClient]


@pytest.fixture(scope="session")
def register(session_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Only to be read: tests share it."""
    runtime = bootstrap.start(settings_in(tmp_path_factory.mktemp("cuenca"), session_database_url))
    take_over(runtime)
    Worker(runtime.engine, lambda: runtime.rulebook, lambda: runtime.people, runtime.post, clock).tick()
    yield runtime
    runtime.engine.dispose()


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """A database with no agreements, to be written to."""
    runtime = bootstrap.start(settings_in(tmp_path, database_url))
    yield runtime
    runtime.engine.dispose()


@pytest.fixture
def browse() -> Iterator[Browse]:
    """A browser on the pages of a runtime, in English and of the administrator unless told otherwise."""
    opened: list[TestClient] = []

    def open_browser(
        runtime: Runtime,
        *,
        language: str = "en",
        demo: bool = False,
        raising: bool = True,
        person: str = ZOILA,
    ) -> TestClient:
        app = create_app(runtime, clock, demo=demo)
        client = TestClient(
            app, base_url="http://127.0.0.1", headers={"Accept-Language": language}, raise_server_exceptions=raising
        )
        opened.append(client)
        return signed_in(client, runtime, clock(), person) if person else client

    yield open_browser
    for client in opened:
        client.close()


@pytest.fixture
def browser(register: Runtime, browse: Browse) -> TestClient:
    return browse(register)
