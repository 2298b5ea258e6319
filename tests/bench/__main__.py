"""`make bench`: each part in a process of its own, then one table. Exit code 1 where a bar is short or could not be measured."""

import argparse
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter

from bench import (
    bulk,
    clients,
    due_dates,
    jobs,
    late_holiday,
    lists,
    long_case,
    mail,
    processor_time,
    sight,
    simulate,
    steps,
    sweeps,
    what_time_tells,
)
from bench.rows import Bar, Row, exit_code, table


@dataclass(frozen=True, slots=True)
class Part:
    """What gives its rows, and the sizes for a short run; the full ones are its own."""

    rows: Callable[..., list[Row]]
    short: tuple[int, ...]


PARTS = {
    "steps": Part(steps.rows, (20, 3)),
    "clients": Part(clients.rows, (16, 1, 3)),
    "long_case": Part(long_case.rows, (500, 3)),
    "bulk": Part(bulk.rows, (2000, 3, 10)),
    "lists": Part(lists.rows, (1000, 3)),
    "sight": Part(sight.rows, (1000, 3)),
    "sweeps": Part(sweeps.rows, (2000, 4000, 3, 100)),
    "processor_time": Part(processor_time.rows, (10, 1)),
    "simulate": Part(simulate.rows, (2, 3)),
    "jobs": Part(jobs.rows, (10, 3)),
    "due_dates": Part(due_dates.rows, (500, 3)),
    "late_holiday": Part(late_holiday.rows, (2000,)),
    "mail": Part(mail.rows, (100, 3, 100, 300)),
    "what_time_tells": Part(what_time_tells.rows, (3, 5)),
}


def run(name: str, *, short: bool) -> list[Row]:
    """The rows of a part; one that fails is a row that could not be measured."""
    part = PARTS[name]
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    begin = perf_counter()
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found = pool.submit(part.rows, *(part.short if short else ())).result()
    except Exception:  # noqa: BLE001 - the other parts are still to be measured
        traceback.print_exc()
        found = [Row(what=name, unit="", ours=(), against="failed", bar=Bar(0))]
    print(f"{perf_counter() - begin:.0f} s\n{table(found)}\n", file=sys.stderr, flush=True)
    return found


def main() -> int:
    asked = argparse.ArgumentParser(prog="bench", description=__doc__)
    asked.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of: {', '.join(PARTS)}")
    asked.add_argument("--short", action="store_true", help="small books and few rounds: whether it runs, not how fast")
    given = asked.parse_args()
    rows = [row for name in given.parts or PARTS for row in run(name, short=given.short)]
    print(table(rows))
    return exit_code(rows)


if __name__ == "__main__":
    sys.exit(main())
