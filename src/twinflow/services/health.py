"""Whether the database does its part."""

from sqlalchemy import Engine

from twinflow.storage import database


def check(engine: Engine) -> str:
    """The revision of the tables. Raises EnvironmentFailed if the database does not answer or is of another version."""
    return database.revision(engine)
