"""What was changed about people while a matter was under way is said of the decision, and nothing else is."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from builders import AT_PAGE, agreement, definition, noon
from twinflow.domain.agreement.entries import StepTaken
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.people.changes import Line, PeopleEntry
from twinflow.domain.steps.made_possible import changes_behind
from twinflow.language import say

DAY, NEXT, LAST = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)
PROCESS = definition("mx/twinning")
RITA, BEA, OTTO = "people.rita", "people.bea", "people.otto"


def taken(step: str, actor: str, on: date, role: str, acts_for: str = "") -> HistoryEntry:
    way = replace(AT_PAGE, role=role, acts_for=acts_for)
    return HistoryEntry(EntryKind.STEP, actor, on, noon(on), step, "a", "b", None, StepTaken().details(), way)


def behind(*changes: tuple[datetime, dict[str, str]], decider: str = "rita", acts_for: str = "") -> list[str]:
    """What is said of an opinion that was requested on the first day and decided on the last."""
    case = agreement(PROCESS, opened_on=DAY)
    request = taken("request_opinion", "ana", DAY, "liaison")
    opinion = taken("issue_favourable_opinion", decider, LAST, "reviewer", acts_for)
    case = replace(case, history=(*case.history, request, opinion))
    entries, there = [], dict[str, str]()
    for number, (at, written) in enumerate(changes, start=1):
        lines = tuple(Line(place, there.get(place, ""), value) for place, value in written.items())
        there |= written
        entries.append((PeopleEntry(number, "alba", "", lines), at))
    found = changes_behind(case, PROCESS, entries, lambda at: at.date())
    return [say(each, "en") for each in found.get(len(case.history) - 1, ())]


def role(person: str, name: str = "reviewer", number: int = 1, **days: str) -> dict[str, str]:
    place = f"{person}.roles[{number}]"
    return {f"{place}.role": name, f"{place}.office": "sre"} | {f"{place}.{day}": on for day, on in days.items()}


BEFORE, MEANWHILE, AFTER = noon(DAY) - timedelta(days=1), noon(NEXT), noon(LAST) + timedelta(days=1)
ON = "on Tuesday, 3 March 2026 by alba"
GIVEN = "role reviewer of the ministry given to rita"
GIVES = {f"{OTTO}.delegates[1].to": "rita", f"{OTTO}.delegates[1].until": "2026-03-31"}
CASES = {
    "held before": ([(BEFORE, role(RITA))], []),
    "given after": ([(AFTER, role(RITA))], []),
    "given meanwhile": ([(MEANWHILE, role(RITA))], [f"{GIVEN} {ON}"]),
    "given before, from a day within": (
        [(BEFORE, role(RITA, **{"from": "2026-03-03"}))],
        [f"{GIVEN} on Sunday, 1 March 2026 by alba"],
    ),
    "given before, from a day after": ([(BEFORE, role(RITA, **{"from": "2026-03-05"}))], []),
    "another role": ([(MEANWHILE, role(RITA, "registrar"))], []),
    "given to another": ([(BEFORE, role(RITA)), (MEANWHILE, role(BEA))], []),
    "taken from another beside": (
        [(BEFORE, role(RITA) | role(BEA)), (MEANWHILE, {f"{BEA}.roles[1].to": "2026-03-03"})],
        [],
    ),
    "taken from who was deputised": (
        [(BEFORE, role(BEA)), (MEANWHILE, {f"{BEA}.roles[1].to": "2026-03-03"})],
        [f"role reviewer of the ministry taken from bea {ON}"],
    ),
    "disabled who was deputised": (
        [(BEFORE, role(BEA)), (MEANWHILE, {f"{BEA}.disabled": "yes"})],
        [f"bea disabled {ON}"],
    ),
    "enabled": (
        [(BEFORE, role(RITA) | {f"{RITA}.disabled": "yes"}), (MEANWHILE, {f"{RITA}.disabled": ""})],
        [f"rita enabled again {ON}"],
    ),
    "a delegation ended": (
        [(BEFORE, role(RITA) | GIVES), (MEANWHILE, {f"{OTTO}.delegates[1].until": "2026-03-02"})],
        [f"delegation of otto to rita ended {ON}"],
    ),
    "a delegation to another ended": (
        [
            (BEFORE, role(RITA) | GIVES | {f"{OTTO}.delegates[1].to": "bea"}),
            (MEANWHILE, {f"{OTTO}.delegates[1].until": "2026-03-02"}),
        ],
        [],
    ),
    "two keys of one address parted": (
        [
            (BEFORE, role(RITA) | {f"{RITA}.mail": "One@test.example", "people.ana.mail": "one@test.example"}),
            (MEANWHILE, {"people.ana.mail": "ana@test.example"}),
        ],
        [f"mail address of ana changed {ON}"],
    ),
    "an address of one's own": (
        [(BEFORE, role(RITA) | {f"{RITA}.mail": "a@test.example"}), (MEANWHILE, {f"{RITA}.mail": "b@test.example"})],
        [],
    ),
}


@pytest.mark.parametrize(("changes", "said"), CASES.values(), ids=CASES)
def test_what_was_changed_meanwhile_is_said_of_the_decision(changes, said):
    assert behind(*changes) == said


def test_of_who_decided_for_somebody_both_are_looked_at():
    given = behind((BEFORE, role(OTTO)), (MEANWHILE, GIVES), acts_for="otto")
    assert given == [f"delegation of otto to rita given {ON}"]
    assert behind((MEANWHILE, role(OTTO)), acts_for="otto") == [f"role reviewer of the ministry given to otto {ON}"]
