"""Mail that came in and that a person has to look at, as rows."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import true, update
from sqlmodel import col, select

from twinflow.domain.mail.received import Received, ReceivedKind
from twinflow.errors import NotFound
from twinflow.storage.engine import upsert
from twinflow.storage.failures import one_by_one
from twinflow.storage.tables import LAST_ROW, ReceivedRow, ReturnKeyRow
from twinflow.storage.writes import Repository

SHOWN = (
    ReceivedRow.id,
    ReceivedRow.kind,
    ReceivedRow.received_at,
    ReceivedRow.sender,
    ReceivedRow.subject,
    ReceivedRow.about,
    ReceivedRow.whole,
    ReceivedRow.settled_at,
    ReceivedRow.settled_by,
)


class ReceivedMail(Repository):
    def return_key(self) -> str:
        """The secret by which return paths are known."""
        return str(self._connection.execute(select(ReturnKeyRow.key)).scalar_one())

    def keep(self, new: Received, content: bytes) -> None:
        """Once, however often it comes. The `id` is the database's."""
        values = {
            "digest": hashlib.sha256(content).hexdigest(),
            "kind": new.kind.value,
            "received_at": new.received_at,
            "sender": new.sender,
            "subject": new.subject,
            "about": new.about,
            "whole": new.whole,
            "settled_by": "",
            "content": content,
        }
        self._connection.execute(upsert(self._connection, ReceivedRow).values(**values).on_conflict_do_nothing())

    def all(self, *, waiting: bool = False) -> list[Received]:
        """The newest first, without what they say; `waiting`: that nobody has settled. One whose row is damaged is left out."""
        wanted = col(ReceivedRow.settled_at).is_(None) if waiting else true()
        ids = self._connection.scalars(select(ReceivedRow.id).where(wanted).order_by(col(ReceivedRow.id).desc()))
        found = one_by_one(self._several, [each for each in ids if each is not None], lambda *_: None)
        return [each for each in found if each is not None]

    def _several(self, ids: Sequence[int]) -> list[Received]:
        query = _shown().where(col(ReceivedRow.id).in_(ids)).order_by(col(ReceivedRow.id).desc())
        return [_received(row) for row in self._connection.execute(query)]

    def one(self, received_id: int) -> Received:
        """Raises NotFound."""
        found = self._several([received_id]) if 0 < received_id <= LAST_ROW else []
        if not found:
            raise NotFound("There is no received message {id}.", id=received_id)
        return found[0]

    def content(self, received_id: int) -> bytes:
        return bytes(
            self._connection.execute(select(ReceivedRow.content).where(ReceivedRow.id == received_id)).scalar_one()
        )

    def settle(self, received_id: int, person: str, now: datetime) -> bool:
        """False where somebody has settled it before."""
        is_open = (col(ReceivedRow.id) == received_id, col(ReceivedRow.settled_at).is_(None))
        changed = self._connection.execute(
            update(ReceivedRow).where(*is_open).values(settled_at=now, settled_by=person)
        )
        return bool(changed.rowcount)


def _shown() -> Any:
    return select(*SHOWN)  # type: ignore[call-overload]


def _received(row: Sequence[Any]) -> Received:
    return Received(row[0], ReceivedKind(row[1]), *row[2:])
