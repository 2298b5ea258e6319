"""Agreements as snapshots: loaded whole, or for lists as they stand; saved by what changed, and only if nobody else was first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, update
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import (
    Agreement,
    AgreementHead,
    Claim,
    Party,
    PresentAgreement,
    Signature,
)
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.listing import words_in
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import DefinitionChanged, NotFound, StaleAgreement
from twinflow.storage import snapshots
from twinflow.storage.engine import upsert
from twinflow.storage.history import ADD_ENTRIES, values_of
from twinflow.storage.prepared import Prepared, adding
from twinflow.storage.tables import (
    AgreementRow,
    FactRow,
    HistoryRow,
    PartyRow,
    ProcessVersionRow,
    TermRow,
    WordRow,
)

CHANGING_NOTHING = tuple(
    kind.value for kind in (EntryKind.ALERT, EntryKind.MAIL, EntryKind.ACKNOWLEDGED, EntryKind.SNOOZED)
)
"""Entries after which an agreement is as it was."""

CHANGING = ("state", "version", "process", "process_version", "process_digest", "next_on")
SAVE = Prepared(
    update(snapshots.AGREEMENT)
    .where(
        snapshots.AGREEMENT.c.reference == bindparam("of_reference"),
        snapshots.AGREEMENT.c.version == bindparam("of_version"),
    )
    .values({name: bindparam(f"new_{name}") for name in (*CHANGING, "derive_on")})
    .returning(snapshots.AGREEMENT.c.id)
)
ADD_FACTS, ADD_PARTIES, ADD_TERMS, ADD_WORDS = adding(FactRow), adding(PartyRow), adding(TermRow), adding(WordRow)

AT_ONCE = 5_000
"""SQLite takes 32,766 values in a statement, and a snapshot's names each agreement six times."""


class Agreements:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def id_of(self, reference: str) -> int:
        """The row of a reference. Raises NotFound."""
        found = self._connection.scalars(select(AgreementRow.id).where(AgreementRow.reference == reference)).first()
        if found is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        return int(found)

    def get(self, reference: str) -> Agreement:
        """The whole agreement. Raises NotFound."""
        return self.load([self.id_of(reference)])[0]

    def lock(self, reference: str) -> Agreement:
        """The whole agreement, kept from other writers until the transaction ends. Raises NotFound.

        On SQLite a writing transaction has the database to itself anyway.
        """
        found = snapshots.locked(self._connection, reference)
        if found is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        return found

    def lock_batch(self, ids: Sequence[int]) -> list[Agreement]:
        """The same for several at once, in the order of `ids`."""
        query = select(AgreementRow.id).where(col(AgreementRow.id).in_(ids)).order_by(col(AgreementRow.id))
        self._connection.execute(query.with_for_update(key_share=True)).all()
        return self.load(ids)

    def reference_of(self, agreement_id: int) -> str:
        return self._references([agreement_id])[agreement_id]

    def offices(self) -> list[str]:
        """The offices that keep agreements."""
        return list(self._connection.scalars(select(AgreementRow.office).distinct()))

    def versions(self) -> set[tuple[str, int]]:
        """The versions of processes that agreements run on."""
        return {
            (process, version)
            for process, version in self._connection.execute(
                select(AgreementRow.process, AgreementRow.process_version).distinct()
            )
        }

    def references(self) -> list[str]:
        return list(self._connection.scalars(select(AgreementRow.reference).order_by(col(AgreementRow.reference))))

    def all_ids(self) -> list[int]:
        return [
            found for found in self._connection.scalars(select(AgreementRow.id).order_by(col(AgreementRow.id))) if found
        ]

    def ids_on(self, process: str, version: int, after: int, at_once: int) -> list[int]:
        """The next agreements that run on a version of a process, in the order they were entered."""
        query = select(AgreementRow.id).where(
            AgreementRow.process == process, AgreementRow.process_version == version, col(AgreementRow.id) > after
        )
        return [
            found for found in self._connection.scalars(query.order_by(col(AgreementRow.id)).limit(at_once)) if found
        ]

    def count_by_state(self, process: str, version: int) -> dict[str, int]:
        """How many agreements run on a version of a process, by state."""
        query = select(AgreementRow.state, func.count()).where(
            AgreementRow.process == process, AgreementRow.process_version == version
        )
        return dict(self._connection.execute(query.group_by(AgreementRow.state).order_by(AgreementRow.state)).all())

    def around(self, reference: str) -> tuple[int, list[int], list[int]]:
        """The row of an agreement; those of its other generations, oldest first; those of what belongs to it. Raises NotFound."""
        row, other = snapshots.AGREEMENT.c, snapshots.AGREEMENT.alias("other").c
        own = select(other.id, other.relationship).where(other.reference == reference).cte("own")
        is_generation = row.relationship == select(own.c.relationship).scalar_subquery()
        is_child = row.parent_id == select(own.c.id).scalar_subquery()
        query = select(row.id, row.reference, row.parent_id).where(or_(is_generation, is_child))
        found = self._connection.execute(query.order_by(row.generation, row.id)).all()
        asked = next((each.id for each in found if each.reference == reference), None)
        if asked is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        children = [each.id for each in found if each.parent_id == asked]
        return asked, [each.id for each in found if each.id not in {asked, *children}], children

    def known(self, references: Iterable[str]) -> Mapping[str, str]:
        """Those of the references that exist, with the digest of the source they were imported from."""
        wanted = list(references)
        found: dict[str, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            part = col(AgreementRow.reference).in_(wanted[start : start + AT_ONCE])
            query = select(AgreementRow.reference, AgreementRow.source_digest).where(part)
            found |= dict(self._connection.execute(query).all())
        return found

    def heads(self, ids: Sequence[int]) -> list[AgreementHead]:
        """The heads of agreements in the order of `ids`."""
        return [head for part in _parts(ids) for head in snapshots.heads(self._connection, part)]

    def present(self, ids: Sequence[int]) -> list[PresentAgreement]:
        """Agreements as they stand, in the order of `ids`: two statements, whatever their number."""
        return [agreement for part in _parts(ids) for agreement in snapshots.present(self._connection, part)]

    def load(self, ids: Sequence[int]) -> list[Agreement]:
        """Whole agreements in the order of `ids`: three statements, and one for the children there are."""
        return [agreement for part in _parts(ids) for agreement in snapshots.whole(self._connection, part)]

    def add(self, agreement: Agreement, source_digest: str = "") -> int:
        """A new agreement with all it holds, apart from deadlines; its row."""
        row = {name: getattr(agreement, name) for name in snapshots.OF_HEAD}
        row["parent_id"] = self.id_of(agreement.parent) if agreement.parent else None
        row["source_digest"] = source_digest
        statement = insert(AgreementRow).values(**row).returning(col(AgreementRow.id))
        row_id = int(self._connection.execute(statement).scalar_one() or 0)
        ADD_PARTIES.run(
            self._connection, [{"agreement_id": row_id, **_party_values(party)} for party in agreement.parties]
        )
        names = (agreement.reference, agreement.title, *(party.name for party in agreement.parties))
        ADD_WORDS.run(self._connection, [{"agreement_id": row_id, "word": word} for word in sorted(words_in(names))])
        ADD_TERMS.run(
            self._connection,
            [
                {"agreement_id": row_id, "name": name, "readings": str(term), "source": term.source}
                for name, term in agreement.terms.items()
            ],
        )
        ADD_FACTS.run(self._connection, _fact_values(row_id, agreement.facts, {}))
        ADD_ENTRIES.run(self._connection, [values_of(row_id, entry) for entry in agreement.history])
        return row_id

    def save(self, before: Agreement, after: Agreement, derive_on: date | None) -> int:
        """Write what a step changed, apart from deadlines. Raises StaleAgreement if the row is no longer `before`.

        `derive_on` is the day on which its deadlines are to be derived anew.
        """
        values = {
            "of_reference": before.reference,
            "of_version": before.version,
            "new_derive_on": derive_on,
            **{f"new_{name}": getattr(after, name) for name in CHANGING},
        }
        saved = SAVE.rows(self._connection, values)
        if not saved:
            raise StaleAgreement(
                "{reference} was changed meanwhile by {actor}; look at it again.",
                reference=before.reference,
                actor=self._last_actor(self.id_of(before.reference)),
            )
        ((agreement_id,),) = saved
        for old, new in zip(before.parties, after.parties, strict=True):
            if old != new:
                self._connection.execute(
                    update(PartyRow)
                    .where(col(PartyRow.agreement_id) == agreement_id, col(PartyRow.name) == old.name)
                    .values(**_party_values(new))
                )
        ADD_FACTS.run(self._connection, _fact_values(agreement_id, after.facts, before.facts))
        ADD_ENTRIES.run(
            self._connection, [values_of(agreement_id, entry) for entry in after.history[len(before.history) :]]
        )
        return int(agreement_id)

    def derive_on(self, agreement_id: int) -> date | None:
        """The day on which its deadlines are to be derived anew."""
        return self._connection.scalars(
            select(col(AgreementRow.derive_on)).where(AgreementRow.id == agreement_id)
        ).one()

    def derive_by(self, agreement_id: int, day: date | None, next_on: date) -> None:
        """Set that day, and the first date that is open."""
        changed = or_(col(AgreementRow.derive_on).is_distinct_from(day), col(AgreementRow.next_on) != next_on)
        self._connection.execute(
            update(AgreementRow)
            .where(col(AgreementRow.id) == agreement_id, changed)
            .values(derive_on=day, next_on=next_on)
        )

    def pin(self, definition: ProcessDefinition) -> None:
        """Keep the version as it is now. Raises DefinitionChanged if it was kept with another content."""
        values = {
            "key": definition.key,
            "version": definition.version,
            "digest": definition.digest,
            "text": definition.text,
        }
        self._connection.execute(upsert(self._connection, ProcessVersionRow).values(**values).on_conflict_do_nothing())
        self.check_pins([definition])

    def check_pins(self, definitions: Iterable[ProcessDefinition]) -> None:
        """Raises DefinitionChanged if agreements were opened on one of these versions with another content."""
        asked = list(definitions)
        query = select(ProcessVersionRow.key, ProcessVersionRow.version, ProcessVersionRow.digest)
        rows = self._connection.execute(query.where(col(ProcessVersionRow.key).in_({each.key for each in asked})))
        pinned = {(key, version): digest for key, version, digest in rows}
        for definition in asked:
            if pinned.get((definition.key, definition.version), definition.digest) != definition.digest:
                raise DefinitionChanged(
                    "{process} was edited although agreements run on it; put the change into a new version.",
                    process=definition.name,
                )

    def _last_actor(self, agreement_id: int) -> str:
        """Who changed the agreement last."""
        query = select(HistoryRow.actor).where(
            HistoryRow.agreement_id == agreement_id, col(HistoryRow.kind).not_in(CHANGING_NOTHING)
        )
        return self._connection.scalars(query.order_by(col(HistoryRow.id).desc())).first() or ""

    def _references(self, ids: Iterable[int]) -> dict[int, str]:
        wanted = list(ids)
        if not wanted:
            return {}
        rows = self._connection.execute(
            select(AgreementRow.id, AgreementRow.reference).where(col(AgreementRow.id).in_(wanted))
        )
        return {found: reference for found, reference in rows if found is not None}


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _party_values(party: Party) -> dict[str, Any]:
    signature = party.signature or Signature(PartialDate())
    return {
        "name": party.name,
        "country": party.country,
        "home": party.home,
        "signed": party.signature is not None,
        "signed_on": str(signature.on),
        "capacity": signature.capacity,
        "place": signature.place,
    }


def _fact_values(
    agreement_id: int, after: Mapping[str, tuple[Claim, ...]], before: Mapping[str, tuple[Claim, ...]]
) -> list[dict[str, Any]]:
    """The claims that are new."""
    return [
        {
            "agreement_id": agreement_id,
            "name": name,
            "value": str(claim.value),
            "source": claim.source,
            "chosen": claim.chosen,
        }
        for name, claims in after.items()
        for claim in claims[len(before.get(name, ())) :]
    ]
