"""The books as they are written, row by row and column by column, for whoever proves them: no value is made of anything."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import JSON, Boolean, ColumnElement, Date, FromClause, Table, func, select, text, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType
from sqlmodel.sql.sqltypes import UTCDateTime

from twinflow.domain.agreement.seals import DIGITS, ENTRY, HEAD, Head, Written, content_written, digest_of
from twinflow.domain.agreement.written import (
    OF_ALERT,
    LinkedAgreement,
    LinkedMessage,
    WrittenAgreement,
    WrittenAlert,
    WrittenEntry,
    WrittenLink,
    WrittenMessage,
    WrittenPeopleEntry,
)
from twinflow.storage.readable import text_in
from twinflow.storage.tables import (
    OF_PEOPLE,
    AgreementRow,
    AlertRow,
    ClockConfirmationRow,
    FactRow,
    HistoryRow,
    LinkItemRow,
    LinkRow,
    OutboxRow,
    PartyRow,
    PeopleEntryRow,
    ReleasedAlertRow,
    TermRow,
    table_of,
)
from twinflow.storage.writes import Repository

AGREEMENT, HISTORY, ALERT = table_of(AgreementRow), table_of(HistoryRow), table_of(AlertRow)
LINK, ITEM, OUTBOX = table_of(LinkRow), table_of(LinkItemRow), table_of(OutboxRow)
PEOPLE = table_of(PeopleEntryRow)
PARENT = AGREEMENT.alias("parent")
FIXED = ("message_id", "recipient", "digest", "created_at")
ONCE_BUILT = ("subject", "words", "content")
ONCE_SETTLED = ("settled_at", "sent_to", "error", "doubtful")
OF_MESSAGE = (
    "id", *FIXED, *ONCE_BUILT, *ONCE_SETTLED, "state", "attempts", "first_attempt_at", "next_attempt_at", "incident_at", "linked",
)  # fmt: skip
OF_PEOPLE_ENTRY = ("number", "by", "reason", "recorded_at", "lines")
OF_ITEM = ("agreement_id", "message_id", "state", "entries", "seal", "content")


class MailOnRecord(NamedTuple):
    """What histories say of messages, by the number of the message; and from when to when a clock had gone ahead (UTC)."""

    cancelled: Mapping[str, set[int]]
    not_delivered: Mapping[str, set[tuple[int, str]]]
    ahead: Sequence[tuple[str, str]]


class Books(Repository):
    def count(self) -> tuple[int, int]:
        """How many agreements and entries there are."""
        counts = (select(func.count()).select_from(table) for table in (AGREEMENT, HISTORY))
        agreements, entries = (int(self._connection.scalar(each) or 0) for each in counts)
        return agreements, entries

    def ids(self, after: int | None, at_once: int) -> list[int]:
        """The next agreements, in the order of their rows; None: the first."""
        query = select(AGREEMENT.c.id).where(_follows(AGREEMENT, after)).order_by(AGREEMENT.c.id).limit(at_once)
        return list(self._connection.scalars(query))

    def references(self, ids: Sequence[int]) -> dict[int, str]:
        """What each is called, in the order of their rows."""
        rows = self._rows(select(*plain(AGREEMENT, "id", "reference")).where(AGREEMENT.c.id.in_(ids)))
        return {number: called(number, reference) for number, reference in sorted(rows, key=lambda row: row[0])}

    def agreements(self, ids: Sequence[int]) -> list[WrittenAgreement]:
        """With all that is to be compared, in the order of their rows."""
        columns = [
            *plain(AGREEMENT, "id", "seal", "entries", "content", "linked", *HEAD),
            *plain(PARENT, "reference"),
        ]
        joined = select(*columns).outerjoin(PARENT, PARENT.c.id == AGREEMENT.c.parent_id)
        heads = self._rows(joined.where(AGREEMENT.c.id.in_(ids)).order_by(AGREEMENT.c.id))
        parties = self._owned(
            table_of(PartyRow), ids, "name", "country", "home", "signed", "signed_on", "capacity", "place"
        )
        terms = self._owned(table_of(TermRow), ids, "name", "readings", "source")
        facts = self._owned(table_of(FactRow), ids, "name", "value", "source", "chosen")
        history = self._owned(HISTORY, ids, "id", *ENTRY, "seal")
        alerts = self._owned(table_of(AlertRow), ids, "id", *OF_ALERT, "outbox_id")
        released = self._owned(table_of(ReleasedAlertRow), ids, "id", *OF_ALERT)
        links = self._owned(ITEM, ids, "link", "seal", "entries", "content")
        readers = self._readers(ids)
        return [
            WrittenAgreement(
                id=number,
                reference=called(number, head[0]),
                state=str(head[HEAD.index("state")]),
                head=Head(seal, entries),
                content=str(content),
                linked=str(linked),
                present=content_written(head, parent, parties[number], terms[number], facts[number]),
                history=[WrittenEntry(row[0], row[1:-1], row[-1]) for row in history[number]],
                alerts=[WrittenAlert(row[0], row[1:-1], readers.get(row[-1])) for row in alerts[number]],
                released=[WrittenAlert(row[0], row[1:], None) for row in released[number]],
                links=[LinkedAgreement(link, Head(seal, count), then) for link, seal, count, then in links[number]],
            )
            for number, seal, entries, content, linked, *head, parent in heads
        ]

    def links(self, after: int, at_once: int) -> list[WrittenLink]:
        """The next links of the chain, each with its items."""
        query = select(*plain(LINK, "number", "at", "seal")).where(LINK.c.number > after)
        rows = self._rows(query.order_by(LINK.c.number).limit(at_once))
        items: defaultdict[int, list[Written]] = defaultdict(list)
        of_them = ITEM.c.link.in_([row[0] for row in rows])
        for number, *item in self._rows(select(*plain(ITEM, "link", *OF_ITEM)).where(of_them).order_by(ITEM.c.id)):
            items[number].append(item)
        return [WrittenLink(number, at, seal, items[number]) for number, at, seal in rows]

    def messages(self, after: int | None, at_once: int, known: MailOnRecord) -> list[WrittenMessage]:
        """The next messages, each with what the links, the alerts and the histories have of it."""
        query = select(*plain(OUTBOX, *OF_MESSAGE)).where(_follows(OUTBOX, after)).order_by(OUTBOX.c.id).limit(at_once)
        rows = [dict(zip(OF_MESSAGE, row, strict=True)) for row in self._rows(query, OUTBOX, *OF_MESSAGE)]
        linked: defaultdict[str, list[LinkedMessage]] = defaultdict(list)
        of_them = ITEM.c.message_id.in_([row["message_id"] for row in rows])
        columns = plain(ITEM, "message_id", "link", "state", "entries", "content")
        for message_id, *item in self._rows(select(*columns).where(of_them).order_by(ITEM.c.id)):
            linked[message_id].append(LinkedMessage(*item))
        told: defaultdict[int, dict[int, str]] = defaultdict(dict)
        carried = ALERT.c.outbox_id.in_([row["id"] for row in rows])
        found = select(*plain(ALERT, "outbox_id", "agreement_id", "recorded_at")).where(carried)
        for outbox_id, number, at in self._rows(found):
            told[outbox_id][number] = max(str(at), told[outbox_id].get(number, ""))
        return [_message(row, linked[row["message_id"]], told[row["id"]], known) for row in rows]

    def people_entries(self) -> list[WrittenPeopleEntry]:
        """The history of offices and people, in its order."""
        query = select(*plain(PEOPLE, *OF_PEOPLE_ENTRY, "seal")).order_by(PEOPLE.c.number)
        return [WrittenPeopleEntry(row[:-1], row[-1]) for row in self._rows(query, PEOPLE, *OF_PEOPLE_ENTRY, "seal")]

    def links_of_people(self) -> list[tuple[int, Head]]:
        """Each link that has the history of offices and people, with where that stood then."""
        query = select(*plain(ITEM, "link", "seal", "entries")).where(text(OF_PEOPLE)).order_by(ITEM.c.id)
        return [(link, Head(seal, entries)) for link, seal, entries in self._rows(query)]

    def mail_on_record(self) -> MailOnRecord:
        """What the histories say of messages, and when a clock had gone ahead."""
        query = select(*plain(HISTORY, "agreement_id", "recorded_at", "details")).where(HISTORY.c.kind == "mail")
        cancelled: defaultdict[str, set[int]] = defaultdict(set)
        not_delivered: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        for number, at, details in self._rows(query, HISTORY, "agreement_id", "recorded_at", "details"):
            if isinstance(details, dict) and "cancelled" in details:
                cancelled[str(details.get("message"))].add(number)
            elif isinstance(details, dict):
                not_delivered[str(details.get("message"))].add((number, at))
        ahead = self._rows(select(*plain(table_of(ClockConfirmationRow), "confirmed_at", "last_at")))
        return MailOnRecord(cancelled, not_delivered, [(str(first), str(last)) for first, last in ahead])

    def lost_messages(self) -> list[tuple[str, int]]:
        """The messages that a link has and the outbox has not, each with that link."""
        is_there = select(OUTBOX.c.id).where(OUTBOX.c.message_id == ITEM.c.message_id).exists()
        query = select(ITEM.c.message_id, func.min(ITEM.c.link)).where(ITEM.c.message_id != "", ~is_there)
        return [(message_id, link) for message_id, link in self._rows(query.group_by(ITEM.c.message_id))]

    def lost_agreements(self) -> list[tuple[int, int]]:
        """The agreements (by row) that a link, or what belongs to an agreement, has and the books have not."""
        is_there = select(AGREEMENT.c.id).where(AGREEMENT.c.id == ITEM.c.agreement_id).exists()
        query = select(ITEM.c.agreement_id, func.min(ITEM.c.link)).where(ITEM.c.agreement_id.is_not(None), ~is_there)
        return [(number, link) for number, link in self._rows(query.group_by(ITEM.c.agreement_id))]

    def _owned(self, table: Table, ids: Sequence[int], *names: str) -> defaultdict[int, list[list[Any]]]:
        """The rows of each agreement, in their order."""
        columns = ("agreement_id", *names)
        query = select(*plain(table, *columns)).where(table.c.agreement_id.in_(ids)).order_by(table.c.id)
        found: defaultdict[int, list[list[Any]]] = defaultdict(list)
        for number, *row in self._rows(query, table, *columns):
            found[number].append(row)
        return found

    def _readers(self, ids: Sequence[int]) -> dict[int, str]:
        """To whom the messages go that tell of these agreements."""
        of_them = select(ALERT.c.outbox_id).where(ALERT.c.agreement_id.in_(ids))
        rows = self._rows(select(*plain(OUTBOX, "id", "recipient")).where(OUTBOX.c.id.in_(of_them)))
        return {row[0]: row[1] for row in rows}

    def _rows(self, query: Any, table: Table | None = None, *names: str) -> list[list[Any]]:
        """As they stand there. Truths are truths on both databases, and what is JSON is read."""
        rows = [list(row) for row in self._connection.execute(query)]
        for place, name in enumerate(names):
            kind = table.c[name].type if table is not None else None
            made = truth if isinstance(kind, Boolean) else from_json if isinstance(kind, JSON) else None
            if made is not None:
                for row in rows:
                    row[place] = made(row[place])
        return rows


def _follows(table: Table, after: int | None) -> ColumnElement[bool]:
    """Whether a row comes later: also those below 1, which twinflow has not numbered."""
    return table.c.id > after if after is not None else true()


def _message(
    row: Mapping[str, Any], linked: Sequence[LinkedMessage], told: Mapping[int, str], known: MailOnRecord
) -> WrittenMessage:
    built = [row[name] for name in ONCE_BUILT] if row["content"] is not None else None
    settled = [row[name] for name in ONCE_SETTLED] if row["settled_at"] is not None else None
    as_they_are = (
        "id", "digest", "attempts", "first_attempt_at", "next_attempt_at", "settled_at", "incident_at", "doubtful",
    )  # fmt: skip
    texts = ("message_id", "recipient", "state", "error", "sent_to")
    values = {name: row[name] for name in as_they_are} | {name: str(row[name]) for name in texts}
    return WrittenMessage(
        **values,
        is_built=built is not None,
        content=message_content([row[name] for name in FIXED], built, settled),
        linked=linked,
        last=str(row["linked"]),
        told=told,
        cancelled_in=known.cancelled.get(str(row["id"]), set()),
        not_delivered_in=known.not_delivered.get(str(row["id"]), set()),
        ahead=known.ahead,
    )


def message_content(fixed: Written, built: Written | None, settled: Written | None) -> str:
    """The digest of a message: what it was made with; once it is built, what it says; once it is settled, how."""
    said = [sha256(each).hexdigest() if isinstance(each, bytes) else each for each in built or ()]
    parts = (list(fixed), said if built is not None else None, settled and list(settled))
    return ".".join(digest_of(part)[:DIGITS] if part is not None else "" for part in parts)


class _AsText(FunctionElement[Any]):
    """A column as it stands there: days and instants (UTC) as SQLite keeps them, JSON as text."""

    type = NullType()
    inherit_cache = True


@compiles(_AsText, "sqlite")
def _in_sqlite(element: _AsText, compiler: SQLCompiler, **_: Any) -> str:
    (column,) = element.clauses
    return compiler.process(column)


@compiles(_AsText, "postgresql")
def _in_postgresql(element: _AsText, compiler: SQLCompiler, **_: Any) -> str:
    (column,) = element.clauses
    name = compiler.process(column)
    if isinstance(column.type, Date):
        return f"to_char({name}, 'YYYY-MM-DD')"
    if isinstance(column.type, UTCDateTime):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    return f"CAST({name} AS TEXT)" if isinstance(column.type, JSON) else name


def plain(table: FromClause, *names: str) -> list[Any]:
    """The columns as they stand there, whatever it is."""
    return [_AsText(table.c[name]).label(None) for name in names]


def called(number: int, reference: Any) -> str:
    """An agreement by its reference, by its row where it has none."""
    return text_in(reference) or f"#{number}"


def truth(value: Any) -> Any:
    """The same on both databases; what is none stays as it is."""
    return bool(value) if value in (0, 1) else value


def from_json(value: Any) -> Any:
    """What a text of JSON says; what is none stays as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
