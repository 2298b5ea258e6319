"""A million open deadlines counted anew after one late holiday, on SQLite, by the service itself.

The plain row is the same number of rows read and the same rows written by sqlite3, in the same run: what the database
alone costs.
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.books import check, days_before, start, write
from bench.rows import Bar, Row
from twinflow.definitions.calendars import read_calendar
from twinflow.files import shipped
from twinflow.services.deadlines.calendar_editions import Applied, apply

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
LATE = """
[[days]]
on = 2026-02-26
label = { en = "Late holiday", es = "Inhábil de última hora" }
source = "bench"
"""
DAYS = 60
"""The requests of the last so many days wait for their opinion."""


def write_waiting(file: Path, number: int) -> None:
    """So many opinions that were requested lately and are not given."""
    days = days_before(NOW.date(), DAYS)
    write(file, [days[n % len(days)] for n in range(number)], NOW)


def by_service(file: Path) -> tuple[float, Applied]:
    """Seconds, and what was done."""
    runtime = start(file)
    text = (shipped("workflows") / "calendars" / "mx-ministry.toml").read_text("utf-8") + LATE
    calendar = read_calendar(text, "late")
    begin = perf_counter()
    done = apply(runtime.engine, runtime.rulebook, runtime.people, calendar, text, person="elena", now=NOW)
    seconds = perf_counter() - begin
    runtime.engine.dispose()
    return seconds, done


def checked(file: Path, number: int) -> None:
    """Two hundred of the deadlines are what deriving them from scratch gives."""
    runtime = start(file)
    check(runtime, [1 + n * (number - 1) // 200 for n in range(200)], NOW)
    runtime.engine.dispose()


def rows(number: int = 1_000_000) -> list[Row]:
    with TemporaryDirectory() as name:
        file = Path(name) / "books.db"
        write_waiting(file, number)
        checked(file, number)
        seconds, done = by_service(file)
        checked(file, number)
        plain = by_sqlite3(file, done.moved)
    return [
        Row(
            what=f"one late holiday, {number:,} open deadlines, {done.moved:,} moved, for a million",
            unit="s",
            ours=[seconds / number * 1e6],
            peer=[plain / number * 1e6],
            against="sqlite3, read and written",
            bar=Bar(60, of_ratio=False),
        )
    ]


def by_sqlite3(file: Path, moved: int) -> float:
    """Read every deadline; write an edition to each and, to so many, a date, an entry of history and two alerts."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL")
    (outbox,) = connection.execute("SELECT max(id) FROM outbox").fetchone()
    begin = perf_counter()
    rows = connection.execute(
        "SELECT d.id, a.id, a.reference, a.process, a.process_version, a.office, d.rule, d.occurrence, d.anchor_on, "
        "d.warn_on, d.due_on, d.edition, d.basis FROM deadline d JOIN agreement a ON a.id = d.agreement_id"
    ).fetchall()
    connection.execute("BEGIN")
    connection.execute("UPDATE deadline SET edition = 'mx-ministry@000000000000'")
    some = rows[:moved]
    connection.executemany(
        "UPDATE deadline SET due_on = ?, wake_on = ? WHERE id = ?", ((r[10], r[10], r[0]) for r in some)
    )
    connection.executemany(
        "INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details) VALUES (?,?,?,?,?,?)",
        ((r[1], "deadline", "elena", r[10], r[10], '{"deadline": "opinion", "from": "", "to": ""}') for r in some),
    )
    connection.executemany(
        "INSERT INTO alert (agreement_id, outbox_id, notice, subject, occurrence, level, recipient, stands_for, role, "
        "effective_on, recorded_at, details) VALUES (?,?,'deadline-moved','moved:opinion',1,'bare',?,'','liaison',?,?,'{}')",
        ((r[1], outbox, person, r[10], r[10]) for r in some for person in ("elena", "rita")),
    )
    connection.execute("COMMIT")
    seconds = perf_counter() - begin
    connection.close()
    return seconds
