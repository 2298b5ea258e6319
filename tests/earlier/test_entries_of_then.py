"""Every history entry of an earlier version says the same today, and would be written today as it was then."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime

import pytest
from old_books import OF_0003, OF_0004, OF_0005, OF_0009, OF_0014, OF_0018, OldBooks

from twinflow.domain.agreement.entries import BEGINNINGS, Began, beginning, read
from twinflow.domain.agreement.history import OF_A_ROUND, EntryKind, HistoryEntry, parted


def entries_of_then(old: OldBooks) -> list[tuple[HistoryEntry, dict[str, str]]]:
    """Each with what its row keeps."""
    with closing(sqlite3.connect(f"file:{old.folder / 'books.sqlite'}?mode=ro", uri=True)) as books:
        rows = books.execute("select kind, actor, effective_on, recorded_at, details from history").fetchall()
    found = []
    for kind, actor, on, at, text in rows:
        details, way = parted(json.loads(text))
        entry = HistoryEntry(
            EntryKind(kind), actor, date.fromisoformat(on), datetime.fromisoformat(at), details=details, way=way
        )
        found.append((entry, json.loads(text)))
    return found


@pytest.mark.parametrize("old", [OF_0003, OF_0004, OF_0005, OF_0009, OF_0014, OF_0018], ids=lambda old: old.revision)
def test_each_is_written_today_as_it_was_then(old: OldBooks) -> None:
    kinds: Counter[EntryKind] = Counter()
    for entry, kept in entries_of_then(old):
        said, began = read(entry), Began.read(entry)
        kinds[entry.kind] += 1
        assert said is not None or entry.kind in BEGINNINGS
        again = replace(entry, details=said.details() if said is not None else {})
        if began is not None:
            again = beginning(again, began)
        assert json.dumps(again.written) == json.dumps(kept)
    since_0018 = set() if old == OF_0018 else {EntryKind.DUTY, *OF_A_ROUND}
    since_0014 = set() if old in (OF_0014, OF_0018) else {EntryKind.TERM, EntryKind.CORRECTED, EntryKind.REFUSED}
    never = {EntryKind.WITHDRAWN, EntryKind.HANDED_OVER, EntryKind.MOVE}  # no row is written so, or was then
    assert set(kinds) == set(EntryKind) - never - since_0018 - since_0014
