"""What a database refuses, as an error of ours: somebody was faster, a value cannot be kept, the books were altered, one row
cannot be read; what is none of these is the environment.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from twinflow.errors import (
    BadInput,
    BooksAltered,
    DatabaseDamaged,
    EnvironmentFailed,
    StaleAgreement,
    TwinflowError,
    reason,
    unreadable,
)

Read = TypeVar("Read")
Failed = TypeVar("Failed")

TAKEN = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"}
"""What a driver calls it if there is such a row already. PostgreSQL's codes: appendix A of its manual."""

RAISED = "P0001"
"""What PostgreSQL calls it if a trigger refuses; SQLite counts that among the violations of constraints."""

OTHER_TABLES = {"SQLITE_ERROR", "42P01", "42703", "42P10", "42804"}
"""What a driver calls it if a table or column is missing, or is of another kind."""

OF_DAMAGE = ("SQLITE_CORRUPT", "XX001", "XX002")
"""How codes begin where a page of the database, or an index, is not what it was."""

OF_A_REFERENCE = ("agreement.reference", "uq_agreement_reference")
"""How the databases name the rule that a reference stands once in the books."""


OF_A_ROW = ("malformed JSON", "JSON cannot hold BLOB values", "Could not decode to UTF-8")
"""SQLite has one class for all that is wrong with a statement: only the words tell a damaged row from a table that is gone."""

SOMEBODY_FASTER = "40"
"""The class of PostgreSQL's codes for a transaction that gave way to another (deadlock, serialization)."""


OF_THE_MACHINE = ("SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "08", "42501", "53", "57", "58")
"""How codes begin where there is no room, no right, no disk, no server; nothing is said of what was asked for."""


def in_our_words(error: BaseException) -> TwinflowError | None:
    """The error of ours that says what a driver could not do; None for what comes from elsewhere."""
    match error:
        case IntegrityError() if _code(error) in TAKEN:
            return _taken(error)
        case DBAPIError() if isinstance(error, IntegrityError) or _code(error) == RAISED:
            return BooksAltered("The books are not as twinflow leaves them: {why}.", why=_why(error))
        case DataError() if error.statement is None:  # nothing was asked: it came while what was found was read
            return TwinflowError("The database holds what cannot be read: {why}.", why=_why(error))
        case DataError() | OverflowError() | UnicodeEncodeError():
            return BadInput("This cannot be kept: {why}.", why=_why(error))
        case DBAPIError() if _code(error) in OTHER_TABLES:
            return EnvironmentFailed("The tables of the database are not those of twinflow: {why}.", why=_why(error))
        case DBAPIError() if _code(error).startswith(SOMEBODY_FASTER):
            return StaleAgreement("Somebody else was faster; look at it again.")
        case DBAPIError() if is_of_a_row(error):
            return TwinflowError("The database holds what cannot be read: {why}.", why=_why(error))
        case DBAPIError() if _code(error).startswith(OF_DAMAGE):
            why = "The database is damaged: {why}; “twinflow database check” says what of it."
            return DatabaseDamaged(why, why=_why(error))
        case DBAPIError():
            return EnvironmentFailed("The database does not answer: {why}.", why=_why(error))
    return None


def _taken(error: IntegrityError) -> TwinflowError:
    """Of what must be there only once, somebody has written it since it was looked for."""
    if any(name in str(error.orig) for name in OF_A_REFERENCE):
        return BadInput("There is an agreement with this reference already.")
    return StaleAgreement("Somebody else was faster; look at it again.")


def _code(error: DBAPIError) -> str:
    """What the driver calls it: SQLite by a name, PostgreSQL by five signs; empty where it says nothing."""
    return str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")


def _why(error: BaseException) -> str:
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return said.strip().partition("\n")[0].removesuffix(".")


def is_of_a_row(error: Exception) -> bool:
    """Whether what was read is wrong, and not the database itself or what was asked for."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError) or any(words in str(error.orig) for words in OF_A_ROW)
    return not isinstance(error, TwinflowError)


def is_of_the_machine(error: Exception) -> bool:
    """Whether another machine, or the same one later, would do what was asked for."""
    return isinstance(error, OSError) or (isinstance(error, DBAPIError) and _code(error).startswith(OF_THE_MACHINE))


@contextmanager
def about(reference: str) -> Iterator[None]:
    """What is done with one agreement: whatever is wrong that is neither an error of ours nor the environment is wrong with it.

    Raises UnreadableAgreement.
    """
    try:
        yield
    except Exception as error:
        if not is_of_a_row(error):
            raise
        raise unreadable(reference, reason(error)) from error


def one_by_one(
    read: Callable[[Sequence[int]], Iterable[Read]], ids: Sequence[int], failed: Callable[[int, Exception], Failed]
) -> list[Read | Failed]:
    """What is read of all at once; where a row cannot be read, of each half alone, down to the one for which `failed` stands."""
    try:
        return list(read(ids))
    except Exception as error:
        if not is_of_a_row(error):
            raise
        if len(ids) == 1:
            return [failed(ids[0], error)]
    half = len(ids) // 2
    return [*one_by_one(read, ids[:half], failed), *one_by_one(read, ids[half:], failed)]
