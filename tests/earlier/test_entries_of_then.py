"""Every history entry of an earlier version says the same today, and would be written today as it was then."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, datetime

import pytest
from old_books import OF_0003, OF_0004, OF_0005, OF_0009, OldBooks

from twinflow.domain.agreement.entries import read
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


@pytest.mark.parametrize("old", [OF_0003, OF_0004, OF_0005, OF_0009], ids=lambda old: old.revision)
def test_each_is_written_today_as_it_was_then(old: OldBooks) -> None:
    kinds: Counter[EntryKind] = Counter()
    for entry in entries_of_then(old):
        said = read(entry)
        kinds[entry.kind] += 1
        if said is None:
            assert entry.kind in {EntryKind.OPENED, EntryKind.IMPORTED}
            assert entry.details == {}
        else:
            assert json.dumps(said.details()) == json.dumps(entry.details)
    assert set(kinds) == set(EntryKind) - {
        EntryKind.TERM,
        EntryKind.CORRECTED,
        EntryKind.WITHDRAWN,
        EntryKind.REFUSED,
        *OF_A_ROUND,
    }, "which no version of then had"
