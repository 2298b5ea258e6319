"""Steps on SQLite: beside their own statements by plain sqlite3, and beside django-fsm-2 with one log row a step.

The statements that the service sends are recorded on one copy of the books and replayed by the standard library's driver
on another. All sides are durable before they answer (WAL, synchronous=FULL).
"""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import start
from bench.driver import Statement, asked, by_sqlite3, recording, timed
from bench.peers import peer
from bench.rows import NOT_INSTALLED, Bar, Row, in_turns, milliseconds, per_second
from builders import AT_PAGE, PAPERS, new_case
from twinflow.bootstrap import Runtime
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
STEPS = ("complete_draft", "request_opinion", "withdraw")
"""The second tells somebody at once."""
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


def names(count: int) -> list[str]:
    return [f"B-{number}" for number in range(count)]


def fill(runtime: Runtime, references: Iterable[str]) -> None:
    """A draft of each name."""
    for reference in references:
        new = new_case(reference, "mx/twinning", "chihuahua", "bench", NOW.date(), PARTIES, state="drafting")
        open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor="elena", door=AT_PAGE, now=NOW)
    runtime.engine.dispose()


def take(runtime: Runtime, reference: str, step: str) -> None:
    command = StepCommand(step, NOW.date(), records=PAPERS.get(step, {}))
    advance_agreement(
        runtime.engine, runtime.rulebook, runtime.people, reference, command, person="elena", door=AT_PAGE, now=NOW
    )


def take_all(runtime: Runtime, references: Iterable[str], steps: Iterable[str] = STEPS) -> None:
    for reference in references:
        for step in steps:
            take(runtime, reference, step)


def by_service(file: Path, references: Iterable[str]) -> float:
    runtime = start(file)
    seconds = timed(lambda: take_all(runtime, references))
    runtime.engine.dispose()
    return seconds


def recorded(file: Path, references: Iterable[str]) -> list[Statement]:
    runtime = start(file)
    with recording(runtime.engine) as statements:
        take_all(runtime, references)
    runtime.engine.dispose()
    return statements


def rows(agreements: int = 150, rounds: int = 5) -> list[Row]:
    references, steps = names(agreements), agreements * len(STEPS)
    with TemporaryDirectory() as name:
        folder = Path(name)
        fill(start(folder / "start.db"), references)

        def copy(label: str) -> Path:
            return Path(shutil.copy(folder / "start.db", folder / f"{label}.db"))

        statements = recorded(copy("recorded"), references)
        with peer("peer_django_fsm.py", folder / "django.sqlite", steps) as django:
            ours, plain, theirs = in_turns(
                rounds,
                lambda number: by_service(copy(f"service{number}"), references),
                lambda number: by_sqlite3(copy(f"plain{number}"), statements),
                lambda _number: django() if django else 0,
            )
    return [
        Row(
            what="a step on SQLite",
            unit="ms",
            ours=milliseconds(steps, ours),
            peer=milliseconds(steps, plain),
            against="sqlite3, same statements",
            bar=Bar(3),
        ),
        Row(
            what="statements of a step, beside BEGIN and COMMIT",
            unit="statements",
            ours=[asked(statements) / steps],
            bar=Bar(9, of_ratio=False),
        ),
        Row(
            what="steps a second on SQLite",
            unit="steps/s",
            ours=per_second(steps, ours),
            peer=per_second(steps, theirs) if django else (),
            against="django-fsm-2, one log row" if django else f"django-fsm-2 {NOT_INSTALLED}",
            bar=Bar(1, at_most=False),
        ),
    ]
