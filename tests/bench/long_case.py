"""A long case beside a short one: 5,000 entries of history, 40 children, 300 parties; 20 entries. Its step, and its page."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import copied, start, start_at
from bench.driver import connection_to, recording, replay, timed
from bench.rows import Bar, Row, in_turns, milliseconds, slowest_of_most
from bench.steps import NOW, PARTIES, take
from builders import AT_PAGE, new_case
from postgres import DURABLE, postgres_server
from twinflow.bootstrap import Runtime
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import Alerted
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading.agreements import AT_ONCE, show_agreement
from twinflow.storage.unit_of_work import UnitOfWork

LONG, SHORT = "B-long", "B-short"
STEPS_BEFORE, STEPS = 10, 20
CALLS = 20
ALERT = Alerted("deadline-soon", AlertSubject.deadline("opinion"), "on the day", "reviewer", "rita")


def write_case(runtime: Runtime, reference: str, entries: int, children: int, parties: int) -> None:
    """A draft: opened, some steps, and alerts until it has so many entries."""
    more = tuple(Party(f"City {number}", "US") for number in range(parties - len(PARTIES)))
    _open(
        runtime,
        new_case(
            reference,
            "mx/twinning",
            "chihuahua",
            "bench",
            NOW.date(),
            PARTIES + more,
            state="drafting",
        ),
    )
    for number in range(children):
        name = f"{reference}-{number}"
        _open(
            runtime,
            new_case(
                name,
                "working-group-meeting",
                "chihuahua",
                "bench",
                NOW.date(),
                PARTIES,
                parent=reference,
            ),
        )
    for _ in range(STEPS_BEFORE):
        take(runtime, reference, "complete_draft")
    alert = HistoryEntry(ALERT.kind, "clock", NOW.date(), NOW, details=ALERT.details())
    with UnitOfWork(runtime.engine) as work:
        work.history.add(work.agreements.id_of(reference), *[alert] * (entries - STEPS_BEFORE - 1))
        work.commit()


def _open(runtime: Runtime, new: NewAgreement) -> None:
    open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor="elena", door=AT_PAGE, now=NOW)


def steps(folder: Path, rounds: int) -> Row:
    def taken(number: int, reference: str) -> float:
        runtime = start(Path(shutil.copy(folder / "start.db", folder / f"{reference}{number}.db")))
        take(runtime, reference, "complete_draft")  # the connection is made, the statements are put together
        seconds = timed(lambda: [take(runtime, reference, "complete_draft") for _ in range(STEPS)])
        runtime.engine.dispose()
        return seconds

    long, short = in_turns(rounds, lambda number: taken(number, LONG), lambda number: taken(number, SHORT))
    return Row(
        what="a step on a case of 5,000 entries, 40 children, 300 parties",
        unit="ms",
        ours=milliseconds(STEPS, long),
        peer=milliseconds(STEPS, short),
        against="a case of 20 entries",
        bar=Bar(1.3),
    )


def page(url: str, folder: Path, database: str, rounds: int) -> Row:
    """95 of 100 pages are there within this time."""
    runtime = start_at(url, folder)

    def show() -> object:
        return show_agreement(
            runtime.engine, runtime.rulebook, runtime.people, LONG, NOW, at_once=AT_ONCE, viewer=OPERATOR
        )

    with recording(runtime.engine) as statements:
        show()
    connection = connection_to(url)
    ours, theirs = in_turns(
        rounds,
        lambda _number: slowest_of_most(show, CALLS),
        lambda _number: slowest_of_most(lambda: replay(connection, statements), CALLS),
    )
    connection.close()
    runtime.engine.dispose()
    return Row(
        what=f"the page of a case of 5,000 entries, {database}, p95",
        unit="ms",
        ours=ours,
        peer=theirs,
        against="driver, same statements",
        bar=Bar(100, of_ratio=False),
    )


def rows(entries: int = 5000, rounds: int = 5) -> list[Row]:
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        folder = Path(name)
        file = folder / "start.db"
        runtime = start(file)
        write_case(runtime, LONG, entries, 40, 300)
        write_case(runtime, SHORT, 20, 0, 2)
        runtime.engine.dispose()
        copied(file, url)
        return [
            steps(folder, rounds),
            page(f"sqlite:///{file}", folder, "SQLite", rounds),
            page(url, folder, "PostgreSQL", rounds),
        ]
