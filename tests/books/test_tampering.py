"""Whatever is altered behind twinflow's back is found and named; books that nobody has altered give no finding."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from old_books import DATABASES, OF_0009, live, restored, settings_of, started
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from tampering import OF_POSTGRESQL, OF_SQLITE, TAMPERINGS, TOGETHER, tamper

from postgres import named
from prepared import copy_file
from twinflow.errors import EnvironmentFailed
from twinflow.in_use import altered_texts
from twinflow.services.books.checking import Checked, check
from twinflow.services.clock.links import carry_on, head
from twinflow.storage.database import revision
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork
from world import World


@pytest.fixture(scope="module", params=DATABASES)
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Books that have lived on for three weeks, each with its links in the chain."""
    folder = tmp_path_factory.mktemp("books")
    with (
        restored(OF_0009, request.param, folder, request) as url,
        started(settings_of(OF_0009, url, folder), OF_0009.closed_at) as world,
    ):
        carry_on(world.engine, world.now)
        live(world, OF_0009.closed_at.date() + timedelta(days=21))
        carry_on(world.engine, world.now)
        world.engine.dispose()
        yield world


@contextmanager
def a_copy(world: World, request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    """Of the books, to be altered."""
    url = make_url(world.runtime.settings.database.url)
    if url.get_backend_name() == "sqlite":
        copy_file(Path(str(url.database)), folder / "copy.db")
        engine = make_engine(f"sqlite:///{folder / 'copy.db'}")
        yield engine
        engine.dispose()
        return
    admin = request.getfixturevalue("postgres_copies").admin
    name = f"t_{uuid4().hex}"
    world.engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {url.database}"))
    engine = make_engine(named(url, name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def checked(world: World, engine: Engine, kept: str | None = None) -> Checked:
    with UnitOfWork(engine, reading=True) as work:
        texts = list(altered_texts(work, world.rulebook))
    return check(engine, world.rulebook, world.people, world.now, kept, texts)


def said(found: Checked) -> list[str]:
    return [f"{fault.reference}: {fault.sentence}" for fault in found.faults]


def test_there_are_thirty_ways_and_more() -> None:
    assert len(TAMPERINGS) > 30


def test_books_that_nobody_has_altered_give_no_finding(books: World) -> None:
    found = checked(books, books.engine)
    assert said(found) == []
    assert found.head == head(books.engine)
    assert (found.agreements, found.links > 2) == (56, True)
    books.engine.dispose()


@pytest.mark.parametrize("name", TAMPERINGS)
def test_it_is_found_and_named(name: str, books: World, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with a_copy(books, request, tmp_path) as engine:
        tamper(engine, TAMPERINGS[name].statements(engine))
        found = said(checked(books, engine))
    assert TAMPERINGS[name].is_in(found), found


@pytest.mark.parametrize("name", TOGETHER)
def test_each_of_many_is_found_and_named(
    name: str, books: World, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with a_copy(books, request, tmp_path) as engine:
        is_sqlite = engine.dialect.name == "sqlite"
        not_here = OF_POSTGRESQL if is_sqlite else OF_SQLITE
        done = {key: each for key, each in TOGETHER[name].items() if key not in not_here}
        for each in done.values():
            tamper(engine, each.statements(engine))
        engine.dispose()  # what a database is set to counts for new connections
        found = said(checked(books, engine))
    assert [key for key, each in done.items() if not each.is_in(found)] == [], found


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_page_that_was_overwritten_is_named_by_its_table(
    books: World, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with a_copy(books, request, tmp_path) as engine:
        with engine.connect() as connection:
            page = connection.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'alert'"))
            size = connection.scalar(text("PRAGMA page_size"))
        engine.dispose()
        with (tmp_path / "copy.db").open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        found = said(checked(books, engine))
    assert any("the file of the database is damaged" in line for line in found), found
    assert any("the table alert cannot be read" in line for line in found), found


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_version_that_is_no_text_is_no_error_of_the_program(
    books: World, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with a_copy(books, request, tmp_path) as engine:
        tamper(engine, ("UPDATE alembic_version SET version_num = x'ff'",))
        with pytest.raises(EnvironmentFailed, match="version of the database cannot be read"):
            revision(engine)
