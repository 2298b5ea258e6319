"""Several clients at once: on PostgreSQL each with a connection of its own, on SQLite 64 threads that share one file.

Beside them the drivers alone, with as many threads and connections, doing the same statements with the same durability; and
on SQLite the service with an engine for each thread, so that no step can go to the disk together with another: each one
waits for SQLite's own lock, fifteen at a time, as the one pool of commit 722081a had it.
"""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any

import psycopg
from sqlalchemy import create_engine, text

from bench.books import start, start_at
from bench.driver import (
    Statement,
    postgres_connection,
    recording,
    replay,
    sqlite_connection,
    timed,
)
from bench.rows import Bar, Row, in_turns, milliseconds, per_second
from bench.steps import STEPS, fill, names, take, take_all
from postgres import DURABLE, named, postgres_server
from twinflow.bootstrap import Runtime
from twinflow.storage.engine import make_engine

THREADS = 64
POOL = 15
SILENT = ("complete_draft", "complete_draft", "complete_draft")
"""A step that tells nobody: what is told has numbers that the database gives, and 64 clients do not come in the same order."""


def together(works: Sequence[Callable[[], object]]) -> float:
    """Seconds until all are done, each in a thread of its own."""
    with ThreadPoolExecutor(len(works)) as pool:
        return timed(lambda: [done.result() for done in [pool.submit(work) for work in works]])


def shared(references: Sequence[str], clients: int) -> list[Sequence[str]]:
    return [references[number::clients] for number in range(clients)]


def by_driver(connections: Sequence[Any], statements: Sequence[list[Statement]]) -> float:
    pairs = zip(connections, statements, strict=True)
    seconds = together([partial(replay, connection, each) for connection, each in pairs])
    for connection in connections:
        connection.close()
    return seconds


def recorded(runtime: Runtime, share: Sequence[str], steps: Sequence[str]) -> list[Statement]:
    with recording(runtime.engine) as statements:
        take_all(runtime, share, steps)
    return statements


class Server:
    """Databases of a durable PostgreSQL, each a copy of the one with the drafts."""

    def __init__(self, url: str, folder: Path, references: Sequence[str]) -> None:
        self.url, self.folder = url, folder
        self.admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._create("start")
        fill(start_at(named(url, "start"), folder), references)

    def copy(self, name: str) -> str:
        self._create(name, "TEMPLATE start")
        return named(self.url, name)

    def drop(self, name: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def _create(self, name: str, how: str = "") -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} {how}"))


def messages(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()
    assert found is not None
    return int(found[0])


def on_postgres(server: Server, references: Sequence[str], clients: int, rounds: int) -> Row:
    shares = shared(references, clients)
    runtime = start_at(server.copy("recorded"), server.folder)
    statements, first_messages = [], []
    with closing(postgres_connection(named(server.url, "recorded"))) as looking:
        looking.autocommit = True
        for share in shares:
            first_messages.append(messages(looking) + 1)
            statements.append(recorded(runtime, share, STEPS))
    runtime.engine.dispose()
    server.drop("recorded")

    def service(_number: int) -> float:
        runtime = start_at(server.copy("service"), server.folder)
        connections = [runtime.engine.connect() for _ in shares]  # those of the driver are made beforehand too
        for connection in connections:
            connection.close()
        seconds = together([partial(take_all, runtime, share) for share in shares])
        runtime.engine.dispose()
        server.drop("service")
        return seconds

    def plain(_number: int) -> float:
        connections = numbered(server.copy("plain"), first_messages)
        seconds = by_driver(connections, statements)
        server.drop("plain")
        return seconds

    ours, theirs = in_turns(rounds, service, plain)
    steps = len(references) * len(STEPS)
    return Row(
        what=f"a step on PostgreSQL, {clients} client{'s' if clients > 1 else ''}",
        unit="ms",
        ours=milliseconds(steps, ours),
        peer=milliseconds(steps, theirs),
        against="psycopg, same statements",
        bar=Bar(2),
    )


def numbered(url: str, first_messages: Sequence[int]) -> list[psycopg.Connection]:
    """A connection for each client, whose messages get the numbers that its recorded statements name, whoever comes first."""
    with postgres_connection(url) as connection:
        for client, first in enumerate(first_messages):
            connection.execute(f"CREATE SEQUENCE client{client} START {first}")
        connection.execute("ALTER TABLE outbox ALTER id SET DEFAULT nextval(current_setting('bench.messages'))")
    connections = [postgres_connection(url) for _ in first_messages]
    for client, connection in enumerate(connections):
        connection.execute(f"SET bench.messages = 'client{client}'")
        connection.commit()
    return connections


def on_sqlite(folder: Path, each: int, rounds: int) -> list[Row]:
    references = names(THREADS * each)
    shares = shared(references, THREADS)
    fill(start(folder / "start.db"), references)

    def copy(label: str) -> Path:
        return Path(shutil.copy(folder / "start.db", folder / f"{label}.db"))

    runtime = start(copy("recorded"))
    statements = [recorded(runtime, share, SILENT) for share in shares]
    runtime.engine.dispose()

    def service(number: int) -> float:
        runtime = start(copy(f"service{number}"))
        seconds = together([partial(take_all, runtime, share, SILENT) for share in shares])
        runtime.engine.dispose()
        return seconds

    def apart(number: int) -> float:
        file = copy(f"apart{number}")
        runtimes = [replace(runtime, engine=make_engine(f"sqlite:///{file}")) for _ in shares]
        pool = BoundedSemaphore(POOL)

        def work(own: Runtime, share: Sequence[str]) -> None:
            for reference in share:
                for step in SILENT:
                    with pool:
                        take(own, reference, step)

        seconds = together([partial(work, own, share) for own, share in zip(runtimes, shares, strict=True)])
        for own in runtimes:
            own.engine.dispose()
        return seconds

    def plain(number: int) -> float:
        file = copy(f"plain{number}")
        return by_driver([sqlite_connection(file, any_thread=True) for _ in shares], statements)

    ours, without, drivers = in_turns(rounds, service, apart, plain)
    steps = len(references) * len(SILENT)
    found = (
        (without, "each step by itself", Bar(3, at_most=False)),
        (drivers, f"sqlite3, {THREADS} connections", None),
    )
    return [
        Row(
            what=f"{THREADS} threads on one SQLite file, each step durable",
            unit="steps/s",
            ours=per_second(steps, ours),
            peer=per_second(steps, theirs),
            against=against,
            bar=bar,
        )
        for theirs, against, bar in found
    ]


def rows(cases: int = 80, each: int = 3, rounds: int = 5) -> list[Row]:
    """`cases` for all clients of PostgreSQL, `each` for a thread of SQLite."""
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        folder = Path(name)
        references = names(cases)
        server = Server(url, folder, references)
        found = [on_postgres(server, references, clients, rounds) for clients in (1, 8)]
        server.admin.dispose()
    with TemporaryDirectory() as name:
        return found + on_sqlite(Path(name), each, rounds)
