"""Agreements read as snapshots: their own rows, then all that is small in one statement, then the history."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlmodel import SQLModel

from twinflow.domain.agreement.agreement import (
    Agreement,
    AgreementHead,
    Child,
    Claim,
    Deadline,
    DeadlineStatus,
    Party,
    PresentAgreement,
    Signature,
    Term,
)
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.present_names import in_present_names
from twinflow.domain.calendar.dates import PartialDate
from twinflow.storage.deadline_basis import basis_of
from twinflow.storage.prepared import OfAgreements, Prepared, Which
from twinflow.storage.tables import AgreementRow, DeadlineRow, FactRow, HistoryRow, PartyRow, TermRow, table_of

AGREEMENT = table_of(AgreementRow)
OF_HEAD = tuple(each.name for each in fields(AgreementHead))
OF_ENTRY = tuple(each.name for each in fields(HistoryEntry))
SMALL: dict[type[SQLModel], tuple[str, ...]] = {
    PartyRow: ("name", "country", "home", "signed", "signed_on", "capacity", "place"),
    TermRow: ("name", "readings", "source"),
    FactRow: ("name", "value", "source", "chosen"),
    DeadlineRow: (
        "rule", "occurrence", "anchor_on", "warn_on", "due_on", "status", "closed_on", "edition", "provisional", "basis",
    ),
}  # fmt: skip
WIDTH = max(len(names) for names in SMALL.values())
YES = "1"
read_date = lru_cache(maxsize=10_000)(PartialDate.parse)
"""Many rows share the same text."""

Row = Sequence[Any]


def _own_rows(which: Which) -> Select[Any]:
    return select(AGREEMENT.c.id, *(AGREEMENT.c[name] for name in OF_HEAD)).where(which(AGREEMENT.c.id))


def _small(which: Which, *, closed: bool = True) -> CompoundSelect[Any]:
    """Of each row the agreement it belongs to, its table, its own number, and its values as text.

    Deadlines that are closed only if asked for.
    """
    parent, child = AGREEMENT.alias("parent"), AGREEMENT.alias("child")
    branches = []
    status = table_of(DeadlineRow).c.status
    is_open = or_(status == DeadlineStatus.OPEN.value, status == DeadlineStatus.PAUSED.value)
    for row, names in SMALL.items():
        table = table_of(row)
        branch = _branch(table.name, table.c.agreement_id, table.c.id, [table.c[name] for name in names], which)
        branches.append(branch if closed or row is not DeadlineRow else branch.where(is_open))
    is_parent = AGREEMENT.c.parent_id == parent.c.id
    branches.append(_branch("parent", AGREEMENT.c.id, parent.c.id, [parent.c.reference], which).where(is_parent))
    about_child = [child.c.reference, child.c.process, child.c.state]
    branches.append(_branch("child", child.c.parent_id, child.c.id, about_child, which))
    return union_all(*branches).order_by(literal_column("3"))


def _branch(
    kind: str, owner: ColumnElement[Any], number: ColumnElement[Any], values: Sequence[ColumnElement[Any]], which: Which
) -> Select[Any]:
    texts = [cast(cast(v, Integer) if isinstance(v.type, Boolean) else v, String) for v in values]
    texts += [cast(null(), String)] * (WIDTH - len(texts))
    named = [text.label(f"value_{place}") for place, text in enumerate(texts)]
    return select(owner.label("of"), literal_column(f"'{kind}'").label("kind"), number.label("number"), *named).where(
        which(owner)
    )


def _entries(which: Which) -> Select[Any]:
    history = table_of(HistoryRow)
    query = select(history.c.agreement_id, *(history.c[name] for name in OF_ENTRY))
    return query.where(which(history.c.agreement_id)).order_by(history.c.id)


OWN_ROWS, SMALL_ROWS, ENTRIES = OfAgreements(_own_rows), OfAgreements(_small), OfAgreements(_entries)
SMALL_OPEN_ROWS = OfAgreements(partial(_small, closed=False))
LOCKED = Prepared(
    select(AGREEMENT.c.id, *(AGREEMENT.c[name] for name in OF_HEAD))
    .where(AGREEMENT.c.reference == bindparam("reference"))
    .with_for_update(key_share=True)
)


def locked(connection: Connection, reference: str) -> Agreement | None:
    """The whole agreement, kept from other writers until the transaction ends; None if there is none."""
    found = LOCKED.rows(connection, {"reference": reference})
    return next(_whole(connection, {row[0]: row for row in found}), None)


def heads(connection: Connection, ids: Sequence[int]) -> list[AgreementHead]:
    """In the order of `ids`, as below."""
    return [AgreementHead(**_head(row)) for row in _own(connection, ids).values()]


def present(connection: Connection, ids: Sequence[int]) -> Iterator[PresentAgreement]:
    small = _by_agreement(SMALL_OPEN_ROWS.rows(connection, ids))
    for agreement_id, row in _own(connection, ids).items():
        yield PresentAgreement(**_head(row), **_as_it_stands(small[agreement_id]))


def whole(connection: Connection, ids: Sequence[int]) -> Iterator[Agreement]:
    return _whole(connection, _own(connection, ids))


def _whole(connection: Connection, own: Mapping[int, Row]) -> Iterator[Agreement]:
    """With their own rows read before the history: what another writer adds in between makes this version stale."""
    ids = list(own)
    if not ids:
        return
    small, entries = _by_agreement(SMALL_ROWS.rows(connection, ids)), _by_agreement(ENTRIES.rows(connection, ids))
    children = [(row[0], row[2]) for rows in small.values() for row in rows if row[1] == "child"]
    of_children = _by_agreement(ENTRIES.rows(connection, [number for _, number in children])) if children else {}
    for agreement_id, row in own.items():
        yield Agreement(
            **_head(row),
            **_as_it_stands(small[agreement_id]),
            history=in_present_names([_entry(entry) for entry in entries[agreement_id]]),
            children=tuple(
                _child(each, of_children.get(each[2], ())) for each in small[agreement_id] if each[1] == "child"
            ),
        )


def _own(connection: Connection, ids: Sequence[int]) -> dict[int, Row]:
    """The agreements' own rows in the order of `ids`."""
    rows = {row[0]: row for row in OWN_ROWS.rows(connection, ids)}
    return {agreement_id: rows[agreement_id] for agreement_id in ids}


def _by_agreement(rows: Any) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    return grouped


def _head(row: Row) -> dict[str, Any]:
    return dict(zip(OF_HEAD, row[1:], strict=True))


def _as_it_stands(rows: Sequence[Row]) -> dict[str, Any]:
    """What the small tables say of one agreement."""
    parties, deadlines, terms = [], [], {}
    facts: dict[str, tuple[Claim, ...]] = {}
    parent = None
    for row in rows:
        values = row[3:]
        match row[1]:
            case "party":
                parties.append(_party(values))
            case "term":
                terms[values[0]] = Term.parse(values[1], values[2])
            case "fact":
                name, text, source, chosen = values[:4]
                value = read_date(text) if name.endswith("_on") else text
                facts[name] = (*facts.get(name, ()), Claim(value, source, chosen == YES))
            case "deadline":
                deadlines.append(_deadline(values))
            case "parent":
                parent = values[0]
    return {
        "parties": tuple(parties),
        "terms": terms,
        "facts": facts,
        "deadlines": tuple(deadlines),
        "parent": parent,
    }


def _party(values: Row) -> Party:
    name, country, home, signed, signed_on, capacity, place = values[:7]
    signature = Signature(read_date(signed_on), capacity, place) if signed == YES else None
    return Party(name, country, home == YES, signature)


def _deadline(values: Row) -> Deadline:
    rule, occurrence, anchor_on, warn_on, due_on, status, closed_on, edition, provisional, basis = values
    return Deadline(
        rule=rule,
        occurrence=int(occurrence),
        anchor_on=date.fromisoformat(anchor_on),
        warn_on=_day(warn_on),
        due_on=_day(due_on),
        status=DeadlineStatus(status),
        closed_on=_day(closed_on),
        edition=edition,
        provisional=provisional == YES,
        basis=basis_of(basis),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _entry(row: Row) -> HistoryEntry:
    return HistoryEntry(EntryKind(row[1]), *row[2:])


def _child(row: Row, history: Sequence[Row]) -> Child:
    """Its states under either name: the parent's version may know one by the name it had, or by that of now."""
    then = [_entry(entry) for entry in history]
    entries = [*then, *in_present_names(then)]
    reached = dict.fromkeys((entry.to_state, entry.effective_on) for entry in entries if entry.to_state)
    reference, process, state = row[3:6]
    return Child(reference, process, state, tuple(reached))
