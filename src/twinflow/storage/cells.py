"""Every row of every table, column by column by what the column holds: what twinflow cannot have written there is named."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Integer, LargeBinary, Table, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType
from sqlmodel.sql.sqltypes import UTCDateTime

from twinflow.domain.agreement.agreement import DeadlineStatus, FindingCode, Term
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.proving import Fault
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.alerts.incident import Part
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.mail.message import MessageState
from twinflow.domain.mail.proving import BUILT, NEW
from twinflow.domain.mail.received import ReceivedKind
from twinflow.sentences import Sentence, unpacked
from twinflow.storage.deadline_basis import basis_of
from twinflow.storage.readable import is_damaged, text_in
from twinflow.storage.snapshots import states_in
from twinflow.storage.tables import LAST_ROW, AgreementRow, table_of
from twinflow.storage.writes import Repository

AT_ONCE = 1_000
AT_MOST = 20
"""How many rows are named of which one column cannot be read."""
SHOWN = 80
"""So much of what stands there is shown."""

Read = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds, in words; `read` raises for what is none."""

    name: Sentence
    read: Read

    def holds(self, value: object) -> bool:
        try:
            self.read(value)
        except Exception:  # noqa: BLE001 - what damaged values lead to cannot be foreseen
            return False
        return True


def _text(value: object) -> str:
    """Raises ValueError."""
    if not isinstance(value, str) or is_damaged(value):
        raise ValueError(value)
    return value


def _one_of(*values: object) -> Read:
    return values.index


def _document(value: object) -> object:
    """Raises ValueError for what is no JSON, or says no names with their values."""
    found = json.loads(_text(value))
    if not isinstance(found, dict):
        raise ValueError(value)  # noqa: TRY004 - a value that cannot be read, as all here
    return found


def _list(value: object) -> object:
    """Raises ValueError for what is no JSON, or no list."""
    found = json.loads(_text(value))
    if not isinstance(found, list):
        raise ValueError(value)  # noqa: TRY004 - the same
    return found


def _number(value: object) -> object:
    """Raises ValueError."""
    if type(value) is not int:
        raise ValueError(value)
    return value


def _row_number(value: object) -> object:
    """Raises ValueError, also for what no row that twinflow has written is numbered."""
    if type(value) is not int or not 0 < value <= LAST_ROW:
        raise ValueError(value)
    return value


def _day(value: object) -> object:
    """Raises ValueError, also for another way to write a day: days are compared as they stand there."""
    if date.fromisoformat(_text(value)).isoformat() != value:
        raise ValueError(value)
    return value


def _instant(value: object) -> object:
    """The same of an instant."""
    day, space, _ = _text(value).partition(" ")
    if not space:
        raise ValueError(value)
    return _day(day), datetime.fromisoformat(_text(value))


def _a_key(text: str) -> object:
    """Raises ValueError."""
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError
    return text


def _word(*words: str) -> Kind:
    return Kind(Sentence("one of {words}", {"words": sorted(filter(None, words))}), _one_of(*words))


def _written(name: Sentence, read: Callable[[str], object]) -> Kind:
    """A text that says more than a text."""
    return Kind(name, lambda value: read(_text(value)))


A_TEXT = Kind(Sentence("a text"), _text)
BY_TYPE = (
    (Boolean, Kind(Sentence("yes or no"), _one_of(False, True))),
    (Integer, Kind(Sentence("a whole number"), _number)),
    (Date, Kind(Sentence("a day"), _day)),
    (UTCDateTime, Kind(Sentence("an instant"), _instant)),
    (JSON, Kind(Sentence("a document"), _document)),
    (LargeBinary, Kind(Sentence("bytes"), _one_of(b""))),
)
A_ROW_NUMBER = Kind(Sentence("a number from 1 on"), _row_number)
SECRET = {
    ("account", "password_hash"),
    ("account", "totp_salt"),
    ("api_token", "token_hash"),
    ("feed", "token_hash"),
    ("one_time_link", "token_hash"),
    ("outbox", "unsubscribe_hash"),
    ("recovery_code", "code_hash"),
    ("return_key", "key"),
    ("session", "id_hash"),
}
"""Who reads these could do what they are kept for: they are never shown."""
AN_OCCASION = _written(Sentence("what an alert is about"), AlertSubject.parse)
A_LIST = Kind(Sentence("a list"), _list)
A_SENTENCE = _written(Sentence("a sentence"), lambda text: text and unpacked(text))
LINKED = _word("", NEW, BUILT, *MessageState)
OF_ITEM = _word("", NEW, BUILT, *MessageState, "people")
BY_NAME = {
    ("agreement", "reached"): _written(Sentence("states with their days"), states_in),
    ("alert", "subject"): AN_OCCASION,
    ("api_token", "scopes"): A_LIST,
    ("deadline", "basis"): _written(Sentence("what a date is counted from"), basis_of),
    ("deadline", "status"): _word(*DeadlineStatus),
    ("finding", "code"): _word(*FindingCode),
    ("history", "kind"): _word(*EntryKind),
    ("incident", "part"): _word(*Part),
    ("incident", "sentence"): A_SENTENCE,
    ("last_pass", "part"): _word(*Part),
    ("link_item", "state"): OF_ITEM,
    ("office", "calendars"): A_LIST,
    ("outbox", "error"): A_SENTENCE,
    ("outbox", "linked"): LINKED,
    ("outbox", "state"): _word(*MessageState),
    ("people_entry", "lines"): A_LIST,
    ("party", "signed_on"): _written(Sentence("a day, a month or a year"), PartialDate.parse),
    ("received", "kind"): _word(*ReceivedKind),
    ("released_alert", "subject"): AN_OCCASION,
    ("return_key", "key"): _written(Sentence("a key of 64 digits"), _a_key),
    ("term", "readings"): _written(Sentence("a term"), Term.parse),
}  # fmt: skip
"""What is more than its type."""


def kind_of(column: Column[Any]) -> Kind:
    if column.primary_key and isinstance(column.type, Integer):
        return A_ROW_NUMBER
    by_type = next((kind for type_, kind in BY_TYPE if isinstance(column.type, type_)), A_TEXT)
    return BY_NAME.get((column.table.name, column.name), by_type)


class Cells(Repository):
    def faults(self, tables: Sequence[Table]) -> Iterator[Fault]:
        """What cannot be read of these: by table, key and column, with what should stand there."""
        for table in tables:
            yield from self._of_table(table)

    def _of_table(self, table: Table) -> Iterator[Fault]:
        columns = list(table.columns)
        query = select(*(_Cell(column).label(None) for column in columns)).order_by(*table.primary_key)
        damaged: dict[str, list[Sequence[Any]]] = {}
        for rows in self._connection.execute(query.execution_options(yield_per=AT_ONCE)).partitions():
            for place, (column, values) in enumerate(zip(columns, zip(*rows, strict=True), strict=True)):
                if wrong := _not_of(column, set(values)):
                    damaged.setdefault(column.name, []).extend(row for row in rows if row[place] in wrong)
        for name, found in damaged.items():
            for row in found[:AT_MOST]:
                yield self._fault(table, dict(zip(table.columns.keys(), row, strict=True)), name)

    def _fault(self, table: Table, row: dict[str, Any], name: str) -> Fault:
        values = {
            "row": ", ".join(_shown(key, row) for key in table.primary_key),
            "table": table.name,
            "column": name,
            "value": _shown(table.columns[name], row),
            "kind": kind_of(table.columns[name]).name,
        }
        return Fault(
            Sentence("row {row} of {table} cannot be read: {column} is “{value}”, and should be {kind}", values),
            self._reference_of(table, row),
        )

    def _reference_of(self, table: Table, row: dict[str, Any]) -> str:
        """That of the agreement that the row is of, or belongs to; empty where there is none."""
        agreement = table_of(AgreementRow)
        if table is agreement:
            return text_in(row["reference"])
        number = row.get("agreement_id")
        query = select(_Cell(agreement.c.reference)).where(agreement.c.id == number)
        return text_in(self._connection.scalar(query) or "") if isinstance(number, int) else ""


def _shown(column: Column[Any], row: dict[str, Any]) -> str:
    is_secret = (column.table.name, column.name) in SECRET
    return "…" if is_secret else text_in(row[column.name])[:SHOWN]


def _not_of(column: Column[Any], values: set[Any]) -> set[Any]:
    """Those values that the column cannot hold."""
    kind = kind_of(column)
    return {each for each in values if not (column.nullable if each is None else kind.holds(each))}


class _Cell(FunctionElement[Any]):
    """What stands in a column, whatever it is, as the driver gives it; of bytes only that they are."""

    type = NullType()
    inherit_cache = True


@compiles(_Cell, "sqlite")
def _in_sqlite(element: _Cell, compiler: SQLCompiler, **_: Any) -> str:
    (column,) = element.clauses
    name = compiler.process(column)
    return f"CASE typeof({name}) WHEN 'blob' THEN x'' ELSE {name} END" if isinstance(column.type, LargeBinary) else name


@compiles(_Cell, "postgresql")
def _in_postgresql(element: _Cell, compiler: SQLCompiler, **_: Any) -> str:
    (column,) = element.clauses
    name = compiler.process(column)
    if isinstance(column.type, LargeBinary):
        return f"substring({name} FOR 0)"
    return f"CAST({name} AS TEXT)" if isinstance(column.type, Date | UTCDateTime | JSON) else name
