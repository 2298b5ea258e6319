"""Books with as many open deadlines as a bench asks for: one case a deadline, its opinion requested and not given.

Rows are written as the service would write them (the bench derives some of them anew and compares), only faster.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.driver import postgres_connection
from postgres import rows_in, table_names
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement.agreement import Basis
from twinflow.domain.deadlines.context import computed
from twinflow.domain.deadlines.warnings import next_wake_on
from twinflow.services.agreements.recording import refreshed
from twinflow.storage.deadline_basis import basis_text
from twinflow.storage.unit_of_work import UnitOfWork

PEOPLE = Path(__file__).parents[2] / "examples" / "demo" / "people.toml"
PARTIES = (("Chihuahua", "MX", 1), ("Albuquerque", "US", 0))
AT_ONCE = 50_000


def start(file: Path) -> bootstrap.Runtime:
    return start_at(f"sqlite:///{file}", file.parent)


def start_at(url: str, folder: Path) -> bootstrap.Runtime:
    """On either database; mail would be captured in the folder."""
    mail = MailSettings(capture_folder=folder)
    return bootstrap.start(Settings(people_file=PEOPLE, database=DatabaseSettings(url=url), mail=mail))


def copied(file: Path, url: str) -> None:
    """The rows of a SQLite file into an empty PostgreSQL database that gets its tables here."""
    start_at(url, file.parent).engine.dispose()
    with closing(sqlite3.connect(file)) as source, postgres_connection(url) as target:
        target.execute("SET session_replication_role = replica")  # from some tables nothing is ever deleted
        for table in reversed(rows_in(target)):
            target.execute(f"DELETE FROM {table}")  # what the start wrote
        target.execute("SET session_replication_role = origin")
        for table in table_names():
            found = source.execute(f"SELECT * FROM {table}")
            columns = [column for column, *_ in found.description]
            with target.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copying:
                for row in found:
                    copying.write_row(row)
            if "id" in columns:
                target.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
                )
        target.execute("ANALYZE")


def write(file: Path, requested: list[date], now: datetime, wake_on: list[date | None] | None = None) -> None:
    """One case for each day of request. `wake_on` puts other days of waking in the place of the true ones."""
    runtime = start(file)
    definition = runtime.rulebook.catalogue.version("mx/twinning", 4)
    rule = definition.deadlines["opinion"]
    calendars = runtime.rulebook.calendars_of(definition, rule)
    basis = Basis((rule.length,)) if rule.length else Basis()
    counted = {day: computed(rule, 1, day, basis, calendars) for day in set(requested)}
    wakes = {day: next_wake_on(rule, deadline, calendars, now.date()) for day, deadline in counted.items()}
    recorded = now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    runtime.engine.dispose()

    def agreements(numbers: range) -> Iterator[tuple[object, ...]]:
        for n in numbers:
            yield (
                n, f"B-{n}", definition.key, definition.version, definition.digest, "chihuahua", "bench",
                "opinion_requested", 2, now.date().isoformat(), "", "", f"B-{n}", 1, "",
            )  # fmt: skip

    def histories(numbers: range) -> Iterator[tuple[object, ...]]:
        for n in numbers:
            day = requested[n - 1].isoformat()
            yield n, "opened", "elena", day, recorded, None, None, "drafting", "{}"
            yield n, "step", "elena", day, recorded, "request_opinion", "drafting", "opinion_requested", "{}"

    def deadlines(numbers: range) -> Iterator[tuple[object, ...]]:
        text = basis_text(basis)
        for n in numbers:
            day = requested[n - 1]
            found = counted[day]
            wake = wake_on[n - 1] if wake_on else wakes[day]
            yield (
                n, "opinion", 1, day.isoformat(), str(found.warn_on), str(found.due_on), "open", found.edition,
                found.provisional, wake.isoformat() if wake else None, text,
            )  # fmt: skip

    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-262144")
    for first in range(1, len(requested) + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, len(requested) + 1))
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO agreement (id, reference, process, process_version, process_digest, office, title, state, "
            "version, tracked_from, origin, note, relationship, generation, source_digest) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            agreements(numbers),
        )
        connection.executemany(
            "INSERT INTO party (agreement_id, name, country, home, signed, signed_on, capacity, place) "
            "VALUES (?,?,?,?,0,'','','')",
            ((n, *party) for n in numbers for party in PARTIES),
        )
        connection.executemany(
            "INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, step, from_state, to_state, details) "
            "VALUES (?,?,?,?,?,?,?,?,?)",
            histories(numbers),
        )
        connection.executemany(
            "INSERT INTO deadline (agreement_id, rule, occurrence, anchor_on, warn_on, due_on, status, edition, "
            "provisional, wake_on, basis) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            deadlines(numbers),
        )
        connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def check(runtime: bootstrap.Runtime, numbers: list[int], now: datetime) -> None:
    """The books hold for these cases what deriving them from scratch gives."""
    for number in numbers:
        with UnitOfWork(runtime.engine, reading=True) as work:
            agreement = work.agreements.get(f"B-{number}")
        derived = refreshed(runtime.rulebook, runtime.people, agreement, now).deadlines
        if derived != agreement.deadlines:
            raise SystemExit(f"B-{number}: {agreement.deadlines} is not what its inputs give: {derived}")


def days_before(day: date, count: int, step: int = 1) -> list[date]:
    return [day - timedelta(days=n) for n in range(0, count, step)]
