"""What begins a duty does not meet it: “three years after the last review” is met by the next review."""

from datetime import date
from pathlib import Path

import pytest

from builders import after, agreement, context, derived, facts, tiny_process, try_step
from twinflow.domain.agreement.agreement import Agreement, DeadlineStatus
from twinflow.domain.deadlines.occurrences import on_record_since
from twinflow.domain.process.definition import ProcessDefinition

OPEN, MET, VOID, LAPSED = DeadlineStatus.OPEN, DeadlineStatus.MET, DeadlineStatus.VOID, DeadlineStatus.LAPSED

REVIEW = """
[steps.review]
from = ["asked"]
to = "asked"
by = ["liaison"]
{gives}
label = {{ en = "Review", es = "Revisar" }}

[deadlines.answer]
"""
BY_ITS_DAY, BY_A_FACT = 'day_as = "asked_on"', 'records = ["asked_on"]'
MET_BY_REVIEW = ('met_by = ["finish"]', 'met_by = ["review"]')
IN_THREE_YEARS = ('length = "10 days"', 'length = "3 years"\nroll = "none"')
FROM_THE_STEP = ('runs_from = { fact = "asked_on" }', 'runs_from = { step = "review" }')
GIVEN_DAY = ('length = "10 days"', 'fixed = true\nroll = "none"')


def reviewed(folder: Path, gives: str, *edits: tuple[str, str]) -> ProcessDefinition:
    return tiny_process(folder, ("[deadlines.answer]", REVIEW.format(gives=gives)), MET_BY_REVIEW, *edits)


def stand(
    case: Agreement, on: date, process: ProcessDefinition
) -> list[tuple[date | None, DeadlineStatus, date | None]]:
    return [(each.due_on, each.status, each.closed_on) for each in derived(case, on, process).deadlines]


@pytest.mark.parametrize("edits", [(), (FROM_THE_STEP,)], ids=["from the fact it gives", "from the step itself"])
def test_a_review_begins_three_years_that_the_next_review_meets(
    edits: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    process = reviewed(tmp_path, BY_ITS_DAY, IN_THREE_YEARS, *edits)
    case = after(
        agreement(process, state="asked", opened_on=date(2020, 1, 7)), ("review", date(2020, 3, 2)), process=process
    )
    assert stand(case, date(2020, 3, 2), process) == [(date(2023, 3, 2), OPEN, None)]
    case = after(case, ("review", date(2023, 1, 9)), process=process)
    assert stand(case, date(2023, 1, 9), process) == [
        (date(2023, 3, 2), MET, date(2023, 1, 9)),
        (date(2026, 1, 9), OPEN, None),
    ]
    late = after(case, ("review", date(2026, 5, 4)), process=process)
    assert stand(late, date(2026, 5, 4), process)[1:] == [
        (date(2026, 1, 9), MET, date(2026, 5, 4)),
        (date(2029, 5, 4), OPEN, None),
    ]


def test_two_reviews_on_one_day_are_two_reviews(tmp_path: Path) -> None:
    process, on = reviewed(tmp_path, BY_ITS_DAY, IN_THREE_YEARS), date(2020, 3, 2)
    case = after(
        agreement(process, state="asked", opened_on=date(2020, 1, 7)), ("review", on), ("review", on), process=process
    )
    assert stand(case, on, process) == [(date(2023, 3, 2), MET, on), (date(2023, 3, 2), OPEN, None)]


def test_what_was_on_record_before_is_met_by_the_first_review(tmp_path: Path) -> None:
    process = reviewed(tmp_path, BY_ITS_DAY, IN_THREE_YEARS)
    case = agreement(process, state="asked", opened_on=date(2020, 1, 7), facts=facts(asked_on="2018-01-08"))
    case = after(case, ("review", date(2020, 3, 2)), process=process)
    assert stand(case, date(2020, 3, 2), process) == [
        (date(2021, 1, 8), MET, date(2020, 3, 2)),
        (date(2023, 3, 2), OPEN, None),
    ]


def test_a_meeting_that_sets_the_day_of_the_next_does_not_hold_the_next(tmp_path: Path) -> None:
    """The day is a given one, which could be met before; held late, or early, a meeting meets its own day."""
    process = reviewed(tmp_path, BY_A_FACT, GIVEN_DAY)
    case = agreement(process, state="asked", opened_on=date(2020, 1, 7))
    case = after(case, ("review", date(2020, 3, 2), {"asked_on": "2020-06-01"}), process=process)
    assert stand(case, date(2020, 3, 2), process) == [(date(2020, 6, 1), OPEN, None)]
    for held_on in (date(2020, 5, 28), date(2020, 6, 4)):
        then = after(case, ("review", held_on, {"asked_on": "2020-09-01"}), process=process)
        assert stand(then, held_on, process) == [(date(2020, 6, 1), MET, held_on), (date(2020, 9, 1), OPEN, None)]


def test_a_day_recorded_with_the_act_that_meets_it_may_lie_before_the_act(tmp_path: Path) -> None:
    process = reviewed(tmp_path, BY_A_FACT, IN_THREE_YEARS)
    case = agreement(process, state="asked", opened_on=date(2020, 1, 7), facts=facts(asked_on="2018-01-08"))
    case = after(case, ("review", date(2020, 3, 2), {"asked_on": "2020-02-20"}), process=process)
    assert stand(case, date(2020, 3, 2), process) == [
        (date(2021, 1, 8), MET, date(2020, 3, 2)),
        (date(2023, 2, 20), OPEN, None),
    ]


YEARLY = ('length = "10 days"', 'length = "1 year"\nrecurs = true\nroll = "none"')


def test_a_year_that_begins_anew_with_each_review_is_numbered_on(tmp_path: Path) -> None:
    """So that what was told of the year before is not taken for this one's."""
    process = reviewed(tmp_path, BY_ITS_DAY, YEARLY)
    case = agreement(process, state="asked", opened_on=date(2024, 1, 8), facts=facts(asked_on="2024-01-08"))
    case = after(case, ("review", date(2025, 3, 10)), ("review", date(2025, 9, 1)), process=process)
    found = derived(case, date(2025, 9, 1), process).deadlines
    assert [(each.occurrence, each.due_on, each.status, each.closed_on) for each in found] == [
        (1, date(2025, 1, 8), MET, date(2025, 3, 10)),
        (2, date(2026, 1, 8), VOID, date(2025, 3, 10)),
        (3, date(2026, 3, 10), MET, date(2025, 9, 1)),
        (4, date(2026, 9, 1), OPEN, None),
    ]


@pytest.mark.parametrize(
    ("gives", "given", "edits", "due_on"),
    [
        (BY_A_FACT, {"asked_on": "2020-02-20"}, (), date(2021, 2, 20)),
        (BY_ITS_DAY, {}, (('{ fact = "asked_on" }', '{ fact = "asked_on", on = "12-31" }'),), date(2020, 12, 31)),
    ],
)
def test_what_begins_a_yearly_duty_does_not_meet_its_first_year(
    gives: str, given: dict[str, str], edits: tuple[tuple[str, str], ...], due_on: date, tmp_path: Path
) -> None:
    process = reviewed(tmp_path, gives, YEARLY, *edits)
    case = agreement(process, state="asked", opened_on=date(2020, 1, 7))
    case = after(case, ("review", date(2020, 3, 2), given), process=process)
    assert stand(case, date(2020, 3, 2), process) == [(due_on, OPEN, None)]


def test_all_that_is_done_on_a_day_begins_what_runs_from_activity(tmp_path: Path) -> None:
    note = REVIEW.format(gives="").replace("steps.review", "steps.note").replace("Review", "Note")
    from_activity = (
        ('runs_from = { fact = "asked_on" }', "runs_from = { activity = true }"),
        ("[deadlines.answer]", note),
    )
    process, on = reviewed(tmp_path, BY_ITS_DAY, *from_activity), date(2020, 1, 7)
    case = after(agreement(process, state="asked", opened_on=on), ("review", on), ("note", on), process=process)
    assert [each.status for each in derived(case, on, process).deadlines] == [OPEN]


def test_what_runs_from_activity_is_on_record_since_the_act_was(tmp_path: Path) -> None:
    from_activity = ('runs_from = { fact = "asked_on" }', "runs_from = { activity = true }")
    process, on = tiny_process(tmp_path, from_activity), date(2020, 3, 2)
    case = agreement(process, opened_on=date(2020, 1, 7))
    case = try_step(case, "ask", on, process=process, today=date(2020, 4, 6)).agreement
    deadline = derived(case, date(2020, 4, 6), process).deadlines[-1]
    assert deadline.anchor_on == on
    assert on_record_since(case, process, deadline, context(process, date(2020, 4, 6))) == date(2020, 4, 6)
