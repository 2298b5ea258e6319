"""What rests on what is corrected: a step of the agreement that a child belongs to; deadlines, which are as derived then."""

from dataclasses import replace
from datetime import date

import pytest

from builders import agreement, context, definition, medellin, noon
from twinflow.domain.agreement.agreement import Agreement, Child, DeadlineStatus
from twinflow.domain.agreement.entries import withdrawn
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.corrections.correction import rest_on
from twinflow.domain.deadlines.kept import rewritten

GENERIC, TODAY = "generic/agreement", date(2011, 6, 28)
NOTIFIED, EFFECTIVE, ENDED = date(2011, 3, 1), date(2011, 6, 1), date(2011, 6, 2)


def step(key: str, on: date, came_from: str, led_to: str) -> HistoryEntry:
    return HistoryEntry(EntryKind.STEP, "lucia", on, noon(on), step=key, from_state=came_from, to_state=led_to)


def ended_by_notice(*children: Child) -> Agreement:
    """An agreement that ended by its third entry, after the notice in a child had taken effect."""
    case = agreement(GENERIC, state="in_force")
    note = step("evaluate", NOTIFIED, "in_force", "in_force")
    end = step("terminate", ENDED, "in_force", "terminated")
    return replace(case, state="terminated", history=(*case.history, note, end), children=children)


def notice(*, effective: bool) -> Agreement:
    case = replace(agreement("termination"), reference="A-1-T")
    steps = [step("notify", NOTIFIED, "drafted", "notified"), step("take_effect", EFFECTIVE, "notified", "effective")]
    return replace(case, history=(*case.history, *(steps if effective else steps[:1])))


def why(parent: Agreement, before: Agreement, after: Agreement) -> list[str]:
    return [str(each) for each in rest_on(parent, definition(GENERIC), before, after)]


RESTS = "“Record the end after a notice that took effect” of A-1 rests on it: correct entry 3 there first."


def test_a_childs_step_on_which_one_of_its_agreement_rests_is_corrected_after_that_one() -> None:
    parent, before, after = ended_by_notice(), notice(effective=True), notice(effective=False)
    assert why(parent, before, after) == [RESTS]
    assert why(parent, before, replace(before, annulled_on=TODAY)) == [RESTS]
    put_right = replace(parent, history=(*parent.history[:2], withdrawn(parent.history[2])))
    assert why(put_right, before, after) == []


def test_what_the_correction_leaves_to_the_child_is_no_reason() -> None:
    before = notice(effective=True)
    later = replace(before, history=(*before.history[:-1], replace(before.history[-1], effective_on=TODAY)))
    assert why(ended_by_notice(), before, later) == []
    other = replace(before, process="renewal")
    assert why(ended_by_notice(), other, replace(other, annulled_on=TODAY)) == []


@pytest.mark.parametrize(("state", "rests"), [("effective", False), ("notified", True)])
def test_it_does_not_rest_on_one_child_where_another_has_come_there_as_well(state: str, rests: bool) -> None:
    ours = Child("A-1-T", "termination", "effective", (("effective", EFFECTIVE),))
    another = Child("A-1-T2", "termination", state, ((state, EFFECTIVE),))
    found = why(ended_by_notice(ours, another), notice(effective=True), notice(effective=False))
    assert found == ([RESTS] if rests else [])


def test_deadlines_that_a_correction_makes_otherwise_are_as_derived_also_where_they_were_closed() -> None:
    case = medellin(TODAY)
    process = definition(case.process)
    (new,) = [each for each in case.deadlines if each.key == ("evaluation", 1)]
    closed = {"status": DeadlineStatus.MET, "closed_on": date(2011, 6, 1), "edition": "ec-public@old"}
    books = replace(case, deadlines=tuple(replace(d, **closed) if d.key == new.key else d for d in case.deadlines))
    now = context(process, TODAY)
    assert rewritten(books, case, process, now, noon(TODAY), corrected=[new.key]).rows == {new.key: new}
    gone = replace(case, deadlines=tuple(each for each in case.deadlines if each.key != new.key))
    (void,) = rewritten(books, gone, process, now, noon(TODAY), corrected=[new.key]).rows.values()
    assert (void.status, void.closed_on) == (DeadlineStatus.VOID, None)
    assert rewritten(books, gone, process, now, noon(TODAY)).rows == {}, "the others keep their rows"
