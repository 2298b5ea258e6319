"""The database itself: one migration history, append-only history, one winner."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from postgres import fresh_database
from twinflow.storage import database
from twinflow.storage.engine import make_engine
from world import World


def test_the_migrations_make_the_same_tables_as_the_models(world: World) -> None:
    found = inspect(world.engine)
    for table in SQLModel.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        indexes = {index["name"] for index in found.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= indexes
        checks = {check["name"] for check in found.get_check_constraints(table.name)}
        assert {c.name for c in table.constraints if c.__visit_name__ == "check_constraint"} <= checks


def test_a_second_upgrade_changes_nothing(world: World) -> None:
    before = database.revision(world.engine)
    database.upgrade(world.engine)
    assert database.revision(world.engine) == before


@pytest.mark.parametrize("statement", ["UPDATE history SET actor = 'nobody'", "DELETE FROM history"])
def test_the_database_itself_refuses_to_change_history(cuenca: World, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), cuenca.engine.begin() as connection:
        connection.execute(text(statement))


def test_postgresql_refuses_to_empty_the_history(request: pytest.FixtureRequest, tmp_path) -> None:
    """SQLite has no TRUNCATE."""
    with fresh_database("postgresql", tmp_path, request) as url:
        engine = make_engine(url)
        for statement in ("TRUNCATE history", "TRUNCATE agreement CASCADE"):
            with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
                connection.execute(text(statement))
        engine.dispose()


def test_sqlite_refuses_to_replace_a_row_of_history(tmp_path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    database.upgrade(engine)
    columns = "(id, agreement_id, kind, actor, effective_on, recorded_at, details)"
    with engine.begin() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        values = "VALUES (1, 1, 'opened', 'x', '2026-01-01', '2026-01-01', '{}')"
        connection.execute(text(f"INSERT INTO history {columns} {values}"))
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(f"INSERT OR REPLACE INTO history {columns} {values}"))
        connection.rollback()
    engine.dispose()


def test_sqlite_runs_in_wal_mode_with_full_durability(tmp_path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()
