"""What a transaction is still to write: statements wait until something is read or committed, and alike ones go out together."""

from sqlalchemy import Connection

from twinflow.storage.prepared import Prepared, Values

AT_MOST = 5_000
"""How many rows may wait: what a long transaction holds in memory does not grow with it."""


class Writes:
    """`connection` is for statements that need not see what waits."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._waiting: list[tuple[Prepared, list[Values]]] = []
        self._rows = 0

    def add(self, statement: Prepared, *values: Values) -> None:
        """Do it later, once for each of these. What is written to a table is written in the order in which it was asked for."""
        if values:
            self._together_with(statement).extend(values)
            self._rows += len(values)
            if self._rows > AT_MOST:
                self.flush()

    def _together_with(self, statement: Prepared) -> list[Values]:
        """What waits of the same statement, unless another one for its table came after that."""
        for other, values in reversed(self._waiting):
            if other is statement:
                return values
            if other.table is statement.table:
                break
        self._waiting.append((statement, []))
        return self._waiting[-1][1]

    def is_waiting(self, statement: Prepared) -> bool:
        return any(other is statement for other, _ in self._waiting)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting, self._rows = self._waiting, [], 0
        for statement, values in waiting:
            statement.run(self.connection, values if len(values) > 1 else values[0])


class Repository:
    """A part of the books within one transaction."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    @property
    def _connection(self) -> Connection:
        """The connection, once everything that waited is written: whoever asks the database is told of it."""
        self._writes.flush()
        return self._writes.connection
