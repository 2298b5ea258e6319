"""The file of an SQLite database that is in use, and what stands beside it: its log, and a locked file for each mark of use."""

import fcntl
import glob
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine


def file_of(engine: Engine) -> Path | None:
    """None for another database, and for one without a file."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name).resolve()


def has_log(file: Path) -> bool:
    """Whether the “-wal” with what is not in the file itself stands beside. Asked before the file is opened, which makes one."""
    try:
        return file.with_name(f"{file.name}-wal").stat().st_size > 0
    except OSError:
        return False


def beside(file: Path, token: str) -> Path:
    return file.with_name(f"{file.name}.in-use-{token}")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """A file of this process, locked while it lives: a crash lets go of it and leaves it there. Raises OSError."""
    with path.open("x") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_held(path: Path) -> bool:
    """Whether the process that made it lives."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # also of one that belongs to somebody else
        return True
    return False


def is_in_use(file: Path) -> bool:
    """Whether a process that runs long has it in use."""
    return any(map(is_held, file.parent.glob(f"{glob.escape(file.name)}.in-use-*")))


def write_through(engine: Engine) -> None:
    """Bring all that was written into the file itself."""
    with closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def settle_marks(books: sqlite3.Connection, *, whole: bool) -> None:
    """Of a file that nobody has in use: the marks in it say nothing, or else that it is short."""
    if books.execute("SELECT 1 FROM sqlite_master WHERE name = 'use_mark'").fetchone():
        with books:
            books.execute("DELETE FROM use_mark WHERE NOT is_short" if whole else "UPDATE use_mark SET is_short = 1")
