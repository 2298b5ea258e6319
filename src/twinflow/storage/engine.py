"""Engines. SQLite runs in WAL mode with full durability; a writing session takes the write lock when it begins."""

import json
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from twinflow.storage.prepared import asked
from twinflow.storage.readable import text_of

BUSY_TIMEOUT_MS = 10_000


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql+psycopg://…`. Raises ArgumentError for a URL that cannot be read."""
    to_json = partial(json.dumps, ensure_ascii=False)
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, json_serializer=to_json)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin)
        return engine
    engine = create_engine(url, json_serializer=to_json, pool_size=10, max_overflow=10)
    event.listen(engine, "connect", _configure_postgresql)
    return engine


def one_snapshot(engine: Engine) -> Engine:
    """The same database for a reader to whom all that it asks stands as at its first question."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level, connection.text_factory = None, text_of
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _configure_postgresql(connection: Any, _record: object) -> None:
    """The driver reads days in no other order, whatever the database is set to."""
    connection.execute("SET DateStyle = ISO, YMD")
    connection.commit()


def _begin(connection: Any) -> None:
    """Read-then-write under a plain BEGIN fails with “locked”; a session that only reads says so and takes no lock."""
    reading = connection.get_execution_options().get("reading", False)
    asked(connection, "BEGIN" if reading else "BEGIN IMMEDIATE", ())


def upsert(connection: Connection, table: type[SQLModel]) -> postgresql.Insert:
    """An INSERT that can say what happens on a conflict; both databases spell it alike."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return cast("postgresql.Insert", sqlite.insert(table))
