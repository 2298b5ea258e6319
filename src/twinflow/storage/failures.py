"""What a failure of the database means: the environment, somebody faster, or one row that cannot be read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from twinflow.errors import EnvironmentFailed, StaleAgreement, TwinflowError, reason, unreadable

Read = TypeVar("Read")
Failed = TypeVar("Failed")

OF_A_ROW = ("malformed JSON", "Could not decode to UTF-8")
"""SQLite has one class for all that is wrong with a statement: only the words tell a damaged row from a table that is gone."""

SOMEBODY_FASTER = "40"
"""The class of PostgreSQL's codes for a transaction that gave way to another (deadlock, serialization)."""


def as_ours(error: DBAPIError) -> TwinflowError:
    """The error that is raised in its place."""
    why = str(error.orig).strip()
    if isinstance(error, IntegrityError) or str(getattr(error.orig, "sqlstate", "")).startswith(SOMEBODY_FASTER):
        return StaleAgreement("Somebody else was faster; look at it again.")
    if is_of_a_row(error):
        return TwinflowError("The database holds what cannot be read: {why}.", why=why)
    return EnvironmentFailed("The database does not answer: {why}.", why=why)


def is_of_a_row(error: Exception) -> bool:
    """Whether what was read is wrong, and not the database itself or what was asked for."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError) or any(words in str(error.orig) for words in OF_A_ROW)
    return not isinstance(error, TwinflowError)


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
