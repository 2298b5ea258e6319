"""The last good text of the people file, as books of before keep it: they have nobody in rows yet."""

import hashlib

from sqlalchemy import inspect
from sqlmodel import select

from twinflow.storage.readable import text_in
from twinflow.storage.tables import KeptFileRow
from twinflow.storage.writes import Repository

PEOPLE = "people"


class KeptFiles(Repository):
    def text(self, name: str) -> str | None:
        """None where nothing is kept, as in tables of before."""
        if not inspect(self._connection).has_table(KeptFileRow.__tablename__):
            return None
        return self._connection.scalars(select(KeptFileRow.text).where(KeptFileRow.name == name)).first()

    def names(self) -> set[str]:
        return {text_in(name) for name in self._connection.scalars(select(KeptFileRow.name))}

    def altered(self) -> list[str]:
        """The names of those whose text is not what its digest says."""
        rows = self._connection.execute(select(KeptFileRow.name, KeptFileRow.text, KeptFileRow.digest))
        return [text_in(name) for name, text, digest in rows if _digest(text_in(text)) != digest]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
