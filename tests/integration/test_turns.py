"""Writers of one SQLite database share a commit, and each has what a transaction of its own would give."""

import gc
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Event, Lock, Thread, current_thread, main_thread
from typing import Any
from weakref import ref

import pytest
from sqlalchemy import Engine, event

from twinflow.errors import EnvironmentFailed, TwinflowError
from twinflow.storage import turns
from twinflow.storage.engine import make_engine
from twinflow.storage.turns import turns_of
from twinflow.storage.unit_of_work import UnitOfWork

ADD = "INSERT INTO note (name) VALUES (?)"


def listen(engine: Engine, told: Callable[[object], None]) -> Callable[[], None]:
    """Tell of each commit before it is done; what is given back ends it."""
    event.listen(engine, "commit", told)
    return lambda: event.remove(engine, "commit", told)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE note (name TEXT)")
    yield engine
    engine.dispose()


def note(work: UnitOfWork, *names: str) -> None:
    for name in names:
        work.agreements._connection.exec_driver_sql(ADD, (name,))


def kept(engine: Engine) -> list[str]:
    """What another process would find."""
    with engine.connect() as connection:
        return [name for (name,) in connection.exec_driver_sql("SELECT name FROM note")]


def in_turn(engine: Engine, *bodies: Callable[[UnitOfWork], None]) -> list[TwinflowError | None]:
    """Let the first write while all others wait for their turn; what became of each."""
    outcomes: list[TwinflowError | None] = [None] * len(bodies)
    begun = Barrier(2)

    def write(number: int) -> None:
        try:
            with UnitOfWork(engine) as work:
                if number == 0:
                    begun.wait()
                    while turns_of(engine).waiting < len(bodies) - 1:
                        pass
                bodies[number](work)
        except TwinflowError as error:
            outcomes[number] = error

    threads = [Thread(target=write, args=(number,)) for number in range(len(bodies))]
    threads[0].start()
    begun.wait()
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def writes(*names: str) -> Callable[[UnitOfWork], None]:
    def body(work: UnitOfWork) -> None:
        note(work, *names)
        work.commit()

    return body


def gives_up(name: str) -> Callable[[UnitOfWork], None]:
    return lambda work: note(work, name)


def fails(name: str) -> Callable[[UnitOfWork], None]:
    def body(work: UnitOfWork) -> None:
        note(work, name)
        work.agreements._connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    return body


def test_those_who_wait_share_one_commit(engine: Engine) -> None:
    commits: list[object] = []
    listen(engine, commits.append)
    assert in_turn(engine, writes("a"), writes("b"), writes("c")) == [None, None, None]
    assert sorted(kept(engine)) == ["a", "b", "c"]
    assert len(commits) == 1


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("other", [gives_up, fails])
def test_what_one_gives_up_is_undone_alone(engine: Engine, place: int, other: Callable[..., None]) -> None:
    bodies = [writes("a"), writes("b")]
    bodies.insert(place, other("not this"))
    outcomes = in_turn(engine, *bodies)
    assert sorted(kept(engine)) == ["a", "b"]
    assert [outcome is None for number, outcome in enumerate(outcomes) if number != place] == [True, True]
    assert (outcomes[place] is not None) == (other is fails)


def test_if_the_commit_fails_it_fails_for_each_and_the_next_writes_again(engine: Engine) -> None:
    def refuse(_connection: object) -> None:
        raise EnvironmentFailed("The database does not answer: {why}.", why="disk full")

    stop = listen(engine, refuse)
    outcomes = in_turn(engine, writes("a"), writes("b"), gives_up("c"))
    assert [type(outcome) for outcome in outcomes] == [EnvironmentFailed, EnvironmentFailed, type(None)]
    stop()
    assert kept(engine) == []
    assert in_turn(engine, writes("d")) == [None]
    assert kept(engine) == ["d"]


def test_when_the_disk_is_full_whoever_was_answered_is_on_it(engine: Engine) -> None:
    def fills_it(work: UnitOfWork) -> None:
        connection = work.agreements._connection
        (pages,) = connection.exec_driver_sql("PRAGMA page_count").one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
        note(work, "b" * 100_000)
        work.commit()

    outcomes = in_turn(engine, writes("a"), fills_it, writes("c"))
    assert isinstance(outcomes[1], EnvironmentFailed)
    assert sorted(kept(engine)) == [name for name, outcome in zip("abc", outcomes, strict=True) if outcome is None]


class Interrupts:
    """A lock whose waiter is interrupted just when its turn has come."""

    def __init__(self, lock: Any) -> None:
        self.lock, self.release, self.locked = lock, lock.release, lock.locked

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if current_thread() is main_thread() and blocking:
            while self.lock.locked():
                pass
            raise KeyboardInterrupt
        return bool(self.lock.acquire(blocking, timeout))


def test_turns_do_not_wait_for_whoever_is_interrupted_while_waiting(engine: Engine, monkeypatch) -> None:
    of_engine = turns_of(engine)
    monkeypatch.setattr(of_engine, "_turn", Interrupts(Lock()))
    begun = Event()

    def write() -> None:
        with UnitOfWork(engine) as work:
            note(work, "a")
            begun.set()
            while not of_engine.waiting:
                pass
            work.commit()

    writer = Thread(target=write)
    writer.start()
    begun.wait()
    with pytest.raises(KeyboardInterrupt):
        of_engine.begin(engine)
    writer.join()
    assert (kept(engine), of_engine.waiting) == (["a"], 0)
    assert not of_engine._turn.locked()


def test_a_connection_that_cannot_be_given_back_does_not_keep_the_turn(engine: Engine) -> None:
    def refuse(_connection: object) -> None:
        raise OSError("disk")

    event.listen(engine, "rollback", refuse)
    with pytest.raises(OSError, match="disk"), UnitOfWork(engine) as work:
        note(work, "not this")
    event.remove(engine, "rollback", refuse)
    assert in_turn(engine, writes("a")) == [None]
    assert kept(engine) == ["a"]


def test_whoever_waits_for_another_process_waits_once_for_it(engine: Engine, monkeypatch) -> None:
    """Six of ours at once: none of them starts to wait when the one before has waited in vain."""
    monkeypatch.setattr(turns, "BUSY_TIMEOUT_MS", 0)
    other = sqlite3.connect(engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    engine.dispose()
    outcomes: list[Exception] = []

    def write(name: str) -> None:
        try:
            with UnitOfWork(engine) as work:
                note(work, name)
                work.commit()
        except EnvironmentFailed as error:
            outcomes.append(error)

    writers = [Thread(target=write, args=(name,)) for name in "abcdef"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    other.execute("ROLLBACK")
    other.close()
    assert len(outcomes) == len(writers)
    assert {str(each) for each in outcomes} == {"The database does not answer: database is locked."}
    assert in_turn(engine, writes("g")) == [None]
    assert kept(engine) == ["g"]


WRITERS = """
import os
import sys
from threading import Thread
from twinflow.storage import turns
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork

engine = make_engine(sys.argv[1])

def write(number):
    for times in range(10_000):
        name = f"{number}-{times}"
        with UnitOfWork(engine) as work:
            work.agreements._connection.exec_driver_sql("INSERT INTO note (name) VALUES (?)", (name,))
            work.commit()
        os.write(1, f"{name}\\n".encode())

for number in range(8):
    Thread(target=write, args=(number,), daemon=True).start()
sys.stdin.read()
"""


def test_whoever_was_answered_is_in_the_books_when_the_process_is_killed(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", WRITERS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(200)]
        process.kill()
        answered += process.stdout.read().split()
    assert set(answered) <= set(kept(engine))


def test_a_transaction_within_a_transaction_is_refused_and_does_not_wait_for_itself(engine: Engine) -> None:
    def twice(work: UnitOfWork) -> None:
        with UnitOfWork(engine) as inner:
            inner.commit()
        work.commit()

    with pytest.raises(RuntimeError, match="within"), UnitOfWork(engine) as work:
        twice(work)
    assert in_turn(engine, writes("a")) == [None]


def test_turns_keep_no_engine_alive(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'y.db'}")
    with UnitOfWork(engine) as work:
        work.commit()
    engine.dispose()
    pool = ref(engine.pool)
    del engine, work
    gc.collect()
    assert pool() is None
