"""What a history says of the warnings of each deadline."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.deadlines.acknowledgements import (
    NOTHING_SAID,
    Acknowledgement,
    Snooze,
    acknowledgements_by_deadline,
    acknowledgements_of,
)

KEY = ("answer", 1)


def entry(kind: EntryKind, day: int, actor: str = "ana", occurrence: int = 1, **more: str) -> HistoryEntry:
    details: Mapping[str, str] = {"deadline": "answer", "occurrence": str(occurrence), **more}
    return HistoryEntry(kind, actor, date(2026, 3, day), datetime(2026, 3, day, tzinfo=UTC), details=details)


def snoozed(day: int, until: int, actor: str = "ana") -> HistoryEntry:
    return entry(EntryKind.SNOOZED, day, actor, until=date(2026, 3, until).isoformat(), reason="x")


def test_nothing_said_is_nothing_counted() -> None:
    assert acknowledgements_by_deadline([entry(EntryKind.DEADLINE, 1)]) == {}
    assert acknowledgements_of([], KEY) is NOTHING_SAID


def test_each_occurrence_is_spoken_of_for_itself() -> None:
    found = acknowledgements_by_deadline([entry(EntryKind.ACKNOWLEDGED, 1, occurrence=2, note="mine")])
    assert found[("answer", 2)].acknowledged == Acknowledgement("ana", date(2026, 3, 1), "mine")
    assert KEY not in found


def test_a_move_ends_what_was_said_before_it_and_of_that_date_only() -> None:
    before = [entry(EntryKind.ACKNOWLEDGED, 1), snoozed(1, 9), entry(EntryKind.ACKNOWLEDGED, 1, occurrence=2)]
    found = acknowledgements_by_deadline([*before, entry(EntryKind.DEADLINE, 2), snoozed(3, 8, "eva")])
    assert found[KEY].acknowledged is None
    assert found[KEY].snoozes == (Snooze("eva", date(2026, 3, 3), date(2026, 3, 8), "x"),)
    assert found[("answer", 2)].acknowledged is not None


def test_a_move_of_the_first_version_which_does_not_say_of_which_occurrence_ends_nothing() -> None:
    day, moved = date(2026, 3, 2), {"deadline": "answer", "from": "2026-03-10", "to": "2026-03-11"}
    old = HistoryEntry(EntryKind.DEADLINE, "clock", day, datetime(2026, 3, 2, tzinfo=UTC), details=moved)
    assert acknowledgements_of([entry(EntryKind.ACKNOWLEDGED, 1), old], KEY).acknowledged is not None


def test_of_each_person_the_last_snooze_counts() -> None:
    found = acknowledgements_of([snoozed(1, 9), snoozed(1, 7, "eva"), snoozed(2, 5)], KEY)
    assert {snooze.by: snooze.until.day for snooze in found.snoozes} == {"ana": 5, "eva": 7}


def test_it_holds_until_the_day_before_and_what_came_meanwhile_for_good() -> None:
    found = acknowledgements_of([snoozed(1, 9), snoozed(1, 7, "eva")], KEY)
    assert found.held(date(2026, 3, 8)) == {"ana"}
    assert found.held(date(2026, 3, 9)) == frozenset()
    assert found.held(date(2026, 3, 20), superseded=date(2026, 3, 6)) == {"ana", "eva"}
    assert found.held(date(2026, 3, 20), superseded=date(2026, 3, 7)) == {"ana"}
    assert [snooze.by for snooze in found.running(date(2026, 3, 7))] == ["ana"]
