"""What the books keep of deadlines after a change: what is written, what has moved, what is closed and stays as it was."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    EC,
    MX,
    TO_SIGNED,
    after,
    agreement,
    context,
    definition,
    derived,
    medellin,
    noon,
)
from twinflow.domain.agreement.agreement import DeadlineStatus, Finding, FindingCode, KnownFinding
from twinflow.domain.agreement.entries import DateMoved, Migrated, noted
from twinflow.domain.calendar.business_days import Pause
from twinflow.domain.deadlines import warnings
from twinflow.domain.deadlines.kept import kept, rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines

OPEN, MET, VOID = DeadlineStatus.OPEN, DeadlineStatus.MET, DeadlineStatus.VOID
LAPSED = DeadlineStatus.LAPSED
TODAY, MIGRATED_ON = date(2011, 6, 28), date(2008, 3, 11)
LATER = date(2030, 1, 7)


def the(case, rule):
    return next(deadline for deadline in case.deadlines if deadline.rule == rule)


def left(before, after, process=EC, **more):
    """What the change leaves in the books at noon of TODAY."""
    return rewritten(before, after, definition(process), context(definition(process), TODAY), noon(TODAY), **more)


def without(case, rule):
    return replace(case, deadlines=tuple(each for each in case.deadlines if each.rule != rule))


def instead(case, deadline):
    return replace(case, deadlines=tuple(deadline if each.key == deadline.key else each for each in case.deadlines))


def with_findings(case):
    return left(case, case).agreement


# What is written


def test_a_change_that_changes_no_deadline_writes_none_and_says_when_to_derive_anew():
    case = with_findings(medellin(TODAY))
    found = left(case, case)
    assert (found.agreement, found.rows, found.wake_on, found.moves, found.found) == (case, {}, {}, (), ())
    assert (
        found.agreement.derive_on
        == with_deadlines(case, definition(EC), context(definition(EC), TODAY)).derive_on
        is not None
    )


def test_what_moves_is_written_with_the_day_on_which_it_wakes_and_noted_in_the_history():
    case = with_findings(medellin(TODAY))
    old = replace(the(case, "term_end"), due_on=date(2014, 5, 5), warn_on=date(2014, 5, 5))
    found = left(instead(case, old), case, actor="elena", cause="ec@2 2011-06-28")
    new = the(case, "term_end")
    rule = definition(EC).deadlines["term_end"]
    (moved,) = found.moves
    assert found.rows == {new.key: new}
    calendars = context(definition(EC), TODAY).calendars_of(rule)
    assert found.wake_on == {new.key: warnings.next_wake_on(rule, new, calendars, None)} != {new.key: None}
    assert DateMoved.read(moved) == DateMoved(new.key, date(2014, 5, 5), date(2014, 5, 6), "ec@2 2011-06-28")
    assert (moved.actor, moved.effective_on, moved.recorded_at) == ("elena", TODAY, noon(TODAY))
    assert found.agreement == replace(case, history=(*case.history, moved))
    (by_itself,) = left(instead(case, old), case).moves
    assert (by_itself.actor, DateMoved.read(by_itself).cause) == ("clock", "")


def test_findings_are_written_where_they_are_new_settled_or_back():
    case = medellin(TODAY)
    (conflict,) = left(case, case).found
    assert conflict == KnownFinding(Finding(FindingCode.TERMS_CONFLICT, "first_programme"))
    known = replace(case, findings=(conflict,))
    assert left(known, known).found == ()
    settled = left(known, replace(known, terms={}))
    assert settled.found == settled.agreement.findings == (replace(conflict, settled=True),)
    back = left(settled.agreement, replace(settled.agreement, terms=case.terms))
    assert back.found == back.agreement.findings == (replace(conflict, occurrence=2),)


def test_a_deadline_that_is_new_is_written_and_has_not_moved():
    case = medellin(TODAY)
    found = left(without(case, "evaluation"), case)
    assert list(found.rows) == [("evaluation", 1)]
    assert found.moves == ()
    assert the(found.agreement, "evaluation") == the(case, "evaluation")


@pytest.mark.parametrize(("rule", "closed_on"), [("evaluation", None), ("of_the_version_before", TODAY)])
def test_what_nothing_gives_rise_to_any_more_is_void_and_wakes_nobody(rule, closed_on):
    """A rule that the process no longer has ends on the day itself."""
    case = medellin(TODAY)
    gone = replace(the(case, "evaluation"), rule=rule)
    found = left(replace(case, deadlines=(*without(case, "evaluation").deadlines, gone)), without(case, "evaluation"))
    void = replace(gone, status=VOID, closed_on=closed_on)
    assert (found.rows, found.wake_on, found.moves) == ({gone.key: void}, {gone.key: None}, ())
    assert void in found.agreement.deadlines


def test_what_was_closed_by_other_calendars_and_is_derived_no_more_stays_in_the_books_as_it_is():
    case = medellin(TODAY)
    met = replace(the(case, "evaluation"), status=MET, closed_on=date(2011, 6, 1), edition="ec-public@old")
    found = left(instead(case, met), without(case, "evaluation"))
    assert found.rows == {}
    assert the(found.agreement, "evaluation") == met


def test_what_was_closed_by_these_calendars_and_is_derived_no_more_is_void_and_once():
    case = medellin(TODAY)
    met = replace(the(case, "evaluation"), status=MET, closed_on=date(2011, 6, 1))
    found = left(instead(case, met), without(case, "evaluation"))
    void = replace(met, status=VOID, closed_on=None)
    assert found.rows == {met.key: void}
    assert left(instead(case, void), without(case, "evaluation")).rows == {}


def test_after_a_migration_all_that_is_open_is_written_again_as_it_may_have_another_ladder():
    case = instead(medellin(TODAY), replace(the(medellin(TODAY), "evaluation"), status=MET, closed_on=date(2011, 6, 1)))
    found = left(replace(case, process_digest="of the version before"), case)
    assert set(found.rows) == {deadline.key for deadline in case.deadlines} - {("evaluation", 1)}
    assert found.rows.keys() == found.wake_on.keys()


# What is closed stays as it was


def opinion_case(today=date(2008, 3, 12)):
    return derived(after(agreement(), *TO_SIGNED), today)


OTHER = {"due_on": date(2008, 3, 7), "edition": "mx-ministry@old"}
"""As another edition of the calendar had it."""


def kept_as(old, case, process=MX):
    return kept([old], case, definition(process), context(definition(process), LATER))[old.key]


def test_what_is_closed_keeps_the_date_it_was_closed_with():
    case = opinion_case()
    old = replace(the(case, "opinion"), **OTHER)
    assert kept_as(old, case) == old
    assert set(kept([old], case, definition(MX), context(definition(MX), LATER))) == {
        deadline.key for deadline in case.deadlines
    }


def test_what_the_same_calendars_have_otherwise_is_as_derived():
    case = opinion_case()
    old = replace(the(case, "opinion"), status=VOID, closed_on=date(2008, 3, 7))
    assert kept_as(old, case) == the(case, "opinion")


BASIS = the(opinion_case(), "opinion").basis


@pytest.mark.parametrize(
    "more",
    [
        {"status": OPEN, "closed_on": None},
        {"status": MET, "closed_on": None},
        {"anchor_on": date(2008, 2, 17)},
        {"basis": replace(BASIS, pauses=(Pause(date(2008, 2, 20), date(2008, 2, 21)),))},
        {"basis": replace(BASIS, agreed_on=date(2008, 3, 7))},
    ],
    ids=["open", "closed on no day", "another start", "another pause", "another day agreed on"],
)
def test_what_is_open_or_was_counted_from_something_else_is_as_it_is_counted_now(more):
    case = opinion_case()
    assert kept_as(replace(the(case, "opinion"), **OTHER, **more), case) == the(case, "opinion")


def test_what_was_written_before_its_basis_was_kept_stays_as_it_was():
    case = opinion_case()
    old = replace(the(case, "opinion"), **OTHER, basis=None)
    assert kept_as(old, case) == old


def test_an_end_of_a_pause_that_a_calendar_counted_is_nothing_that_people_gave():
    case = opinion_case()
    one, other = (
        replace(the(case, "opinion").basis, pauses=(Pause(date(2008, 2, 20), end),))
        for end in (date(2008, 2, 21), date(2008, 2, 22))
    )
    new = replace(the(case, "opinion"), basis=one)
    old = replace(new, **OTHER, basis=other)
    assert kept_as(old, replace(case, deadlines=(new,))) == old


def test_an_act_recorded_later_meets_what_was_closed_otherwise_by_the_date_it_was_closed_with():
    case = opinion_case()
    lapsed = replace(the(case, "opinion"), **OTHER, status=LAPSED, closed_on=date(2008, 3, 7))
    assert kept_as(lapsed, case) == replace(lapsed, status=MET, closed_on=date(2008, 3, 5))
    void = replace(the(case, "opinion"), status=VOID, closed_on=date(2008, 3, 12))
    assert kept_as(lapsed, replace(case, deadlines=(void,))) == lapsed


def test_what_follows_another_date_is_counted_anew_only_if_something_was_given_for_that_one():
    case = medellin(date(2014, 4, 1))
    notice, end = the(case, "last_day_for_notice"), the(case, "term_end")
    old = replace(notice, due_on=date(2014, 3, 21), anchor_on=date(2014, 5, 5), edition="ec-public@old")
    before = [old, replace(end, due_on=date(2014, 5, 5))]
    assert kept(before, case, definition(EC), context(definition(EC), LATER))[notice.key] == old, (
        "its start is counted, too"
    )
    agreed = replace(end, basis=replace(end.basis, agreed_on=date(2014, 5, 5)))
    assert kept([old, agreed], case, definition(EC), context(definition(EC), LATER))[notice.key] == notice


def test_what_followed_a_date_that_is_gone_stays_as_it_was_closed():
    case = medellin(date(2014, 4, 1))
    notice = the(case, "last_day_for_notice")
    old = replace(notice, due_on=date(2014, 3, 21), edition="ec-public@old")
    assert kept_as(old, replace(case, deadlines=(notice,)), process=EC) == old


@pytest.mark.parametrize(("anchor", "stays"), [(date(2008, 2, 18), True), (date(2008, 2, 19), False), (None, False)])
def test_what_was_closed_before_a_migration_stays_until_it_begins_anew(anchor, stays):
    case = opinion_case()
    said = Migrated("v1", "v2", "", {}, {}, carried={}, recurring={}, closed={("opinion", 1): anchor})
    entry = noted(said, "lucia", MIGRATED_ON, noon(MIGRATED_ON))
    case = replace(case, history=(*case.history, entry))
    old = replace(the(case, "opinion"), anchor_on=date(2008, 2, 1), closed_on=None, **OTHER)
    assert (kept_as(old, case) == old) is stays


def test_what_a_clock_that_was_ahead_has_closed_is_not_closed():
    case = opinion_case()
    old = replace(the(case, "opinion"), status=DeadlineStatus.UNMET, closed_on=date(2008, 4, 1))
    now = context(definition(MX), date(2008, 3, 12))
    assert kept([old], case, definition(MX), now)[old.key] == the(case, "opinion")


def test_what_a_correction_has_made_otherwise_is_as_derived_also_where_it_was_closed():
    case = derived(after(agreement(), *TO_SIGNED), MIGRATED_ON)
    met = next(each for each in case.deadlines if each.status is MET)
    was = replace(met, due_on=met.due_on.replace(year=2007), edition="mx-ministry@another")
    around = ((was,), case, definition(MX), context(definition(MX), MIGRATED_ON))
    assert kept(*around)[met.key] == was
    assert kept(*around, corrected=[met.key])[met.key] == met
