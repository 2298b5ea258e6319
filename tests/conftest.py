"""Fixtures for every test: both databases, the shipped processes, the register of Cuenca, a real SMTP server."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from postgres import fresh_database, named, postgres_server
from smtp import RecordingServer, recording_server
from twinflow import bootstrap
from twinflow.config import OWN_VARIABLES, DatabaseSettings, MailSettings, RhythmSettings, Settings
from twinflow.storage import database
from twinflow.storage.engine import make_engine
from world import EXAMPLES, WITH_THE_PASS, World

DATABASES = ("sqlite", "postgresql")

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("TWINFLOW_") and name not in OWN_VARIABLES]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """A PostgreSQL server with a migrated database to copy; the URL of its own database."""
    with postgres_server() as url:
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE twinflow_template"))
        template = make_engine(named(url, "twinflow_template"))
        database.upgrade(template)
        template.dispose()
        yield url
        admin.dispose()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Once on SQLite, once on PostgreSQL."""
    with fresh_database(request.param, tmp_path, request) as url:
        yield url


@pytest.fixture(scope="session", params=DATABASES)
def session_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same, shared by tests that only read."""
    with fresh_database(request.param, tmp_path_factory.mktemp("shared"), request) as url:
        yield url


@pytest.fixture
def make_world(database_url: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """A world on either database; mail settings as given, else captured in a folder; mail leaves with each pass or as given."""
    made: list[World] = []

    def make(
        mail: MailSettings | None = None,
        people: Path = EXAMPLES / "demo" / "people.toml",
        rhythm: RhythmSettings = WITH_THE_PASS,
    ) -> World:
        mail = mail or MailSettings(capture_folder=tmp_path / "mail")
        if "state_file" not in mail.model_fields_set:
            mail = mail.model_copy(update={"state_file": tmp_path / "mail-state.json"})
        settings = Settings(
            people_file=people,
            database=DatabaseSettings(url=database_url),
            mail=mail,
            rhythm=rhythm,
        )
        made.append(World(bootstrap.start(settings)))
        return made[-1]

    yield make
    for world in made:
        world.engine.dispose()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def cuenca(world: World) -> World:
    """The real register of Cuenca, just imported."""
    world.import_cuenca()
    return world


@pytest.fixture
def smtp() -> Iterator[RecordingServer]:
    with recording_server() as server:
        yield server
