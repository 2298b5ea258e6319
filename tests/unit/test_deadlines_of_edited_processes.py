"""What an official may write into a process file that the shipped ones do not use: it counts all the same."""

from datetime import date

from builders import CLOCK, after, agreement, derived, tiny_process, try_step
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.deadlines.warnings import lapses_by_the_clock

ASKED = date(2008, 3, 10)


def of(case, rule):
    return [deadline for deadline in case.deadlines if deadline.rule == rule]


def asked(process, day=ASKED):
    return after(agreement(process, opened_on=day), ("ask", day), process=process)


REMINDER = """
[steps.remind]
from = ["asked"]
to = "asked"
by = ["liaison"]
label = { en = "Remind", es = "Recordar" }

[deadlines.reminder]
runs_from = { deadline = "answer" }
length = "3 days"
direction = "backward"
roll = "none"
nature = "contractual"
late = "liaison"
met_by = ["remind"]
warn = ["1 day after"]
source = "test"
label = { en = "Reminder", es = "Recordatorio" }
"""


def test_a_duty_counted_backward_is_met_by_its_step(tmp_path):
    process = tiny_process(tmp_path, ("[deadlines.answer]", f"{REMINDER}\n[deadlines.answer]"))
    case = asked(process)
    assert [(d.due_on, d.status) for d in of(case, "reminder")] == [(date(2008, 3, 17), DeadlineStatus.OPEN)]
    case = after(case, ("remind", date(2008, 3, 14)), process=process)
    assert [(d.status, d.closed_on) for d in of(case, "reminder")] == [(DeadlineStatus.MET, date(2008, 3, 14))]


def test_a_duty_counted_backward_and_not_done_stays_open_after_its_day(tmp_path):
    process = tiny_process(tmp_path, ("[deadlines.answer]", f"{REMINDER}\n[deadlines.answer]"))
    case = derived(asked(process), date(2008, 3, 19), process)
    assert [d.status for d in of(case, "reminder")] == [DeadlineStatus.OPEN]


GIVE_UP = """
[steps.give_up]
from = ["asked"]
to = "asked"
by = ["clock"]
label = { en = "Give up", es = "Desistir" }
"""


def test_a_deadline_counted_from_another_lapses_once(tmp_path):
    """Otherwise the clock would take the same step again every day."""
    rule = REMINDER.replace('met_by = ["remind"]', 'on_lapse = "give_up"\narticle = "test"')
    process = tiny_process(tmp_path, ("[deadlines.answer]", f"{GIVE_UP}{rule}\n[deadlines.answer]"))
    case = try_step(asked(process), "give_up", date(2008, 3, 17), CLOCK, process=process, today=date(2008, 3, 18))
    (reminder,) = of(case.agreement, "reminder")
    assert reminder.status is DeadlineStatus.LAPSED
    assert not lapses_by_the_clock(process.deadlines["reminder"], reminder, date(2008, 3, 19))


WAITING = """
[states.waiting]
stage = "work"
waits_for = "liaison"
label = { en = "Waiting", es = "En espera" }
[steps.wait]
from = ["asked"]
to = "waiting"
by = ["liaison"]
label = { en = "Wait", es = "Esperar" }
[steps.note]
from = ["waiting"]
to = "waiting"
by = ["liaison"]
label = { en = "Note", es = "Anotar" }
[steps.resume]
from = ["waiting"]
to = "asked"
by = ["liaison"]
label = { en = "Resume", es = "Reanudar" }
"""
PAUSED = ('met_by = ["finish"]', 'met_by = ["finish"]\nroll = "none"\npaused_in = ["waiting"]')


def test_a_step_that_stays_in_a_state_that_pauses_does_not_end_the_pause(tmp_path):
    process = tiny_process(tmp_path, ("[steps.ask]", f"{WAITING}[steps.ask]"), PAUSED)
    case = after(asked(process), ("wait", date(2008, 3, 12)), ("note", date(2008, 3, 13)), process=process)
    assert [d.status for d in of(case, "answer")] == [DeadlineStatus.PAUSED]
    case = after(case, ("resume", date(2008, 3, 17)), process=process)
    assert [d.due_on for d in of(case, "answer")] == [date(2008, 3, 25)]


def test_pauses_add_up(tmp_path):
    process = tiny_process(tmp_path, ("[steps.ask]", f"{WAITING}[steps.ask]"), PAUSED)
    case = after(
        asked(process),
        ("wait", date(2008, 3, 12)),
        ("resume", date(2008, 3, 14)),
        ("wait", date(2008, 3, 18)),
        ("resume", date(2008, 3, 21)),
        process=process,
    )
    assert [d.due_on for d in of(case, "answer")] == [date(2008, 3, 25)]


def test_a_legal_deadline_that_ends_on_a_sunday_is_due_on_monday(tmp_path):
    process = tiny_process(tmp_path)
    assert [d.due_on for d in of(asked(process, date(2008, 3, 13)), "answer")] == [date(2008, 3, 24)]


def test_a_target_stays_where_it_falls(tmp_path):
    process = tiny_process(tmp_path, ('nature = "legal"', 'nature = "target"'))
    assert [d.due_on for d in of(asked(process, date(2008, 3, 13)), "answer")] == [date(2008, 3, 23)]


def test_asking_again_closes_the_first_deadline_and_the_answer_meets_the_second(tmp_path):
    process = tiny_process(tmp_path, ('from = ["open"]', 'from = ["open", "asked"]'))
    case = after(asked(process), ("ask", date(2008, 4, 7)), ("finish", date(2008, 4, 14)), process=process)
    assert [(d.anchor_on, d.status) for d in of(case, "answer")] == [
        (ASKED, DeadlineStatus.VOID),
        (date(2008, 4, 7), DeadlineStatus.MET),
    ]
