"""A count that begins anew with everything that people do: a case in which nothing happens is noticed."""

from dataclasses import replace
from datetime import date

from builders import after, agreement, derived, tiny_process
from twinflow.domain.agreement.agreement import Child, DeadlineStatus

OPENED = date(2026, 1, 5)
QUIET = (
    ("[steps.ask]", ('[steps.note]\nfrom = ["open"]\nto = "open"\nby = ["liaison"]\nlabel = { en = "Note", es = "Nota" }\n'
     '[steps.sleep]\nday_as = "asked_on"\nfrom = ["open"]\nto = "asked"\nby = ["liaison"]\n'
     'label = { en = "Sleep", es = "Dormir" }\n[steps.ask]')),
    ("[deadlines.answer]", ('[deadlines.quiet]\nruns_from = { activity = true }\nlength = "1 year"\nnature = "target"\n'
     'late = "liaison"\nmet_by = ["sleep"]\nwarn = ["1 day after"]\nsource = "target: ours"\n'
     'label = { en = "Quiet", es = "Inactivo" }\n[deadlines.answer]')),
)  # fmt: skip


def dates(case):
    return [(d.due_on, d.status) for d in case.deadlines if d.rule == "quiet"]


def test_the_year_counts_from_the_last_thing_that_was_done(tmp_path):
    process = tiny_process(tmp_path, *QUIET)
    case = derived(agreement(process, opened_on=OPENED), OPENED, process)
    assert dates(case) == [(date(2027, 1, 5), DeadlineStatus.OPEN)]
    case = after(case, ("note", date(2026, 3, 2)), ("note", date(2026, 5, 4)), process=process)
    assert dates(case)[-1] == (date(2027, 5, 4), DeadlineStatus.OPEN)
    assert {status for _, status in dates(case)[:-1]} == {DeadlineStatus.VOID}


def test_what_a_child_did_counts_too(tmp_path):
    process = tiny_process(tmp_path, *QUIET)
    child = Child("P-1", "annual-programme", "agreed", (("drafted", date(2026, 6, 1)), ("agreed", date(2026, 7, 1))))
    case = derived(replace(agreement(process, opened_on=OPENED), children=(child,)), OPENED, process)
    assert dates(case)[-1][0] == date(2027, 7, 1)


def test_the_step_that_answers_it_closes_it_and_begins_the_next(tmp_path):
    process = tiny_process(tmp_path, *QUIET)
    case = after(agreement(process, opened_on=OPENED), ("sleep", date(2027, 2, 1)), process=process)
    assert dates(case)[0] == (date(2027, 1, 5), DeadlineStatus.MET)
