"""What a database refuses, as an error of ours: somebody was faster, a value cannot be kept, the books were altered."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from twinflow.errors import BadInput, BooksAltered, EnvironmentFailed, StaleAgreement, TwinflowError

TAKEN = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"}
"""What a driver calls it if there is such a row already. PostgreSQL's codes: appendix A of its manual."""

RAISED = "P0001"
"""What PostgreSQL calls it if a trigger refuses; SQLite counts that among the violations of constraints."""

OTHER_TABLES = {"SQLITE_ERROR", "42P01", "42703", "42P10", "42804"}
"""What a driver calls it if a table or column is missing, or is of another kind."""

OF_A_REFERENCE = ("agreement.reference", "uq_agreement_reference")
"""How the databases name the rule that a reference stands once in the books."""


def in_our_words(error: BaseException) -> TwinflowError | None:
    """The error of ours that says what a driver could not do; None for what comes from elsewhere."""
    match error:
        case IntegrityError() if _code(error) in TAKEN:
            return _taken(error)
        case DBAPIError() if isinstance(error, IntegrityError) or _code(error) == RAISED:
            return BooksAltered("The books are not as twinflow leaves them: {why}.", why=_why(error))
        case DataError() | OverflowError() | UnicodeEncodeError():
            return BadInput("This cannot be kept: {why}.", why=_why(error))
        case DBAPIError() if _code(error) in OTHER_TABLES:
            return EnvironmentFailed("The tables of the database are not those of twinflow: {why}.", why=_why(error))
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
