"""A copy that is short is said to be so with every command, until somebody says that there is no better one."""

from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.people.people import People
from twinflow.errors import Refused
from twinflow.storage.unit_of_work import UnitOfWork


def accept(engine: Engine, people: People, *, person: str, now: datetime) -> None:
    """It stays on record who did. Raises NotFound, or Refused where the database is not known to be short."""
    people.person(person)
    with UnitOfWork(engine) as work:
        if not work.use_marks.accept(person, now):
            raise Refused("There is nothing to accept: the database is not known to be a copy that is short.")
        work.commit()
