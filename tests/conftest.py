"""Fixtures for every test: both databases, the shipped processes, the register of Cuenca, a real SMTP server."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import create_engine

from postgres import Copies, fresh_database, migrate, migrated_server
from prepared import Prepare, Put, preparing
from remembered import remembering_rulebooks, remembering_shipped, remembering_sound, remembering_statements
from smtp import RecordingServer, recording_server
from twinflow import bootstrap, files
from twinflow.config import OWN_VARIABLES, DatabaseSettings, MailSettings, RhythmSettings, Settings
from twinflow.mail import words
from twinflow.services.accounts import hashing
from twinflow.storage import engine
from world import EXAMPLES, WITH_THE_PASS, World

DATABASES = ("sqlite", "postgresql")
SERVER = pytest.StashKey[str]()

files.read_rulebook = remembering_rulebooks(files.read_rulebook)
files.rulebook_of = remembering_sound(files.rulebook_of)
engine.create_engine = remembering_statements(engine.create_engine)
words.check_words = remembering_shipped(words.check_words)
words._files = remembering_shipped(words._files)

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:  # every commit of SQLite waits for the disk
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

hashing.HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
"""Of what a password is hashed with in a fraction of a millisecond: nobody keeps anything from these books."""

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("TWINFLOW_") and name not in OWN_VARIABLES]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No run sees what another one proved."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The workers of a run share one PostgreSQL server."""
    if SERVER not in node.config.stash:
        stack = ExitStack()
        node.config.add_cleanup(stack.close)
        node.config.stash[SERVER] = stack.enter_context(migrated_server())
    node.workerinput["postgres"] = node.config.stash[SERVER]


@pytest.fixture(scope="session")
def postgres_copies(request: pytest.FixtureRequest) -> Iterator[Copies]:
    """Databases of the PostgreSQL server, for one test after the other."""
    with ExitStack() as stack:
        shared = getattr(request.config, "workerinput", {}).get("postgres")
        admin = create_engine(shared or stack.enter_context(migrated_server()), isolation_level="AUTOCOMMIT")
        stack.callback(admin.dispose)
        copies = Copies(admin)
        stack.callback(copies.discard)
        yield copies


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables and nothing in them, to be copied."""
    file = tmp_path_factory.mktemp("template") / "twinflow.db"
    migrate(f"sqlite:///{file}")
    return file


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


@pytest.fixture(scope="session")
def kept_states() -> dict[tuple[str, bool], Put]:
    return {}


@pytest.fixture
def prepare(
    database_url: str, kept_states: dict[tuple[str, bool], Put], tmp_path_factory: pytest.TempPathFactory
) -> Prepare:
    """Brings the database to a state with a name by the function given, the next time by copying what it left."""
    return preparing(kept_states, database_url, tmp_path_factory.mktemp("states"))


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
def cuenca(world: World, prepare: Prepare) -> World:
    """The real register of Cuenca, just imported."""
    prepare("cuenca", world.import_cuenca)
    return world


@pytest.fixture
def smtp() -> Iterator[RecordingServer]:
    with recording_server() as server:
        yield server
