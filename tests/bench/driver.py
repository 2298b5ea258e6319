"""What the service asks of the database, recorded, and the same asked by the driver alone.

The statements are those of the run, with their values; transactions begin and end where the service's do, with the same
durability.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

Statement = tuple[str, Any, bool]
"""The text, its values, and whether there are several sets of them."""
COMMIT: Statement = ("COMMIT", (), False)
ROLLBACK: Statement = ("ROLLBACK", (), False)


@contextmanager
def recording(engine: Engine) -> Iterator[list[Statement]]:
    """Every statement of this engine meanwhile."""
    found: list[Statement] = []
    listeners: dict[str, Callable[..., object]] = {
        "before_cursor_execute": lambda _c, _cursor, sql, values, _x, many: found.append((sql, values, many)),
        "commit": lambda _connection: found.append(COMMIT),
        "rollback": lambda _connection: found.append(ROLLBACK),
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


def asked(statements: list[Statement]) -> int:
    """How many there are beside those that begin and end transactions."""
    return sum(not sql.startswith(("BEGIN", "COMMIT", "ROLLBACK")) for sql, _, _ in statements)


def sqlite_connection(file: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=not any_thread)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=10000"
    )
    return connection


def postgres_connection(url: str) -> psycopg.Connection:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def replay(connection: Any, statements: list[Statement]) -> None:
    """By sqlite3 or psycopg; what is found is fetched."""
    for sql, values, many in statements:
        if sql == "COMMIT":
            connection.commit()
        elif sql == "ROLLBACK":
            connection.rollback()
        else:
            cursor = connection.cursor()
            if many:
                cursor.executemany(sql, values)
            else:
                cursor.execute(sql, values)
            if cursor.description:
                cursor.fetchall()


def by_sqlite3(file: Path, statements: list[Statement]) -> float:
    """Seconds for all of them, one after the other."""
    with closing(sqlite_connection(file)) as connection:
        return timed(lambda: replay(connection, statements))


def connection_to(url: str) -> Any:
    """A connection of the driver to either database."""
    address = make_url(url)
    return (
        sqlite_connection(Path(address.database or ""))
        if address.get_backend_name() == "sqlite"
        else postgres_connection(url)
    )


def timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def processor_time(work: Callable[[], object]) -> float:
    begin = process_time()
    work()
    return process_time() - begin
