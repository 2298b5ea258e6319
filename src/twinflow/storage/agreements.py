"""Agreements as snapshots: loaded whole, or for lists as they stand; saved by what changed, and only if nobody else was first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import func, insert, update
from sqlmodel import Session, SQLModel, col, select

from twinflow.domain.agreement.agreement import (
    Agreement,
    AgreementHead,
    Child,
    Claim,
    Party,
    PresentAgreement,
    Signature,
    Term,
)
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.present_names import in_present_names
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import DefinitionChanged, NotFound, StaleAgreement
from twinflow.storage.deadlines import deadline_of
from twinflow.storage.engine import upsert
from twinflow.storage.history import entry_of, values_of
from twinflow.storage.tables import (
    AgreementRow,
    DeadlineRow,
    FactRow,
    HistoryRow,
    PartyRow,
    ProcessVersionRow,
    TermRow,
)

CHANGING_NOTHING = tuple(
    kind.value for kind in (EntryKind.ALERT, EntryKind.MAIL, EntryKind.ACKNOWLEDGED, EntryKind.SNOOZED)
)
"""Entries after which an agreement is as it was."""

AT_ONCE = 10_000
"""PostgreSQL takes 65,535 values in a statement."""

OF_HEAD = tuple(each.name for each in fields(AgreementHead))

Row = TypeVar("Row", bound=SQLModel)


class Agreements:
    def __init__(self, session: Session) -> None:
        self._session = session

    def id_of(self, reference: str) -> int:
        """The row of a reference. Raises NotFound."""
        found = self._session.exec(select(AgreementRow.id).where(AgreementRow.reference == reference)).first()
        if found is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        return found

    def get(self, reference: str) -> Agreement:
        """The whole agreement. Raises NotFound."""
        return self.load([self.id_of(reference)])[0]

    def lock(self, reference: str) -> Agreement:
        """The whole agreement, kept from other writers until the transaction ends. Raises NotFound.

        On SQLite a writing transaction has the database to itself anyway.
        """
        agreement_id = self.id_of(reference)
        self._session.exec(
            select(AgreementRow.id).where(AgreementRow.id == agreement_id).with_for_update(key_share=True)
        )
        return self.load([agreement_id])[0]

    def lock_batch(self, ids: Sequence[int]) -> list[Agreement]:
        """The same for several at once, in the order of `ids`."""
        query = select(AgreementRow.id).where(col(AgreementRow.id).in_(ids)).order_by(col(AgreementRow.id))
        self._session.exec(query.with_for_update(key_share=True)).all()
        return self.load(ids)

    def reference_of(self, agreement_id: int) -> str:
        return self._references([agreement_id])[agreement_id]

    def offices(self) -> list[str]:
        """The offices that keep agreements."""
        return list(self._session.exec(select(AgreementRow.office).distinct()))

    def versions(self) -> set[tuple[str, int]]:
        """The versions of processes that agreements run on."""
        return set(self._session.exec(select(AgreementRow.process, AgreementRow.process_version).distinct()))

    def references(self) -> list[str]:
        return list(self._session.exec(select(AgreementRow.reference).order_by(col(AgreementRow.reference))))

    def all_ids(self) -> list[int]:
        return [found for found in self._session.exec(select(AgreementRow.id).order_by(col(AgreementRow.id))) if found]

    def ids_on(self, process: str, version: int, after: int, at_once: int) -> list[int]:
        """The next agreements that run on a version of a process, in the order they were entered."""
        query = select(AgreementRow.id).where(
            AgreementRow.process == process, AgreementRow.process_version == version, col(AgreementRow.id) > after
        )
        return [found for found in self._session.exec(query.order_by(col(AgreementRow.id)).limit(at_once)) if found]

    def count_by_state(self, process: str, version: int) -> dict[str, int]:
        """How many agreements run on a version of a process, by state."""
        query = select(AgreementRow.state, func.count()).where(
            AgreementRow.process == process, AgreementRow.process_version == version
        )
        return dict(self._session.exec(query.group_by(AgreementRow.state).order_by(AgreementRow.state)).all())

    def ids_of_relationship(self, relationship: str) -> list[int]:
        """The generations of a relationship, oldest first."""
        query = select(AgreementRow.id).where(AgreementRow.relationship == relationship)
        return [found for found in self._session.exec(query.order_by(col(AgreementRow.generation))) if found]

    def known(self, references: Iterable[str]) -> Mapping[str, str]:
        """Those of the references that exist, with the digest of the source they were imported from."""
        wanted = list(references)
        found: dict[str, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            part = col(AgreementRow.reference).in_(wanted[start : start + AT_ONCE])
            query = select(AgreementRow.reference, AgreementRow.source_digest).where(part)
            found |= dict(self._session.exec(query).all())
        return found

    def heads(self, ids: Sequence[int]) -> list[AgreementHead]:
        """The heads of agreements in the order of `ids`."""
        return [AgreementHead(**head_values(row)) for part in _parts(ids) for row in self._rows(part).values()]

    def present(self, ids: Sequence[int]) -> list[PresentAgreement]:
        """Agreements as they stand, in the order of `ids`: one query a table, whatever their number."""
        parts = (self._rows(part) for part in _parts(ids))
        return [PresentAgreement(**values) for rows in parts for values in self._present(rows)]

    def load(self, ids: Sequence[int]) -> list[Agreement]:
        """Whole agreements in the order of `ids`: one query a table, whatever their number."""
        return [agreement for part in _parts(ids) for agreement in self._load(part)]

    def _load(self, ids: Sequence[int]) -> Iterator[Agreement]:
        rows = self._rows(ids)  # before the history: what another writer adds in between makes this version stale
        entries, children = self._by_agreement(HistoryRow, ids), self._children(ids)
        for agreement_id, values in zip(rows, self._present(rows), strict=True):
            history = in_present_names([entry_of(entry) for entry in entries[agreement_id]])
            yield Agreement(**values, history=history, children=tuple(children[agreement_id]))

    def _present(self, rows: Mapping[int, AgreementRow]) -> Iterator[dict[str, Any]]:
        """The values of each agreement as it stands."""
        ids = list(rows)
        parties = self._by_agreement(PartyRow, ids)
        terms = self._by_agreement(TermRow, ids)
        facts = self._by_agreement(FactRow, ids)
        deadlines = self._by_agreement(DeadlineRow, ids)
        parents = self._references({row.parent_id for row in rows.values() if row.parent_id})
        for agreement_id, row in rows.items():
            yield {
                **head_values(row),
                "parties": tuple(_party(party) for party in parties[agreement_id]),
                "terms": {term.name: Term.parse(term.readings, term.source) for term in terms[agreement_id]},
                "facts": _facts(facts[agreement_id]),
                "deadlines": tuple(deadline_of(deadline) for deadline in deadlines[agreement_id]),
                "parent": parents.get(row.parent_id or 0),
            }

    def _rows(self, ids: Sequence[int]) -> dict[int, AgreementRow]:
        """The agreements' own rows in the order of `ids`."""
        found = self._session.exec(select(AgreementRow).where(col(AgreementRow.id).in_(ids)))
        rows = {row.id: row for row in found}
        return {agreement_id: rows[agreement_id] for agreement_id in ids}

    def add(self, agreement: Agreement, source_digest: str = "") -> int:
        """A new agreement with all it holds, apart from deadlines; its row."""
        row = AgreementRow(
            reference=agreement.reference,
            process=agreement.process,
            process_version=agreement.process_version,
            process_digest=agreement.process_digest,
            office=agreement.office,
            title=agreement.title,
            state=agreement.state,
            version=agreement.version,
            tracked_from=agreement.tracked_from,
            parent_id=self.id_of(agreement.parent) if agreement.parent else None,
            origin=agreement.origin,
            note=agreement.note,
            relationship=agreement.relationship,
            generation=agreement.generation,
            source_digest=source_digest,
        )
        self._session.add(row)
        self._session.flush()
        assert row.id is not None
        self._insert(PartyRow, [{"agreement_id": row.id, **_party_values(party)} for party in agreement.parties])
        self._insert(
            TermRow,
            [
                {"agreement_id": row.id, "name": name, "readings": str(term), "source": term.source}
                for name, term in agreement.terms.items()
            ],
        )
        self._insert(FactRow, _fact_values(row.id, agreement.facts, {}))
        self._insert(HistoryRow, [values_of(row.id, entry) for entry in agreement.history])
        return row.id

    def save(self, before: Agreement, after: Agreement) -> int:
        """Write what a step changed, apart from deadlines. Raises StaleAgreement if the row is no longer `before`."""
        changed = self._session.connection().execute(
            update(AgreementRow)
            .where(col(AgreementRow.reference) == before.reference, col(AgreementRow.version) == before.version)
            .values(
                state=after.state,
                version=after.version,
                process=after.process,
                process_version=after.process_version,
                process_digest=after.process_digest,
            )
        )
        agreement_id = self.id_of(before.reference)
        if changed.rowcount != 1:
            raise StaleAgreement(
                "{reference} was changed meanwhile by {actor}; look at it again.",
                reference=before.reference,
                actor=self._last_actor(agreement_id),
            )
        for old, new in zip(before.parties, after.parties, strict=True):
            if old != new:
                self._session.connection().execute(
                    update(PartyRow)
                    .where(col(PartyRow.agreement_id) == agreement_id, col(PartyRow.name) == old.name)
                    .values(**_party_values(new))
                )
        self._insert(FactRow, _fact_values(agreement_id, after.facts, before.facts))
        new_entries = after.history[len(before.history) :]
        self._insert(HistoryRow, [values_of(agreement_id, entry) for entry in new_entries])
        return agreement_id

    def derive_on(self, agreement_id: int) -> date | None:
        """The day on which its deadlines are to be derived anew."""
        return self._session.exec(select(col(AgreementRow.derive_on)).where(AgreementRow.id == agreement_id)).one()

    def derive_by(self, agreement_id: int, day: date | None) -> None:
        """Set that day."""
        self._session.connection().execute(
            update(AgreementRow)
            .where(col(AgreementRow.id) == agreement_id, col(AgreementRow.derive_on).is_distinct_from(day))
            .values(derive_on=day)
        )

    def pin(self, definition: ProcessDefinition) -> None:
        """Keep the version as it is now. Raises DefinitionChanged if it was kept with another content."""
        connection = self._session.connection()
        values = {
            "key": definition.key,
            "version": definition.version,
            "digest": definition.digest,
            "text": definition.text,
        }
        connection.execute(upsert(connection, ProcessVersionRow).values(**values).on_conflict_do_nothing())
        self.check_pins([definition])

    def check_pins(self, definitions: Iterable[ProcessDefinition]) -> None:
        """Raises DefinitionChanged if agreements were opened on one of these versions with another content."""
        asked = list(definitions)
        query = select(ProcessVersionRow.key, ProcessVersionRow.version, ProcessVersionRow.digest)
        rows = self._session.exec(query.where(col(ProcessVersionRow.key).in_({each.key for each in asked})))
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
        return self._session.exec(query.order_by(col(HistoryRow.id).desc())).first() or ""

    def _by_agreement(self, table: type[Row], ids: Sequence[int]) -> dict[int, list[Row]]:
        """The rows of each agreement, oldest first."""
        grouped: dict[int, list[Row]] = defaultdict(list)
        query = select(table).where(table.agreement_id.in_(ids)).order_by(table.id)  # type: ignore[attr-defined]
        for row in self._session.exec(query):
            grouped[row.agreement_id].append(row)  # type: ignore[attr-defined]
        return grouped

    def _children(self, ids: Sequence[int]) -> dict[int, list[Child]]:
        rows = self._session.exec(select(AgreementRow).where(col(AgreementRow.parent_id).in_(ids))).all()
        history = self._by_agreement(HistoryRow, [row.id for row in rows if row.id]) if rows else {}
        children: dict[int, list[Child]] = defaultdict(list)
        for row in rows:
            then = [entry_of(entry) for entry in history.get(row.id or 0, [])]
            entries = [*then, *in_present_names(then)]  # the parent's version may know a state by either name
            reached = dict.fromkeys((entry.to_state, entry.effective_on) for entry in entries if entry.to_state)
            children[row.parent_id or 0].append(Child(row.reference, row.process, row.state, tuple(reached)))
        return children

    def _references(self, ids: Iterable[int]) -> dict[int, str]:
        wanted = list(ids)
        if not wanted:
            return {}
        rows = self._session.exec(
            select(AgreementRow.id, AgreementRow.reference).where(col(AgreementRow.id).in_(wanted))
        )
        return {found: reference for found, reference in rows if found is not None}

    def _insert(self, table: type[SQLModel], values: list[dict[str, Any]]) -> None:
        if values:
            self._session.connection().execute(insert(table), values)


def head_values(row: AgreementRow) -> dict[str, Any]:
    """What a head has, out of the agreement's own row."""
    return {name: getattr(row, name) for name in OF_HEAD}


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


def _party(row: PartyRow) -> Party:
    signature = Signature(PartialDate.parse(row.signed_on), row.capacity, row.place) if row.signed else None
    return Party(row.name, row.country, row.home, signature)


def _facts(rows: Iterable[FactRow]) -> dict[str, tuple[Claim, ...]]:
    facts: dict[str, tuple[Claim, ...]] = {}
    for row in rows:
        value = PartialDate.parse(row.value) if row.name.endswith("_on") else row.value
        facts[row.name] = (*facts.get(row.name, ()), Claim(value, row.source, row.chosen))
    return facts


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
