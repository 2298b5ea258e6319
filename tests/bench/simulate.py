"""Ten years of a twinning that nobody acts on: simulated, and by the real clock on real books in the same run.

The clock is set to each morning; it tells as many alerts as the simulation foretells.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import start
from bench.driver import processor_time
from bench.rows import Bar, Row, in_turns
from builders import AT_PAGE
from twinflow.bootstrap import Runtime
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import OPERATOR
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
    open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor="elena", door=AT_PAGE, now=BEGIN)


def by_simulation(runtime: Runtime, until: date) -> int:
    outlook = simulate_agreement(runtime.engine, runtime.rulebook, runtime.people, "B-1", BEGIN, until, viewer=OPERATOR)
    return sum(len(event.told) for event in outlook.events)


def by_the_clock(runtime: Runtime, until: date) -> int:
    alerts = 0
    for number in range((until - BEGIN.date()).days + 1):
        alerts += sweep(runtime.engine, runtime.rulebook, runtime.people, BEGIN + timedelta(days=number)).alerts
    return alerts


def rows(years: int = 10, rounds: int = 5) -> list[Row]:
    until = BEGIN.date().replace(year=BEGIN.year + years)
    foretold = set[int]()
    with TemporaryDirectory() as name:
        runtime = start(Path(name) / "books.db")
        fill(runtime)
        (ours,) = in_turns(rounds, lambda _number: processor_time(lambda: foretold.add(by_simulation(runtime, until))))
        came: list[int] = []
        by_clock = processor_time(lambda: came.append(by_the_clock(runtime, until)))
        runtime.engine.dispose()
    if foretold != set(came):
        raise SystemExit(f"{foretold} alerts were foretold and {came} came")
    return [
        Row(
            what=f"{years} years of a twinning simulated, {came[0]} alerts, processor time",
            unit="s",
            ours=ours,
            peer=[by_clock] * rounds,
            against="by the clock, once",
            bar=Bar(0.3, of_ratio=False),
        )
    ]
