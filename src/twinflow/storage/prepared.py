"""Statements that are put together once: for what every step asks, building them anew costs more than the database does.

A statement is one of SQLAlchemy Core whose values are `bindparam`s. Its SQL, and how each value goes in and comes out, are
worked out once for each kind of database; what is left for each use is one call of the driver.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Select,
    SelectBase,
    UpdateBase,
    bindparam,
    insert,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from twinflow.storage.tables import table_of

Values = Mapping[str, Any]
Process = Callable[[Any], Any] | None
Which = Callable[[ColumnElement[Any]], ColumnElement[bool]]
"""Whose rows a statement is about, by the column that says whose they are."""


class _Ready(NamedTuple):
    """A statement as the driver takes it: the names of its values, by place or not, and how each goes in; `fixed` has its own."""

    sql: str
    by_place: bool
    inward: tuple[tuple[str, Process], ...]
    fixed: Values
    outward: tuple[tuple[int, Callable[[Any], Any]], ...]


class Prepared:
    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self.table = statement.table if isinstance(statement, UpdateBase) else None
        self._ready: dict[str, _Ready] = {}

    def rows(self, connection: Connection, values: Values) -> list[list[Any]]:
        """What it finds, each row in the order of its columns."""
        ready = self._for(connection.dialect)
        with _told_as_ever(connection, None):
            rows = [list(row) for row in asked(connection, ready.sql, _given(ready, values)).fetchall()]
        for place, process in ready.outward:
            for row in rows:
                row[place] = process(row[place])
        return rows

    def run(self, connection: Connection, values: Values | Sequence[Values]) -> int:
        """Do it, once or for each of many; how many rows it touched. Nothing to do is no statement."""
        if not values:
            return 0
        ready = self._for(connection.dialect)
        given = _given(ready, values) if isinstance(values, Mapping) else [_given(ready, each) for each in values]
        return int(asked(connection, ready.sql, given).rowcount)

    def _for(self, dialect: Dialect) -> _Ready:
        found = self._ready.get(dialect.name)
        if found is None:
            found = self._ready[dialect.name] = _made_ready(self._statement, dialect)
        return found


class OfAgreements:
    """A select of what belongs to agreements, the first column their row: prepared for one, and for many at once."""

    def __init__(self, select: Callable[[Which], Select[Any] | CompoundSelect[Any]]) -> None:
        self._one = Prepared(select(lambda column: column == bindparam("of_agreement")))
        self._many = select(lambda column: column.in_(bindparam("of_agreements", expanding=True)))

    def rows(self, connection: Connection, ids: Sequence[int]) -> Iterable[Sequence[Any]]:
        if len(ids) == 1:
            return self._one.rows(connection, {"of_agreement": ids[0]})
        return connection.execute(self._many, {"of_agreements": ids})


def adding(row: type[SQLModel]) -> Prepared:
    """The statement that adds rows to a table, by all columns but their number."""
    return Prepared(insert(table_of(row)).values(values_given(row)).inline())


def values_given(row: type[SQLModel]) -> dict[str, BindParameter[Any]]:
    """A value for each column of a table but its number, so that no default is left to be filled in."""
    columns = [column for column in table_of(row).columns if column.name != "id"]
    return {column.name: bindparam(column.name, type_=column.type) for column in columns}


def asked(connection: Connection, sql: str, given: Any) -> Any:
    """The driver's own cursor after it was asked; whoever listens to what the engine asks was told. Raises DBAPIError.

    What SQLAlchemy makes around a cursor costs several times the call: names for columns that are asked for by place.
    """
    cursor, many = connection.connection.cursor(), isinstance(given, list)
    listening = connection.engine.dispatch
    if listening.before_cursor_execute:
        listening.before_cursor_execute(connection, cursor, sql, given, None, many)
    with _told_as_ever(connection, sql):
        (cursor.executemany if many else cursor.execute)(sql, given)
    if listening.after_cursor_execute:
        listening.after_cursor_execute(connection, cursor, sql, given, None, many)
    return cursor


@contextmanager
def _told_as_ever(connection: Connection, sql: str | None) -> Iterator[None]:
    """Errors of the driver become those of SQLAlchemy, about what was asked, or what was found; a connection that is gone is not
    used again.
    """
    dialect = connection.dialect
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, connection.connection.dbapi_connection, None):
            connection.invalidate(error)
        raise DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error) from error


def _made_ready(statement: ClauseElement, dialect: Dialect) -> _Ready:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    process = {name: bound.type.dialect_impl(dialect).bind_processor(dialect) for name, bound in compiled.binds.items()}
    by_place = compiled.positiontup is not None
    inward = tuple((name, process[name]) for name in compiled.positiontup or process)
    fixed = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}
    columns = statement.selected_columns if isinstance(statement, SelectBase) else ()
    outward = tuple((place, process) for place, process in enumerate(_outward(columns, dialect)) if process is not None)
    return _Ready(compiled.string, by_place, inward, fixed, outward)


def _outward(columns: Iterable[ColumnElement[Any]], dialect: Dialect) -> Iterable[Process]:
    for column in columns:
        kind: TypeEngine[Any] = column.type
        yield kind.dialect_impl(dialect).result_processor(dialect, None)


def _given(ready: _Ready, values: Values) -> Any:
    """The values as the driver takes them. Raises KeyError for one that is not given."""
    given = {**ready.fixed, **values} if ready.fixed else values
    if ready.by_place:
        return tuple([process(given[name]) if process else given[name] for name, process in ready.inward])
    return {name: process(given[name]) if process else given[name] for name, process in ready.inward}
