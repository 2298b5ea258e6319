"""The first page of a list of 100,000 agreements, and the page of a case with 5,000 entries, on both databases. `make bench`.

Each is asked for through the service, then its statements by the plain driver on the same connection's database, in turn.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, text

sys.path.insert(0, str(Path(__file__).parents[1]))

from postgres import TEMPLATE, migrated_server, named
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.agreement.listing import Due, Filters
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading.agreements import list_agreements, show_agreement
from twinflow.web.app import create_app

PEOPLE = Path(__file__).parents[2] / "examples" / "demo" / "people.toml"
NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
ENTRIES = 5_000
ALERTED = (
    '{"notice": "opinion-requested", "subject": "step:request_opinion", "level": "", "state": "in_force", '
    '"role": "reviewer", "recipient": "rita"}'
)
LISTS = {
    "all": Filters(),
    "with programmes": Filters(everything=True),
    "by process": Filters(process="ec/agreement"),
    "by a rare state": Filters(state="termination_notified"),
    "by office": Filters(office="cuenca"),
    "what has passed": Filters(due=Due.PASSED),
    "by a country of many": Filters(country="US"),
    "by a country of few": Filters(country="JP"),
    "by a word of many": Filters(words="albu"),
    "by a word of few": Filters(words="NR777"),
    "by a reference": Filters(words="MX-1-31"),
    "by everything at once": Filters("albu", "mx/twinning", "in_force", "chihuahua", "US", Due.MONTH),
    "by what nobody has": Filters(process="ec/agreement", state="abandoned", office="chihuahua"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of nineteen of twenty, and the median of what the service takes beside the bare statements."""

    what: str
    service: float
    bare: float
    ratio: float


def measured(agreements: int = 100_000, rounds: int = 40) -> Iterator[Measured]:
    """Each list and the page, on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        with running(f"sqlite:///{Path(name) / 'lists.db'}", Path(name)) as runtime:
            yield from _on(runtime, agreements, rounds)
        with migrated_server() as server, running(named(server, TEMPLATE), Path(name)) as runtime:
            yield from _on(runtime, agreements, rounds)


@contextmanager
def running(url: str, folder: Path) -> Iterator[bootstrap.Runtime]:
    settings = Settings(
        people_file=PEOPLE, database=DatabaseSettings(url=url), mail=MailSettings(capture_folder=folder)
    )
    runtime = bootstrap.start(settings)
    yield runtime
    runtime.engine.dispose()


def _on(runtime: bootstrap.Runtime, agreements: int, rounds: int) -> Iterator[Measured]:
    fill(runtime, agreements)
    here = (runtime.engine, runtime.rulebook, runtime.people)
    database = runtime.engine.dialect.name
    for name, filters in LISTS.items():
        yield _measured(f"{database}: {name}", runtime.engine, lambda f=filters: list_agreements(*here, NOW, f), rounds)
    yield _measured(f"{database}: a case", runtime.engine, lambda: show_agreement(*here, "MX-1", NOW), rounds)
    browser = TestClient(create_app(runtime, lambda: NOW, demo=False), base_url="http://127.0.0.1")
    yield _measured(f"{database}: its page", runtime.engine, lambda: browser.get("/agreements/MX-1"), rounds)


def _measured(what: str, engine: Engine, use: Callable[[], object], rounds: int) -> Measured:
    statements = asked(engine, use)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        service, bare = [], []
        for _ in range(rounds):
            service.append(timed(use))
            bare.append(timed(lambda: replayed(cursor, statements)))
    ratios = [ours / theirs for ours, theirs in zip(service, bare, strict=True)]
    return Measured(what, nineteen_of_twenty(service), nineteen_of_twenty(bare), statistics.median(ratios))


def asked(engine: Engine, use: Callable[[], object]) -> list[tuple[str, Any]]:
    """The statements of a use, with their values as the driver takes them."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, sql: str, values: Any, *_more: object) -> None:
        if sql != "BEGIN":
            found.append((sql, values))

    event.listen(engine, "before_cursor_execute", note)
    use()
    event.remove(engine, "before_cursor_execute", note)
    return found


def replayed(cursor: Any, statements: list[tuple[str, Any]]) -> None:
    for sql, values in statements:
        cursor.execute(sql, values)
        if cursor.description:
            cursor.fetchall()
    cursor.connection.rollback()


def timed(use: Callable[[], object]) -> float:
    begin = perf_counter()
    use()
    return (perf_counter() - begin) * 1000


def nineteen_of_twenty(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def fill(runtime: bootstrap.Runtime, agreements: int) -> None:
    """A few cases through the service, and as many copies of them as make up the number, their dates spread over years."""
    day = NOW.date()
    mexican, ecuadorian = Party("Chihuahua", "MX", home=True), Party("Cuenca", "EC", home=True)
    signed = {"signed_on": (Claim(PartialDate.of(day), "text"),)}
    kinds = (
        ("mx/twinning", "chihuahua", "drafting", mexican, Party("Albuquerque", "US"), {}),
        ("mx/twinning", "chihuahua", "in_force", mexican, Party("Pueblo", "US"), signed),
        ("mx/twinning", "chihuahua", "in_force", mexican, Party("Albuquerque", "US"), signed),
        ("ec/agreement", "cuenca", "in_force", ecuadorian, Party("Medellín", "CO"), signed),
        ("ec/agreement", "cuenca", "in_force", ecuadorian, Party("Puebla", "MX"), {}),
    )
    for number, (process, office, state, *parties, facts) in enumerate(kinds):
        title = " – ".join(party.name for party in parties)
        new = NewAgreement(f"MX-{number}", process, office, title, day, tuple(parties), state=state, facts=facts)
        person = "elena" if office == "chihuahua" else "lucia"
        open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor=person, now=NOW)
    with runtime.engine.begin() as connection:
        for statement in copies(connection.dialect.name, len(kinds), agreements // len(kinds) - 1):
            connection.execute(text(statement))
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE"))


def copies(database: str, kinds: int, times: int) -> Iterator[str]:
    """Rows of other numbers, references and dates; some are being terminated, few have a partner in Japan."""
    on_sqlite = database == "sqlite"
    numbers = f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {times})"
    later = "date({0}, ((k % 1500) - 100) || ' days')" if on_sqlite else "({0} + (k % 1500) - 100)"
    row = f"agreement_id + k * {kinds}"

    def copied(table: str, **columns: str) -> str:
        return (
            f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {', '.join(columns.values())} FROM {table}, n"
        )

    def same(*names: str) -> dict[str, str]:
        return {name: name for name in names}

    reference = "reference || '-' || k"
    yield copied(
        "agreement",
        **same("process", "process_version", "process_digest", "office", "version", "tracked_from", "origin", "note"),
        **same("generation", "source_digest", "title", "derive_on"),
        id=f"id + k * {kinds}",
        reference=reference,
        relationship=reference,
        state="CASE WHEN k % 100 = 0 THEN 'termination_notified' ELSE state END",
        next_on=f"CASE WHEN next_on < '3000-01-01' THEN {later.format('next_on')} ELSE next_on END",
    )
    yield copied(
        "party",
        **same("home", "signed", "signed_on", "capacity", "place"),
        agreement_id=row,
        name="name || ' ' || k",
        country="CASE WHEN k % 1000 = 0 AND NOT home THEN 'JP' ELSE country END",
    )
    yield copied("word", agreement_id=row, word="word")
    for word in (f"lower({reference})", "'nr' || (k % 5000)"):
        yield (
            f"INSERT INTO word (agreement_id, word) {numbers} "
            f"SELECT id + k * {kinds}, {word} FROM agreement, n WHERE id <= {kinds}"
        )
    yield copied("fact", **same("name", "value", "source", "chosen"), agreement_id=row)
    yield copied(
        "deadline",
        **same("rule", "occurrence", "status", "edition", "provisional", "basis"),
        agreement_id=row,
        anchor_on=later.format("anchor_on"),
        warn_on=later.format("warn_on"),
        due_on=later.format("due_on"),
    )
    on = later.format("effective_on")
    yield (
        f"INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details) {numbers} "
        f"SELECT agreement_id, 'alert', actor, {on}, recorded_at, "
        f"'{ALERTED}' "
        f"FROM history, n WHERE agreement_id = 2 AND kind = 'opened' AND k < {ENTRIES}"
    )


def main(agreements: int = 100_000, rounds: int = 40) -> None:
    print(
        f"{agreements:,} agreements, {rounds} rounds; ms of nineteen in twenty, median ratio (goals: 50 ms, a page 100 ms; 2)"
    )
    for each in measured(agreements, rounds):
        print(f"  {each.what:40} {each.service:8.1f} {each.bare:8.1f} {each.ratio:8.1f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
