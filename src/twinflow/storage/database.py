"""The schema: brought up to date by numbered migrations, one history for SQLite and PostgreSQL."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from twinflow.errors import EnvironmentFailed


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema, all of it or nothing. Raises EnvironmentFailed if it does not answer."""
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """The revision of the database (None: empty) and the newest one."""
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error
    return current, ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
