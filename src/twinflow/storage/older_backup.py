"""The tables of a backup, brought to this version and looked at before they take the place of the books."""

from pathlib import Path

from sqlalchemy import Connection

from twinflow.errors import BadInput, reason
from twinflow.storage.database import NEWEST, migrate
from twinflow.storage.failures import is_of_the_machine
from twinflow.storage.shape import Shape
from twinflow.storage.writes import Writes


def bring_to_newest(connection: Connection, file: Path) -> None:
    """Within a transaction that stands. Raises BadInput for tables that are not those of their version.

    What the machine does not do is raised as it comes.
    """
    try:
        migrate(connection)
    except Exception as error:
        if is_of_the_machine(error):
            raise
        raise BadInput(
            "{file} is damaged or not whole: its tables cannot be brought to version {newest} ({why}).",
            file=str(file),
            newest=NEWEST,
            why=reason(error),
        ) from error


def check_whole(connection: Connection, file: Path) -> None:
    """Whether tables of this version have all that the program goes by. Raises BadInput."""
    missing = Shape(Writes(connection)).faults_of_tables()
    if missing:
        raise BadInput("{file} is damaged or not whole: {why}.", file=str(file), why=missing)
