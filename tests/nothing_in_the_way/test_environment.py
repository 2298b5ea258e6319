"""A database that does not do its part ends a pass with one sentence; what was committed stays, and the next pass goes on."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import EnvironmentFailed
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.clock import sweep as sweeping
from twinflow.services.mail import outbox
from twinflow.storage.engine import make_engine
from world import World


@contextmanager
def failing(engine: Engine, begins: str, after: int = 0) -> Iterator[list[str]]:
    """From the statement on that begins so, for the time that many of it have been asked, the database is gone."""
    asked: list[str] = []

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)
        if sum(begins in each for each in asked) > after:
            gone = engine.dialect.loaded_dbapi.OperationalError("gone")  # type: ignore[attr-defined]
            raise OperationalError(statement, {}, gone)

    event.listen(engine, "before_cursor_execute", fail)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", fail)


def rows(world: World, table: str) -> int:
    with world.engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_the_first_failure_ends_a_sweep_and_what_was_committed_stays(
    cuenca: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    worker, writes = cuenca.worker, "INSERT INTO alert"
    with failing(cuenca.engine, writes, after=1), pytest.raises(EnvironmentFailed, match="gone"):
        worker.sweep()
    told = rows(cuenca, "alert")
    assert 0 < told < 9
    assert caplog.text.count("The last sweep did not come to its end: The database does not answer: gone.") == 1
    assert "cannot be read" not in caplog.text
    assert worker.sweep().alerts == 9 - told
    assert open_incidents(cuenca.engine, viewer=OPERATOR).kept == ()


def test_a_full_disk_ends_a_pass_and_the_next_one_goes_on(cuenca: World) -> None:
    if cuenca.engine.dialect.name != "sqlite":
        pytest.skip("a limit of one connection is SQLite's")
    small = make_engine(str(cuenca.engine.url))

    def no_room(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # no page more than there are

    event.listen(small, "connect", no_room)
    worker = replace(cuenca.worker, engine=small)
    with pytest.raises(EnvironmentFailed, match="database or disk is full"):
        worker.tick()
    small.dispose()
    assert rows(cuenca, "alert") == rows(cuenca, "outbox") == 0
    assert cuenca.tick().sweep.alerts == 9


def test_a_locked_database_is_no_failure_of_any_agreement(cuenca: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if cuenca.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    impatient = make_engine(str(cuenca.engine.url))
    event.listen(impatient, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout = 1"))
    with cuenca.engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with pytest.raises(EnvironmentFailed, match="database is locked"):
            replace(cuenca.worker, engine=impatient).sweep()
    impatient.dispose()
    assert cuenca.tick().sweep.alerts == 9


@pytest.mark.parametrize("reads", ["FROM alert JOIN agreement", "opt_out"])
def test_a_database_that_fails_while_letters_are_read_fails_no_message(cuenca: World, reads: str) -> None:
    worker = cuenca.worker
    worker.sweep()
    with failing(cuenca.engine, reads), pytest.raises(EnvironmentFailed, match="gone"):
        worker.mail()
    (message,) = outbox.messages(cuenca.engine, viewer=OPERATOR)
    assert message.state not in {"failed", "bounced", "dropped"}
    cuenca.now = max(cuenca.now, message.next_attempt_at or cuenca.now)
    done = replace(worker, clock=lambda: cuenca.now).mail()[1]
    assert (done.sent, done.undelivered, done.failures) == (1, 0, ())


@pytest.mark.parametrize("fails", [KeyError("gone"), RuntimeError("gone")])
def test_a_pass_that_dies_is_an_incident_and_says_so(cuenca: World, fails: Exception) -> None:
    def rulebook() -> Any:
        raise fails

    refused: Callable[[], object] = replace(cuenca.worker, rulebook=rulebook).mail
    with pytest.raises(type(fails)):
        refused()
    (incident,) = open_incidents(cuenca.engine, viewer=OPERATOR).kept
    assert str(incident.sentence).startswith("The last pass of mail did not come to its end: ")
    cuenca.tick()
    assert open_incidents(cuenca.engine, viewer=OPERATOR).kept == ()


def test_what_the_system_refuses_to_mail_is_the_environment(cuenca: World) -> None:
    def rulebook() -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    said = "The system does not do what it is asked to: Too many open files."
    with pytest.raises(EnvironmentFailed) as failed:
        replace(cuenca.worker, rulebook=rulebook).mail()
    assert str(failed.value) == said
    (incident,) = open_incidents(cuenca.engine, viewer=OPERATOR).kept
    assert said in str(incident.sentence)
