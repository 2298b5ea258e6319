"""Backups: a database as one file, written while it is in use, and put back when everything in it has been looked at."""

import os
import re
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from twinflow.errors import BadInput, EnvironmentFailed, why_of
from twinflow.regular_files import open_file
from twinflow.storage import server_backup
from twinflow.storage.database import FIRST, NEWEST
from twinflow.storage.engine import make_engine
from twinflow.storage.live_file import file_of, has_log, is_in_use, settle_marks
from twinflow.storage.older_backup import bring_to_newest, check_whole

KINDS = {"SQLite": b"SQLite format 3\0", "PostgreSQL": b"PGDMP"}
"""How the backups of each database begin."""
TABLES = {"agreement", "history", "party", "deadline", "fact", "finding", "term", "alert", "outbox", "process_version"}
"""What the books have had since their first revision."""
REVISION = re.compile(r"\d{4}")


def write(engine: Engine, target: Path) -> None:
    """Write a backup beside and put it there when it is whole. Raises EnvironmentFailed; BadInput for a file that is there."""
    if os.path.lexists(target):
        raise BadInput("{file} exists already: a backup is never written over anything.", file=str(target))
    try:
        with TemporaryDirectory(prefix=".backup", dir=target.parent) as folder:
            new = Path(folder) / target.name
            if engine.dialect.name == "sqlite":
                _copy_of(engine, new)
            else:
                server_backup.write(engine, new)
            _check(new, *_contents(new, _kind(new)))
            os.link(new, target)  # fails where somebody has put another there meanwhile
    except FileExistsError as error:
        raise BadInput("{file} exists already: a backup is never written over anything.", file=str(target)) from error
    except (OSError, sqlite3.Error) as error:
        why = why_of(error)
        raise EnvironmentFailed("{place} cannot be written: {why}.", place=str(target), why=why) from error


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup has in it, and the revision that its tables are of."""

    tables: set[str]
    revision: str


def look(engine: Engine, source: Path) -> Contents:
    """What is in a backup that can be put into this database. Raises BadInput for what cannot, EnvironmentFailed."""
    kind, own = _kind(source), "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    if kind != own:
        raise BadInput(
            "{file} is a backup of {other}, and the database of the settings is {own}.",
            file=str(source),
            other=kind,
            own=own,
        )
    if source.resolve() == file_of(engine):
        raise BadInput("{file} is the database itself.", file=str(source))
    tables, revisions = _contents(source, kind)
    return Contents(tables, _check(source, tables, revisions))


def put_back(engine: Engine, source: Path, contents: Contents) -> None:
    """Put a backup, brought to this version, in the place of what the database holds, all of it or nothing.

    Raises BadInput for tables that are not those of their version, Refused while somebody else is in the books,
    EnvironmentFailed.
    """
    if engine.dialect.name == "sqlite":
        _put_into_file(engine, source, contents.revision)
    else:
        server_backup.put_back(engine, source, contents.tables)


def _kind(file: Path) -> str:
    """The database that it is of. Raises BadInput."""
    try:
        with open_file(file) as opened:
            beginning = opened.read(max(map(len, KINDS.values())))
    except FileNotFoundError as error:
        raise BadInput("There is no file {file}.", file=str(file)) from error
    except (OSError, ValueError) as error:
        raise BadInput("{file} cannot be read: {why}.", file=str(file), why=why_of(error)) from error
    found = next((kind for kind, sign in KINDS.items() if beginning.startswith(sign)), None)
    if found is None:
        raise BadInput("{file} is no backup of twinflow.", file=str(file))
    return found


def _contents(file: Path, kind: str) -> tuple[set[str], list[str]]:
    """The tables in a backup, and the revisions that it says it is of. Raises BadInput for what is damaged."""
    if kind == "PostgreSQL":
        return server_backup.contents(file)
    try:
        with closing(_opened(file)) as books:
            (said,) = books.execute("PRAGMA integrity_check(1)").fetchone()
            if said != "ok":
                raise sqlite3.DatabaseError(" ".join(said.split()))
            tables = {str(name) for (name,) in books.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            query = "SELECT version_num FROM alembic_version"
            return tables, [str(each) for (each,) in books.execute(query)] if "alembic_version" in tables else []
    except sqlite3.Error as error:
        raise BadInput("{file} is damaged or not whole: {why}.", file=str(file), why=why_of(error)) from error


def _check(file: Path, tables: Collection[str], revisions: Collection[str]) -> str:
    """The revision of books that this program knows. Raises BadInput."""
    revision = min(revisions, default="")
    if not TABLES.issubset(tables) or len(revisions) != 1 or not REVISION.fullmatch(revision) or revision < FIRST:
        raise BadInput("{file} is no backup of twinflow.", file=str(file))
    if revision > NEWEST:
        raise BadInput(
            "{file} is a backup of a newer twinflow: it is at version {revision}, and this program knows versions to {newest}. "
            "Install the newer twinflow.",
            file=str(file),
            revision=revision,
            newest=NEWEST,
        )
    return revision


def _opened(file: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    opened.text_factory = lambda text: text.decode("utf-8", "replace")  # what is damaged is named all the same
    return opened


def _copy_of(engine: Engine, new: Path) -> None:
    with engine.execution_options(reading=True).connect() as connection, closing(sqlite3.connect(new)) as target:
        connection.connection.driver_connection.backup(target)  # type: ignore[union-attr]
        settle_marks(target, whole=True)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, and nothing beside it


def _put_into_file(engine: Engine, source: Path, revision: str) -> None:
    is_whole, file = has_log(source), file_of(engine)
    if file is not None and is_in_use(file):
        raise server_backup.in_use_by_others()
    try:
        with TemporaryDirectory(prefix=".restore", dir=file.parent if file else None) as folder:
            ready = source if revision == NEWEST else _brought_to_newest(source, Path(folder) / source.name)
            _check_whole(ready, source)
            with closing(_opened(ready)) as old, closing(sqlite3.connect(str(engine.url.database), timeout=2)) as new:
                new.execute("PRAGMA journal_mode=DELETE")  # only who is alone with the file may leave the “-wal”
                old.backup(new)
                settle_marks(new, whole=is_whole)
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise server_backup.in_use_by_others() from error
        raise server_backup.not_put_back(why_of(error)) from error
    except (OSError, DBAPIError) as error:
        raise server_backup.not_put_back(why_of(getattr(error, "orig", None) or error)) from error


def _brought_to_newest(source: Path, copy: Path) -> Path:
    with closing(_opened(source)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    engine = make_engine(f"sqlite:///{copy}")
    try:
        with engine.begin() as connection:
            bring_to_newest(connection, source)
    finally:
        engine.dispose()
    return copy


def _check_whole(ready: Path, source: Path) -> None:
    engine = create_engine("sqlite://", creator=lambda: _opened(ready))
    try:
        with engine.connect() as connection:
            check_whole(connection, source)
    finally:
        engine.dispose()
