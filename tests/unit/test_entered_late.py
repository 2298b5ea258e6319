"""Acts count in the order of their days, whenever they were entered; a day of closing is one of the history."""

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from builders import after, agreement, context, derived, facts, noon, tiny_process
from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.process.definition import ProcessDefinition

ASKED, FIRST, SECOND, THIRD, TODAY = (date(2026, 3, day) for day in (2, 4, 10, 18, 31))
LOOPS = """
[states.resting]
stage = "work"
waits_for = "liaison"
label = {{ en = "Resting", es = "En reposo" }}
[steps.review]
from = ["asked"]
to = "asked"
by = ["liaison"]
{gives}
label = {{ en = "Review", es = "Revisar" }}
[steps.rest]
from = ["asked"]
to = "resting"
by = ["liaison"]
label = {{ en = "Rest", es = "Reposar" }}
[steps.note]
from = ["resting"]
to = "resting"
by = ["liaison"]
label = {{ en = "Note", es = "Anotar" }}
[steps.end]
from = ["resting"]
to = "done"
by = ["liaison"]
label = {{ en = "End", es = "Terminar" }}

[deadlines.answer]
"""
FROM_THE_STEP = ('runs_from = { fact = "asked_on" }', 'runs_from = { step = "review" }')
MET_BY_REVIEW = ('met_by = ["finish"]', 'met_by = ["review"]')
BY_A_FACT = 'day_as = "asked_on"'


def process_of(folder: Path, *edits: tuple[str, str], gives: str = "") -> ProcessDefinition:
    return tiny_process(folder, ("[deadlines.answer]", LOOPS.format(gives=gives)), *edits)


def in_rows(case: Agreement, steps: tuple[tuple[str, date], ...], process: ProcessDefinition) -> tuple[Deadline, ...]:
    """The deadlines as the rows have them after these steps, with a pass after each: but for what nothing gives rise to."""
    for step in steps:
        now = context(process, TODAY)
        before = derived(case, TODAY, process)
        done = derived(after(before, step, process=process), TODAY, process)
        case = rewritten(before, done, process, now, noon(TODAY)).agreement
    rows = [each for each in case.deadlines if (each.status, each.closed_on) != (DeadlineStatus.VOID, None)]
    return tuple(sorted(rows, key=lambda each: each.key))


@pytest.mark.parametrize("gives", ["", BY_A_FACT], ids=["from the step", "from the day it gives"])
def test_reviews_entered_in_any_order_begin_and_meet_the_same(gives: str, tmp_path: Path) -> None:
    process = process_of(tmp_path, MET_BY_REVIEW, *([] if gives else [FROM_THE_STEP]), gives=gives)
    case = agreement(process, state="asked", opened_on=ASKED)
    found = {in_rows(case, order, process) for order in permutations([("review", d) for d in (FIRST, SECOND, THIRD)])}
    (rows,) = found
    assert [(each.anchor_on, each.closed_on) for each in rows] == [(FIRST, SECOND), (SECOND, THIRD), (THIRD, None)]


def test_what_cannot_be_met_any_more_is_over_on_the_day_on_which_that_came_whatever_happened_since(
    tmp_path: Path,
) -> None:
    process = process_of(tmp_path)
    case = agreement(process, state="asked", opened_on=ASKED, facts=facts(asked_on=str(ASKED)))
    (answer,) = in_rows(case, (("rest", FIRST), ("note", SECOND), ("note", THIRD)), process)
    assert (answer.status, answer.closed_on) == (DeadlineStatus.VOID, FIRST)
