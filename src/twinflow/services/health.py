"""Whether the database does its part."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from twinflow.errors import EnvironmentFailed
from twinflow.storage import database


def check(engine: Engine) -> str:
    """The revision of the schema, read without waiting for writers.

    Raises EnvironmentFailed where the database does not answer, or is not of the version of this program.
    """
    try:
        current, newest = database.revisions(engine.execution_options(reading=True))
    except SQLAlchemyError as error:
        raise EnvironmentFailed("The database does not answer: {why}.", why=str(error)) from error
    if current is None or current != newest:
        raise EnvironmentFailed(
            "The database is at version {current}, this program at {newest}: run “twinflow database upgrade”.",
            current=current or "–",
            newest=newest,
        )
    return current
