"""A sweep that finds 1,000 deadlines due among a million open ones, beside the same among a hundred thousand. `make bench`.

The real sweep on SQLite, alerts and all, on the two books in turn; before each round another 1,000 fall due.
"""

import sqlite3
import statistics
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

from books import start, write

from twinflow.bootstrap import Runtime
from twinflow.services.clock.sweep import sweep

REQUESTED = date(2026, 2, 9)
NOW = datetime(2026, 2, 10, 18, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
"""The opinions are due this week: whoever is woken has something to say."""


def fall_due(file: Path, open_deadlines: int, due: int, number: int, rounds: int) -> None:
    """Every so-many-th deadline, others each time, from the whole of the books."""
    step = open_deadlines // due
    offset = 1 + number * (step // rounds)
    connection = sqlite3.connect(file)
    with connection:
        connection.executemany(
            "UPDATE deadline SET wake_on = ? WHERE agreement_id = ?",
            [(TODAY.date().isoformat(), offset + step * n) for n in range(due)],
        )
    connection.close()


def timed(runtime: Runtime, due: int) -> float:
    begin = perf_counter()
    done = sweep(runtime.engine, runtime.rulebook, runtime.people, TODAY)
    seconds = perf_counter() - begin
    if done.problems or done.alerts < due:
        raise SystemExit(f"the sweep was to write {due} alerts or more: {done}")
    return seconds


def main(few: int = 100_000, many: int = 1_000_000, rounds: int = 7, due: int = 1_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        books = {}
        for number in (few, many):
            file = Path(name) / f"{number}.db"
            write(file, [REQUESTED] * number, NOW, [date(2099, 1, 1)] * number)
            books[number] = (file, start(file))
        seconds: dict[int, list[float]] = {number: [] for number in books}
        for turn in range(rounds):
            for number, (file, runtime) in books.items():
                fall_due(file, number, due, turn, rounds)
                seconds[number].append(timed(runtime, due))
        for _, runtime in books.values():
            runtime.engine.dispose()
    ratios = [slow / quick for slow, quick in zip(seconds[many], seconds[few], strict=True)]
    print(f"a sweep that finds {due:,} due, {rounds} rounds, medians:")
    for number, taken in seconds.items():
        print(f"  among {number:>15,} {statistics.median(taken):8.2f} s")
    print(
        f"  ratio                 {statistics.median(ratios):8.2f} (goal: 1.2; from {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
