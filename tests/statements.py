"""What is asked of the database: the transactions of this process, with their statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Transaction:
    """Whether it promised not to write, and what it asked the database."""

    reading: bool
    statements: list[str] = field(default_factory=list)

    @property
    def loads(self) -> int:
        """How often whole agreements were loaded."""
        return sum("FROM history" in each and "FROM deadline" in each for each in self.statements)


@contextmanager
def watched() -> Iterator[list[Transaction]]:
    """The transactions that any database of this process begins meanwhile."""
    found: list[Transaction] = []

    def begun(connection: Any) -> None:
        found.append(Transaction(connection.get_execution_options().get("reading", False)))

    def asked(_connection: Any, _cursor: Any, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            found[-1].statements.append(" ".join(statement.split()))

    event.listen(Engine, "begin", begun, insert=True)
    event.listen(Engine, "before_cursor_execute", asked)
    try:
        yield found
    finally:
        event.remove(Engine, "begin", begun)
        event.remove(Engine, "before_cursor_execute", asked)
