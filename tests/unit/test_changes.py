# ruff: noqa: E501
"""Pauses, extensions, removals and agreed days: what is refused and why, and what the date becomes."""

import ast
import inspect
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from builders import (
    LIAISON,
    REVIEWER,
    TO_OPINION,
    after,
    agreement,
    definition,
    derived,
    noon,
    rulebook,
    tiny_process,
)
from twinflow.domain.agreement.agreement import Basis, DeadlineStatus
from twinflow.domain.agreement.entries import ChangeKind, HandedOver, Handing, Thing, noted
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Calendars, Pause
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines import changes
from twinflow.domain.deadlines.changes import Change, ChangeCommand, changed_basis, changes_by_deadline, decide, pending
from twinflow.domain.people.people import Actor
from twinflow.errors import Refused
from twinflow.sentences import Sentence

PAUSE, RESUME, EXTEND = ChangeKind.PAUSE, ChangeKind.RESUME, ChangeKind.EXTEND
REMOVE, MOVE, CONFIRM = ChangeKind.REMOVE, ChangeKind.MOVE, ChangeKind.CONFIRM

ASKED = date(2008, 3, 10)
DUE = date(2008, 3, 25)
"""Ten business days after Monday 10 March; Monday the 17th is a holiday."""

STRANGER = Actor("hugo", frozenset())
SUPERVISOR = Actor("silvia", frozenset({"supervisor"}))
BOTH = Actor("lucia", frozenset({"liaison", "supervisor"}))

LABEL = 'label = { en = "Answer", es = "Respuesta" }\n'
MAY_PAUSE = '[deadlines.answer.pause]\nby = ["liaison"]\nat_most = "20 days"\nsource = "art. 5"\n'
MAY_EXTEND = '[deadlines.answer.extend]\nby = ["liaison"]\nat_most = "15 business days"\nsource = "art. 6"\n'
MAY_MOVE = '[deadlines.answer.move]\nby = ["liaison"]\nat_most = "30 days"\nsource = "art. 7"\n'
SECOND = 'by = ["liaison"]\nsecond = "supervisor"\n'
ROLES = (
    "[states.open]",
    '[roles.supervisor]\noffice = "municipality"\nlabel = { en = "supervisor", es = "superior" }\n[states.open]',
)
WAITING = (
    "[steps.ask]",
    (
        '[states.waiting]\nstage = "work"\nwaits_for = "liaison"\nlabel = { en = "Waiting", es = "En espera" }\n'
        '[steps.wait]\nfrom = ["asked"]\nto = "waiting"\nby = ["liaison"]\nlabel = { en = "Wait", es = "Esperar" }\n'
        '[steps.go_on]\nfrom = ["waiting"]\nto = "asked"\nby = ["liaison"]\nlabel = { en = "Go on", es = "Seguir" }\n'
        "[steps.ask]"
    ),
)
BUSINESS = ('length = "10 days"', 'length = "10 business days"')
BACKWARD = """
[deadlines.reminder]
runs_from = { deadline = "answer" }
length = "3 days"
direction = "backward"
roll = "none"
duty = false
nature = "contractual"
source = "test"
label = { en = "Reminder", es = "Recordatorio" }
[deadlines.reminder.move]
by = ["liaison"]
source = "art. 8"
"""


def rules(*texts, edits=()):
    return (BUSINESS, ROLES, (LABEL, LABEL + "".join(texts)), *edits)


VARIANTS = {
    "full": rules(MAY_PAUSE, MAY_EXTEND, MAY_MOVE),
    "without a basis": rules(),
    "with a second person": rules(*(text.replace('by = ["liaison"]\n', SECOND) for text in (MAY_PAUSE, MAY_EXTEND))),
    "without a maximum": rules(MAY_PAUSE.replace('at_most = "20 days"\n', ""), MAY_EXTEND),
    "paused in a state": (
        *rules(MAY_PAUSE, MAY_EXTEND),
        WAITING,
        ('met_by = ["finish"]', 'met_by = ["finish"]\npaused_in = ["waiting"]'),
    ),
    "fixed": (
        ROLES,
        ('length = "10 days"\n', "fixed = true\n"),
        ('day_as = "asked_on"', 'records = ["asked_on"]'),
        (LABEL, LABEL + MAY_MOVE),
    ),
    "followed": rules(MAY_PAUSE, MAY_EXTEND, BACKWARD),
}


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    return {name: tiny_process(tmp_path_factory.mktemp("tiny"), *edits) for name, edits in VARIANTS.items()}


def asked(process, day=ASKED):
    return after(agreement(process, opened_on=day), ("ask", day), process=process)


def the(case, rule="answer"):
    (found,) = [deadline for deadline in case.deadlines if deadline.rule == rule]
    return found


def command(kind, on, **more):
    return ChangeCommand(**{"kind": kind, "on": on, "reason": "flood", "paper": "OF-1", **more})


def changed(case, process, kind, on, actor=LIAISON, *, today=None, rule="answer", **more):
    """The case with one change more, entered on the day of the act unless `today` says otherwise."""
    today = today or on
    case = derived(case, today, process)
    calendars = rulebook().calendars_of(process, process.deadlines[rule])
    asks = command(kind, on, **more)
    entry = decide(case, process, the(case, rule), asks, actor, now=noon(today), today=today, calendars=calendars)
    return derived(replace(case, history=(*case.history, entry)), today, process)


def reasons(case, process, kind, on, actor=LIAISON, **more):
    with pytest.raises(Refused) as refused:
        changed(case, process, kind, on, actor, **more)
    return list(refused.value.reasons)


def days(amount):
    return Length.parse(f"{amount} days")


def business_days(amount):
    return Length.parse(f"{amount} business days")


def march(day):
    return date(2008, 3, day)


# What is refused


REFUSALS = {
    "closed": ("full", [], (EXTEND, march(13), {"length": days(1)}), "It is closed since 2008-03-12; what is closed stays as it was."),
    "no basis to pause": ("without a basis", [], (PAUSE, march(12), {}), "The process file gives no basis on which it could be paused."),
    "no basis to resume": ("without a basis", [], (RESUME, march(12), {}), "The process file gives no basis on which it could be resumed."),
    "no basis to extend": ("without a basis", [], (EXTEND, march(12), {}), "The process file gives no basis on which it could be extended."),
    "no basis to take back": ("without a basis", [], (REMOVE, march(12), {}), "The process file gives no basis on which it could be extended."),
    "no basis to move": ("without a basis", [], (MOVE, march(12), {}), "The process file gives no basis on which it could be moved by agreement."),
    "another role": ("full", [], (PAUSE, march(12), {"actor": STRANGER}), "hugo is not liaison officer here."),
    "a day to come": ("full", [], (PAUSE, march(13), {"today": march(12)}), "the day 2008-03-13 is still to come."),
    "a day before the start": ("full", [], (PAUSE, march(9), {"today": march(12)}), "2008-03-09 is before the deadline began to run on 2008-03-10."),
    "pausing a fixed date": ("fixed", [], (PAUSE, march(12), {}), "Its date is fixed: neither pauses nor extensions move it; the parties may agree on another."),
    "extending a fixed date": ("fixed", [], (EXTEND, march(12), {"length": days(1)}), "Its date is fixed: neither pauses nor extensions move it; the parties may agree on another."),
    "pausing what is counted backward": ("followed", [], (PAUSE, march(12), {"rule": "reminder"}), "Its date is fixed: neither pauses nor extensions move it; the parties may agree on another."),
    "no reason": ("full", [], (PAUSE, march(12), {"reason": ""}), "Give the reason."),
    "no paper": ("full", [], (EXTEND, march(12), {"paper": "", "length": days(1)}), "Give the paper it rests on, like the number of a letter."),
    "nothing to confirm": ("full", [(PAUSE, march(12), {})], (CONFIRM, march(13), {}), "No change of it waits for a second person."),
    "confirmed already": ("with a second person", [(EXTEND, march(12), {"length": days(1)}), (CONFIRM, march(12), {"actor": SUPERVISOR})], (CONFIRM, march(13), {"actor": SUPERVISOR}), "No change of it waits for a second person."),
    "confirmed by another role": ("with a second person", [(EXTEND, march(12), {"length": days(1)})], (CONFIRM, march(13), {"actor": STRANGER}), "hugo is not supervisor here."),
    "confirmed by the same person": ("with a second person", [(EXTEND, march(12), {"actor": BOTH, "length": days(1)})], (CONFIRM, march(13), {"actor": BOTH}), "lucia made change 1; another person has to confirm it."),
    "confirmed by who has taken it on": ("with a second person", [(EXTEND, march(12), {"length": days(1)}), ("taken_on", march(12))], (CONFIRM, march(13), {"actor": SUPERVISOR}), "silvia has taken change 1 on; another person has to confirm it."),
    "confirmed tomorrow": ("with a second person", [(EXTEND, march(12), {"length": days(1)})], (CONFIRM, march(14), {"actor": SUPERVISOR, "today": march(13)}), "the day 2008-03-14 is still to come."),
    "pausing while one waits": ("with a second person", [(PAUSE, march(12), {})], (PAUSE, march(13), {}), "Change 1, a pause, waits for a second person."),
    "pausing twice": ("without a maximum", [(PAUSE, march(12), {})], (PAUSE, march(13), {}), "It is paused already since 2008-03-12; pauses do not overlap."),
    "pausing within a pause": ("full", [(PAUSE, march(12), {}), (RESUME, march(18), {})], (PAUSE, march(17), {"today": march(18)}), "It was paused from 2008-03-12 until 2008-03-18; pauses do not overlap."),
    "pausing in a pause of limited length": ("full", [(PAUSE, march(12), {})], (PAUSE, march(31), {}), "It was paused from 2008-03-12 until 2008-04-01; pauses do not overlap."),
    "pausing in a state that pauses": ("paused in a state", [("wait", march(11))], (PAUSE, march(13), {}), "It is paused already since 2008-03-11; pauses do not overlap."),
    "pausing within a time in such a state": ("paused in a state", [("wait", march(11)), ("go_on", march(18))], (PAUSE, march(17), {"today": march(18)}), "It was paused from 2008-03-11 until 2008-03-18; pauses do not overlap."),
    "pausing once more than there is": ("full", [(PAUSE, march(12), {})], (PAUSE, date(2008, 4, 2), {}), "It has been paused for 20 days in all, the longest time there is (art. 5)."),
    "pausing too late": ("full", [], (PAUSE, march(26), {}), "Its date has passed on 2008-03-25; a pause begins before it."),
    "resuming before pausing": ("full", [], (RESUME, march(12), {}), "It is not paused by an act of a person: pause it before resuming."),
    "resuming twice": ("full", [(PAUSE, march(12), {}), (RESUME, march(13), {})], (RESUME, march(14), {}), "It is not paused by an act of a person: pause it before resuming."),
    "resuming what a state pauses": ("paused in a state", [("wait", march(11))], (RESUME, march(13), {}), "It is not paused by an act of a person: pause it before resuming."),
    "resuming what ended by itself": ("full", [(PAUSE, march(12), {})], (RESUME, date(2008, 4, 1), {}), "It is not paused by an act of a person: pause it before resuming."),
    "resuming on the same day": ("full", [(PAUSE, march(12), {})], (RESUME, march(12), {}), "The pause began on 2008-03-12; it is resumed on a later day."),
    "extending by nothing": ("full", [], (EXTEND, march(12), {}), "Say by how much, like 10 business days."),
    "too much": ("full", [], (EXTEND, march(12), {"length": business_days(16)}), "With 16 business days it would be extended by more than 15 business days in all (art. 6)."),
    "too much in several": ("full", [(EXTEND, march(12), {"length": business_days(10)})], (EXTEND, march(13), {"length": business_days(6)}), "With 10 business days, 6 business days it would be extended by more than 15 business days in all (art. 6)."),
    "too much in another unit": ("full", [], (EXTEND, march(12), {"length": days(23)}), "With 23 days it would be extended by more than 15 business days in all (art. 6)."),
    "too much with what waits": ("with a second person", [(EXTEND, march(12), {"length": business_days(10)})], (EXTEND, march(13), {"length": business_days(6)}), "With 10 business days, 6 business days it would be extended by more than 15 business days in all (art. 6)."),
    "nothing to take back": ("full", [], (REMOVE, march(12), {}), "There is no such extension to take back."),
    "taking back twice": ("full", [(EXTEND, march(12), {"length": days(1)}), (REMOVE, march(12), {})], (REMOVE, march(13), {}), "There is no such extension to take back."),
    "taking back a pause": ("full", [(PAUSE, march(12), {})], (REMOVE, march(13), {"of": 1}), "There is no such extension to take back."),
    "a stranger agrees": ("full", [], (MOVE, march(12), {"to": march(31), "party": "Puebla"}), "Say which party agrees: Chihuahua, Albuquerque."),
    "no parties": ("full", ["nobody"], (MOVE, march(12), {"to": march(31), "party": "Puebla"}), "No parties are on record who could agree."),
    "agreeing on nothing": ("full", [], (MOVE, march(12), {"party": "Chihuahua"}), "The day agreed on is today or later."),
    "agreeing on the past": ("full", [], (MOVE, march(12), {"to": march(11), "party": "Chihuahua"}), "The day agreed on is today or later."),
    "agreeing on too late a day": ("full", [], (MOVE, march(12), {"to": date(2008, 4, 25), "party": "Chihuahua"}), "It can be moved to 2008-04-24 at the latest, by 30 days (art. 7)."),
}  # fmt: skip
"""Which process, what was done before, what is asked for, and what is answered."""


def refused(process, name, before, what):
    """The reasons against a row of the table."""
    case = asked(process)
    if name == "closed":
        case = after(case, ("finish", march(12)), process=process)
    for kind, *rest in [row for row in before if row != "nobody"]:
        if kind == "taken_on":
            said = HandedOver(Thing.CHANGE, "answer/1/1", Handing.ACCEPT, "lucia", SUPERVISOR.key)
            entry = noted(said, SUPERVISOR.key, rest[0], noon(rest[0]))
            case = replace(case, history=(*case.history, entry))
        elif kind in ("wait", "go_on"):
            case = after(case, (kind, *rest), process=process)
        else:
            case = changed(case, process, kind, rest[0], **rest[1])
    kind, on, more = what
    return reasons(replace(case, parties=()) if "nobody" in before else case, process, kind, on, **more)


@pytest.mark.parametrize("name", REFUSALS)
def test_what_stands_in_the_way_is_said_in_a_sentence(variants, name):
    variant, before, what, sentence = REFUSALS[name]
    if variant == "fixed":
        case = agreement(variants[variant], opened_on=ASKED)
        case = after(case, ("ask", march(10), {"asked_on": "2008-03-31"}), process=variants[variant])
        found = reasons(case, variants[variant], *what[:2], **what[2])
    else:
        found = refused(variants[variant], name, before, what)
    assert sentence in [str(reason) for reason in found]


def test_every_reason_that_the_code_knows_is_in_the_table(variants):
    """A reason that nobody has seen may be one that cannot be reached, or one that says nonsense."""
    seen = {sentence for *_, sentence in REFUSALS.values()}
    templates = {
        call.args[0].value
        for call in ast.walk(ast.parse(inspect.getsource(changes)))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Sentence"
    }
    short = {str(name) for name in changes._NAMES.values()}
    beginnings = {max(template.replace("}", "{").split("{")[::2], key=len) for template in templates - short}
    assert len(beginnings) > 20
    assert [words for words in beginnings if not any(words in sentence for sentence in seen)] == []
    assert all(any(f"could be {name}." in sentence for sentence in seen) for name in short)


def test_all_reasons_are_given_at_once(variants):
    process = variants["full"]
    case = after(asked(process), ("finish", march(12)), process=process)
    more = {"reason": "", "paper": "", "to": march(1), "party": "Puebla"}
    found = reasons(case, process, MOVE, march(9), STRANGER, today=march(8), **more)
    assert [str(reason) for reason in found] == [
        "It is closed since 2008-03-12; what is closed stays as it was.",
        "hugo is not liaison officer here.",
        "the day 2008-03-09 is still to come.",
        "2008-03-09 is before the deadline began to run on 2008-03-10.",
        "Give the reason.",
        "Give the paper it rests on, like the number of a letter.",
        "Say which party agrees: Chihuahua, Albuquerque.",
        "The day agreed on is today or later.",
    ]


def test_a_refusal_says_which_deadline_of_which_agreement_stays(variants):
    with pytest.raises(Refused, match=r"“Answer” of A-1 stays as it is\."):
        changed(asked(variants["full"]), variants["full"], RESUME, march(12))


# What the date becomes


def test_the_entry_holds_all_that_was_said(variants):
    more = {"length": business_days(3), "legal_basis": "art. 31"}
    case = changed(asked(variants["full"]), variants["full"], EXTEND, march(12), **more)
    entry = case.history[-1]
    assert (entry.kind, entry.actor, entry.effective_on) == (EntryKind.CHANGE, "lucia", march(12))
    assert dict(entry.details) == {
        "change": "extend",
        "deadline": "answer",
        "occurrence": "1",
        "number": "1",
        "length": "3 business days",
        "reason": "flood",
        "paper": "OF-1",
        "legal_basis": "art. 31",
    }
    (change,) = changes_by_deadline(case.history)["answer", 1]
    assert change.command == command(EXTEND, march(12), **more)


def test_a_pause_takes_the_date_away_and_resuming_gives_it_back_later(variants):
    process = variants["without a maximum"]
    case = changed(asked(process), process, PAUSE, march(12))
    assert (the(case).due_on, the(case).status) == (None, DeadlineStatus.PAUSED)
    case = changed(case, process, RESUME, march(14))
    assert (the(case).due_on, the(case).status) == (date(2008, 3, 27), DeadlineStatus.OPEN)
    assert the(case).basis.pauses == (Pause(march(12), march(14), "flood", "OF-1"),)


def test_a_pause_ends_by_itself_at_its_longest(variants):
    """Twenty days from Wednesday 12 March: counting goes on on 1 April, with nine of ten business days to go."""
    process = variants["full"]
    case = changed(asked(process), process, PAUSE, march(12))
    assert the(case).due_on == date(2008, 4, 11)
    assert the(changed(case, process, RESUME, march(31))).due_on == date(2008, 4, 10)


def test_all_pauses_together_take_no_more_than_the_longest_time(variants):
    """Six days of twenty are taken on 18 March: the second pause, from the 20th, ends by itself on 3 April."""
    process = variants["full"]
    case = changed(asked(process), process, PAUSE, march(12))
    case = changed(case, process, RESUME, march(18))
    case = changed(case, process, PAUSE, march(20))
    assert [(pause.start, pause.end) for pause in the(case).basis.pauses] == [
        (march(12), march(18)),
        (march(20), date(2008, 4, 3)),
    ]
    assert [str(r) for r in reasons(case, process, RESUME, date(2008, 4, 7))] == [
        "It is not paused by an act of a person: pause it before resuming."
    ]
    again = changed(case, process, RESUME, march(25))
    assert the(again).due_on < the(case).due_on
    assert the(changed(again, process, PAUSE, march(26))).due_on is not None, "nine of the twenty days are left"


def test_two_pauses_may_touch(variants):
    process = variants["full"]
    case = changed(asked(process), process, PAUSE, march(12))
    case = changed(case, process, RESUME, march(14))
    case = changed(case, process, PAUSE, march(14))
    assert the(changed(case, process, RESUME, march(18))).due_on == date(2008, 3, 28)


def test_extensions_add_up_and_taking_one_back_gives_the_date_without_it(variants):
    process = variants["full"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    assert the(case).due_on == date(2008, 4, 1)
    case = changed(case, process, EXTEND, march(13), length=business_days(3))
    assert the(case).due_on == date(2008, 4, 4)
    assert the(changed(case, process, REMOVE, march(14))).due_on == date(2008, 4, 1), "the last one, unless named"
    assert the(changed(case, process, REMOVE, march(14), of=1)).due_on == date(2008, 3, 28)
    back = changed(changed(case, process, REMOVE, march(14)), process, REMOVE, march(14))
    assert the(back).due_on == DUE


def test_what_was_taken_back_makes_room_for_another(variants):
    process = variants["full"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(15))
    case = changed(case, process, REMOVE, march(13))
    assert the(changed(case, process, EXTEND, march(14), length=business_days(15))).due_on == date(2008, 4, 15)


def test_the_maximum_itself_is_granted_in_its_own_unit_and_in_another(variants):
    process = variants["full"]
    in_business_days = changed(asked(process), process, EXTEND, march(12), length=business_days(15))
    in_days = changed(asked(process), process, EXTEND, march(12), length=days(22))
    assert the(in_business_days).due_on == the(in_days).due_on == date(2008, 4, 15)


def test_an_extension_that_needs_a_second_person_waits_and_then_counts_from_its_own_day(variants):
    process = variants["with a second person"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    assert the(case).due_on == DUE
    assert [change.number for change in pending(changes_by_deadline(case.history)["answer", 1])] == [1]
    case = changed(case, process, CONFIRM, march(20), SUPERVISOR)
    assert the(case).due_on == date(2008, 4, 1)
    (change,) = changes_by_deadline(case.history)["answer", 1]
    assert (change.confirmed_by, change.confirmed_on, change.command.on) == ("silvia", march(20), march(12))


def test_a_pause_confirmed_later_counts_from_its_own_day(variants):
    process = variants["with a second person"]
    case = changed(asked(process), process, PAUSE, march(12))
    case = changed(case, process, RESUME, march(14))
    assert the(case).due_on == DUE
    assert the(changed(case, process, CONFIRM, march(19), SUPERVISOR)).due_on == date(2008, 3, 27)


def test_a_change_to_be_confirmed_may_be_named_by_its_number(variants):
    process = variants["with a second person"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    case = changed(case, process, EXTEND, march(13), length=business_days(1))
    first = changed(case, process, CONFIRM, march(14), SUPERVISOR, of=1)
    assert the(first).due_on == date(2008, 4, 1)
    assert first.history[-1].details["number"] == "1"
    assert the(changed(case, process, CONFIRM, march(14), SUPERVISOR)).due_on == date(2008, 3, 26)


def test_taking_an_extension_back_waits_for_the_second_person_too(variants):
    process = variants["with a second person"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    case = changed(case, process, CONFIRM, march(13), SUPERVISOR)
    case = changed(case, process, REMOVE, march(14))
    assert the(case).due_on == date(2008, 4, 1)
    assert the(changed(case, process, CONFIRM, march(18), SUPERVISOR)).due_on == DUE


def test_an_extension_taken_back_before_it_was_confirmed_waits_for_nobody_any_more(variants):
    process = variants["with a second person"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(15))
    case = changed(case, process, REMOVE, march(13))
    case = changed(case, process, CONFIRM, march(14), SUPERVISOR)
    assert list(pending(changes_by_deadline(case.history)["answer", 1])) == []
    case = changed(case, process, EXTEND, march(18), length=business_days(15))
    assert the(changed(case, process, CONFIRM, march(19), SUPERVISOR)).due_on == date(2008, 4, 15)


def test_a_day_is_moved_when_every_party_agrees_on_the_same(variants):
    process = variants["full"]
    case = changed(asked(process), process, MOVE, march(12), to=march(31), party="Chihuahua")
    assert the(case).due_on == DUE
    case = changed(case, process, MOVE, march(13), to=date(2008, 4, 1), party="Albuquerque")
    assert the(case).due_on == DUE, "they do not agree"
    case = changed(case, process, MOVE, march(14), to=date(2008, 4, 1), party="Chihuahua")
    assert the(case).due_on == date(2008, 4, 1)


def test_a_party_that_names_another_day_no_longer_stands_by_its_first(variants):
    process = variants["full"]
    case = changed(asked(process), process, MOVE, march(12), to=march(31), party="Chihuahua")
    case = changed(case, process, MOVE, march(13), to=march(28), party="Chihuahua")
    case = changed(case, process, MOVE, march(14), to=march(31), party="Albuquerque")
    assert the(case).due_on == DUE
    assert the(changed(case, process, MOVE, march(18), to=march(28), party="Albuquerque")).due_on == march(28)


def test_a_party_agreeing_twice_is_not_two_parties(variants):
    process = variants["full"]
    case = changed(asked(process), process, MOVE, march(12), to=march(31), party="Chihuahua")
    assert the(changed(case, process, MOVE, march(13), to=march(31), party="Chihuahua")).due_on == DUE


def moved(process, to):
    case = changed(asked(process), process, MOVE, march(12), to=to, party="Chihuahua")
    return changed(case, process, MOVE, march(12), to=to, party="Albuquerque")


def test_an_agreed_day_stays_though_it_is_a_holiday_and_may_be_agreed_anew(variants):
    process = variants["full"]
    case = moved(process, date(2008, 4, 12))
    assert the(case).due_on == date(2008, 4, 12), "a Saturday"
    for party in ("Albuquerque", "Chihuahua"):
        case = changed(case, process, MOVE, march(13), to=march(20), party=party)
    assert the(case).due_on == march(20), "an earlier day as well"


def test_after_an_agreed_day_the_new_word_of_one_party_and_the_old_one_of_the_other_agree_on_nothing(variants):
    process = variants["full"]
    case = moved(process, march(31))
    for to, party in ((march(28), "Chihuahua"), (date(2008, 4, 1), "Albuquerque"), (march(27), "Chihuahua")):
        case = changed(case, process, MOVE, march(13), to=to, party=party)
        assert the(case).due_on == march(31), "neither a new day nor the one that was counted before"
    assert the(changed(case, process, MOVE, march(13), to=march(27), party="Albuquerque")).due_on == march(27)


def test_of_three_parties_two_agree_on_nothing_and_one_is_free_to_come_back_to_the_day_agreed_on():
    def word(number, party, to):
        return Change(number, "lucia", march(12), ChangeCommand(kind=MOVE, on=march(12), to=to, party=party))

    rule = definition().deadlines["opinion"]
    words = [("Bruges", march(31)), ("Cuenca", march(31)), ("Guarulhos", march(31))]
    words += [("Bruges", march(28)), ("Cuenca", march(28)), ("Bruges", march(31)), ("Guarulhos", march(28))]
    words += [("Bruges", march(28))]
    said = [word(number, party, to) for number, (party, to) in enumerate(words, start=1)]
    agreed_on = [changed_basis(Basis(), rule, said[:n], 3, Calendars()).agreed_on for n in range(1, len(said) + 1)]
    assert agreed_on == [None, None, *[march(31)] * 5, march(28)]


@pytest.mark.parametrize(("kind", "more"), [(PAUSE, {}), (EXTEND, {"length": days(1)})])
def test_an_agreed_day_is_fixed(variants, kind, more):
    found = reasons(moved(variants["full"], march(31)), variants["full"], kind, march(13), **more)
    assert [str(reason) for reason in found] == [
        "Its date is fixed: neither pauses nor extensions move it; the parties may agree on another."
    ]


def test_the_last_day_to_agree_on_is_counted_from_the_date_with_its_extensions_and_not_from_an_agreed_one(variants):
    process = variants["full"]
    extended = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    more = {"party": "Chihuahua"}
    assert changed(extended, process, MOVE, march(12), to=date(2008, 5, 1), **more)
    found = reasons(extended, process, MOVE, march(12), to=date(2008, 5, 2), **more)
    assert [str(reason) for reason in found] == ["It can be moved to 2008-05-01 at the latest, by 30 days (art. 7)."]
    agreed = moved(process, date(2008, 4, 24))
    assert reasons(agreed, process, MOVE, march(13), to=date(2008, 4, 25), **more)


def test_a_fixed_date_to_come_is_moved_by_agreement(variants):
    process = variants["fixed"]
    case = agreement(process, opened_on=ASKED)
    case = after(case, ("ask", ASKED, {"asked_on": "2008-03-31"}), process=process)
    for party in ("Chihuahua", "Albuquerque"):
        case = changed(case, process, MOVE, march(12), to=date(2008, 4, 7), party=party)
    assert the(case).due_on == date(2008, 4, 7)


def test_a_day_counted_backward_is_moved_by_agreement_before_the_day_it_is_counted_from(variants):
    process = variants["followed"]
    case = asked(process)
    assert the(case, "reminder").due_on == march(22)
    for party in ("Chihuahua", "Albuquerque"):
        case = changed(case, process, MOVE, march(12), rule="reminder", to=march(19), party=party)
    assert the(case, "reminder").due_on == march(19)


def test_what_follows_a_deadline_follows_its_extension(variants):
    process = variants["followed"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    assert the(case, "reminder").due_on == march(29)


def test_a_state_that_pauses_beginning_during_a_pause_counts_each_day_once(variants):
    """Paused by an act from the 12th to the 18th, by the state from the 14th to the 24th: seven business days."""
    process = variants["paused in a state"]
    case = changed(asked(process), process, PAUSE, march(12))
    case = after(case, ("wait", march(14)), process=process)
    case = changed(case, process, RESUME, march(18))
    case = after(case, ("go_on", march(24)), process=process)
    assert the(case).due_on == date(2008, 4, 3)


def test_a_state_pauses_and_resumes_by_itself(variants):
    process = variants["paused in a state"]
    case = after(asked(process), ("wait", march(12)), process=process)
    assert (the(case).status, the(case).due_on) == (DeadlineStatus.PAUSED, None)
    case = after(case, ("go_on", march(14)), process=process)
    assert (the(case).status, the(case).due_on) == (DeadlineStatus.OPEN, date(2008, 3, 27))


def test_a_pause_that_holds_no_day_is_none(variants):
    """The state was entered and left on one day; it was left by a date that had passed before."""
    process = variants["paused in a state"]
    case = after(asked(process), ("wait", march(12)), ("go_on", march(12)), process=process)
    *earlier, left = case.history
    for on in (march(12), march(11)):
        case = derived(replace(case, history=(*earlier, replace(left, effective_on=on))), march(12), process)
        assert (the(case).basis.pauses, the(case).due_on) == ((), DUE)


def test_nothing_changed_leaves_the_inputs_as_they_are(variants):
    basis = Basis((days(3),))
    rule = variants["full"].deadlines["answer"]
    assert changed_basis(basis, rule, (), 2, rulebook().calendars_of(variants["full"])) is basis


def test_changes_are_those_of_their_own_deadline_and_occurrence(variants):
    process = variants["followed"]
    case = changed(asked(process), process, EXTEND, march(12), length=business_days(5))
    case = changed(case, process, MOVE, march(12), rule="reminder", to=march(20), party="Chihuahua")
    case = changed(case, process, REMOVE, march(13))
    found = changes_by_deadline(case.history)
    assert {key: [change.number for change in found[key]] for key in found} == {
        ("answer", 1): [1, 2],
        ("reminder", 1): [1],
    }


def test_the_opinion_of_the_ministry_is_extended_with_the_consent_of_the_municipality():
    process = definition()
    case = after(agreement(), *TO_OPINION)
    day = date(2008, 2, 25)
    case = changed(case, process, EXTEND, day, REVIEWER, rule="opinion", length=business_days(15))
    first = the(case, "opinion").due_on
    case = changed(case, process, CONFIRM, day, SUPERVISOR, rule="opinion")
    granted = rulebook().calendars_of(process, process.deadlines["opinion"])
    extra = [first + timedelta(days=n) for n in range(1, (the(case, "opinion").due_on - first).days + 1)]
    assert sum(granted.is_business_day(on) for on in extra) == 15


# Against a count by hand

ACTS = st.lists(
    st.tuples(st.sampled_from([PAUSE, RESUME, EXTEND, REMOVE]), st.integers(0, 6), st.integers(1, 9), st.booleans()),
    min_size=1,
    max_size=12,
)


def performed(case, process, acts):
    """The case after those of the acts that are accepted, and these."""
    day, accepted = ASKED, []
    for kind, gap, amount, in_business_days in acts:
        day += timedelta(days=gap)
        length = business_days(amount) if in_business_days else days(amount)
        more = {"length": length} if kind is EXTEND else {}
        try:
            case = changed(case, process, kind, day, **more)
        except Refused:
            continue
        accepted.append((kind, day, more))
    return case, accepted, day


def by_hand(accepted, longest, working):
    """Day by day: which days are paused, how much is granted; plain days first, then business days, then on to a free one."""
    pauses, granted = [], []
    for kind, day, more in accepted:
        if kind is PAUSE:
            pauses.append([day, None])
        elif kind is RESUME:
            next(pause for pause in reversed(pauses) if pause[1] is None)[1] = day
        elif kind is EXTEND:
            granted.append(str(more["length"]))
        else:
            granted.pop()
    paused = set()
    for start, end in pauses:
        day = start
        while (end is None or day < end) and len(paused) < longest:
            paused.add(day)
            day += timedelta(days=1)

    def is_paused(day):
        return day in paused

    plain = sum(int(text.split()[0]) for text in granted if "business" not in text)
    business = 10 + sum(int(text.split()[0]) for text in granted if "business" in text)
    day = ASKED
    while plain:
        day += timedelta(days=1)
        plain -= not is_paused(day)
    while business:
        day += timedelta(days=1)
        business -= working(day) and not is_paused(day)
    return day


@given(ACTS)
def test_whatever_is_done_in_whatever_order_the_date_is_that_of_a_count_by_hand(variants, acts):
    process = variants["full"]
    case, accepted, _ = performed(asked(process), process, acts)
    working = rulebook().calendars_of(process).is_business_day
    assert the(case).due_on == by_hand(accepted, 20, working)


@given(ACTS)
def test_the_order_of_recording_does_not_matter(variants, acts):
    """The same acts entered later, at one time: what was granted first, then what was paused."""
    process = variants["full"]
    case, accepted, today = performed(asked(process), process, acts)
    other = asked(process)
    for kind, day, more in sorted(accepted, key=lambda act: act[0] in {PAUSE, RESUME}):
        try:
            other = changed(other, process, kind, day, today=today, **more)
        except Refused:  # a pause may be too late where an extension was taken back after it
            assume(False)
    assert the(derived(other, today, process)).due_on == the(case).due_on


@given(st.permutations([(EXTEND, march(12)), (EXTEND, march(13)), (PAUSE, march(14)), (RESUME, march(19))]))
def test_a_handful_of_acts_gives_one_date_in_every_order_that_is_possible(variants, acts):
    assume(acts.index((PAUSE, march(14))) < acts.index((RESUME, march(19))))
    process, case = variants["full"], asked(variants["full"])
    for kind, day in acts:
        more = {"length": business_days(4)} if kind is EXTEND else {}
        case = changed(case, process, kind, day, today=march(19), **more)
    assert the(case).due_on == date(2008, 4, 8)


def test_what_a_change_does_not_say_is_read_as_said_by_nobody():
    about = {"deadline": "answer", "occurrence": "1", "change": "pause"}
    entry = HistoryEntry(EntryKind.CHANGE, "lucia", march(12), noon(march(12)), details=about)
    (change,) = changes_by_deadline([entry])["answer", 1]
    assert change == Change(1, "lucia", march(12), ChangeCommand(kind=PAUSE, on=march(12)))


def test_messages_are_messages(variants):
    """Every door says them in its own language."""
    found = reasons(asked(variants["full"]), variants["full"], EXTEND, march(12), length=days(60))
    assert all(isinstance(reason, Sentence) for reason in found)
    assert all(isinstance(length, Sentence) for length in found[0].values["granted"])
