"""The first page of lists of 100,000 agreements of 400 offices, as somebody sees it, beside the same with nothing hidden.

The cases are spread over all offices, which are municipalities; a ministry keeps none.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, text

from bench.books import copied, start_at
from bench.lists import fill
from bench.rows import Bar, Row, in_turns, slowest_of_most
from bench.steps import NOW
from postgres import DURABLE, postgres_server
from twinflow.bootstrap import Runtime
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.people.viewer import OPERATOR, Door, Held, Viewer
from twinflow.domain.people.visibility import SUPERVISOR
from twinflow.services.reading.agreements import list_agreements

CALLS, OFFICES = 20, 400
LISTS = {
    "not narrowed": Filters(),
    "a rare state": Filters(state="termination_notified"),
    "words of many": Filters(words="albu"),
}


def viewer(*held: Held) -> Viewer:
    return Viewer("somebody", Door.PAGE, frozenset(held))


def ministry(role: str) -> Held:
    return Held(role, "sre", "ministry", "MX")


def municipality(number: int) -> Held:
    return Held("liaison", f"office-{number}", "municipality", "MX")


VIEWERS = {
    "a municipality of 400": viewer(municipality(7)),
    "a ministry that sees all": viewer(ministry("reviewer")),
    "a supervisor who sees all": viewer(ministry(SUPERVISOR)),
    "a ministry that sees 2 %": viewer(ministry("registrar")),
    "a ministry that sees nearly none": viewer(ministry("contact")),
    "two offices at once": viewer(municipality(7), ministry("registrar")),
    "five offices at once": viewer(*map(municipality, range(7, 12))),
}


def spread(engine: Engine) -> None:
    """The cases over all offices; the reviewer sees every one, the registrar one in fifty, the contact one in ten thousand.

    Who sees what any role of the ministry sees has rows of no role.
    """
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE agreement SET office = 'office-' || (id % {OFFICES})"))
        connection.execute(text("DELETE FROM seen_by"))
        for role, one_in in (("reviewer", 1), ("", 1), ("registrar", 50), ("contact", 10_000)):
            seen = f"SELECT id, 'ministry', '{role}', 'MX' FROM agreement WHERE id % {one_in} = 0"
            connection.execute(text(f"INSERT INTO seen_by (agreement_id, kind, role, country) {seen}"))
        connection.execute(text("ANALYZE"))


def first_page(runtime: Runtime, filters: Filters, who: Viewer) -> object:
    """As the doors ask for it."""
    return list_agreements(runtime.engine, runtime.rulebook, runtime.people, NOW, filters, viewer=who)


def read(url: str, folder: Path, database: str, rounds: int) -> Iterator[Row]:
    runtime = start_at(url, folder)
    for name, filters in LISTS.items():
        for sight, who in VIEWERS.items():
            ours, theirs = in_turns(
                rounds,
                lambda _number, f=filters, v=who: slowest_of_most(lambda: first_page(runtime, f, v), CALLS),
                lambda _number, f=filters: slowest_of_most(lambda: first_page(runtime, f, OPERATOR), CALLS),
            )
            what = f"first page of a list, {name}, {sight}, {database}"
            yield Row(what=what, unit="ms", ours=ours, peer=theirs, against="nothing hidden", bar=Bar(1.5))
    runtime.engine.dispose()


def rows(number: int = 100_000, rounds: int = 5) -> list[Row]:
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        file = Path(name) / "books.db"
        runtime = start_at(f"sqlite:///{file}", file.parent)
        fill(runtime, number)
        spread(runtime.engine)
        runtime.engine.dispose()
        copied(file, url)
        return [
            *read(f"sqlite:///{file}", file.parent, "SQLite", rounds),
            *read(url, file.parent, "PostgreSQL", rounds),
        ]
