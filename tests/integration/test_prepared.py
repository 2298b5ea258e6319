"""Statements that are put together once: what goes in comes out, and nothing is guessed."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy
from sqlalchemy import bindparam
from sqlalchemy.exc import DBAPIError, IntegrityError

from statements import watched
from twinflow.errors import EnvironmentFailed
from twinflow.storage.prepared import Prepared, adding
from twinflow.storage.tables import AgreementRow, HistoryRow, table_of
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

HISTORY = table_of(HistoryRow)
ENTRY = {
    "agreement_id": 1,
    "kind": "step",
    "actor": "elena",
    "effective_on": date(2026, 3, 2),
    "recorded_at": datetime(2026, 3, 2, 18, 30, tzinfo=UTC),
    "step": "sign",
    "from_state": None,
    "to_state": "signed",
    "party": None,
    "details": {"place": "Mérida"},
    "seal": "x",
}
OF_STEP = Prepared(
    sqlalchemy.select(*(HISTORY.c[name] for name in ENTRY)).where(
        HISTORY.c.step == bindparam("step"), HISTORY.c.kind == "step"
    )
)


def agreement(world: World) -> int:
    """The number of an agreement without anything."""
    row = dict.fromkeys(("reference", "process", "process_digest", "office", "title", "state"), "x")
    row |= {"process_version": 1, "version": 1, "tracked_from": date(2026, 3, 2)}  # type: ignore[dict-item]
    with world.engine.begin() as connection:
        statement = sqlalchemy.insert(table_of(AgreementRow)).values(row).returning(table_of(AgreementRow).c.id)
        return int(connection.execute(statement).scalar_one())


def test_what_goes_in_comes_out_once_and_for_many(world: World) -> None:
    entry = {**ENTRY, "agreement_id": agreement(world)}
    add = adding(HistoryRow)
    with world.engine.begin() as connection:
        assert add.run(connection, entry) == 1
        add.run(connection, [entry, {**entry, "step": "another"}])
        assert OF_STEP.rows(connection, {"step": "sign"}) == [list(entry.values())] * 2
        assert OF_STEP.rows(connection, {"step": "none"}) == []


def test_nothing_to_do_is_no_statement(world: World) -> None:
    with watched() as found, world.engine.begin() as connection:
        assert adding(HistoryRow).run(connection, []) == 0
    assert [each.statements for each in found] == [[]]


def test_a_value_that_is_missing_is_not_taken_for_nothing(world: World) -> None:
    with world.engine.begin() as connection, pytest.raises(KeyError, match="step"):
        OF_STEP.rows(connection, {})


def test_what_the_database_refuses_is_said_as_ever(world: World) -> None:
    with pytest.raises(IntegrityError), world.engine.begin() as connection:
        adding(HistoryRow).run(connection, {**ENTRY, "agreement_id": 99})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_error_that_comes_with_a_later_row_is_said_as_ever(world: World) -> None:
    broken = Prepared(sqlalchemy.text('SELECT json(value) FROM json_each(\'["1", "{"]\')'))
    with world.engine.begin() as connection, pytest.raises(DBAPIError, match="malformed"):
        broken.rows(connection, {})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_was_cut_is_not_used_again(world: World) -> None:
    with pytest.raises(EnvironmentFailed):
        work_on_a_connection_that_is_cut(world)
    with UnitOfWork(world.engine) as work:
        assert work.agreements.known(["A-1"]) == {}


def work_on_a_connection_that_is_cut(world: World) -> None:
    with UnitOfWork(world.engine) as work:
        (number,) = work.agreements._connection.exec_driver_sql("SELECT pg_backend_pid()").one()
        with world.engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({number})")
        work.agreements.lock("A-1")
