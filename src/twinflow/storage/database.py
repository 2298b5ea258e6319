"""The schema: brought up to date by numbered migrations, one history for SQLite and PostgreSQL."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, func, inspect, select, table
from sqlalchemy.exc import DBAPIError

from twinflow.errors import EnvironmentFailed

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

NEWEST = "0009"
"""The revision of the newest migration; a test compares. Whoever only asks for it need not wait for Alembic."""

REVISIONS = table("alembic_version", column("version_num"))

UPGRADES = 0x7477696F
"""The advisory lock that lets one of several nodes upgrade, and the others wait."""


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema, all of it or nothing. Raises EnvironmentFailed if it does not answer."""
    from alembic import command  # noqa: PLC0415 - a tenth of a second, and a database is upgraded once

    config = migrations()
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(UPGRADES)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error


def migrations() -> "Config":
    """Where they are, as Alembic wants to know it."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def revision(engine: Engine) -> str:
    """The revision of the tables. Raises EnvironmentFailed if the database does not answer or is not at the newest."""
    try:
        with engine.execution_options(reading=True).connect() as connection:
            current = current_revision(connection)
    except DBAPIError as error:
        raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error
    return check_newest(current)


def current_revision(connection: Connection) -> str | None:
    """The revision of the tables; None while there are none."""
    if not inspect(connection).has_table(REVISIONS.name):
        return None
    return connection.scalar(select(REVISIONS.c.version_num))


def check_newest(current: str | None) -> str:
    """The revision again. Raises EnvironmentFailed if it is not the newest."""
    if current != NEWEST:
        raise EnvironmentFailed(
            "The database is at version {current}, this program at {newest}: run “twinflow database upgrade”.",
            current=current or "–",
            newest=NEWEST,
        )
    return NEWEST
