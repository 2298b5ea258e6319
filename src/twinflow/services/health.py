"""Whether the database does its part, and when the last passes were."""

from sqlalchemy import Engine

from twinflow.domain.alerts.incident import LastPass, Part
from twinflow.storage import database
from twinflow.storage.unit_of_work import UnitOfWork


def last_passes(engine: Engine) -> dict[Part, LastPass]:
    """When each part of a pass ended last, wherever it was made. Raises EnvironmentFailed."""
    with UnitOfWork(engine, reading=True) as work:
        return work.incidents.last_passes()


def check(engine: Engine) -> str:
    """The revision of the tables. Raises EnvironmentFailed if the database does not answer or is of another version."""
    return database.revision(engine)
