"""What a migration left in the history, and how what came before is read since: in the names of the present version."""

import json
from dataclasses import replace
from datetime import date

import pytest

from builders import EC, agreement, context, definition, medellin, noon
from twinflow.domain.agreement.agreement import Basis, DeadlineStatus
from twinflow.domain.agreement.entries import Carried, Policy
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.present_names import in_present_names, state_now
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.carried_over import TakenOver, carried_over_on, taken_over, was_closed_by
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.steps.migration import with_closed

FIRST, SECOND = date(2011, 8, 1), date(2012, 2, 1)
CARRIED = {
    "evaluation/2": {"on": "2011-08-01", "policy": "keep-due", "lengths": ["280 days"], "after": "2011-05-06"},
    "first_programme/1": {
        "on": "2011-07-04",
        "policy": "keep-remaining",
        "lengths": ["1 day", "20 business days"],
        "after": "2011-05-06",
    },
}


def migration(on=FIRST, *, carried=None, closed=None, recurring=None, states=None, steps=None):
    tables = {"carried": carried, "closed": closed, "recurring": recurring, "states": states, "steps": steps}
    details = {name: json.dumps(table or {}) for name, table in tables.items()}
    return HistoryEntry(EntryKind.MIGRATED, "lucia", on, noon(on), details=details)


def history(*migrations):
    return (*medellin().history, *migrations)


def the(rule, occurrence=1, **more):
    found = next(deadline for deadline in medellin().deadlines if deadline.rule == rule)
    return replace(found, occurrence=occurrence, **more)


def carried_over(rule, occurrence=1):
    return the(rule, occurrence, basis=Basis(carried=Policy.KEEP_DUE.value))


def test_a_case_that_was_never_migrated_has_taken_nothing_over():
    assert taken_over(history()) == TakenOver({}, 0, None, {}, {})
    assert taken_over(()) == TakenOver({}, 0, None, {}, {})


def test_what_a_migration_carried_over_closed_and_decided_on_is_read_as_it_was_written():
    entry = migration(
        carried=CARRIED, closed={"opinion/12": "2008-02-18", "old/1": ""}, recurring={"evaluation": [2, "2012-05-07"]}
    )
    after_it = replace(medellin().history[0], effective_on=SECOND)
    assert taken_over((*history(entry), after_it)) == TakenOver(
        {
            ("evaluation", 2): Carried(FIRST, Policy.KEEP_DUE, (Length.parse("280 days"),), date(2011, 5, 6)),
            ("first_programme", 1): Carried(
                date(2011, 7, 4),
                Policy.KEEP_REMAINING,
                (Length.parse("1 day"), Length.parse("20 business days")),
                date(2011, 5, 6),
            ),
        },
        1,
        FIRST,
        {("opinion", 12): date(2008, 2, 18), ("old", 1): None},
        {"evaluation": (2, date(2012, 5, 7))},
    )


def test_of_several_migrations_the_last_one_counts():
    found = taken_over(history(migration(carried=CARRIED), migration(SECOND, closed={"opinion/1": ""})))
    assert found == TakenOver({}, 2, SECOND, {("opinion", 1): None}, {})


def test_a_migration_on_the_opening_day_is_the_first_entry_of_its_history():
    assert taken_over([migration(carried=CARRIED)]).on == FIRST


def test_the_day_a_date_was_carried_over_is_that_of_the_last_migration_that_did():
    left = migration(SECOND)
    assert carried_over_on(history(migration(carried=CARRIED), left), carried_over("evaluation", 2)) == FIRST
    both = history(migration(carried=CARRIED), migration(SECOND, carried=CARRIED))
    assert carried_over_on(both, carried_over("evaluation", 2)) == SECOND
    assert carried_over_on(both, carried_over("evaluation", 1)) is None
    assert carried_over_on(both, the("evaluation", 2)) is None, "it was counted from its event"
    assert carried_over_on(both, the("evaluation", 2, basis=None)) is None
    assert carried_over_on((), carried_over("evaluation", 2)) is None


def test_a_deadline_was_closed_by_the_migration_that_says_so():
    entry = migration(carried=CARRIED, closed={"opinion/1": ""})
    assert was_closed_by(entry, the("evaluation", 1)) is False
    assert was_closed_by(entry, replace(the("evaluation"), rule="opinion")) is True
    assert was_closed_by(entry, replace(the("evaluation", 2), rule="opinion")) is False
    assert was_closed_by(history()[0], replace(the("evaluation"), rule="opinion")) is False


def test_what_was_closed_is_noted_with_the_day_that_the_new_version_counts_it_from():
    case = replace(medellin(), history=history(migration(carried=CARRIED)))
    met = replace(the("first_programme"), status=DeadlineStatus.MET, anchor_on=date(2011, 5, 1))
    gone = replace(met, rule="gone")
    noted = with_closed(case, [met, gone, the("evaluation")])
    assert taken_over(noted.history).closed == {("first_programme", 1): date(2011, 5, 6), ("gone", 1): None}
    assert taken_over(noted.history).deadlines == taken_over(case.history).deadlines
    assert noted.history[:-1] == case.history[:-1]


RENAMING = {"states": {"interest": "contact", "drafting": "draft"}, "steps": {"send": "post"}}


@pytest.mark.parametrize(
    ("recorded_on", "state", "now"),
    [
        (date(2011, 7, 31), "interest", "first_contact"),
        (FIRST, "interest", "first_contact"),
        (date(2011, 8, 2), "interest", "interest"),
        (date(2011, 8, 2), "contact", "first_contact"),
        (SECOND, "contact", "first_contact"),
        (date(2012, 2, 2), "contact", "contact"),
        (FIRST, "drafting", "draft"),
        (FIRST, "signed", "signed"),
    ],
)
def test_a_state_of_then_is_called_what_every_later_migration_made_of_it(recorded_on, state, now):
    entries = history(migration(**RENAMING), migration(SECOND, states={"contact": "first_contact"}))
    assert state_now(entries, state, noon(recorded_on)) == now


def test_the_history_before_a_migration_is_told_in_the_present_names_and_the_rest_as_it_was_entered():
    opened = agreement().history[0]
    sent = replace(opened, kind=EntryKind.STEP, step="send", from_state="interest", to_state="drafting")
    signed = replace(sent, step="sign", from_state="drafting", to_state="signed")
    first, second = (
        migration(**RENAMING),
        migration(SECOND, states={"contact": "first_contact"}, steps={"post": "mail"}),
    )
    assert in_present_names((opened, sent, first, sent, second, signed)) == (
        replace(opened, to_state="first_contact"),
        replace(sent, step="mail", from_state="first_contact", to_state="draft"),
        first,
        replace(sent),
        second,
        signed,
    )
    assert in_present_names((opened, sent)) == (opened, sent)


# Counted on from there


def in_state(on, old, new):
    return HistoryEntry(EntryKind.STEP, "lucia", on, noon(on), step="x", from_state=old, to_state=new)


ON = date(2011, 7, 10)


def counted_on(*entries, policy, lengths=("20 days",), today=date(2011, 7, 20)):
    """The first programme, taken over on 10 July; its days do not count while the case is in the state “signed”."""
    process = definition(EC)
    rule = replace(process.deadlines["first_programme"], paused_in=frozenset({"signed"}))
    process = replace(process, deadlines={**process.deadlines, rule.key: rule})
    table = {"on": ON.isoformat(), "policy": policy, "lengths": list(lengths), "after": "2011-05-06"}
    entry = migration(ON, carried={"first_programme/1": table})
    whole = sorted([*medellin().history, *entries, entry], key=lambda each: each.effective_on)
    found = with_deadlines(replace(medellin(), history=tuple(whole)), process, context(process, today)).deadlines
    return next(deadline for deadline in found if deadline.rule == rule.key)


@pytest.mark.parametrize("policy", ["keep-due", "keep-remaining"])
def test_what_was_carried_over_is_counted_from_the_migration(policy):
    found = counted_on(policy=policy)
    assert (found.anchor_on, found.due_on, found.warn_on) == (ON, date(2011, 7, 30), date(2011, 7, 30))
    assert found.basis == Basis((Length.parse("20 days"),), carried=policy)
    found = counted_on(policy=policy, lengths=("20 days", "30 days"))
    assert (found.due_on, found.warn_on) == (date(2011, 8, 9), date(2011, 7, 30))
    assert found.basis.early_from == ON


@pytest.mark.parametrize(
    ("paused", "resumed", "keep_due", "keep_remaining"),
    [
        (date(2011, 7, 1), date(2011, 7, 9), date(2011, 7, 30), date(2011, 7, 30)),
        (date(2011, 7, 1), ON, date(2011, 7, 30), date(2011, 7, 30)),
        (date(2011, 7, 1), date(2011, 7, 12), date(2011, 7, 30), date(2011, 7, 31)),
        (date(2011, 7, 1), date(2011, 7, 15), date(2011, 7, 30), date(2011, 8, 3)),
        (ON, date(2011, 7, 15), date(2011, 8, 3), date(2011, 8, 3)),
        (date(2011, 7, 12), date(2011, 7, 15), date(2011, 8, 2), date(2011, 8, 2)),
        (date(2011, 7, 1), None, date(2011, 7, 30), None),
        (date(2011, 7, 12), None, None, None),
    ],
)
def test_a_pause_of_the_time_before_a_migration_moves_the_time_that_is_left_and_no_day_that_was_kept(
    paused, resumed, keep_due, keep_remaining
):
    entries = [in_state(paused, "in_force", "signed")]
    entries += [in_state(resumed, "signed", "in_force")] if resumed else []
    assert counted_on(*entries, policy="keep-due").due_on == keep_due
    assert counted_on(*entries, policy="keep-remaining").due_on == keep_remaining
