"""The last good text of a file, gone by while the file itself is damaged or missing."""

import hashlib
from datetime import datetime

from sqlalchemy import inspect
from sqlmodel import select

from twinflow.storage.engine import upsert
from twinflow.storage.readable import text_in
from twinflow.storage.tables import KeptFileRow
from twinflow.storage.writes import Repository

PEOPLE = "people"


class KeptFiles(Repository):
    def is_kept(self, name: str, text: str) -> bool:
        """Whether this is the text that is kept. Reads no text."""
        query = select(KeptFileRow.digest).where(KeptFileRow.name == name)
        return self._connection.scalars(query).first() == _digest(text)

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

    def keep(self, name: str, text: str, now: datetime) -> None:
        """In the place of the one before."""
        values = {"digest": _digest(text), "text": text, "kept_at": now}
        statement = upsert(self._connection, KeptFileRow).values(name=name, **values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
