"""The world of the matrix, in which one pass has told what there was to tell, and a browser for all who are in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from matrix_world import CASES, DESKS, NOW, fill, people_file

from postgres import fresh_database
from signed_in import session_of
from twinflow import bootstrap
from twinflow.config import AccountSettings, DatabaseSettings, MailSettings, Settings
from twinflow.domain.alerts.incident import Part, Trouble
from twinflow.sentences import Sentence
from twinflow.services.alerts import open_incidents
from twinflow.web.app import create_app
from twinflow.web.viewing import COOKIE
from world import WITH_THE_PASS, World

Ask = Callable[..., Any]
"""What is answered to a person who asks for a path; redirects are shown and not followed."""


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    """Only to be read: tests share it. On SQLite: that both databases find the same is proved where rows are asked for."""
    folder = tmp_path_factory.mktemp("matrix")
    with fresh_database("sqlite", folder, request) as url, filled(folder, url) as world:
        yield world


@pytest.fixture
def own_matrix(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """To be written to."""
    with fresh_database("sqlite", tmp_path, request) as url, filled(tmp_path, url) as world:
        yield world


@contextmanager
def filled(folder: Path, url: str) -> Iterator[World]:
    settings = Settings(
        people_file=people_file(folder),
        database=DatabaseSettings(url=url),
        mail=MailSettings(capture_folder=folder / "mail", state_file=folder / "mail-state.json"),
        rhythm=WITH_THE_PASS,
        accounts=AccountSettings(key_file=folder / "twinflow.key"),
    )
    world = World(bootstrap.start(settings))
    fill(world)
    world.tick()
    troubles = [Trouble(each.reference, Sentence("{x} is odd", {"x": each.mark}), each.reference) for each in CASES]
    open_incidents.keep(world.engine, Part.SWEEP, {Part.SWEEP: troubles}, NOW)
    yield world
    world.engine.dispose()


@pytest.fixture(scope="session")
def ask(matrix: World) -> Iterator[Ask]:
    with asking(matrix) as answer:
        yield answer


@pytest.fixture
def ask_anew(own_matrix: World) -> Iterator[Ask]:
    with asking(own_matrix) as answer:
        yield answer


@contextmanager
def asking(world: World) -> Iterator[Ask]:
    sessions = {person: session_of(world.runtime, person, NOW) for person in DESKS}
    app = create_app(world.runtime, lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as browser:

        def answer(person: str, path: str, method: str = "GET") -> Any:
            browser.cookies.clear()  # also the language that somebody else has chosen
            browser.cookies.set(COOKIE, sessions[person])
            return browser.request(method, path)

        yield answer
