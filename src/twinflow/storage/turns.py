"""Writers of one SQLite database within this process take turns, and those who wait share one commit: group commit.

SQLite has one writer at a time, and most of a small transaction is the wait for the disk at its end. So whoever has waited goes
on in the transaction of the one before, and whoever has nobody waiting commits for all. What is promised is what a transaction
of one's own would promise: nobody is answered before what they did is on disk; what one gives up is undone alone; and if the
commit fails it fails for each, with nothing left of any.
"""

from threading import Event, Lock, get_ident
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Pool
from sqlalchemy.exc import DBAPIError

from twinflow.errors import EnvironmentFailed
from twinflow.storage.engine import BUSY_TIMEOUT_MS

AT_MOST = 64
"""How many share a commit: the first of them waits for the last."""


class Turns:
    """It knows no engine, as a table of all of them is kept by engine: it would keep it alive."""

    def __init__(self) -> None:
        self._turn, self._counting = Lock(), Lock()
        self.waiting = 0
        self._whose = 0
        self._shared: _Shared | None = None

    def begin(self, engine: Engine) -> Connection:
        """Wait for the turn, no longer than for another process; the connection on which the transaction goes on.

        Raises DBAPIError, or EnvironmentFailed where the turn does not come.
        """
        if self._whose == get_ident():
            raise RuntimeError("a transaction within a transaction would wait for itself")
        self._wait()
        try:
            if self._shared is None:
                self._shared = _Shared(begun(engine))
            else:
                self._shared.connection.exec_driver_sql("SAVEPOINT turn")
            self._whose = get_ident()
        except BaseException as error:
            self._end(error)
            raise
        return self._shared.connection

    def commit(self) -> None:
        """Let what was done in this turn stay; returns when it is on disk. Raises DBAPIError, EnvironmentFailed."""
        shared = self._held()
        try:
            shared.check()
            if shared.done_by:
                shared.connection.exec_driver_sql("RELEASE turn")
        except BaseException as error:
            self._end(error)
            raise
        shared.done_by += 1
        self._pass_on()
        shared.ended.wait()
        shared.raise_error()

    def give_up(self) -> None:
        """Undo what was done in this turn, and nothing else."""
        shared = self._held()
        try:
            if shared.done_by:
                shared.connection.exec_driver_sql("ROLLBACK TO turn")
                shared.connection.exec_driver_sql("RELEASE turn")
        except DBAPIError as error:  # the database has undone the whole, as it does when a disk is full
            self._end(error)
        except BaseException as error:
            self._end(error)
            raise
        else:
            self._pass_on()

    def _held(self) -> "_Shared":
        assert self._shared is not None
        return self._shared

    def _wait(self) -> None:
        came = False
        with self._counting:
            self.waiting += 1
        try:
            came = self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
        finally:
            with self._counting:
                self.waiting -= 1
            if not came and self._turn.acquire(
                blocking=False
            ):  # somebody may have passed it on to us, and to nobody else
                self._pass_on()
        if not came:
            raise EnvironmentFailed("The database does not answer: {why}.", why="database is locked")

    def _pass_on(self) -> None:
        with self._counting:
            goes_on = self.waiting > 0 and self._shared is not None and 0 < self._shared.done_by < AT_MOST
        if goes_on:
            self._whose = 0
            self._turn.release()
        else:
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        """Commit for all who shared the transaction, or tell them that nothing of it stays; the turn is free."""
        shared, self._shared, self._whose = self._shared, None, 0
        try:
            if shared is not None:
                shared.end(error)
        finally:
            self._turn.release()


class _Shared:
    """A transaction of the database, and how many have done what they wanted in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.done_by = 0
        self.ended = Event()
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raises EnvironmentFailed if the database has ended it by itself."""
        if not self.connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            raise EnvironmentFailed("The database does not answer: {why}.", why="the transaction is gone")

    def end(self, error: BaseException | None) -> None:
        """Commit, unless it has failed before; then nothing of it stays, and the connection is not used again."""
        self._error = error
        try:
            if error is None and self.done_by:
                self.check()
                self.connection.commit()
        except BaseException as failed:  # noqa: BLE001 (whatever it is, each of them is told)
            self._error = failed
        finally:
            try:
                if self._error is not None:
                    self.connection.invalidate()
                self.connection.close()
            finally:
                self.ended.set()

    def raise_error(self) -> None:
        """What it failed of; an interrupt of one of those who shared it is none of the others'."""
        if isinstance(self._error, Exception):
            raise self._error
        if self._error is not None:
            raise EnvironmentFailed("The database does not answer: {why}.", why="interrupted") from self._error


_TURNS: "WeakKeyDictionary[Pool, Turns]" = WeakKeyDictionary()
_FINDING = Lock()


def turns_of(engine: Engine) -> Turns:
    """The turns of a database: one for all who write to it by the same pool of connections."""
    with _FINDING:
        found = _TURNS.get(engine.pool)
        if found is None:
            found = _TURNS[engine.pool] = Turns()
        return found


def begun(engine: Engine) -> Connection:
    """A connection in a transaction. Raises DBAPIError."""
    connection = engine.connect()
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection
