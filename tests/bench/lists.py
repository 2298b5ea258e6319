"""The first page of the list of 100,000 agreements, through the service on both databases, beside its own SQL by the driver."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import copied, start_at, write
from bench.driver import connection_to, recording, replay, timed
from bench.rows import Bar, Row, in_turns, slowest_of_most
from bench.steps import NOW
from postgres import DURABLE, postgres_server
from twinflow.bootstrap import Runtime
from twinflow.services.reading.agreements import list_agreements

DAYS = 60
CALLS, AT_LEAST = 20, 1
ENOUGH_SECONDS = 5
"""A list that takes longer is read only so often in a round as to say so."""


def first_page(runtime: Runtime) -> object:
    """As the doors ask for it."""
    return list_agreements(runtime.engine, runtime.rulebook, runtime.people, NOW)


def read(url: str, folder: Path, database: str, rounds: int) -> list[Row]:
    runtime = start_at(url, folder)
    with recording(runtime.engine) as statements:
        once = timed(lambda: first_page(runtime))
    calls = CALLS if once * CALLS < ENOUGH_SECONDS else AT_LEAST
    connection = connection_to(url)
    ours, theirs = in_turns(
        rounds if calls > AT_LEAST else 1,
        lambda _number: slowest_of_most(lambda: first_page(runtime), calls),
        lambda _number: slowest_of_most(lambda: replay(connection, statements), calls),
    )
    connection.close()
    runtime.engine.dispose()
    what = f"first page of the list of agreements, {database}"
    return [
        Row(what=f"{what}, p95", unit="ms", ours=ours, bar=Bar(50, of_ratio=False)),
        Row(what=what, unit="ms", ours=ours, peer=theirs, against="driver, same statements", bar=Bar(2)),
    ]


def rows(number: int = 100_000, rounds: int = 5) -> list[Row]:
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        file = Path(name) / "books.db"
        write(file, [NOW.date() - timedelta(days=n % DAYS) for n in range(number)], NOW)
        copied(file, url)
        return [
            *read(f"sqlite:///{file}", file.parent, "SQLite", rounds),
            *read(url, file.parent, "PostgreSQL", rounds),
        ]
