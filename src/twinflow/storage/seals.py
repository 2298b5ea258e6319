"""Where the history of each agreement stands: read before an entry is added, kept from other writers, written with the commit."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select, update

from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.seals import Head, entry_written, seals_after
from twinflow.storage.prepared import OfAgreements, Prepared
from twinflow.storage.tables import AgreementRow, table_of
from twinflow.storage.writes import Repository, Writes

AGREEMENT = table_of(AgreementRow)
AT_ONCE = 5_000
"""SQLite takes 32,766 values in a statement."""

HEADS = OfAgreements(
    lambda which: (
        select(AGREEMENT.c.id, AGREEMENT.c.seal, AGREEMENT.c.entries)
        .where(which(AGREEMENT.c.id))
        .order_by(AGREEMENT.c.id)  # whoever keeps several keeps them in one order, so no two wait for each other
        .with_for_update(key_share=True)
    )
)
WRITE = Prepared(
    update(AGREEMENT)
    .where(AGREEMENT.c.id == bindparam("of_id"))
    .values(seal=bindparam("new_seal"), entries=bindparam("new_entries"))
)


class Seals(Repository):
    def __init__(self, writes: Writes) -> None:
        super().__init__(writes)
        self._heads: dict[int, Head] = {}
        self._unwritten: set[int] = set()

    def know(self, agreement_id: int, head: Head) -> None:
        """What was read of an agreement that is kept from other writers, unless this transaction has added to it since."""
        self._heads.setdefault(agreement_id, head)

    def hold(self, ids: Iterable[int]) -> None:
        """Read where these stand, by a statement for all, and keep them from other writers."""
        unknown = sorted(set(ids) - self._heads.keys())
        for start in range(0, len(unknown), AT_ONCE):
            for number, seal, entries in HEADS.rows(self._writes.connection, unknown[start : start + AT_ONCE]):
                self._heads[number] = Head(seal, entries)

    def seal(self, agreement_id: int, entries: Sequence[HistoryEntry]) -> list[str]:
        """The seals of entries that follow now; with the commit the agreement stands there."""
        if not entries:
            return []
        self.hold([agreement_id])
        seals = seals_after(self._heads[agreement_id].seal, map(entry_written, entries))
        self._heads[agreement_id] = self._heads[agreement_id].after(seals)
        self._unwritten.add(agreement_id)
        return seals

    def head_to_write(self, agreement_id: int) -> Head:
        """Where it stands, for whoever writes the row itself."""
        self.hold([agreement_id])
        self._unwritten.discard(agreement_id)
        return self._heads[agreement_id]

    def write(self) -> None:
        """Write where each of those stands that entries were added to."""
        heads = ((number, self._heads[number]) for number in sorted(self._unwritten))
        self._writes.add(
            WRITE, *({"of_id": number, "new_seal": head.seal, "new_entries": head.entries} for number, head in heads)
        )
        self._unwritten.clear()
