"""Ten years of a twinning that nobody acts on: simulated, and by the real clock on real books in the same run. `make bench`.

The clock is set to each morning; it tells as many alerts as the simulation foretells.
"""

import statistics
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

from books import start

from twinflow.bootstrap import Runtime
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.simulating import simulate_agreement
from twinflow.services.clock.sweep import sweep

BEGIN = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""Nine in the morning in Chihuahua."""
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


def fill(runtime: Runtime) -> None:
    """A case without the day of its signature: its term has no end in these years."""
    known = {"signed_on": "2026-02", "in_force_on": "2026-02-16"}
    new = NewAgreement(
        "B-1",
        "mx/twinning",
        "chihuahua",
        "bench",
        BEGIN.date(),
        PARTIES,
        state="in_force",
        facts={name: (Claim(PartialDate.parse(text), ""),) for name, text in known.items()},
    )
    open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor="elena", now=BEGIN)


def by_simulation(runtime: Runtime, until: date) -> int:
    outlook = simulate_agreement(runtime.engine, runtime.rulebook, runtime.people, "B-1", BEGIN, until)
    return sum(len(event.told) for event in outlook.events)


def by_the_clock(runtime: Runtime, until: date) -> int:
    alerts = 0
    for number in range((until - BEGIN.date()).days + 1):
        alerts += sweep(runtime.engine, runtime.rulebook, runtime.people, BEGIN + timedelta(days=number)).alerts
    return alerts


def main(years: int = 10, rounds: int = 5) -> None:
    until = BEGIN.date().replace(year=BEGIN.year + years)
    with tempfile.TemporaryDirectory() as name:
        runtime = start(Path(name) / "books.db")
        fill(runtime)
        seconds = []
        for _ in range(rounds):
            begin = perf_counter()
            foretold = by_simulation(runtime, until)
            seconds.append(perf_counter() - begin)
        begin = perf_counter()
        came = by_the_clock(runtime, until)
        clock = perf_counter() - begin
        runtime.engine.dispose()
    if came != foretold:
        raise SystemExit(f"{foretold} alerts were foretold and {came} came")
    simulated = statistics.median(seconds)
    print(f"{years} years of a twinning, {came} alerts; the simulation {rounds} times, median:")
    print(f"  simulated             {simulated:8.2f} s (goal: 1; from {min(seconds):.2f} to {max(seconds):.2f})")
    print(f"  by the clock          {clock:8.2f} s")
    print(f"  ratio                 {clock / simulated:8.0f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
