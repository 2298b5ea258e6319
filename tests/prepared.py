"""A state of the books that many tests start from: made once on each database, then copied."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from sqlalchemy.engine import make_url

from postgres import connected, put_rows, rows_in, table_names

Put = Callable[[str], None]
Prepare = Callable[[str, Callable[[], object]], None]


def preparing(kept: dict[tuple[str, bool], Put], url: str, folder: Path) -> Prepare:
    """A function that brings the database at `url`, which holds no agreement yet, to a state with a name: by making it, and from
    then on by putting in what that left. `kept` outlives the test, as does `folder`.
    """

    def prepare(name: str, make: Callable[[], object]) -> None:
        key = name, url.startswith("sqlite")
        if key in kept:
            kept[key](url)
        else:
            make()
            kept[key] = copy_of(url, folder)

    return prepare


def copy_of(url: str, folder: Path) -> Put:
    """What the database at `url` holds now, as a function that puts it in the place of what another holds."""
    if not url.startswith("sqlite"):
        return _rows_of(url)
    file = folder / uuid4().hex
    copy_file(file_of(url), file)
    return lambda target: copy_file(file, file_of(target))


def file_of(url: str) -> Path:
    return Path(str(make_url(url).database))


def copy_file(source: Path, target: Path) -> None:
    """With what is still in the log beside the file."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _rows_of(url: str) -> Put:
    with connected(url) as connection:
        rows = rows_in(connection)
        counted = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
        numbers = connection.execute(counted).fetchall()

    def put(target: str) -> None:
        with connected(target) as connection:
            connection.execute("SET session_replication_role = replica")  # from some tables nothing is ever deleted
            for table in reversed(table_names()):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("SET session_replication_role = origin")
            put_rows(connection, rows)
            for sequence, last in numbers:
                connection.execute("SELECT setval(%s, %s)", (sequence, last))

    return put
