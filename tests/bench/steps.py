"""Steps per second through the service, beside the same SQL by plain sqlite3 in the same run. `make bench`.

The statements that the service sends are recorded on one copy of the database and replayed by the standard library's
driver on another, transaction by transaction, with the same durability (WAL, synchronous=FULL). The two take turns.
"""

import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import event

from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement

PEOPLE = Path(__file__).parents[2] / "examples" / "demo" / "people.toml"
NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
STEPS = ("complete_draft", "request_opinion", "withdraw")

Statement = tuple[str, Any, bool]


def start(file: Path) -> bootstrap.Runtime:
    database = DatabaseSettings(url=f"sqlite:///{file}")
    return bootstrap.start(
        Settings(people_file=PEOPLE, database=database, mail=MailSettings(capture_folder=file.parent))
    )


def fill(file: Path, agreements: int) -> None:
    runtime = start(file)
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    for number in range(agreements):
        new = NewAgreement(f"B-{number}", "mx/twinning", "chihuahua", "bench", NOW.date(), parties, state="drafting")
        open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor="elena", now=NOW)
    runtime.engine.dispose()


def by_service(runtime: bootstrap.Runtime, agreements: int) -> None:
    for number in range(agreements):
        for step in STEPS:
            command = StepCommand(step, NOW.date())
            advance_agreement(
                runtime.engine, runtime.rulebook, runtime.people, f"B-{number}", command, person="elena", now=NOW
            )


def recorded(file: Path, agreements: int) -> list[Statement]:
    """Every statement of the run, with its values; transactions begin and end where the service's do."""
    statements: list[Statement] = []
    runtime = start(file)
    engine = runtime.engine
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _cursor, sql, values, _x, many: statements.append((sql, values, many)),
    )
    event.listen(engine, "commit", lambda _connection: statements.append(("COMMIT", (), False)))
    event.listen(engine, "rollback", lambda _connection: statements.append(("ROLLBACK", (), False)))
    by_service(runtime, agreements)
    engine.dispose()
    return statements


def by_sqlite3(file: Path, statements: list[Statement]) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON")
    for sql, values, many in statements:
        cursor = connection.executemany(sql, values) if many else connection.execute(sql, values)
        if cursor.description:
            cursor.fetchall()
    connection.close()


def timed(work: Callable[[], None]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def main(agreements: int = 150, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "start.db", agreements)

        def copy(label: str) -> Path:
            return Path(shutil.copy(folder / "start.db", folder / f"{label}.db"))

        statements = recorded(copy("recorded"), agreements)
        steps = agreements * len(STEPS)
        ratios, service, plain = [], [], []
        for number in range(rounds):
            runtime = start(copy(f"service{number}"))
            seconds = timed(lambda runtime=runtime: by_service(runtime, agreements))
            runtime.engine.dispose()
            file = copy(f"plain{number}")
            bare = timed(lambda file=file: by_sqlite3(file, statements))
            service.append(steps / seconds)
            plain.append(steps / bare)
            ratios.append(seconds / bare)
    print(f"{steps} steps, {len(statements) / steps:.1f} statements a step, {rounds} rounds, medians:")
    print(f"  through the service   {statistics.median(service):8.0f} steps/s")
    print(f"  the same SQL, sqlite3 {statistics.median(plain):8.0f} steps/s")
    print(f"  ratio                 {statistics.median(ratios):8.1f} (from {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
