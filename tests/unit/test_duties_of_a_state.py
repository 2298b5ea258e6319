"""Duties that run only in some states: outside them nothing is owed, and nothing comes to be owed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from builders import TINY, after, agreement, derived, edited, facts, noon, tiny_process
from twinflow.domain.agreement.agreement import Agreement, DeadlineStatus
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.process.definition import ProcessDefinition

OPEN, MET, UNMET, VOID = DeadlineStatus.OPEN, DeadlineStatus.MET, DeadlineStatus.UNMET, DeadlineStatus.VOID
ASKED = date(2026, 1, 15)


def owed_while_asked(folder: Path, *edits: tuple[str, str]) -> ProcessDefinition:
    """The duty runs in “asked” alone."""
    process = tiny_process(folder, *edits)
    rule = replace(process.deadlines["answer"], while_in=frozenset({"asked"}))
    return replace(process, deadlines={"answer": rule})


YEARLY = ('length = "10 days"', 'length = "1 year"\nrecurs = true\nroll = "none"')
ONCE = ('length = "10 days"', 'length = "10 days"\nroll = "none"')


def moved(case: Agreement, *moves: tuple[date, str]) -> Agreement:
    """The case after it came to each of these states."""
    for on, state in moves:
        came = HistoryEntry(EntryKind.STEP, "elena", on, noon(on), step="move", from_state=case.state, to_state=state)
        case = replace(case, state=state, history=(*case.history, came))
    return case


def stand(
    case: Agreement, on: date, process: ProcessDefinition
) -> list[tuple[date | None, DeadlineStatus, date | None]]:
    return [(each.due_on, each.status, each.closed_on) for each in derived(case, on, process).deadlines]


def asked(process: ProcessDefinition, state: str = "open") -> Agreement:
    return agreement(process, state=state, opened_on=ASKED, facts=facts(asked_on=ASKED.isoformat()))


def test_before_the_case_comes_there_nothing_is_owed_whatever_day_passes(tmp_path: Path) -> None:
    process = owed_while_asked(tmp_path, YEARLY)
    assert stand(asked(process), date(2029, 6, 1), process) == []


def test_what_came_due_before_falls_away_and_the_next_is_counted_from_the_same_day(tmp_path: Path) -> None:
    process = owed_while_asked(tmp_path, YEARLY)
    case = moved(asked(process), (date(2028, 3, 1), "asked"))
    assert stand(case, date(2028, 4, 1), process) == [(date(2029, 1, 15), OPEN, None)]


def test_a_duty_that_comes_once_is_owed_when_the_case_comes_there_though_its_day_has_passed(tmp_path: Path) -> None:
    process = owed_while_asked(tmp_path, ONCE)
    assert stand(asked(process), date(2026, 2, 1), process) == []
    case = moved(asked(process), (date(2026, 3, 1), "asked"))
    assert stand(case, date(2026, 3, 1), process) == [(date(2026, 1, 25), OPEN, None)]


@pytest.mark.parametrize(
    ("left_on", "status"), [(date(2026, 1, 20), VOID), (date(2026, 1, 25), VOID), (date(2026, 1, 26), UNMET)]
)
def test_what_is_owed_when_the_case_leaves_is_owed_no_more(
    left_on: date, status: DeadlineStatus, tmp_path: Path
) -> None:
    process = owed_while_asked(tmp_path, ONCE)
    case = moved(asked(process, "asked"), (left_on, "open"))
    assert stand(case, date(2026, 6, 1), process) == [(date(2026, 1, 25), status, left_on)]


def test_what_was_not_met_runs_on_when_the_case_comes_back(tmp_path: Path) -> None:
    process = owed_while_asked(tmp_path, ONCE)
    case = moved(asked(process, "asked"), (date(2026, 1, 20), "open"), (date(2026, 1, 22), "asked"))
    assert stand(case, date(2026, 1, 22), process) == [(date(2026, 1, 25), OPEN, None)]


def test_a_year_that_was_overdue_when_the_case_left_stays_on_record_and_one_that_passed_meanwhile_does_not(
    tmp_path: Path,
) -> None:
    process = owed_while_asked(tmp_path, YEARLY)
    case = moved(asked(process, "asked"), (date(2027, 3, 1), "open"), (date(2028, 3, 1), "asked"))
    assert stand(case, date(2028, 3, 1), process) == [
        (date(2027, 1, 15), UNMET, date(2027, 3, 1)),
        (date(2029, 1, 15), OPEN, None),
    ]


def test_what_was_met_stays_met(tmp_path: Path) -> None:
    process = owed_while_asked(tmp_path, ('label = { en = "Ask"', 'label = { en = "Ask again"'))
    case = after(asked(process, "asked"), ("finish", date(2026, 1, 20)), process=process)
    assert stand(case, date(2026, 6, 1), process)[0][1:] == (MET, date(2026, 1, 20))


def test_the_tiny_text_stands_as_it_is_used() -> None:
    assert edited(TINY, YEARLY) != TINY
