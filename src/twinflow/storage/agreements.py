"""Agreements as snapshots: loaded whole, or for lists as they stand; saved by what changed, and only if nobody else was first."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, update
from sqlalchemy.dialects import postgresql
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import (
    Agreement,
    AgreementHead,
    Claim,
    Party,
    PresentAgreement,
    Signature,
    Term,
)
from twinflow.domain.agreement.history import ONLY_TOLD, EntryKind, HistoryEntry
from twinflow.domain.agreement.listing import words_in
from twinflow.domain.agreement.present_names import reached_by
from twinflow.domain.agreement.seals import Head, content_of, entry_written, seals_after
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import CLOCK_VIEWER, Viewer
from twinflow.domain.process.catalogue import Pin
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import DefinitionChanged, NotFound, StaleAgreement, UnreadableAgreement, reason, unreadable
from twinflow.storage import snapshots
from twinflow.storage.engine import upsert
from twinflow.storage.failures import about, one_by_one
from twinflow.storage.history import ADD_ENTRIES, values_of
from twinflow.storage.prepared import Prepared, adding, values_given
from twinflow.storage.readable import DAMAGED, is_damaged, text_in
from twinflow.storage.seals import Seals
from twinflow.storage.snapshots import InRows
from twinflow.storage.tables import (
    AgreementRow,
    FactRow,
    HistoryRow,
    PartyRow,
    ProcessVersionRow,
    TermRow,
    WordRow,
    table_of,
)
from twinflow.storage.visibility import visible
from twinflow.storage.writes import Repository, Writes
from twinflow.text import can_be_kept, composed

CHANGING_NOTHING = (*ONLY_TOLD, EntryKind.ACKNOWLEDGED, EntryKind.SNOOZED, EntryKind.DUTY, EntryKind.HANDED_OVER)
"""Entries after which an agreement is as it was."""

CHANGING = ("state", "version", "office", "process", "process_version", "process_digest", "next_on")
SEALS = ("seal", "entries", "content")
AGREEMENT, PARTY = snapshots.AGREEMENT, table_of(PartyRow)
SAVE = Prepared(
    update(AGREEMENT)
    .where(AGREEMENT.c.reference == bindparam("of_reference"), AGREEMENT.c.version == bindparam("of_version"))
    .values({name: bindparam(f"new_{name}") for name in (*CHANGING, "derive_on", "derived_on", "reached", *SEALS)})
    .returning(AGREEMENT.c.id)
)
DERIVE_BY = Prepared(
    update(AGREEMENT)
    .where(
        AGREEMENT.c.id == bindparam("of_id"),
        or_(
            AGREEMENT.c.derive_on.is_distinct_from(bindparam("new_derive_on")),
            AGREEMENT.c.next_on != bindparam("new_next_on"),
            AGREEMENT.c.derived_on > bindparam("new_derived_on"),
        ),
    )
    .values({name: bindparam(f"new_{name}") for name in ("derive_on", "derived_on", "next_on")})
)
SIGN = Prepared(
    update(PARTY)
    .where(PARTY.c.agreement_id == bindparam("of_agreement"), PARTY.c.name == bindparam("of_name"))
    .values({name: bindparam(f"new_{name}") for name in ("signed", "signed_on", "capacity", "place")})
)
OF_THE_ROW = (*CHANGING, "reference", "title", "origin", "note", "relationship", "generation", "annulled_on")
CORRECT = Prepared(
    update(AGREEMENT)
    .where(AGREEMENT.c.reference == bindparam("of_reference"), AGREEMENT.c.version == bindparam("of_version"))
    .values({name: bindparam(f"new_{name}") for name in (*OF_THE_ROW, "derive_on", "derived_on", "reached", *SEALS)})
    .returning(AGREEMENT.c.id)
)
ADD = Prepared(insert(AGREEMENT).values(values_given(AgreementRow)).returning(AGREEMENT.c.id))
ADD_FACTS, ADD_PARTIES, ADD_WORDS = adding(FactRow), adding(PartyRow), adding(WordRow)
_term = postgresql.insert(table_of(TermRow)).values(values_given(TermRow))  # both databases spell it alike
STATE_TERMS = Prepared(
    _term.on_conflict_do_update(
        index_elements=("agreement_id", "name"),
        set_={"readings": _term.excluded.readings, "source": _term.excluded.source},
    ).inline()
)

Value = TypeVar("Value")

AT_ONCE = 5_000
"""SQLite takes 32,766 values in a statement."""


class Agreements(Repository):
    def __init__(self, writes: Writes, seals: Seals) -> None:
        super().__init__(writes)
        self._seals = seals
        self._kept: set[int] = set()
        self._ids: dict[str, int] = {}
        self._pinned: set[ProcessDefinition] = set()

    def id_of(self, reference: str) -> int:
        """The row of a reference, for whoever has seen the case or goes on from one. Raises NotFound."""
        known = self._ids.get(composed(reference))
        return known if known is not None else self.row_for(CLOCK_VIEWER, reference)

    def row_for(self, viewer: Viewer, reference: str) -> int:
        """The row of a reference. Raises NotFound, in the same words where the viewer does not see the case."""
        reference = _searched(reference)
        query = select(AgreementRow.id).where(AgreementRow.reference == reference, visible(viewer))
        found = self._connection.scalars(query).first()
        if found is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        return int(found)

    def sees(self, viewer: Viewer, reference: str) -> bool:
        """Whether there is such an agreement for the viewer. Of whom nothing is hidden nothing is asked."""
        try:
            return viewer.sees_everything or self.row_for(viewer, reference) > 0
        except NotFound:
            return False

    def get(self, reference: str) -> Agreement:
        """The whole agreement. Raises NotFound, UnreadableAgreement."""
        return self.whole(self.id_of(reference))

    def get_for(self, viewer: Viewer, reference: str) -> Agreement:
        """The same for whoever asks. Raises NotFound also where they do not see it."""
        return self.whole(self.row_for(viewer, reference))

    def whole(self, agreement_id: int) -> Agreement:
        """Raises UnreadableAgreement."""
        return read(self.load([agreement_id])[0])

    def lock(self, reference: str, *, with_parent: bool = True) -> Agreement:
        """The agreement to be changed, kept from other writers until the transaction ends, with the one it belongs to.

        Its history is without what was only told. Raises NotFound, UnreadableAgreement.
        """
        reference = _searched(reference)
        with about(reference):
            found = snapshots.locked_one(self._connection, reference, with_parent=with_parent)
        if found is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        self._ids[reference] = found.id
        self._seals.know(found.id, found.head)
        return found.agreement

    def lock_batch(self, ids: Sequence[int], *, wait: bool = True) -> list[InRows | UnreadableAgreement]:
        """The same for several at once, in the order of `ids`, with the days that a sweep goes by; those that cannot be read too.

        Without `wait` those that another writer has now are left out, so nobody waits for whom we keep waiting.
        """
        return self.in_rows(self.keep(ids, wait=wait))

    def keep(self, ids: Sequence[int], *, wait: bool = True) -> list[int]:
        """Keep them from other writers without reading them."""
        kept = [each for part in _parts(ids) for each in snapshots.lock(self._connection, part, wait=wait)]
        self._kept.update(kept)
        return kept

    def in_rows(self, ids: Sequence[int]) -> list[InRows | UnreadableAgreement]:
        """What `lock_batch` finds, kept from nobody."""
        found = self._each(snapshots.in_rows, ids)
        for each in found:
            if isinstance(each, InRows):
                self._ids[each.agreement.reference] = each.id
                if each.id in self._kept:
                    self._seals.know(each.id, each.head)
        return found

    def offices(self, viewer: Viewer) -> list[str]:
        """The offices that keep agreements which the viewer sees."""
        found = self._connection.scalars(select(AgreementRow.office).where(visible(viewer)).distinct())
        return [office for office in found if not is_damaged(office)]

    def pins(self) -> set[Pin]:
        """What agreements go by."""
        query = select(AgreementRow.process, AgreementRow.process_version, AgreementRow.process_digest).distinct()
        return _pins(self._connection.execute(query))

    def kept_pins(self) -> set[Pin]:
        """What agreements go by or ever did, where its text is kept."""
        query = select(ProcessVersionRow.key, ProcessVersionRow.version, ProcessVersionRow.digest)
        return _pins(self._connection.execute(query))

    def damaged_at_start(self) -> list[UnreadableAgreement]:
        """Those of which cannot be read what a start asks of all: the process and its version, and the office."""
        asked = [AGREEMENT.c[name] for name in ("process", "process_version", "process_digest", "office")]
        if not any(map(_is_damaged, self._connection.execute(sqlalchemy.select(*asked).distinct()))):
            return []
        query = sqlalchemy.select(AGREEMENT.c.reference, *asked).order_by(AGREEMENT.c.reference)
        found = self._connection.execute(query)
        return [unreadable(text_in(each[0]), DAMAGED) for each in found if _is_damaged(each[1:])]

    def kept_texts(self, pins: Collection[Pin]) -> dict[Pin, str]:
        """The text that each of these was kept with; some may be without."""
        of_processes = col(ProcessVersionRow.key).in_({pin.process for pin in pins})
        rows = self._connection.execute(select(ProcessVersionRow).where(of_processes))
        texts = {Pin(row.key, row.version, row.digest): row.text for row in rows if not is_damaged(row.text)}
        return {pin: text for pin, text in texts.items() if pin in pins}

    def references_on(self, pin: Pin) -> list[str]:
        """The agreements that run on it."""
        row = AgreementRow
        query = select(row.reference).where(row.process == pin.process, row.process_digest == pin.digest)
        return list(self._connection.scalars(query.order_by(row.reference)))

    def references(self, viewer: Viewer) -> list[str]:
        query = select(AgreementRow.reference).where(visible(viewer)).order_by(col(AgreementRow.reference))
        return list(self._connection.scalars(query))

    def all_ids(self, viewer: Viewer) -> list[int]:
        query = select(AgreementRow.id).where(visible(viewer)).order_by(col(AgreementRow.id))
        return [found for found in self._connection.scalars(query) if found]

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

    def around(self, viewer: Viewer, reference: str) -> tuple[int, list[int], list[int]]:
        """The row of an agreement; those of its other generations, oldest first; those of what belongs to it. Raises NotFound."""
        reference = _searched(reference)
        row, other = snapshots.AGREEMENT.c, snapshots.AGREEMENT.alias("other").c
        own = select(other.id, other.relationship).where(other.reference == reference).cte("own")
        seen = visible(viewer)
        is_generation = row.relationship == select(own.c.relationship).scalar_subquery()
        is_child = row.parent_id == select(own.c.id).scalar_subquery()
        query = select(row.id, row.reference, row.parent_id).where(or_(is_generation, is_child), seen)
        found = self._connection.execute(query.order_by(row.generation, row.id)).all()
        asked = next((each.id for each in found if each.reference == reference), None)
        if asked is None:
            raise NotFound("There is no agreement {reference}.", reference=reference)
        children = [each.id for each in found if each.parent_id == asked]
        return asked, [each.id for each in found if each.id not in {asked, *children}], children

    def known(self, references: Iterable[str]) -> Mapping[str, str]:
        """Those of the references that exist, with the digest of the source they were imported from."""
        wanted = [reference for reference in references if can_be_kept(reference)]
        found: dict[str, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            part = col(AgreementRow.reference).in_(wanted[start : start + AT_ONCE])
            query = select(AgreementRow.reference, AgreementRow.source_digest).where(part)
            found |= dict(self._connection.execute(query).all())
        return found

    def heads(self, ids: Sequence[int]) -> list[AgreementHead]:
        """The heads of agreements in the order of `ids`."""
        return [head for part in _parts(ids) for head in snapshots.heads(self._connection, part)]

    def present(self, ids: Sequence[int]) -> list[PresentAgreement | UnreadableAgreement]:
        """Agreements as they stand, in the order of `ids`: one statement, whatever their number."""
        return self._each(snapshots.present, ids)

    def load(self, ids: Sequence[int]) -> list[Agreement | UnreadableAgreement]:
        """Whole agreements in the order of `ids`: one statement, whatever their number."""
        return self._each(snapshots.whole, ids)

    def reference_of(self, agreement_id: int) -> str:
        """The reference alone, of an agreement of which the rest cannot be read; empty where there is none."""
        query = select(AgreementRow.reference).where(AgreementRow.id == agreement_id)
        return text_in(self._connection.scalar(query) or "")

    def _each(
        self, read_some: Callable[[Connection, Sequence[int]], list[Value | UnreadableAgreement]], ids: Sequence[int]
    ) -> list[Value | UnreadableAgreement]:
        """In the order of `ids`. A statement that one row makes fail is asked again for the others."""

        def failed(agreement_id: int, error: Exception) -> UnreadableAgreement:
            return unreadable(self.reference_of(agreement_id), reason(error))

        connection = self._connection
        return [
            each for part in _parts(ids) for each in one_by_one(lambda some: read_some(connection, some), part, failed)
        ]

    def add(self, agreement: Agreement, source_digest: str = "") -> int:
        """A new agreement with all it holds, apart from the rows of deadlines and findings; its row."""
        row = {name: getattr(agreement, name) for name in snapshots.OF_HEAD}
        row["parent_id"] = self.id_of(agreement.parent) if agreement.parent else None
        row |= {
            "source_digest": source_digest,
            "derive_on": agreement.derive_on,
            "derived_on": agreement.derived_on,
            "reached": _reached(agreement, agreement.history),
        }
        row["next_on"] = agreement.next_on
        seals = seals_after("", map(entry_written, agreement.history))
        head = Head().after(seals)
        row |= {"seal": head.seal, "entries": head.entries, "content": content_of(agreement), "linked": ""}
        ((row_id,),) = ADD.rows(self._writes.connection, row)
        self._ids[agreement.reference] = row_id
        self._seals.know(row_id, head)
        self._add_what_it_says(row_id, agreement)
        self._add_entries(row_id, agreement.history, seals)
        return int(row_id)

    def _add_what_it_says(self, row_id: int, agreement: Agreement) -> None:
        """Its parties, terms, facts, and the words it is found by."""
        self._writes.add(ADD_PARTIES, *({"agreement_id": row_id, **_party_values(each)} for each in agreement.parties))
        names = (agreement.reference, agreement.title, *(party.name for party in agreement.parties))
        self._writes.add(ADD_WORDS, *({"agreement_id": row_id, "word": word} for word in sorted(words_in(names))))
        self._writes.add(STATE_TERMS, *_term_values(row_id, agreement.terms, {}))
        self._writes.add(ADD_FACTS, *_fact_values(row_id, agreement.facts, {}))

    def correct(self, before: Agreement, after: Agreement) -> int:
        """Write what a correction makes of an agreement, apart from deadlines. Raises StaleAgreement as `save`."""
        agreement_id = self.id_of(before.reference)
        entries = after.history[len(before.history) :]
        seals = self._seals.seal(agreement_id, entries)
        head = self._seals.head_to_write(agreement_id)
        values = {
            "of_reference": before.reference,
            "of_version": before.version,
            "new_derive_on": after.derive_on,
            "new_derived_on": after.derived_on,
            "new_reached": None if before.parent is None else snapshots.reached_text(_reached_at_all(after)),
            "new_seal": head.seal,
            "new_entries": head.entries,
            "new_content": content_of(after),
            **{f"new_{name}": getattr(after, name) for name in OF_THE_ROW},
        }
        self._saved(CORRECT, before, values)
        self._ids[after.reference] = agreement_id
        for table in (PARTY, table_of(WordRow), table_of(TermRow), table_of(FactRow)):
            self._connection.execute(delete(table).where(table.c.agreement_id == agreement_id))
        self._add_what_it_says(agreement_id, after)
        self._add_entries(agreement_id, entries, seals)
        if after.reference != before.reference:
            self._name_in_children(agreement_id)
        return agreement_id

    def _name_in_children(self, agreement_id: int) -> None:
        """What belongs to it holds its reference."""
        ids = list(self._connection.scalars(select(AgreementRow.id).where(AgreementRow.parent_id == agreement_id)))
        for number, child in zip(ids, self.load([each for each in ids if each]), strict=True):
            content = content_of(read(child))
            self._connection.execute(update(AGREEMENT).where(AGREEMENT.c.id == number).values(content=content))

    def free_name(self, reference: str) -> str:
        """The first of `reference.annulled`, `reference.annulled-2` ... that no agreement has."""
        names = (f"{reference}.annulled" if n == 1 else f"{reference}.annulled-{n}" for n in count(1))
        return next(name for name in names if not self.known([name]))

    def _saved(self, statement: Prepared, before: Agreement, values: Mapping[str, Any]) -> None:
        if not statement.rows(self._writes.connection, values):
            raise StaleAgreement(
                "{reference} was changed meanwhile by {actor}; look at it again.",
                reference=before.reference,
                actor=self._last_actor(self.id_of(before.reference)),
            )

    def save(self, before: Agreement, after: Agreement) -> int:
        """Write what a step changed, apart from deadlines. Raises StaleAgreement if the row is no longer `before`."""
        if self._writes.is_waiting(DERIVE_BY):  # it writes to the same row
            self._writes.flush()
        agreement_id = self.id_of(before.reference)
        entries = after.history[len(before.history) :]
        seals = self._seals.seal(agreement_id, entries)
        head = self._seals.head_to_write(agreement_id)
        renamed = after.process_digest != before.process_digest
        values = {
            "of_reference": before.reference,
            "of_version": before.version,
            "new_derive_on": after.derive_on,
            "new_derived_on": after.derived_on,
            "new_reached": _reached(before, after.history if renamed else entries),
            "new_seal": head.seal,
            "new_entries": head.entries,
            "new_content": content_of(after),
            **{f"new_{name}": getattr(after, name) for name in CHANGING},
        }
        self._saved(SAVE, before, values)
        if before.parties is not after.parties:
            for old, new in zip(before.parties, after.parties, strict=True):
                if old is not new:
                    signed = {f"new_{name}": value for name, value in _signature_values(new).items()}
                    self._writes.add(SIGN, {"of_agreement": agreement_id, "of_name": old.name, **signed})
        self._writes.add(STATE_TERMS, *_term_values(agreement_id, after.terms, before.terms))
        self._writes.add(ADD_FACTS, *_fact_values(agreement_id, after.facts, before.facts))
        self._add_entries(agreement_id, entries, seals)
        return agreement_id

    def _add_entries(self, agreement_id: int, entries: Sequence[HistoryEntry], seals: Sequence[str]) -> None:
        written = zip(entries, seals, strict=True)
        self._writes.add(ADD_ENTRIES, *(values_of(agreement_id, entry, seal) for entry, seal in written))

    def derive_by(self, agreement_id: int, agreement: Agreement) -> None:
        """Set when its deadlines were derived, when they are to be derived anew, and the first date that is open."""
        values = {f"new_{name}": getattr(agreement, name) for name in ("derive_on", "derived_on", "next_on")}
        self._writes.add(DERIVE_BY, {"of_id": agreement_id, **values})

    def look_again(self, ids: Iterable[int], day: date) -> None:
        """Let a sweep look at them on the day, if not before."""
        later = or_(col(AgreementRow.derive_on).is_(None), col(AgreementRow.derive_on) > day)
        query = update(AGREEMENT).where(AGREEMENT.c.id.in_(sorted(set(ids))), later)
        self._connection.execute(query.values(derive_on=day))

    def pin(self, definition: ProcessDefinition) -> None:
        """Keep the version as it is now. Raises DefinitionChanged if it was kept with another content."""
        if definition in self._pinned:
            return
        values = {
            "key": definition.key,
            "version": definition.version,
            "digest": definition.digest,
            "text": definition.text,
        }
        self._connection.execute(upsert(self._connection, ProcessVersionRow).values(**values).on_conflict_do_nothing())
        self.check_pins([definition])
        self._pinned.add(definition)

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


def read(found: Value | UnreadableAgreement) -> Value:
    """What was found. Raises it if it is the error."""
    if isinstance(found, UnreadableAgreement):
        raise found
    return found


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _party_values(party: Party) -> dict[str, Any]:
    return {"name": party.name, "country": party.country, "home": party.home, **_signature_values(party)}


def _signature_values(party: Party) -> dict[str, Any]:
    signature = party.signature or Signature(PartialDate())
    return {
        "signed": party.signature is not None,
        "signed_on": str(signature.on),
        "capacity": signature.capacity,
        "place": signature.place,
    }


def _reached_at_all(agreement: Agreement) -> tuple[tuple[str, date], ...]:
    """The states it has come to as its history counts now; none of what was annulled."""
    return reached_by(agreement.history) if agreement.annulled_on is None else ()


def _reached(before: Agreement, entries: Iterable[HistoryEntry]) -> str | None:
    """What the row of an agreement that belongs to another keeps of the states it has come to."""
    if before.parent is None:
        return None
    came = ((entry.to_state, entry.effective_on) for entry in entries if entry.to_state)
    return snapshots.reached_text(tuple(dict.fromkeys((*before.reached, *came))))


def _term_values(agreement_id: int, after: Mapping[str, Term], before: Mapping[str, Term]) -> list[dict[str, Any]]:
    """The terms that are new or differ."""
    return [
        {"agreement_id": agreement_id, "name": name, "readings": str(term), "source": term.source}
        for name, term in after.items()
        if before.get(name) != term
    ]


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


def _is_damaged(row: Sequence[object]) -> bool:
    """Whether a process, a version, a digest and whatever else cannot have been written by twinflow."""
    return not isinstance(row[1], int) or any(map(is_damaged, row))


def _pins(rows: Iterable[Sequence[Any]]) -> set[Pin]:
    return {Pin(*row) for row in rows if not _is_damaged(row)}


def _searched(reference: str) -> str:
    """A reference as the books would have it. Raises NotFound for what no database can be asked for."""
    if not can_be_kept(reference):
        raise NotFound("There is no agreement {reference}.", reference=reference)
    return composed(reference)
