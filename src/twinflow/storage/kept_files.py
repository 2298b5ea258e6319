"""The last good text of the people file, as books of before keep it: they have nobody in rows yet."""

from sqlalchemy import inspect
from sqlmodel import select

from twinflow.storage.tables import KeptFileRow
from twinflow.storage.writes import Repository

PEOPLE = "people"


class KeptFiles(Repository):
    def text(self, name: str) -> str | None:
        """None where nothing is kept, as in tables of before."""
        if not inspect(self._connection).has_table(KeptFileRow.__tablename__):
            return None
        return self._connection.scalars(select(KeptFileRow.text).where(KeptFileRow.name == name)).first()
