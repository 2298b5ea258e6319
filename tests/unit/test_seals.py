"""What was written cannot be altered, removed, added to or reordered without a seal that does not come out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from builders import agreement
from twinflow.domain.agreement.agreement import Claim, Party, Signature, Term
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.seals import Head, content_of, entry_written, instant_written, seals_after
from twinflow.domain.calendar.dates import PartialDate

ON, AT = date(2026, 3, 2), datetime(2026, 3, 2, 18, tzinfo=UTC)
ENTRIES = tuple(
    HistoryEntry(EntryKind.STEP, "elena", ON + timedelta(days=day), AT + timedelta(days=day), f"step_{day}", "a", "b")
    for day in range(4)
)


def seals(*entries: HistoryEntry) -> list[str]:
    return seals_after("", map(entry_written, entries))


CHANGES = {
    "kind": EntryKind.CHANGE,
    "actor": "mateo",
    "effective_on": date(2026, 3, 1),
    "recorded_at": AT + timedelta(microseconds=1),
    "step": None,
    "from_state": "b",
    "to_state": "a",
    "party": "Albuquerque",
    "details": {"note": "x"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_in_an_entry_every_seal_from_there_on_is_another(name: str) -> None:
    changed = replace(ENTRIES[1], **{name: CHANGES[name]})
    before, after = seals(*ENTRIES), seals(ENTRIES[0], changed, *ENTRIES[2:])
    assert before[0] == after[0]
    assert all(was != now for was, now in zip(before[1:], after[1:], strict=True))


def test_an_entry_that_is_left_out_added_or_put_elsewhere_gives_another_last_seal() -> None:
    first, second, third, last = ENTRIES
    others = [
        (first, third, last),
        (first, second, third),
        (first, second, second, third, last),
        (second, first, third, last),
    ]
    assert len({seals(*each)[-1] for each in [ENTRIES, *others]}) == 5


def test_the_head_counts_on() -> None:
    head = Head().after(seals(*ENTRIES[:2]))
    assert head == Head(seals(*ENTRIES)[1], 2)
    assert head.after([]) == head
    assert head.after(seals_after(head.seal, map(entry_written, ENTRIES[2:]))) == Head(seals(*ENTRIES)[-1], 4)


def test_an_instant_is_the_same_in_every_zone() -> None:
    assert instant_written(AT.astimezone(timezone(timedelta(hours=-6)))) == "2026-03-02 18:00:00.000000"


def test_whatever_an_agreement_holds_is_in_its_content() -> None:
    case = replace(
        agreement(),
        parties=(Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US")),
        terms={"validity": Term.parse("5 years", "the text")},
        facts={
            "signed_on": (Claim(PartialDate.parse("2026-03"), "a letter"), Claim(PartialDate.parse("2026-03-02"), "b"))
        },
    )
    claims = case.facts["signed_on"]
    others = [
        replace(case, state="elsewhere"),
        replace(case, version=case.version + 1),
        replace(case, title="another"),
        replace(case, tracked_from=ON),
        replace(case, parent="MX-1"),
        replace(
            case, parties=(case.parties[0], replace(case.parties[1], signature=Signature(PartialDate.parse("2026"))))
        ),
        replace(case, terms={"validity": Term.parse("6 years", "the text")}),
        replace(case, terms={"validity": Term.parse("5 years", "another text")}),
        replace(case, facts={"signed_on": claims[::-1]}),
        replace(case, facts={"signed_on": claims[:1]}),
    ]
    assert len({content_of(each) for each in [case, *others]}) == len(others) + 1
    assert content_of(replace(case, parties=case.parties[::-1])) == content_of(case)
