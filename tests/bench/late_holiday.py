"""A million open deadlines counted anew after one late holiday, on SQLite, by the service itself. `make bench`.

The plain row is the same number of rows read and the same rows written by sqlite3, in the same run: what the database
alone costs.
"""

import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from books import check, days_before, start, write

from twinflow.cli.progress import progress_bar
from twinflow.definitions.calendars import read_calendar
from twinflow.files import shipped
from twinflow.services.deadlines.calendar_editions import apply

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
LATE = """
[[days]]
on = 2026-02-26
label = { en = "Late holiday", es = "Inhábil de última hora" }
source = "bench"
"""
DAYS = 60
"""The requests of the last so many days wait for their opinion."""


def main(number: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "books.db"
        days = days_before(NOW.date(), DAYS)
        write(file, [days[n % len(days)] for n in range(number)], NOW)
        runtime = start(file)
        sample = [1 + n * (number - 1) // 200 for n in range(200)]
        check(runtime, sample, NOW)
        text = (shipped("workflows") / "calendars" / "mx-ministry.toml").read_text("utf-8") + LATE
        calendar = read_calendar(text, "late")
        begin = perf_counter()
        with progress_bar() as progress:
            done = apply(
                runtime.engine,
                runtime.rulebook,
                runtime.people,
                calendar,
                text,
                person="elena",
                now=NOW,
                progress=progress,
            )
        seconds = perf_counter() - begin
        runtime.refresh()
        check(runtime, sample, NOW)
        runtime.engine.dispose()
        plain = by_sqlite3(file, done.moved)
    print(
        f"one late holiday, {done.recounted:,} open deadlines counted anew, {done.moved:,} moved, {done.told} people told:"
    )
    print(
        f"  by the service        {seconds:8.1f} s, {seconds / number * 1e6:.0f} µs a deadline (goal: 60 s a million)"
    )
    print(f"  read and written bare {plain:8.1f} s")
    print(f"  ratio                 {seconds / plain:8.1f}")


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


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
