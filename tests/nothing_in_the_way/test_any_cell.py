"""Whatever stands in any column of any table and cannot be read is named by “database check”, which goes on for all else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest

from sqlalchemy import JSON, Column, Date, Integer, LargeBinary
from sqlmodel.sql.sqltypes import UTCDateTime
from test_any_row import LATER, NO_DAYS, NO_VALUES, TABLES, Prepared, _put, books

from postgres import connected
from prepared import file_of
from twinflow import bootstrap
from twinflow.services.books.checking import check
from twinflow.storage.cells import A_TEXT, BY_NAME, kind_of

__all__ = ["books"]

Damage = tuple[Column[object], str]


def _of_sqlite(column: Column[object], place: int) -> Iterator[str]:
    """Any bytes may stand in any column but the number of a row; a text may be any text."""
    if isinstance(column.type, Integer) and column.primary_key:
        return
    no_text, no_number, neither = NO_VALUES
    if isinstance(column.type, LargeBinary):
        yield neither
    else:
        yield (no_text, no_number, no_text if kind_of(column) is A_TEXT else neither)[place % 3]
    if not column.nullable:
        yield "NULL"


def _of_postgresql(column: Column[object], place: int) -> Iterator[str]:
    """What its types let through, and nothing where something must stand."""
    if (column.table.name, column.name) in BY_NAME:
        yield "'{}'" if isinstance(column.type, JSON) else "'zzz'"
    elif isinstance(column.type, Date | UTCDateTime):
        yield NO_DAYS[place % len(NO_DAYS)]
    elif isinstance(column.type, JSON):
        yield "'[]'"
    if not column.nullable and not column.primary_key:
        yield "NULL"


def _rounds(*, sqlite: bool) -> Iterator[list[Damage]]:
    """What is put into a row of every table at once: each time into another column of each."""
    of_column = _of_sqlite if sqlite else _of_postgresql
    each = (
        [(column, value) for place, column in enumerate(table.columns) for value in of_column(column, place)]
        for table in TABLES.values()
    )
    for damages in zip_longest(*each):
        yield [damage for damage in damages if damage is not None]


def _damage(url: str, damages: list[Damage]) -> None:
    statements = [f'UPDATE {column.table.name} SET "{column.name}" = {value}' for column, value in damages]
    if not url.startswith("sqlite"):
        with connected(url) as other:
            other.execute("SET session_replication_role = replica")
            for (column, value), statement in zip(damages, statements, strict=True):
                if value == "NULL":
                    other.execute(f'ALTER TABLE {column.table.name} ALTER COLUMN "{column.name}" DROP NOT NULL')
                row = f"(SELECT min(ctid) FROM {column.table.name})"
                other.execute(f"ALTER TABLE {column.table.name} DROP CONSTRAINT IF EXISTS ck_outbox_state")
                other.execute(f"{statement} WHERE ctid = {row}")
        return
    with closing(sqlite3.connect(file_of(url), isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for pragma in ("ignore_check_constraints = ON", "writable_schema = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE type = 'table'")
    with closing(sqlite3.connect(file_of(url), isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (column, _), statement in zip(damages, statements, strict=True):
            connection.execute(f"{statement} WHERE rowid = (SELECT min(rowid) FROM {column.table.name})")


def test_what_cannot_be_read_is_named_with_its_table_and_its_column(books: Prepared) -> None:
    _put(books)
    runtime = bootstrap.start(books.settings)
    missed = []
    try:
        for damages in _rounds(sqlite=books.url.startswith("sqlite")):
            runtime.engine.dispose()
            _put(books)
            _damage(books.url, damages)
            found = check(runtime.engine, runtime.rulebook, runtime.people, LATER).faults
            named = {(fault.sentence.values.get("table"), fault.sentence.values.get("column")) for fault in found}
            missed += [
                f"{column} = {value}" for column, value in damages if (column.table.name, column.name) not in named
            ]
    finally:
        runtime.engine.dispose()
    assert not missed
