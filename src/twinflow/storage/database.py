"""The schema: brought up to date by numbered migrations, one history for SQLite and PostgreSQL."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, Engine, column, func, inspect, select, table
from sqlalchemy.exc import DBAPIError

from twinflow.errors import EnvironmentFailed, why_of
from twinflow.storage.failures import in_our_words
from twinflow.storage.live_file import settle_marks
from twinflow.storage.readable import DAMAGED, is_damaged

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

NEWEST = "0020"
"""The revision of the newest migration; a test compares. Whoever only asks for it need not wait for Alembic."""

FIRST = "0001"

REVISIONS = table("alembic_version", column("version_num"))

UPGRADES = 0x7477696F
"""The advisory lock that lets one of several nodes upgrade, and the others wait."""


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema, all of it or nothing.

    Raises EnvironmentFailed if it does not answer or is of a newer program.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(UPGRADES)))
            check_not_newer(current_revision(connection))
            migrate(connection)
    except DBAPIError as error:
        raise in_our_words(error) or error from error


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest version within a transaction that stands."""
    from alembic import command  # noqa: PLC0415 - a tenth of a second, and a database is upgraded once

    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def keep_copy(engine: Engine, revision: str) -> Path | None:
    """A copy of an SQLite database as it stands at this revision, beside it. Raises EnvironmentFailed.

    None for another database, one without a file, and one that somebody else has upgraded meanwhile.
    """
    with engine.execution_options(reading=True).connect() as connection:
        if connection.dialect.name != "sqlite" or current_revision(connection) != revision:
            return None
        file = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
        if not file:
            return None
        copy = Path(f"{file}.{revision}")
        try:
            with TemporaryDirectory(prefix=copy.name, dir=copy.parent) as folder:
                new = Path(folder) / copy.name
                with closing(sqlite3.connect(new)) as target:
                    connection.connection.driver_connection.backup(target)  # type: ignore[union-attr]
                    settle_marks(target, whole=True)
                shutil.copymode(file, new)
                new.replace(copy)
        except (OSError, sqlite3.Error) as error:
            raise EnvironmentFailed("{place} cannot be written: {why}.", place=str(copy), why=why_of(error)) from error
    return copy


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
        raise in_our_words(error) or error from error
    return check_newest(current)


def current_revision(connection: Connection) -> str | None:
    """The revision of the tables; None while there are none. Raises EnvironmentFailed for what cannot be one."""
    if not inspect(connection).has_table(REVISIONS.name):
        return None
    found = connection.scalar(select(func.max(REVISIONS.c.version_num)))
    if found is not None and is_damaged(found):
        raise EnvironmentFailed("The version of the database cannot be read: {why}.", why=DAMAGED)
    return cast("str | None", found)


def check_not_newer(current: str | None) -> None:
    """Raises EnvironmentFailed if the tables are of a program that came after this one."""
    if current is not None and current > NEWEST:
        raise EnvironmentFailed(
            "This program is older than its database: the database is at version {current}, and the program knows versions "
            "to {newest}. Install the newer twinflow.",
            current=current,
            newest=NEWEST,
        )


def check_newest(current: str | None) -> str:
    """The revision again. Raises EnvironmentFailed if it is not the newest."""
    check_not_newer(current)
    if current != NEWEST:
        raise EnvironmentFailed(
            "The database is at version {current}, this program at {newest}: run “twinflow database upgrade”.",
            current=current or "–",
            newest=NEWEST,
        )
    return NEWEST
