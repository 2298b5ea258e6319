"""What history entries say, as rows keep it: the text that is written, and what is read of it, also of earlier versions."""

import json
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from builders import noon
from twinflow.domain.agreement.agreement import FindingCode
from twinflow.domain.agreement.entries import (
    Acknowledged,
    Alerted,
    Cancelled,
    Carried,
    Changed,
    ChangeKind,
    DateMoved,
    DutyTaken,
    HandedOver,
    Handing,
    Migrated,
    MoveAct,
    NotDelivered,
    OfficeMove,
    Policy,
    Snoozed,
    StepTaken,
    Thing,
    noted,
    read,
)
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.calendar.dates import Length

DAY = date(2026, 3, 4)
KEY = ("answer", 2)
MOVED = AlertSubject(SubjectKind.MOVED, "answer")


def entry(kind, details):
    return HistoryEntry(kind, "lucia", DAY, noon(DAY), details=details)


KEPT = [
    (StepTaken(), EntryKind.STEP, "{}"),
    (
        StepTaken("Cuenca", "mayor", "in time", datetime(2026, 3, 4, 3, 30, tzinfo=UTC), {"opinion_number": "D-1"}),
        EntryKind.STEP,
        (
            '{"place": "Cuenca", "capacity": "mayor", "reason": "in time", "opinion_number": "D-1", '
            '"received_at": "2026-03-04T03:30:00+00:00"}'
        ),
    ),
    (
        Alerted("deadline-moved", MOVED, "change 1", "liaison", "david", "elena", more={"state": "asked"}),
        EntryKind.ALERT,
        (
            '{"notice": "deadline-moved", "subject": "moved:answer", "level": "change 1", "state": "asked", '
            '"role": "liaison", "recipient": "david", "stands_for": "elena"}'
        ),
    ),
    (
        Alerted(
            "signature-missing", AlertSubject(FindingCode.SIGNATURE_MISSING, "Cuenca"), "", "liaison", "", vacant=True
        ),
        EntryKind.ALERT,
        (
            '{"notice": "signature-missing", "subject": "signature_missing:Cuenca", "level": "", "role": "liaison", '
            '"recipient": "", "vacant": "yes"}'
        ),
    ),
    (
        DateMoved(KEY, DAY, date(2026, 3, 9), "mx-labour@2026.1 2026-03-01T18:00:00+00:00"),
        EntryKind.DEADLINE,
        (
            '{"deadline": "answer", "occurrence": "2", "from": "2026-03-04", "to": "2026-03-09", '
            '"cause": "mx-labour@2026.1 2026-03-01T18:00:00+00:00"}'
        ),
    ),
    (
        DateMoved(KEY, DAY, None),
        EntryKind.DEADLINE,
        '{"deadline": "answer", "occurrence": "2", "from": "2026-03-04", "to": ""}',
    ),
    (
        Changed(
            key=KEY,
            change=ChangeKind.MOVE,
            number=3,
            length=Length.parse("5 business days"),
            to=DAY,
            party="Cuenca",
            of=1,
            reason="late papers",
            paper="OF-7",
            legal_basis="art. 31",
            second="supervisor",
        ),
        EntryKind.CHANGE,
        (
            '{"change": "move", "deadline": "answer", "occurrence": "2", "number": "3", "length": "5 business days", '
            '"to": "2026-03-04", "party": "Cuenca", "of": "1", "reason": "late papers", "paper": "OF-7", '
            '"legal_basis": "art. 31", "second": "supervisor"}'
        ),
    ),
    (
        Changed(key=KEY, change=ChangeKind.PAUSE, number=1),
        EntryKind.CHANGE,
        '{"change": "pause", "deadline": "answer", "occurrence": "2", "number": "1"}',
    ),
    (
        Acknowledged(KEY, DAY, "mine"),
        EntryKind.ACKNOWLEDGED,
        '{"deadline": "answer", "occurrence": "2", "due_on": "2026-03-04", "note": "mine"}',
    ),
    (
        Acknowledged(KEY, DAY),
        EntryKind.ACKNOWLEDGED,
        '{"deadline": "answer", "occurrence": "2", "due_on": "2026-03-04"}',
    ),
    (
        Snoozed(KEY, DAY, date(2026, 3, 2), "the mayor travels"),
        EntryKind.SNOOZED,
        (
            '{"deadline": "answer", "occurrence": "2", "due_on": "2026-03-04", "until": "2026-03-02", '
            '"reason": "the mayor travels"}'
        ),
    ),
    (
        DutyTaken("reviewer", "put-aside", "rita", DAY, "a paper is to come"),
        EntryKind.DUTY,
        (
            '{"role": "reviewer", "act": "put-aside", "person": "rita", "until": "2026-03-04", '
            '"reason": "a paper is to come"}'
        ),
    ),
    (
        HandedOver(Thing.CHANGE, "answer/2/1", Handing.HAND_OVER, "rita", "nora", "she leaves"),
        EntryKind.HANDED_OVER,
        (
            '{"thing": "change", "name": "answer/2/1", "act": "hand-over", "person": "rita", "to": "nora", '
            '"reason": "she leaves"}'
        ),
    ),
    (
        HandedOver(Thing.DRAFT, "opinion", Handing.ACCEPT, "nora"),
        EntryKind.HANDED_OVER,
        '{"thing": "draft", "name": "opinion", "act": "accept", "person": "nora"}',
    ),
    (DutyTaken("reviewer", "release"), EntryKind.DUTY, '{"role": "reviewer", "act": "release"}'),
    (
        OfficeMove(MoveAct.ACCEPTED, "chihuahua", "juarez", "it is theirs", "MX-1", ("david", "elena")),
        EntryKind.MOVE,
        (
            '{"act": "accepted", "from": "chihuahua", "to": "juarez", "reason": "it is theirs", "along": "MX-1", '
            '"ended": "david elena"}'
        ),
    ),
    (
        OfficeMove(MoveAct.ASKED, "chihuahua", "juarez"),
        EntryKind.MOVE,
        '{"act": "asked", "from": "chihuahua", "to": "juarez"}',
    ),
    (
        Migrated(
            "petition v1",
            "petition v2",
            "new circular",
            states={"open": "open", "asked": "inquired"},
            steps={"ask": "inquire"},
            carried={
                KEY: Carried(
                    DAY, Policy.KEEP_REMAINING, (Length.parse("1 day"), Length.parse("2 weeks")), date(2026, 3, 1)
                )
            },
            recurring={"weekly": (6, DAY)},
            closed={("receipt", 1): None, ("last_day", 1): DAY},
        ),
        EntryKind.MIGRATED,
        json.dumps(
            {
                "from": "petition v1",
                "to": "petition v2",
                "reason": "new circular",
                "states": '{"asked": "inquired", "open": "open"}',
                "steps": '{"ask": "inquire"}',
                "carried": '{"answer/2": {"after": "2026-03-01", "lengths": ["1 day", "2 weeks"], "on": "2026-03-04", '
                '"policy": "keep-remaining"}}',
                "closed": '{"last_day/1": "2026-03-04", "receipt/1": ""}',
                "recurring": '{"weekly": [6, "2026-03-04"]}',
            }
        ),
    ),
    (
        NotDelivered(12, "mateo", '["nothing-left-to-say", {}]'),
        EntryKind.MAIL,
        json.dumps({"message": "12", "recipient": "mateo", "why": '["nothing-left-to-say", {}]'}),
    ),
    (
        Cancelled(12, "mateo", "told by telephone"),
        EntryKind.MAIL,
        '{"message": "12", "recipient": "mateo", "cancelled": "told by telephone"}',
    ),
]


@pytest.mark.parametrize(("said", "kind", "kept"), KEPT)
def test_rows_keep_what_is_said_by_the_same_text_as_ever(said, kind, kept):
    assert json.dumps(said.details()) == kept
    assert noted(said, "lucia", DAY, noon(DAY)) == entry(kind, said.details())


@pytest.mark.parametrize(("said", "kind", "kept"), KEPT)
def test_what_is_written_is_read_as_it_was_said(said, kind, kept):
    found = entry(kind, json.loads(kept))
    assert read(found) == said
    assert type(said).read(found) == said


@pytest.mark.parametrize("kind", EntryKind)
def test_an_entry_of_another_kind_is_not_read(kind):
    for said, own, kept in KEPT:
        if own is not kind:
            assert type(said).read(entry(kind, json.loads(kept))) is None


def test_what_became_of_a_message_is_one_of_two_things():
    failed, cancelled = (noted(said, "lucia", DAY, noon(DAY)) for said, kind, _ in KEPT if kind is EntryKind.MAIL)
    assert Cancelled.read(failed) is None
    assert NotDelivered.read(cancelled) is None


@pytest.mark.parametrize("kind", [EntryKind.OPENED, EntryKind.IMPORTED])
def test_the_beginning_of_a_case_says_nothing_more(kind):
    assert read(entry(kind, {})) is None


@pytest.fixture
def machine_in_mexico(monkeypatch):
    with monkeypatch.context() as there:
        there.setenv("TZ", "America/Mexico_City")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_mexico")
def test_the_instant_of_arrival_is_kept_in_utc():
    mexico = timezone(timedelta(hours=-6))
    said = StepTaken(received_at=datetime(2026, 3, 3, 21, 30, tzinfo=mexico))
    assert said.details() == {"received_at": "2026-03-04T03:30:00+00:00"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (DateMoved(KEY, None, DAY), {"from": "", "to": "2026-03-04"}),
        (Acknowledged(KEY, None), {}),
        (Snoozed(KEY, None, DAY, "x"), {"until": "2026-03-04", "reason": "x"}),
    ],
)
def test_what_has_no_date_is_kept_without_one(said, kept):
    assert said.details() == {"deadline": "answer", "occurrence": "2", **kept}
    assert type(said).read(noted(said, "lucia", DAY, noon(DAY))) == said


def test_a_moved_date_tells_the_calendar_that_moved_it():
    assert DateMoved(KEY, DAY, None, "mx-labour@2026.1 2026-03-01T18:00:00+00:00").calendar == "mx-labour"
    assert DateMoved(KEY, DAY, None, "change 1 pause of answer 2").calendar == ""
    assert DateMoved(KEY, DAY, None).calendar == ""


# Rows of earlier versions

OLD = [
    (
        "the first version did not say which occurrence moved",
        EntryKind.DEADLINE,
        {"deadline": "answer", "from": "", "to": "2026-03-04"},
        DateMoved(("answer", 0), None, DAY),
    ),
    (
        "nobody stood in for anybody, and the levels left out were named",
        EntryKind.ALERT,
        {
            "notice": "deadline-soon",
            "subject": "deadline:answer",
            "level": "7 days before",
            "also": "30 days before (2026-02-02)",
            "role": "liaison",
            "recipient": "elena",
        },
        Alerted(
            "deadline-soon",
            AlertSubject.deadline("answer"),
            "7 days before",
            "liaison",
            "elena",
            more={"also": "30 days before (2026-02-02)"},
        ),
    ),
    (
        "a sentence was kept by its English words",
        EntryKind.MAIL,
        {"message": "1", "recipient": "mateo", "why": '["the reason is not known", {}]'},
        NotDelivered(1, "mateo", '["the reason is not known", {}]'),
    ),
    (
        "a migration left no account of what was closed and what recurs",
        EntryKind.MIGRATED,
        {"from": "petition v1", "to": "petition v2", "reason": "x", "states": "{}", "steps": "{}", "carried": "{}"},
        Migrated("petition v1", "petition v2", "x", {}, {}, {}, {}),
    ),
    (
        "a migration did not even say from where to where",
        EntryKind.MIGRATED,
        {"carried": "{}", "closed": "{}"},
        Migrated("", "", "", {}, {}, {}, {}),
    ),
    (
        "a change had no number",
        EntryKind.CHANGE,
        {"change": "pause", "deadline": "answer", "occurrence": "2", "reason": "late papers"},
        Changed(key=KEY, change=ChangeKind.PAUSE, number=0, reason="late papers"),
    ),
]


@pytest.mark.parametrize(("kind", "details", "said"), [row[1:] for row in OLD], ids=[row[0] for row in OLD])
def test_what_earlier_versions_wrote_is_understood(kind, details, said):
    assert read(entry(kind, details)) == said
