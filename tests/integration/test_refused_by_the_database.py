"""What a database refuses is told apart: what a person did wrong, what somebody else did first, and books that were altered."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection, insert, select, text

from builders import AT_PAGE, MX
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import BadInput, BooksAltered, EnvironmentFailed, StaleAgreement, TwinflowError
from twinflow.services.agreements.opening import open_agreement
from twinflow.storage.prepared import Prepared
from twinflow.storage.tables import ClockRow, OptOutRow, PartyRow, table_of
from twinflow.storage.unit_of_work import UnitOfWork
from world import TODAY, World

LAST = select(table_of(ClockRow).c.last_pass_at)
PREPARED = Prepared(LAST)


@pytest.fixture
def books(world: World) -> World:
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    new = NewAgreement("MX-1", MX, "chihuahua", "one", date(2026, 3, 2), parties)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    return world


def write(world: World, act: Callable[[UnitOfWork], object]) -> None:
    with UnitOfWork(world.engine) as work:
        act(work)
        work.commit()


def refused(world: World, act: Callable[[Connection], object], kind: type[TwinflowError]) -> str:
    """What is said when somebody does this; nothing of it stays."""
    with pytest.raises(kind) as said:
        write(world, lambda work: act(work._writes.connection))
    assert type(said.value) is kind
    with UnitOfWork(world.engine, reading=True) as work:
        assert list(work.agreements.references(OPERATOR)) == ["MX-1"]
    return str(said.value)


def test_a_reference_that_came_into_the_books_meanwhile_exists_already(books: World) -> None:
    with UnitOfWork(books.engine, reading=True) as work:
        case = work.agreements.get("MX-1")
    with pytest.raises(BadInput, match=r"^There is an agreement with this reference already\.$"):
        write(books, lambda work: work.agreements.add(case, ""))


def test_what_somebody_else_has_written_is_written_once(books: World) -> None:
    def switch_off(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(insert(OptOutRow).values(person="elena", notice="agreement-renewed", off_at=TODAY))

    assert refused(books, switch_off, StaleAgreement) == "Somebody else was faster; look at it again."


@pytest.mark.parametrize(
    "act",
    [
        lambda connection: connection.execute(
            insert(PartyRow).values(
                agreement_id=99, name="A", country="MX", home=True, signed=False, signed_on="", capacity="", place=""
            )
        ),
        lambda connection: connection.execute(text("UPDATE agreement SET version = 0")),
        lambda connection: connection.execute(text("UPDATE agreement SET title = NULL")),
        lambda connection: connection.execute(text("DELETE FROM history")),
    ],
    ids=["a party of no agreement", "a version before the first", "no title", "no history"],
)
def test_books_that_do_not_go_with_what_is_written_are_not_called_silent(
    books: World, act: Callable[[Connection], object]
) -> None:
    assert refused(books, act, BooksAltered).startswith("The books are not as twinflow leaves them: ")


@pytest.mark.parametrize("missing", ["opt_out", "opt_out.notice"])
def test_a_table_or_column_that_is_missing_is_not_called_silent(books: World, missing: str) -> None:
    table, _, column = missing.partition(".")
    with books.engine.begin() as connection:
        renamed = f"COLUMN {column} TO gone" if column else "TO gone"
        connection.execute(text(f"ALTER TABLE {table} RENAME {renamed}"))
    said = refused(books, lambda connection: connection.execute(text("SELECT notice FROM opt_out")), EnvironmentFailed)
    assert said.startswith("The tables of the database are not those of twinflow: ")
    assert "\n" not in said


def test_a_number_that_a_column_cannot_hold_is_bad_input(books: World) -> None:
    def raise_version(connection: Connection) -> None:
        connection.execute(text("UPDATE agreement SET version = :version"), {"version": 10**30})

    assert refused(books, raise_version, BadInput).startswith("This cannot be kept: ")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_zero_byte_that_a_column_cannot_hold_is_bad_input(books: World) -> None:
    def entitle(connection: Connection) -> None:
        connection.execute(text("UPDATE agreement SET title = :title"), {"title": "a\0b"})

    assert refused(books, entitle, BadInput).startswith("This cannot be kept: ")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "ask", [lambda connection: connection.scalar(LAST), lambda connection: PREPARED.rows(connection, {})]
)
def test_what_is_in_the_books_and_cannot_be_read_is_nothing_that_a_person_gave(
    books: World, ask: Callable[[Connection], object]
) -> None:
    write(books, lambda work: work._writes.connection.execute(text("UPDATE clock SET last_pass_at = 'infinity'")))
    assert refused(books, ask, TwinflowError).startswith("The database holds what cannot be read: ")
