"""Agreements read as snapshots: a row with all that belongs to it, which the database brings together as JSON.

One statement reads an agreement or many, however many tables they are in. A case that is to be changed comes without what was
only told: no decision asks for it, and with the years it becomes most of a history.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    Text,
    bindparam,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from twinflow.domain.agreement.agreement import (
    Agreement,
    AgreementHead,
    Child,
    Claim,
    Deadline,
    DeadlineStatus,
    Finding,
    FindingCode,
    KnownFinding,
    Party,
    PresentAgreement,
    Signature,
    Term,
)
from twinflow.domain.agreement.history import ONLY_TOLD, EntryKind, HistoryEntry, parted
from twinflow.domain.agreement.present_names import reached_by, what_counts
from twinflow.domain.agreement.seals import Head
from twinflow.domain.calendar.dates import PartialDate
from twinflow.errors import Unreadable, UnreadableAgreement, reason, unreadable
from twinflow.storage.deadline_basis import basis_of
from twinflow.storage.prepared import OfAgreements, Prepared, Which
from twinflow.storage.readable import DAMAGED, NO_TEXT, is_damaged, text_in
from twinflow.storage.tables import (
    AgreementRow,
    DeadlineRow,
    FactRow,
    FindingRow,
    HistoryRow,
    PartyRow,
    TermRow,
    table_of,
)

AGREEMENT = table_of(AgreementRow)
OF_HEAD = tuple(each.name for each in fields(AgreementHead))
OF_PARTY = ("name", "country", "home", "signed", "signed_on", "capacity", "place")
OF_DEADLINE = (
    "rule", "occurrence", "anchor_on", "warn_on", "due_on", "status", "closed_on", "edition", "provisional", "basis",
    "wake_on",
)  # fmt: skip
OF_ENTRY = tuple(each.name for each in fields(HistoryEntry) if each.name != "way")
STILL_OPEN = (DeadlineStatus.OPEN, DeadlineStatus.PAUSED)
COUNTED = tuple(kind for kind in EntryKind if kind not in ONLY_TOLD)

read_date = lru_cache(maxsize=10_000)(PartialDate.parse)
"""Many rows share the same text."""

Row = Sequence[Any]
Key = tuple[str, int]
Value = TypeVar("Value")


class InRows(NamedTuple):
    """An agreement as its rows have it, with the day on which each deadline wakes a sweep."""

    id: int
    agreement: Agreement
    wake_on: Mapping[Key, date | None]
    head: Head


class JsonRows(FunctionElement[str]):
    """The rows of a subquery as a JSON text, each a list of the columns given; NULL or empty where there are none."""

    type = Text()
    inherit_cache = True


BUT_NO_BLOB = f"CASE typeof({{0}}) WHEN 'blob' THEN char({ord(NO_TEXT)}) ELSE {{0}} END"


@compiles(JsonRows, "sqlite")
def _in_sqlite(element: JsonRows, compiler: SQLCompiler, **_: Any) -> str:
    """What is JSON itself is text there, and would be quoted as such; a BLOB would make the whole statement fail."""
    columns = [(column.type, compiler.process(column)) for column in element.clauses]
    values = (f"json({name})" if isinstance(kind, JSON) else BUT_NO_BLOB.format(name) for kind, name in columns)
    return f"json_group_array(json_array({', '.join(values)}))"


@compiles(JsonRows, "postgresql")
def _in_postgresql(element: JsonRows, compiler: SQLCompiler, **_: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses)})) AS TEXT)"


def _rows(table: FromClause, names: Sequence[str], *which: ColumnElement[bool]) -> ColumnElement[Any]:
    """Those rows of a table that belong to the agreement of the row beside, each with its number first."""
    found = select(JsonRows(table.c.id, *(table.c[name] for name in names))).where(*which)
    return found.correlate(AGREEMENT).scalar_subquery()


def _owned(table: Table, *names: str) -> ColumnElement[Any]:
    return _rows(table, names, table.c.agreement_id == AGREEMENT.c.id)


def _entries(*kinds: EntryKind) -> ColumnElement[Any]:
    """The history; with kinds, only entries of these."""
    history = table_of(HistoryRow)
    of_kinds = [history.c.kind.in_([literal_column(f"'{kind.value}'") for kind in kinds])] if kinds else []
    return _rows(history, OF_ENTRY, history.c.agreement_id == AGREEMENT.c.id, *of_kinds)


def _select(which: Which, *columns: ColumnElement[Any]) -> Select[Any]:
    head = [AGREEMENT.c[name] for name in OF_HEAD]
    return select(AGREEMENT.c.id, *head, *columns).where(which(AGREEMENT.c.id))


def _of_reference(_: ColumnElement[Any]) -> ColumnElement[bool]:
    return AGREEMENT.c.reference == bindparam("reference")


def _open_deadlines() -> ColumnElement[Any]:
    deadline = table_of(DeadlineRow)
    is_open = deadline.c.status.in_([literal_column(f"'{status.value}'") for status in STILL_OPEN])
    return _rows(deadline, OF_DEADLINE, deadline.c.agreement_id == AGREEMENT.c.id, is_open)


PARENT, CHILD = AGREEMENT.alias("parent"), AGREEMENT.alias("child")
SMALL = (
    select(PARENT.c.reference).where(PARENT.c.id == AGREEMENT.c.parent_id).correlate(AGREEMENT).scalar_subquery(),
    _owned(table_of(PartyRow), *OF_PARTY),
    _owned(table_of(TermRow), "name", "readings", "source"),
    _owned(table_of(FactRow), "name", "value", "source", "chosen"),
)
AS_A_WHOLE = (
    *SMALL,
    _owned(table_of(DeadlineRow), *OF_DEADLINE),
    _owned(table_of(FindingRow), "code", "subject", "occurrence", "told_at", "settled_at"),
    _rows(
        CHILD,
        ("reference", "process", "state", "reached"),
        CHILD.c.parent_id == AGREEMENT.c.id,
        CHILD.c.annulled_on.is_(None),
    ),
    AGREEMENT.c.reached,
    AGREEMENT.c.derive_on,
    AGREEMENT.c.derived_on,
    AGREEMENT.c.seal,
    AGREEMENT.c.entries,
)
HEAD = OfAgreements(_select)
PRESENT = OfAgreements(lambda which: _select(which, *SMALL, _open_deadlines()))
WHOLE = OfAgreements(lambda which: _select(which, *AS_A_WHOLE, _entries()))
TO_CHANGE = OfAgreements(lambda which: _select(which, *AS_A_WHOLE, _entries(*COUNTED)))
ONE_TO_CHANGE = Prepared(_select(_of_reference, *AS_A_WHOLE, _entries(*COUNTED)))
OWN = AGREEMENT.alias("own")


def _with_parents(which: Which) -> Select[Any]:
    """An agreement is written with what belongs to it: who keeps that keeps both, in one order, so no two wait for each other."""
    parents = select(OWN.c.parent_id).where(which(OWN.c.id))
    query = select(AGREEMENT.c.id, AGREEMENT.c.parent_id).order_by(AGREEMENT.c.id)
    return query.where(or_(which(AGREEMENT.c.id), AGREEMENT.c.id.in_(parents)))


_its_parent = select(OWN.c.parent_id).where(OWN.c.reference == bindparam("reference")).scalar_subquery()
LOCK_ONE = Prepared(
    select(AGREEMENT.c.id)
    .where(or_(_of_reference(AGREEMENT.c.id), AGREEMENT.c.id == _its_parent))
    .order_by(AGREEMENT.c.id)
    .with_for_update(key_share=True)
)
LOCK_ALONE = Prepared(select(AGREEMENT.c.id).where(_of_reference(AGREEMENT.c.id)).with_for_update(key_share=True))
LOCK = OfAgreements(lambda which: _with_parents(which).with_for_update(key_share=True))
LOCK_FREE = OfAgreements(lambda which: _with_parents(which).with_for_update(key_share=True, skip_locked=True))
ENTRIES_OF = OfAgreements(lambda which: select(AGREEMENT.c.id, _entries(*COUNTED)).where(which(AGREEMENT.c.id)))


def locked_one(connection: Connection, reference: str, *, with_parent: bool) -> InRows | None:
    """The agreement to be changed, kept from other writers until the transaction ends; None if there is none.

    On PostgreSQL it is read only when it is locked, so that what another writer did meanwhile is seen. On SQLite a writing
    transaction has the database to itself.
    """
    if connection.dialect.name == "postgresql":
        (LOCK_ONE if with_parent else LOCK_ALONE).rows(connection, {"reference": reference})
    rows = ONE_TO_CHANGE.rows(connection, {"reference": reference})
    untold = _entries_of_children(connection, rows)
    return next((_in_row(row, untold) for row in rows), None)


def lock(connection: Connection, ids: Sequence[int], *, wait: bool) -> Sequence[int]:
    """Keep several from other writers, and what they belong to; those that are kept.

    Without `wait` those of which somebody has the one or the other already are left out.
    """
    if connection.dialect.name != "postgresql":
        return ids
    kept = {row[0]: row[1] for row in (LOCK if wait else LOCK_FREE).rows(connection, ids)}
    return [each for each in ids if each in kept and (kept[each] is None or kept[each] in kept)]


def in_rows(connection: Connection, ids: Sequence[int]) -> list[InRows | UnreadableAgreement]:
    """As they are to be changed, in the order of `ids`; in the place of one that cannot be read, why not."""
    rows = _in_order(TO_CHANGE.rows(connection, ids), ids)
    untold = _entries_of_children(connection, rows)
    return _each(lambda row: _in_row(row, untold), rows)


def heads(connection: Connection, ids: Sequence[int]) -> list[AgreementHead]:
    """In the order of `ids`, as below."""
    return [AgreementHead(**_head(row)) for row in _in_order(HEAD.rows(connection, ids), ids)]


def present(connection: Connection, ids: Sequence[int]) -> list[PresentAgreement | UnreadableAgreement]:
    return _each(_present, _in_order(PRESENT.rows(connection, ids), ids))


def whole(connection: Connection, ids: Sequence[int]) -> list[Agreement | UnreadableAgreement]:
    rows = _in_order(WHOLE.rows(connection, ids), ids)
    untold = _entries_of_children(connection, rows)
    return _each(lambda row: _in_row(row, untold).agreement, rows)


def _each(read: Callable[[Row], Value], rows: Sequence[Row]) -> list[Value | UnreadableAgreement]:
    return [_read(read, row) for row in rows]


def _read(read: Callable[[Row], Value], row: Row) -> Value | UnreadableAgreement:
    """Where rows become values: whatever is wrong with those of one agreement is said of it, and of no other."""
    try:
        return read(row)
    except Exception as error:  # noqa: BLE001 - what damaged rows lead to cannot be foreseen
        return unreadable(text_in(row[1]), reason(error))


def _present(row: Row) -> PresentAgreement:
    return PresentAgreement(**_head(row), **_as_it_stands(row[len(OF_HEAD) + 1 :]))


def _in_order(rows: Any, ids: Sequence[int]) -> list[Row]:
    found = {row[0]: row for row in rows}
    return [found[agreement_id] for agreement_id in ids]


def _in_row(row: Row, untold: Mapping[int, Sequence[HistoryEntry]]) -> InRows:
    stands, (found, children, reached, *derived, seal, count, history) = row[len(OF_HEAD) + 1 : -8], row[-8:]
    entries = [_entry(each) for each in _listed(history)]
    agreement = Agreement(
        **_head(row),
        **_as_it_stands(stands),
        findings=tuple(_finding(each) for each in _listed(found)),
        history=what_counts(entries),
        children=_with_histories(children, untold) if untold else _children(children),
        reached=_states(reached, entries) if stands[0] is not None else (),
        derive_on=derived[0],
        derived_on=derived[1],
    )
    wake_on = {(each[1], each[2]): _day(each[-1]) for each in _listed(stands[-1])}
    return InRows(row[0], agreement, wake_on, Head(seal, count))


def _entries_of_children(connection: Connection, rows: Sequence[Row]) -> Mapping[int, Sequence[HistoryEntry]]:
    """Of children whose row does not say yet what they have reached: books of an earlier version, until their next step."""
    children = [number for row in rows for number in _that_do_not_say(row[-7])]
    found = ENTRIES_OF.rows(connection, children) if children else ()
    return {number: [_entry(each) for each in _listed(entries)] for number, entries in found}


def _listed(text: str | None) -> list[Row]:
    """In the order in which they were written."""
    if text is None or text == "[]":
        return []
    rows: list[Row] = json.loads(_sound(text))
    rows.sort(key=_number)
    return rows


def _sound(value: Value) -> Value:
    """Raises Unreadable for what is no text."""
    if is_damaged(value):
        raise Unreadable(DAMAGED.template)
    return value


def _number(row: Row) -> Any:
    return row[0]


def _head(row: Row) -> dict[str, Any]:
    return dict(zip(OF_HEAD, map(_sound, row[1:]), strict=False))


def _as_it_stands(columns: Row) -> dict[str, Any]:
    parent, parties, terms, facts, deadlines = columns
    return {
        "parent": parent,
        "parties": _parties(parties),
        "terms": {name: Term.parse(readings, source) for _, name, readings, source in _listed(terms)},
        "facts": _facts(_listed(facts)),
        "deadlines": tuple(_deadline(each) for each in _listed(deadlines)),
    }


@lru_cache(maxsize=1_000)
def _parties(text: str | None) -> tuple[Party, ...]:
    """They do not change from step to step, and may be hundreds."""
    return tuple(_party(each) for each in _listed(text))


def _party(row: Row) -> Party:
    _, name, country, home, signed, signed_on, capacity, place = row
    signature = Signature(read_date(signed_on), capacity, place) if signed else None
    return Party(name, country, bool(home), signature)


def _facts(rows: Sequence[Row]) -> dict[str, tuple[Claim, ...]]:
    facts: dict[str, tuple[Claim, ...]] = {}
    for _, name, text, source, chosen in rows:
        value = read_date(text) if name.endswith("_on") else text
        facts[name] = (*facts.get(name, ()), Claim(value, source, bool(chosen)))
    return facts


def _deadline(row: Row) -> Deadline:
    _, rule, occurrence, anchor_on, warn_on, due_on, status, closed_on, edition, provisional, basis, _ = row
    return Deadline(
        rule=rule,
        occurrence=occurrence,
        anchor_on=date.fromisoformat(anchor_on),
        warn_on=_day(warn_on),
        due_on=_day(due_on),
        status=DeadlineStatus(status),
        closed_on=_day(closed_on),
        edition=edition,
        provisional=bool(provisional),
        basis=basis_of(basis),
    )


def _finding(row: Row) -> KnownFinding:
    _, code, subject, occurrence, told_at, settled_at = row
    finding = Finding(FindingCode(code), subject)
    return KnownFinding(finding, occurrence, told=told_at is not None, settled=settled_at is not None)


def _entry(row: Row) -> HistoryEntry:
    _, kind, actor, effective_on, recorded_at, step, came_from, to, party, written = row
    on, at = date.fromisoformat(effective_on), _instant(recorded_at)
    return HistoryEntry(EntryKind(kind), actor, on, at, step, came_from, to, party, *parted(written))


@lru_cache(maxsize=1_000)
def _that_do_not_say(text: str | None) -> tuple[int, ...]:
    return tuple(number for number, *_, reached in _listed(text) if reached is None)


@lru_cache(maxsize=1_000)
def _children(text: str | None) -> tuple[Child, ...]:
    """Like parties, they are the same from step to step, and may be many."""
    return _with_histories(text, {})


def _with_histories(text: str | None, untold: Mapping[int, Sequence[HistoryEntry]]) -> tuple[Child, ...]:
    return tuple(_child(each, untold) for each in _listed(text))


def _child(row: Row, untold: Mapping[int, Sequence[HistoryEntry]]) -> Child:
    number, reference, process, state, reached = row
    return Child(reference, process, state, _states(reached, untold.get(number, ())))


def _states(reached: str | None, entries: Sequence[HistoryEntry]) -> tuple[tuple[str, date], ...]:
    return states_in(reached) if reached is not None else reached_by(entries)


@lru_cache(maxsize=1_000)
def states_in(text: str) -> tuple[tuple[str, date], ...]:
    return tuple((state, date.fromisoformat(day)) for state, day in json.loads(text))


def reached_text(reached: Sequence[tuple[str, date]]) -> str:
    """As a child's row keeps it."""
    return json.dumps([(state, day.isoformat()) for state, day in reached])


def _instant(text: str) -> datetime:
    """SQLite keeps UTC without saying so; PostgreSQL says it in the zone of the session."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
