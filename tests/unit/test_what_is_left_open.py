"""A step that ends a case names what is still open with it: duties, cases that belong to it, changes nobody has confirmed."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    CLOCK,
    MX,
    NOTICE,
    PROGRAMME,
    TO_IN_FORCE,
    after,
    agreement,
    context,
    definition,
    derived,
    noon,
    terms,
    try_step,
)
from twinflow.domain.agreement.agreement import Child, DeadlineStatus
from twinflow.domain.agreement.entries import Changed, ChangeKind, StepTaken, noted
from twinflow.domain.agreement.left_open import LeftOpen
from twinflow.domain.alerts.alerts import about_step
from twinflow.domain.process.definition import Destination
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.ending import always_ends, what_is_left_open
from twinflow.language import say
from twinflow.sentences import ProvisionalDay, as_it_stands
from twinflow.services.reading.history_in_words import entry_message, left_open_in_words

PROCESS = definition(MX)
NOTICED_ON = date(2008, 9, 1)
NOTICED = ("notify_termination", NOTICED_ON, NOTICE)
ENDED = date(2008, 12, 1)
ENDS = {PROGRAMME: frozenset({"evaluated", "dropped"})}
FIRST_PROGRAMME, MEETING = ("first_programme", 1), ("working_group", 2)


def child(reference, state):
    return Child(reference, PROGRAMME, state, ((state, date(2008, 8, 20)),))


@pytest.fixture(scope="module")
def noticed():
    case = after(agreement(terms=terms(notice_period="60 days", first_programme="60 days")), *TO_IN_FORCE, NOTICED)
    return derived(case, ENDED)


def with_nothing_owed(case):
    """The case with no date but the end of the notice, before which nobody may end it."""
    return replace(case, deadlines=tuple(each for each in case.deadlines if each.rule == "termination"))


def ended(case, today=ENDED):
    days = replace(context(PROCESS, today), ends=ENDS)
    return advance(case, PROCESS, StepCommand("terminate", ENDED), CLOCK, now=noon(today), context=days)


def left(case, **more):
    said = StepTaken.read(ended(case, **more).entry)
    assert said is not None
    return said.left_open


def test_the_duties_that_are_open_are_named_the_soonest_first_also_overdue_ones(noticed):
    duties = left(noticed).duties
    assert next(iter(duties)) == FIRST_PROGRAMME
    assert duties[FIRST_PROGRAMME] == date(2008, 5, 9) < ENDED < duties[MEETING] == date(2009, 3, 10)
    assert sorted(duties.values()) == list(duties.values())


def test_what_was_met_what_is_a_right_and_what_the_step_itself_meets_is_not_open(noticed):
    owed = {key for key, _ in left(noticed).duties}
    assert {"registration", "opinion", "last_day_for_notice", "term_end", "termination"}.isdisjoint(owed)
    met = replace(
        noticed,
        deadlines=tuple(replace(each, status=DeadlineStatus.MET, closed_on=ENDED) for each in noticed.deadlines),
    )
    assert left(met).duties == {}
    rule = PROCESS.deadlines["working_group"]
    for by in (
        {"met_by_steps": frozenset({"terminate"})},
        {"on_lapse": ("terminate",)},
        {"duty": False},
        {"late": None},
    ):
        other = replace(PROCESS, deadlines={**PROCESS.deadlines, "working_group": replace(rule, **by)})
        step = other.steps["terminate"]
        assert MEETING not in what_is_left_open(noticed, step, other, context(other, ENDED)).duties


def test_what_is_paused_is_open_and_comes_last(noticed):
    paused = tuple(
        replace(each, status=DeadlineStatus.PAUSED, due_on=None) if each.key == FIRST_PROGRAMME else each
        for each in noticed.deadlines
    )
    duties = left(replace(noticed, deadlines=paused)).duties
    assert list(duties)[-1] == FIRST_PROGRAMME
    assert duties[FIRST_PROGRAMME] is None


def test_programmes_that_have_not_ended_are_named(noticed):
    case = replace(
        noticed, children=(child("A-1-P1", "evaluated"), child("A-1-P2", "reported"), child("A-1-P3", "dropped"))
    )
    assert left(case).children == {"A-1-P2": PROGRAMME}
    unknown = replace(noticed, children=(replace(child("A-1-X", "evaluated"), process="unknown"),))
    assert left(unknown).children == {"A-1-X": "unknown"}


def test_changes_that_wait_for_a_second_person_are_named(noticed):
    def with_change(case, key, second):
        said = Changed(key=key, change=ChangeKind.PAUSE, number=1, reason="flood", second=second)
        return replace(case, history=(*case.history, noted(said, "lucia", NOTICED_ON, noon(NOTICED_ON))))

    assert left(with_change(noticed, FIRST_PROGRAMME, "supervisor")).changes == ((FIRST_PROGRAMME, 1),)
    assert left(with_change(noticed, FIRST_PROGRAMME, "")).changes == ()
    assert left(with_change(noticed, ("registration", 1), "supervisor")).changes == ()


def test_the_step_is_not_refused_for_it_and_its_entry_keeps_it_on_record(noticed):
    done = ended(replace(noticed, children=(child("A-1-P2", "reported"),)))
    assert done.agreement.state == "terminated"
    (overdue,) = (each for each in done.agreement.deadlines if each.key == FIRST_PROGRAMME)
    assert overdue.status is DeadlineStatus.UNMET
    words = say(entry_message(done.entry, PROCESS), "en")
    assert "still open with it: First annual programme (due Friday, 9 May 2008), " in words
    assert "A-1-P2 (annual-programme)" in words


def test_a_step_that_ends_nothing_keeps_nothing_of_it(noticed):
    taken = try_step(after(agreement(), *TO_IN_FORCE), "notify_termination", NOTICED_ON, records=NOTICE).entry
    assert "left_open" not in taken.details
    assert StepTaken.read(taken).left_open == LeftOpen()


def test_where_nothing_is_open_nothing_is_said(noticed):
    entry = ended(with_nothing_owed(noticed)).entry
    assert "left_open" not in entry.details
    assert "still open" not in say(entry_message(entry, PROCESS), "en")


def test_the_mail_about_the_end_can_name_it(noticed):
    done = ended(noticed)
    (telling,) = about_step(done.announcements, done.entry, done.agreement)
    assert LeftOpen.parse(telling.details["left_open"]) == left(noticed)
    done = ended(with_nothing_owed(noticed))
    (telling,) = about_step(done.announcements, done.entry, done.agreement)
    assert telling.details == {"state": "terminated"}


def test_rows_keep_all_of_it_and_what_is_empty_is_nothing():
    every = LeftOpen({("a", 2): date(2026, 3, 4), ("b", 1): None}, {"A-1-P1": "programme"}, ((("a", 2), 3),))
    assert LeftOpen.parse(every.text) == every
    provisional = LeftOpen({("a", 1): as_it_stands(date(2035, 3, 27), provisional=True), ("b", 1): date(2026, 3, 4)})
    kept = LeftOpen.parse(provisional.text)
    assert kept == provisional
    assert [isinstance(day, ProvisionalDay) for day in kept.duties.values()] == [True, False]
    assert (LeftOpen().text, LeftOpen.parse(""), bool(LeftOpen())) == ("", LeftOpen(), False)
    for one in (LeftOpen({("b", 1): None}), LeftOpen(children={"A": "b"}), LeftOpen(changes=((("a", 1), 1),))):
        assert one
        assert LeftOpen.parse(one.text) == one
    said = StepTaken(reason="the end", records={"number": "1"}, left_open=every)
    entry = noted(said, "lucia", ENDED, noon(ENDED))
    assert StepTaken.read(entry) == said
    assert list(entry.details) == ["reason", "number", "left_open"]


def test_each_thing_in_words():
    every = LeftOpen({FIRST_PROGRAMME: date(2008, 5, 9), MEETING: None}, {"A-1-P1": PROGRAMME}, ((MEETING, 3),))
    assert [say(each, "es") for each in left_open_in_words(every, PROCESS)] == [
        f"{PROCESS.deadlines['first_programme'].label['es']} (vence el viernes 9 de mayo de 2008)",
        f"{PROCESS.deadlines['working_group'].label['es']} (suspendido)",
        "A-1-P1 (annual-programme)",
        f"cambio 3 de {PROCESS.deadlines['working_group'].label['es']}, que espera a una segunda persona",
    ]
    provisional = LeftOpen({FIRST_PROGRAMME: as_it_stands(date(2035, 5, 9), provisional=True)})
    assert "(provisional)" in say(left_open_in_words(provisional, PROCESS)[0], "es")


def test_a_duty_whose_date_is_provisional_says_so_wherever_it_is_named(noticed):
    soon = replace(noticed, deadlines=tuple(replace(each, provisional=True) for each in noticed.deadlines))
    step = PROCESS.steps["terminate"]
    duties = what_is_left_open(soon, step, PROCESS, context(PROCESS, ENDED)).duties
    assert [day for day in duties.values() if day is not None]
    assert all(isinstance(day, ProvisionalDay) for day in duties.values() if day is not None)


def test_a_step_that_may_lead_on_does_not_end_the_case_for_sure():
    step = PROCESS.steps["terminate"]
    assert always_ends(step, PROCESS)
    assert not always_ends(PROCESS.steps["sign"], PROCESS)
    both = (Destination("terminated", "all_signed"), Destination("in_force"))
    assert not always_ends(replace(step, to=both), PROCESS)
