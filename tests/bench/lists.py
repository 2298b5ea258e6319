"""The first page of lists of 100,000 agreements, through the service on both databases, beside their own SQL by the driver."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from bench.books import copied, start_at
from bench.driver import connection_to, recording, replay
from bench.rows import Bar, Row, in_turns, slowest_of_most
from bench.steps import NOW
from builders import AT_PAGE, new_case
from postgres import DURABLE, postgres_server
from twinflow.bootstrap import Runtime
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.agreement.listing import Due, Filters
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading.agreements import list_agreements

CALLS = 20
LISTS = {
    "not narrowed": Filters(),
    "a rare state": Filters(state="termination_notified"),
    "words of many": Filters(words="albu"),
    "all filters": Filters("albu", "mx/twinning", "in_force", "chihuahua", "US", Due.MONTH),
    "what nobody has": Filters(process="ec/agreement", state="abandoned", office="chihuahua"),
}


def first_page(runtime: Runtime, filters: Filters) -> object:
    """As the doors ask for it."""
    return list_agreements(runtime.engine, runtime.rulebook, runtime.people, NOW, filters, viewer=OPERATOR)


def read(url: str, folder: Path, database: str, rounds: int) -> Iterator[Row]:
    runtime, connection = start_at(url, folder), connection_to(url)
    for name, filters in LISTS.items():
        with recording(runtime.engine) as statements:
            first_page(runtime, filters)
        ours, theirs = in_turns(
            rounds,
            lambda _number, f=filters: slowest_of_most(lambda: first_page(runtime, f), CALLS),
            lambda _number, s=statements: slowest_of_most(lambda: replay(connection, s), CALLS),
        )
        what = f"first page of a list, {name}, {database}"
        yield Row(what=f"{what}, p95", unit="ms", ours=ours, bar=Bar(50, of_ratio=False))
        yield Row(what=what, unit="ms", ours=ours, peer=theirs, against="driver, same statements", bar=Bar(2))
    connection.close()
    runtime.engine.dispose()


def rows(number: int = 100_000, rounds: int = 5) -> list[Row]:
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        file = Path(name) / "books.db"
        runtime = start_at(f"sqlite:///{file}", file.parent)
        fill(runtime, number)
        runtime.engine.dispose()
        copied(file, url)
        return [
            *read(f"sqlite:///{file}", file.parent, "SQLite", rounds),
            *read(url, file.parent, "PostgreSQL", rounds),
        ]


def fill(runtime: Runtime, agreements: int) -> None:
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
        new = new_case(f"MX-{number}", process, office, title, day, tuple(parties), state=state, facts=facts)
        person = "elena" if office == "chihuahua" else "lucia"
        open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor=person, door=AT_PAGE, now=NOW)
    with runtime.engine.begin() as connection:
        for statement in copies(len(kinds), agreements // len(kinds) - 1):
            connection.execute(text(statement))
        connection.execute(text("ANALYZE"))


def copies(kinds: int, times: int) -> Iterator[str]:
    """Rows of other numbers, references and dates; some are being terminated, few have a partner in Japan."""
    numbers = f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {times})"
    later = "date({0}, ((k % 1500) - 100) || ' days')"
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
