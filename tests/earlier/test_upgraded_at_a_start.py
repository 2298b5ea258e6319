"""A start brings older tables to its version where it can go on with the books, and else changes nothing and says why."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.command import downgrade
from old_books import DATABASES, OF_0003, OF_0005, OF_0009, OF_0014, OF_0018, OldBooks, came, restored, settings_of
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from command_line import Ran, twinflow
from postgres import fresh_database
from tiny_world import tiny_world
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, Settings
from twinflow.errors import BadInput, EnvironmentFailed
from twinflow.storage.database import NEWEST, migrations
from world import World

OLDER = [old for old in (OF_0003, OF_0005, OF_0009, OF_0014, OF_0018) if old.revision != NEWEST]


@pytest.fixture(params=DATABASES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Of the books of 0005, not upgraded."""
    with restored(OF_0005, request.param, tmp_path, request) as url:
        yield settings_of(OF_0005, url, tmp_path)


def revision(settings: Settings) -> str:
    engine = create_engine(settings.database.url)
    with engine.connect() as connection:
        found = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    engine.dispose()
    return found


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`twinflow …` on those books."""
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(settings.people_file))
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(settings.workflows_folder))
    monkeypatch.setenv("COLUMNS", "400")
    return lambda *arguments: twinflow(monkeypatch, capsys, *arguments)


@pytest.mark.parametrize("old", OLDER, ids=lambda old: old.revision)
@pytest.mark.parametrize("kind", DATABASES)
def test_a_start_upgrades_and_says_so_and_keeps_a_database_of_one_file_as_it_was(
    kind: str, old: OldBooks, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with restored(old, kind, tmp_path, request) as url:
        settings = settings_of(old, url, tmp_path)
        world = World(bootstrap.start(settings), old.closed_at)
        told = came(world.engine)
        assert revision(settings) == NEWEST
        said = str(world.runtime.upgraded)
        assert f"from version {old.revision} to version {NEWEST}" in said
        world.engine.dispose()
        again = bootstrap.start(settings)
        assert again.upgraded is None
        again.engine.dispose()
        if kind == "sqlite":
            copy = tmp_path / f"old.db.{old.revision}"
            assert str(copy) in said
            before = settings.model_copy(update={"database": DatabaseSettings(url=f"sqlite:///{copy}")})
            assert revision(before) == old.revision
            assert sorted(path.name for path in tmp_path.glob("old.db*")) == ["old.db", copy.name]
            engine = create_engine(before.database.url)
            assert came(engine) == told
            engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_people_and_offices_of_before_are_read_although_columns_came_since(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with fresh_database(kind, tmp_path, request) as url, tiny_world(url, tmp_path) as world:
        config = migrations()
        with world.engine.begin() as connection:
            config.attributes["connection"] = connection
            downgrade(config, "0018")
        again = bootstrap.start(world.runtime.settings)
        assert "from version 0018" in str(again.upgraded)
        assert again.people == world.people
        again.engine.dispose()


def test_an_update_that_changed_process_files_locks_nobody_out(settings: Settings, run: Callable[..., Ran]) -> None:
    folder = settings.workflows_folder
    assert folder is not None
    generic, leon, petition = (
        folder / "generic" / "agreement.toml",
        folder / "mx" / "leon.toml",
        folder / "petition.toml",
    )
    edited = generic.read_text("utf-8").replace("version = 2\n", "version = 1\n", 1)
    assert edited != generic.read_text("utf-8"), "another text under the version that the books go by"
    generic.write_text(edited)
    leon.unlink()
    petition.write_text("no TOML at all", "utf-8")
    listed = run("agreements", "list", "--all")
    assert listed.code == 0, listed.err
    assert all(reference in listed.out for reference in ("MX-1", "L-1", "P-5", "EC-8"))
    assert f"from version 0005 to version {NEWEST}" in listed.err
    for said in ("mx/leon v1", "generic/agreement v1", "petition.toml"):
        assert said in listed.err
    for command in (
        ("agreements", "history", "MX-1"),
        ("agreements", "show", "L-1"),
        ("deadlines", "list"),
        ("deadlines", "explain", "L-1/letter_signature/1"),
        ("workflows", "list"),
        ("people", "list"),
    ):
        shown = run(*command)
        assert shown.code == 0, shown.err
    opening = ("agreements", "open", "MX-9", "--office", "chihuahua", "--title", "x", "--as", "elena")
    refused = run(*opening, "--process", "generic/agreement")
    assert (refused.code, "put the change into a new version" in refused.err) == (2, True)
    refused = run(*opening, "--process", "mx/leon")
    assert (refused.code, "mx/leon" in refused.err) == (2, True)
    checked = run("workflows", "check")
    assert (checked.code, "petition.toml" in checked.err) == (2, True)


def test_a_pass_reports_what_is_damaged_and_does_all_the_rest(settings: Settings, run: Callable[..., Ran]) -> None:
    folder = settings.workflows_folder
    assert folder is not None
    (folder / "mx" / "leon.toml").write_text("no TOML at all", "utf-8")
    done = run("tick", "--at", "2026-07-01T15:00+00:00", "--json")
    assert done.code == 3
    assert [trouble for trouble in done.json["troubles"] if "mx/leon.toml" in trouble] == done.json["troubles"] != []
    assert done.json["delivery"]["sent"] > 0
    assert "mx/leon.toml" in done.err


def test_where_nobody_is_known_to_go_on_with_the_tables_stay_as_they_are(settings: Settings, tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text("no TOML at all", "utf-8")
    without = settings.model_copy(update={"people_file": people})
    for upgrade in (bootstrap.start, bootstrap.upgrade_database):
        with pytest.raises(BadInput) as told:
            upgrade(without)
        assert "people.toml" in str(told.value.problems[0].place)
        assert revision(settings) == "0005"
    assert list(tmp_path.glob("old.db.*")) == []


def test_where_nothing_may_be_written_it_is_said_and_nothing_has_changed(
    settings: Settings, run: Callable[..., Ran], tmp_path: Path
) -> None:
    url = make_url(settings.database.url)
    if url.get_backend_name() == "sqlite":
        (tmp_path / "old.db.0005").mkdir()  # where the copy would stand
    else:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on"))
        engine.dispose()
    for command in (("agreements", "list"), ("database", "upgrade")):
        refused = run(*command)
        assert refused.code == 3
        assert f"of version 0005 and cannot be brought to version {NEWEST}" in refused.err
    assert revision(settings) == "0005"


def test_tables_of_a_newer_program_are_left_alone(settings: Settings) -> None:
    engine = create_engine(settings.database.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()
    for upgrade in (bootstrap.start, bootstrap.upgrade_database):
        with pytest.raises(EnvironmentFailed, match="0099"):
            upgrade(settings)
