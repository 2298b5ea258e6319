"""Every history entry of an earlier version says the same today, and would be written today as it was then."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime

import pytest
from old_books import OF_0003, OF_0004, OF_0005, OF_0009, OF_0014, OldBooks

from twinflow.domain.agreement.entries import BEGINNINGS, Began, beginning, read
from twinflow.domain.agreement.history import OF_A_ROUND, EntryKind, HistoryEntry


def entries_of_then(old: OldBooks) -> list[HistoryEntry]:
    with closing(sqlite3.connect(f"file:{old.folder / 'books.sqlite'}?mode=ro", uri=True)) as books:
        rows = books.execute("select kind, actor, effective_on, recorded_at, details from history").fetchall()
    return [
        HistoryEntry(
            EntryKind(kind), actor, date.fromisoformat(on), datetime.fromisoformat(at), details=json.loads(details)
        )
        for kind, actor, on, at, details in rows
    ]


@pytest.mark.parametrize("old", [OF_0003, OF_0004, OF_0005, OF_0009, OF_0014], ids=lambda old: old.revision)
def test_each_is_written_today_as_it_was_then(old: OldBooks) -> None:
    kinds: Counter[EntryKind] = Counter()
    for entry in entries_of_then(old):
        said, began = read(entry), Began.read(entry)
        kinds[entry.kind] += 1
        assert said is not None or entry.kind in BEGINNINGS
        again = replace(entry, details=said.details() if said is not None else {})
        if began is not None:
            again = beginning(again, began)
        assert json.dumps(again.details) == json.dumps(entry.details)
    of_no_row = {
        EntryKind.WITHDRAWN,
        EntryKind.DUTY,
        EntryKind.HANDED_OVER,
        EntryKind.MOVE,
        *OF_A_ROUND,
    }  # not had then
    since_0014 = {EntryKind.TERM, EntryKind.CORRECTED, EntryKind.REFUSED}
    assert set(kinds) == set(EntryKind) - of_no_row - (set() if old == OF_0014 else since_0014)
