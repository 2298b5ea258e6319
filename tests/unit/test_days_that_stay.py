"""Days that keep their place: a duty of each 31 December whatever is paused, and a term that began on a 31st and is renewed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from builders import (
    ALBUQUERQUE,
    CHIHUAHUA,
    after,
    agreement,
    calendars,
    definition,
    derived,
    facts,
    noon,
    signed,
    terms,
    tiny_process,
)
from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline, DeadlineStatus
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines.context import due_dates
from twinflow.domain.deadlines.counting import DayKind, Inputs, compute
from twinflow.domain.deadlines.warnings import levels
from twinflow.domain.process.definition import InPause, Level, ProcessDefinition

TERM_END, SIX_MONTHS = definition().deadlines["term_end"], Length.parse("6 months")
OPEN, PAUSED, VOID = DeadlineStatus.OPEN, DeadlineStatus.PAUSED, DeadlineStatus.VOID

EACH_31_DECEMBER = (
    ('runs_from = { fact = "asked_on" }', 'runs_from = { fact = "asked_on", on = "12-31" }'),
    ('length = "10 days"', 'length = "1 year"\nrecurs = true\nroll = "none"\npaused_in = ["open"]'),
)


def yearly(folder: Path, in_pause: InPause | None = None) -> ProcessDefinition:
    process = tiny_process(folder, *EACH_31_DECEMBER)
    return replace(process, deadlines={"answer": replace(process.deadlines["answer"], in_pause=in_pause)})


def resting(process: ProcessDefinition, rests_on: date, until: date | None) -> Agreement:
    """A case of 2020 that rests, for its duty stands still while it is open."""
    case = agreement(process, state="asked", opened_on=date(2020, 3, 2), facts=facts(asked_on="2020-03-02"))
    for on, state in [(rests_on, "open"), (until, "asked")]:
        if on is not None:
            came = HistoryEntry(
                EntryKind.STEP, "elena", on, noon(on), step="move", from_state=case.state, to_state=state
            )
            case = replace(case, state=state, history=(*case.history, came))
    return case


def stand(case: Agreement, on: date, process: ProcessDefinition) -> list[tuple[date | None, DeadlineStatus]]:
    return [(each.due_on, each.status) for each in derived(case, on, process).deadlines]


def test_a_rest_of_two_years_takes_its_years_away_and_leaves_31_december_where_it_is(tmp_path: Path) -> None:
    process = yearly(tmp_path)
    case = resting(process, date(2020, 6, 1), date(2022, 6, 1))
    assert stand(case, date(2022, 7, 1), process) == [
        (date(2020, 12, 31), VOID),
        (date(2021, 12, 31), VOID),
        (date(2022, 12, 31), OPEN),
    ]


def test_while_it_rests_no_day_is_owed(tmp_path: Path) -> None:
    process = yearly(tmp_path)
    case = resting(process, date(2020, 6, 1), None)
    for day in (date(2020, 7, 1), date(2021, 7, 1)):
        assert stand(case, day, process) == [(None, PAUSED)]


def test_a_rest_between_two_days_moves_neither(tmp_path: Path) -> None:
    process = yearly(tmp_path)
    assert stand(resting(process, date(2020, 6, 1), date(2020, 9, 1)), date(2020, 10, 1), process) == [
        (date(2020, 12, 31), OPEN)
    ]


def test_what_waits_by_its_rule_is_due_when_the_rest_ends(tmp_path: Path) -> None:
    process = yearly(tmp_path, InPause.WAIT)
    case = resting(process, date(2020, 6, 1), date(2021, 6, 1))
    assert stand(case, date(2021, 6, 1), process) == [(date(2021, 6, 1), OPEN)]


def test_the_ledger_of_a_day_that_stays_counts_the_paused_days_as_well(tmp_path: Path) -> None:
    process = yearly(tmp_path)
    case = resting(process, date(2020, 6, 1), date(2020, 9, 1))
    (deadline,) = derived(case, date(2020, 10, 1), process).deadlines
    assert deadline.basis is not None
    (found,), _ = due_dates(process.deadlines["answer"], deadline.anchor_on, deadline.basis, calendars())
    assert found.on == found.ledger[-1].on == date(2020, 12, 31)
    assert DayKind.PAUSED not in {line.kind for line in found.ledger}


@pytest.mark.parametrize("length", ["6 months"])
def test_a_term_of_31_august_renewed_each_half_year_ends_on_the_31st_where_there_is_one(length: str) -> None:
    """As the recurring duties of the same case are counted."""
    case = agreement(
        state="in_force",
        opened_on=date(2024, 8, 31),
        parties=signed((CHIHUAHUA, ALBUQUERQUE), "2024-08-31"),
        terms=terms(validity=length),
        facts=facts(signed_on="2024-08-31", in_force_on="2024-08-31", term_starts_on="2024-08-31"),
    )
    case = derived(case, date(2024, 8, 31))
    begun = []
    for on in (date(2025, 2, 3), date(2025, 8, 1), date(2026, 2, 2), date(2026, 8, 3)):
        case = after(
            case,
            ("start_evaluation", on),
            ("record_evaluation", on),
            ("accept_renewal", on, "Chihuahua"),
            ("accept_renewal", on, "Albuquerque"),
            ("renew", on),
        )
        begun.append(case.day_of("term_starts_on"))
    assert begun == [date(2025, 2, 28), date(2025, 8, 31), date(2026, 2, 28), date(2026, 8, 31)]
    (last,) = [each for each in case.deadlines if each.rule == "term_end" and each.is_open]
    assert (last.anchor_on, last.due_on) == (date(2026, 8, 31), date(2027, 2, 28))
    ends = [each.due_on for each in case.deadlines if each.rule == "term_end"]
    assert ends == [date(2025, 2, 28), date(2025, 8, 31), date(2026, 2, 28), date(2026, 8, 31), date(2027, 2, 28)]


def test_a_share_of_a_renewed_term_is_counted_from_its_own_start() -> None:
    rule = replace(TERM_END, warn=(Level(percent=50),))
    term = Deadline(
        "term_end",
        2,
        date(2024, 8, 31),
        date(2025, 8, 31),
        date(2025, 8, 31),
        OPEN,
        basis=Basis((SIX_MONTHS,), after_months=6),
    )
    assert [level.on for level in levels(rule, term, calendars())] == [date(2025, 5, 31)]


def test_the_ledger_of_a_renewed_term_shows_the_end_of_each_year() -> None:
    found = compute(Inputs(start_on=date(2024, 2, 29), length=Length.parse("1 year"), after_months=12))
    counted = [(line.on, line.number, line.unit) for line in found.ledger if line.kind is DayKind.COUNTED]
    assert counted == [(date(2025, 2, 28), 1, Unit.YEARS), (date(2026, 2, 28), 2, Unit.YEARS)]
