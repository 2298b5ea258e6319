"""Backups of PostgreSQL by its own programs: one writes the file, the other reads it. What is put back is put back here,
in one transaction, and not by those programs: they know nothing of the tables that came after an older backup.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from time import sleep
from typing import IO

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from twinflow.errors import BadInput, EnvironmentFailed, Refused
from twinflow.sentences import Sentence
from twinflow.storage.database import REVISIONS, current_revision
from twinflow.storage.failures import in_our_words
from twinflow.storage.older_backup import bring_to_newest, check_whole

TABLE = re.compile(r"^\d+; \d+ \d+ TABLE public (\S+) ", re.MULTILINE)
"""As a list of contents names it."""
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
ANEW = text("SELECT pg_stat_clear_snapshot()")
MOMENTS = 20
"""Tenths of a second."""
FUNCTIONS = ("agreement_is_followed", "books_refuse", "history_refuses", "seen_by_follows")
"""Those that refuse to change what is append-only, in any version."""
COPY, OF_PSQL, END = b"COPY ", b"\\", b"\\.\n"
OF_THE_FILE = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.SyntaxError,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
)
"""What the server says where rows or statements are damaged."""


def in_use_by_others() -> Refused:
    """Of books that are to be replaced."""
    return Refused("Somebody else has the books in use: stop “twinflow serve” and “twinflow worker” first.")


def not_put_back(why: Sentence | str) -> EnvironmentFailed:
    """Of a backup with which nothing is wrong."""
    return EnvironmentFailed("The backup cannot be put into the database, which is as it was: {why}.", why=why)


def write(engine: Engine, new: Path) -> None:
    """Raises EnvironmentFailed, OSError. The password is in no argument, where others on the machine could read it."""
    try:
        with engine.connect() as connection:
            info = _driver(connection).info
            place, password = info.dsn, info.password
    except DBAPIError as error:
        raise in_our_words(error) or error from error
    arguments = (f"--dbname={place}", "--format=custom", f"--file={new}")
    with _running("pg_dump", *arguments, password=password) as program:
        _, said = program.communicate()
        if program.returncode != 0:
            raise OSError(_last_line(said))


def contents(file: Path) -> tuple[set[str], list[str]]:
    """The tables in a backup, and the revisions that it says it is of. Raises BadInput for what is damaged, EnvironmentFailed."""
    tables = set(TABLE.findall("".join(_read(file, "--list"))))
    rows = list(_read(file, "--data-only", "--schema=public", f"--table={REVISIONS.name}", "--file=-"))
    begin = next((number for number, line in enumerate(rows, 1) if line.startswith(COPY.decode())), len(rows))
    return tables, [line.strip() for line in takewhile(lambda line: line != END.decode(), rows[begin:])]


def put_back(engine: Engine, file: Path, tables: Collection[str]) -> None:
    """`tables`: those in the backup. Raises BadInput, Refused, EnvironmentFailed; then the database is as it was."""
    try:
        with engine.begin() as connection:
            _be_alone(connection)
            if current_revision(connection) is not None:
                _drop(connection, tables)
            with _lines(file, "--no-owner", "--file=-") as lines:
                _run(_driver(connection), lines)
            connection.exec_driver_sql("RESET ALL")  # the script leaves settings of its own
            bring_to_newest(connection, file)
            check_whole(connection, file)
    except OF_THE_FILE as error:
        raise _damaged(file, _why(error)) from error
    except psycopg.Error as error:
        raise not_put_back(_why(error)) from error
    except DBAPIError as error:
        raise not_put_back(_why(error.orig) if isinstance(error.orig, psycopg.Error) else str(error)) from error
    finally:
        engine.dispose()


def _be_alone(connection: Connection) -> None:
    """Who is just leaving has a moment for it. Raises Refused."""
    for _ in range(MOMENTS):
        connection.execute(ANEW)
        if connection.scalar(OTHERS) == 0:
            return
        sleep(0.1)
    raise in_use_by_others()


def _drop(connection: Connection, tables: Collection[str]) -> None:
    """The tables of any version, all at once: which refers to which does not matter then."""
    quoted = map(connection.dialect.identifier_preparer.quote, {*SQLModel.metadata.tables, REVISIONS.name, *tables})
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {', '.join(sorted(quoted))}")
    connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {', '.join(FUNCTIONS)}")


def _run(database: psycopg.Connection, lines: Iterator[bytes]) -> None:
    """A script as it would be given to psql: statements, and rows behind each COPY."""
    statements: list[bytes] = []
    for line in lines:
        if line.startswith(COPY) and line.endswith(b" FROM stdin;\n"):
            database.execute(b"".join(statements))
            statements.clear()
            with database.cursor().copy(line.rstrip(b";\n")) as copying:
                for row in takewhile(lambda row: row != END, lines):
                    copying.write(row)
        elif not line.startswith(OF_PSQL):
            statements.append(line)
    database.execute(b"".join(statements))


def _driver(connection: Connection) -> psycopg.Connection:
    found = connection.connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found


def _read(file: Path, *arguments: str) -> Iterator[str]:
    with _lines(file, *arguments) as lines:
        yield from (line.decode("utf-8", "replace") for line in lines)


@contextmanager
def _lines(file: Path, *arguments: str) -> Iterator[Iterator[bytes]]:
    """What pg_restore makes of a backup. Raises BadInput at the end where it could not read all of it, EnvironmentFailed."""
    with _running("pg_restore", *arguments, str(file.resolve())) as program:
        yield iter(_pipe(program.stdout))
        program.wait()
        if program.returncode != 0:
            said = _last_line(_pipe(program.stderr).read())
            if "unsupported version" in said:
                raise EnvironmentFailed(
                    "{file} was written by a newer PostgreSQL: install client programs of its version or later.",
                    file=str(file),
                )
            raise _damaged(file, said)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _damaged(file: Path, why: str) -> BadInput:
    return BadInput("{file} is damaged or not whole: {why}.", file=str(file), why=why)


def _running(program: str, *arguments: str, password: str = "") -> subprocess.Popen[bytes]:
    """A program of PostgreSQL's own. Raises EnvironmentFailed where it is missing."""
    found = shutil.which(program)
    if found is None:
        raise EnvironmentFailed(
            "{program} is missing: install the client programs of PostgreSQL, of the version of the server or later.",
            program=program,
        )
    environment = {**os.environ, "LC_ALL": "C", "PGPASSWORD": password}
    return subprocess.Popen(  # noqa: S603 - no shell
        (found, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )


def _last_line(said: bytes) -> str:
    """What a program ended with, without its name."""
    line = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return re.sub(r"^pg_\w+: (error: |detail: )?", "", line).removesuffix(".")


def _why(error: psycopg.Error) -> str:
    said = (error.diag.message_primary or str(error), error.diag.message_detail or "")
    return "; ".join(line for each in said if (line := each.partition("\n")[0].strip().removesuffix(".")))
