"""Backups: a database as one file, written while it is in use, and put back."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from twinflow.errors import BadInput, EnvironmentFailed
from twinflow.storage.database import NEWEST
from twinflow.storage.live_file import has_log, settle_marks

WITH_TABLES = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"


def write(engine: Engine, target: Path) -> None:
    """Write a backup beside and put it there when it is whole. Raises EnvironmentFailed; BadInput for a file that is there."""
    if target.exists():
        raise BadInput("{file} exists already: a backup is never written over anything.", file=str(target))
    try:
        with TemporaryDirectory(prefix=f".{target.name}", dir=target.parent) as folder:
            new = Path(folder) / target.name
            if engine.dialect.name == "sqlite":
                _copy_of(engine, new)
            else:
                _run("pg_dump", engine, "--format=custom", f"--file={new}")
                _run("pg_restore", None, "--list", str(new))
            os.link(new, target)  # fails where somebody has put another there meanwhile
    except FileExistsError as error:
        raise BadInput("{file} exists already: a backup is never written over anything.", file=str(target)) from error
    except (OSError, sqlite3.Error) as error:
        raise EnvironmentFailed("{place} cannot be written: {why}.", place=str(target), why=error) from error


def put_back(engine: Engine, source: Path) -> None:
    """Put a backup in the place of what the database holds, all of it or nothing. Raises EnvironmentFailed, BadInput."""
    if not source.is_file():
        raise BadInput("There is no file {file}.", file=str(source))
    if engine.dialect.name != "sqlite":
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
        _run("pg_restore", engine, *options, str(source))
        return
    is_whole = has_log(source)
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old:
            _check(old, source)
            with closing(sqlite3.connect(str(engine.url.database))) as new:
                old.backup(new)
                settle_marks(new, whole=is_whole)
    except sqlite3.Error as error:
        raise BadInput("{file} is no backup of twinflow: {why}.", file=str(source), why=error) from error


def _copy_of(engine: Engine, new: Path) -> None:
    with engine.execution_options(reading=True).connect() as connection, closing(sqlite3.connect(new)) as target:
        connection.connection.driver_connection.backup(target)  # type: ignore[union-attr]
        settle_marks(target, whole=True)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, and nothing beside it
        _check(target, new)


def _check(books: sqlite3.Connection, file: Path) -> None:
    """Raises BadInput for what is damaged, or not of twinflow."""
    ((said,), *_) = books.execute("PRAGMA integrity_check").fetchall()
    if said != "ok":
        raise BadInput("{file} is no backup of twinflow: {why}.", file=str(file), why=said)
    if books.execute(WITH_TABLES).fetchone() != (1,):
        raise BadInput("{file} is no backup of twinflow: {why}.", file=str(file), why="alembic_version")
    revisions = [str(revision) for (revision,) in books.execute("SELECT version_num FROM alembic_version")]
    has_books = books.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('agreement', 'history')").fetchone()
    if has_books != (2,) or not all("0001" <= revision <= NEWEST for revision in revisions):
        raise BadInput("{file} is no backup of twinflow: {why}.", file=str(file), why=", ".join(revisions) or "–")


def _run(program: str, engine: Engine | None, *arguments: str) -> None:
    """A program of PostgreSQL's own. Raises EnvironmentFailed where it is missing or fails."""
    found = shutil.which(program)
    if found is None:
        raise EnvironmentFailed(
            "{program} is missing: install the client programs of PostgreSQL, of the version of the server or later.",
            program=program,
        )
    command: Sequence[str] = (found, *arguments)
    environment = dict(os.environ)
    if engine is not None:
        url = engine.url.set(drivername="postgresql", password=None)
        command = (*command[:1], f"--dbname={url.render_as_string()}", *command[1:])
        if engine.url.password is not None:
            environment["PGPASSWORD"] = str(engine.url.password)
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603 - no shell
    if done.returncode != 0:
        raise EnvironmentFailed(
            "{program} failed: {why}", program=program, why=done.stderr.strip() or str(done.returncode)
        )
