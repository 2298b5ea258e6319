"""The schema: brought up to date by numbered migrations, one history for SQLite and PostgreSQL."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from twinflow.errors import EnvironmentFailed

UPGRADES = 0x7477696F
"""The advisory lock that lets one of several nodes upgrade, and the others wait."""


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema, all of it or nothing. Raises EnvironmentFailed if it does not answer."""
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(UPGRADES)))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error


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
    return MigrationContext.configure(connection).get_current_revision()


def check_newest(current: str | None) -> str:
    """The revision again. Raises EnvironmentFailed if it is not the newest."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None or current != newest:
        raise EnvironmentFailed(
            "The database is at version {current}, this program at {newest}: run “twinflow database upgrade”.",
            current=current or "–",
            newest=newest,
        )
    return newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
