"""Sweeps on SQLite: one that finds nothing among 100,000 cases, one that finds 1,000 due, and the same among a million.

The first is beside its own statements by plain sqlite3; the second beside plain SQL that reads the same cases and writes the
same rows in bulk.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import start, write
from bench.driver import by_sqlite3, recording, sqlite_connection, timed
from bench.rows import Bar, Row, in_turns, milliseconds
from twinflow.bootstrap import Runtime
from twinflow.services.clock.sweep import sweep

REQUESTED = date(2026, 2, 9)
NOW = datetime(2026, 2, 10, 18, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
"""The opinions are due this week: whoever is woken has something to say."""
DUE = 1_000
IDLE = 20
DUE_CASES = "SELECT agreement_id FROM deadline WHERE wake_on <= ?"
OF_CASES = ("party", "term", "fact", "deadline", "history", "finding", "alert")
WRITTEN = ("outbox", "history", "alert", "finding")


def write_asleep(file: Path, number: int) -> None:
    """Cases of which none has anything to say before 2099."""
    write(file, [REQUESTED] * number, NOW, [date(2099, 1, 1)] * number)


def fall_due(file: Path, open_deadlines: int, due: int, number: int, rounds: int) -> None:
    """Every so-many-th deadline, others each time, from the whole of the books."""
    step = open_deadlines // due
    offset = 1 + number * (step // rounds)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "UPDATE deadline SET wake_on = ? WHERE agreement_id = ?",
            [(TODAY.date().isoformat(), offset + step * n) for n in range(due)],
        )


def swept(runtime: Runtime, due: int) -> float:
    """Seconds of a sweep that finds so many."""

    def work() -> None:
        done = sweep(runtime.engine, runtime.rulebook, runtime.people, TODAY)
        if done.problems or done.alerts < due:
            raise SystemExit(f"the sweep was to write {due} alerts or more: {done}")

    return timed(work)


def idle(file: Path, rounds: int, number: int) -> Row:
    runtime = start(file)

    def look() -> None:
        if sweep(runtime.engine, runtime.rulebook, runtime.people, NOW).alerts:
            raise SystemExit("the sweep was to find nothing")

    look()
    with recording(runtime.engine) as statements:
        look()
    ours, theirs = in_turns(
        rounds,
        lambda _number: timed(lambda: [look() for _ in range(IDLE)]),
        lambda _number: by_sqlite3(file, statements * IDLE),
    )
    runtime.engine.dispose()
    return Row(
        what=f"a sweep with nothing due in {number:,} cases",
        unit="ms",
        ours=milliseconds(IDLE, ours),
        peer=milliseconds(IDLE, theirs),
        against="sqlite3, same statements",
        bar=Bar(3),
    )


def in_bulk(before: Path, after: Path) -> float:
    """Seconds for the reads and writes of a sweep by plain SQL; what it wrote is taken from the books that it left."""
    day = TODAY.date().isoformat()
    with closing(sqlite_connection(before)) as connection, closing(sqlite3.connect(after)) as left:
        last = {table: connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone() for table in WRITTEN}
        new = {table: left.execute(f"SELECT * FROM {table} WHERE id > ?", last[table]).fetchall() for table in WRITTEN}
        due = connection.execute("SELECT id FROM deadline WHERE wake_on <= ?", (day,)).fetchall()
        wakes = [(*left.execute("SELECT wake_on FROM deadline WHERE id = ?", each).fetchone(), *each) for each in due]

        def work() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"SELECT * FROM agreement WHERE id IN ({DUE_CASES})", (day,)).fetchall()
            for table in OF_CASES:
                connection.execute(f"SELECT * FROM {table} WHERE agreement_id IN ({DUE_CASES})", (day,)).fetchall()
            for table, found in new.items():
                if found:
                    places = ",".join("?" * len(found[0]))
                    connection.executemany(f"INSERT INTO {table} VALUES ({places})", found)
            connection.executemany("UPDATE deadline SET wake_on = ? WHERE id = ?", wakes)
            connection.execute("COMMIT")

        return timed(work)


def due(folder: Path, file: Path, number: int, rounds: int, found: int) -> Row:
    asleep = folder / "due.db"
    shutil.copy(file, asleep)
    fall_due(asleep, number, found, 0, 1)

    def service(turn: int) -> float:
        runtime = start(Path(shutil.copy(asleep, folder / f"swept{turn}.db")))
        seconds = swept(runtime, found)
        runtime.engine.dispose()
        return seconds

    def plain(turn: int) -> float:
        seconds = in_bulk(Path(shutil.copy(asleep, folder / "plain.db")), folder / f"swept{turn}.db")
        (folder / f"swept{turn}.db").unlink()
        return seconds

    ours, theirs = in_turns(rounds, service, plain)
    return Row(
        what=f"a sweep with {found:,} due in {number:,} cases",
        unit="s",
        ours=ours,
        peer=theirs,
        against="plain SQL, same reads and writes",
        bar=Bar(5),
    )


def among_more(files: dict[int, Path], rounds: int, found: int) -> Row:
    runtimes = {number: start(file) for number, file in files.items()}

    def swept_among(number: int, turn: int) -> float:
        fall_due(files[number], number, found, turn, rounds)
        return swept(runtimes[number], found)

    few, many = files
    quick, slow = in_turns(rounds, lambda turn: swept_among(few, turn), lambda turn: swept_among(many, turn))
    for runtime in runtimes.values():
        runtime.engine.dispose()
    return Row(
        what=f"the same among {many:,}",
        unit="s",
        ours=slow,
        peer=quick,
        against=f"among {few:,}",
        bar=Bar(1.2),
    )


def rows(few: int = 100_000, many: int = 1_000_000, rounds: int = 5, found: int = DUE) -> list[Row]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {number: folder / f"{number}.db" for number in (few, many)}
        for number, file in files.items():
            write_asleep(file, number)
        return [
            idle(files[few], rounds, few),
            due(folder, files[few], few, rounds, found),
            among_more(files, rounds, found),
        ]
