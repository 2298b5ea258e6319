"""What rows keep of an opening, a term that was stated and a correction, who is told of one, and when an assumed date wakes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from builders import MX, a_calendar, calendars, definition, noon, rulebook
from twinflow.domain.agreement.agreement import Basis, Claim, Deadline, DeadlineStatus, Party, Signature, Term
from twinflow.domain.agreement.entries import (
    Began,
    Corrected,
    Correction,
    Counting,
    NotCorrected,
    TermStated,
    beginning,
    by_entry,
    noted,
    read,
    withdrawn,
)
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import about_correction, about_refused_correction
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.domain.deadlines.warnings import lapses_by_the_clock, next_wake_on
from twinflow.domain.rulebook import Applied

DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 18, 30, tzinfo=UTC)
BEGAN = Began(
    "A – B",
    "chihuahua",
    "consulate",
    "by letter",
    (
        Party("A", "MX", home=True, signature=Signature(PartialDate.parse("2003-04"), "mayor", "A")),
        Party("B", "US"),
    ),
    {"validity": Term.parse("60 days|90 days", "clause 9")},
    {"signed_on": (Claim(PartialDate.parse("1997"), "list", chosen=False), Claim(PartialDate.parse("1998"), "text"))},
)


def entry(kind: EntryKind, **more: object) -> HistoryEntry:
    return HistoryEntry(kind, "lucia", DAY, noon(DAY), **more)  # type: ignore[arg-type]


def test_what_a_case_began_with_is_read_as_it_was_written():
    for kind in (EntryKind.OPENED, EntryKind.IMPORTED):
        first = beginning(entry(kind, details={"despite": "tried"}), BEGAN)
        assert Began.read(first) == BEGAN
        assert first.details["despite"] == "tried"
    assert first.details["began"] == (
        '{"title": "A – B", "office": "chihuahua", "origin": "consulate", "note": "by letter", "parties": [["A", "MX", true, '
        '["2003-04", "mayor", "A"]], ["B", "US", false, null]], "terms": {"validity": ["60 days|90 days", "clause 9"]}, "facts": '
        '{"signed_on": [["1997", "list", false], ["1998", "text", true]]}}'
    )
    assert Began.read(entry(EntryKind.OPENED)) is None
    assert Began.read(entry(EntryKind.STEP, details=first.details)) is None


def test_a_term_that_was_stated_is_read_as_it_was_written():
    said = TermStated("validity", "5 years", "clause 9", "read again")
    assert said.details() == {
        "term": "validity", "reading": "5 years", "source": "clause 9", "reason": "read again",
    }  # fmt: skip
    assert read(noted(said, "elena", DAY, AT)) == said
    bare = TermStated("validity", "5 years", "clause 9")
    assert bare.details() == {"term": "validity", "reading": "5 years", "source": "clause 9"}
    assert read(noted(bare, "elena", DAY, AT)) == bare


def test_a_correction_is_read_as_it_was_written():
    counting = Counting(DAY, "ask", "open", "asked", "A", {"place": "A"}, AT)
    said = Corrected(
        entry=4,
        correction=Correction.REPLACE,
        reason="typed wrongly",
        asked={"on": "2026-03-04"},
        counts={4: counting, 6: None},
        second=("supervisor", "liaison"),
        of=7,
        annulled="T-1",
        doubts=("not_ours", "home_abroad"),
        despite="both are ours",
    )
    found = read(noted(said, "elena", DAY, AT))
    assert isinstance(found, Corrected)
    assert found == said
    assert found.counts[4] is not None
    assert found.counts[4].taken_at == AT
    assert dict(said.details()) == {
        "correction": "replace",
        "entry": "4",
        "reason": "typed wrongly",
        "asked": '{"on": "2026-03-04"}',
        "counts": (
            '{"4": {"effective_on": "2026-03-04", "step": "ask", "from_state": "open", "to_state": "asked", "party": "A", '
            '"details": {"place": "A"}, "taken_at": "2026-03-04T18:30:00+00:00"}, "6": null}'
        ),
        "second": "supervisor liaison",
        "of": "7",
        "annulled": "T-1",
        "doubts": "not_ours home_abroad",
        "despite": "both are ours",
    }
    bare = Corrected(entry=1, correction=Correction.WITHDRAW, reason="x")
    assert bare.details() == {"correction": "withdraw", "entry": "1", "reason": "x"}
    assert read(noted(bare, "elena", DAY, AT)) == bare


def test_a_correction_names_several_entries_by_their_numbers():
    asked = {"party": "A", "5.party": "B", "12.records": "x", "term.validity": "1 year", "7.": "y", "party.5": "C"}
    assert by_entry(4, asked) == {
        4: {"party": "A", "term.validity": "1 year", "7.": "y", "party.5": "C"}, 5: {"party": "B"}, 12: {"records": "x"},
    }  # fmt: skip
    assert by_entry(4, {}) == {4: {}}
    said = Corrected(entry=4, correction=Correction.REPLACE, reason="x", asked={"5.party": "B"})
    assert said.entries == {4, 5}


def test_a_correction_that_is_refused_or_taken_back_is_read_as_it_was_written():
    refused = NotCorrected(7, 4, "the paper says so")
    assert refused.details() == {"of": "7", "entry": "4", "reason": "the paper says so"}
    taken_back = replace(refused, taken_back=True)
    assert taken_back.details() == {"of": "7", "entry": "4", "reason": "the paper says so", "taken_back": "yes"}
    assert [read(noted(said, "elena", DAY, AT)) for said in (refused, taken_back)] == [refused, taken_back]
    assert NotCorrected.read(entry(EntryKind.CORRECTED, details=refused.details())) is None
    told = about_refused_correction(9, "elena", DAY)
    assert (told.notice, told.subject) == ("correction-refused", AlertSubject(SubjectKind.CORRECTION, "9"))
    assert (told.effective_on, told.held) == (DAY, frozenset({"elena"}))


def test_the_calendars_in_use_at_an_instant_are_those_applied_by_then_or_the_first_there_was():
    shipped = rulebook()
    days = {key: a_calendar() for key in ("old", "new", "newer")}
    editions = {("mx-labour", key): replace(each, key="mx-labour", edition=key) for key, each in days.items()}
    applied = tuple(Applied(AT + timedelta(days=n), "mx-labour", key) for n, key in enumerate(days))
    now = replace(
        shipped,
        editions=editions,
        applied=applied,
        calendars={**shipped.calendars, "mx-labour": editions["mx-labour", "newer"]},
    )
    then = {n: now.as_of(AT + timedelta(hours=n)).current_editions for n in (-1, 0, 23, 24, 47, 48)}
    assert {n: each["mx-labour"] for n, each in then.items()} == {
        -1: "old", 0: "old", 23: "old", 24: "new", 47: "new", 48: "newer",
    }  # fmt: skip
    assert then[-1].keys() == then[48].keys() == shipped.current_editions.keys()
    assert now.as_of(AT + timedelta(days=2)) is now


def test_an_entry_that_is_corrected_says_what_counts_and_one_that_is_withdrawn_nothing():
    step = entry(EntryKind.STEP, step="ask", from_state="open", to_state="asked", party="A", details={"place": "A"})
    changed = Counting.of(replace(step, step="note", party=None)).of_entry(step, AT)
    assert changed == replace(step, step="note", party=None, recorded_at=AT)
    assert withdrawn(step) == entry(EntryKind.WITHDRAWN)


def test_a_correction_is_told_to_who_has_to_confirm_it_else_to_the_liaison_but_not_to_who_makes_it():
    told = about_correction(7, (), "elena", DAY)
    assert (told.notice, told.subject, told.roles) == (
        "entry-corrected", AlertSubject(SubjectKind.CORRECTION, "7"), ("liaison",),
    )  # fmt: skip
    assert (told.effective_on, told.held) == (DAY, frozenset({"elena"}))
    waits = about_correction(7, ("supervisor",), "elena", DAY)
    assert (waits.notice, waits.roles) == ("correction-to-confirm", ("supervisor",))


def test_an_assumed_date_wakes_for_its_warnings_and_not_for_what_would_follow():
    rule = definition(MX).deadlines["term_end"]
    due = date(2031, 3, 4)
    stated = Deadline("term_end", 1, DAY, due, due, DeadlineStatus.OPEN, basis=Basis((Length.parse("5 years"),)))
    assumed = replace(stated, basis=Basis((Length.parse("5 years"),), assumed=("validity",)))
    first = next_wake_on(rule, stated, calendars(), None)
    assert first is not None
    assert next_wake_on(rule, assumed, calendars(), None) == first
    assert next_wake_on(rule, stated, calendars(), due) == date(2031, 3, 5)
    assert next_wake_on(rule, assumed, calendars(), due) is None
    assert lapses_by_the_clock(rule, stated, date(2031, 3, 5))
    assert not lapses_by_the_clock(rule, assumed, date(2031, 3, 5))
