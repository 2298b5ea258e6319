"""What a pass of the clock decides: who is told what and when, what is closed for good, when to look again."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from builders import (
    CLOCK,
    EC,
    TO_OPINION,
    after,
    agreement,
    calendars,
    context,
    definition,
    medellin,
    noon,
    people,
    try_step,
)
from twinflow.domain.agreement.agreement import DeadlineStatus, Finding, FindingCode
from twinflow.domain.agreement.entries import ConsultationAct, OnConsultation, noted
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.rounds import Consultation
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import (
    MISSED,
    OVERDUE,
    SOON,
    about_answer,
    about_finding,
    about_hands,
    about_missed,
    about_move,
    about_moved,
    about_step,
    is_spoken_of,
    levels_to_tell,
)
from twinflow.domain.alerts.recipients import AlreadyTold, Audience, Recipient, audience_of, holders_of, recipients_of
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.calendar.dates import Length
from twinflow.domain.clock.day import Taken, steps_of_dates
from twinflow.domain.clock.waking import latest_day, next_wake_on
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.people.people import Absence, Assignment, People, Person
from twinflow.domain.process.definition import Announcement, Level, RoundRule

OPEN, MET, VOID = DeadlineStatus.OPEN, DeadlineStatus.MET, DeadlineStatus.VOID
LAPSED = DeadlineStatus.LAPSED
PROGRAMME = definition(EC).deadlines["first_programme"]
TERM_END = definition(EC).deadlines["term_end"]
NOTICE = definition(EC).deadlines["last_day_for_notice"]
TODAY = date(2011, 6, 28)


def the(case, rule):
    return next(deadline for deadline in case.deadlines if deadline.rule == rule)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 2, 9, 59, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 10, tzinfo=UTC), date(2026, 3, 3)),
    ],
)
def test_the_furthest_day_of_the_earth_is_that_of_kiritimati(now, day):
    assert latest_day(now) == day


# Whom


def people_with(*more):
    """Those of the builders, with more of them or other ones in their place."""
    known = people()
    return People(known.offices, {**known.people, **{person.key: person for person in more}})


def person(key, *roles, away=()):
    return Person(key, key, f"{key}@x.example", "es", tuple(Assignment(role, "cuenca") for role in roles), tuple(away))


def away(delegate, first=TODAY, last=TODAY):
    return Absence(first, last, delegate)


def test_each_holder_is_found_with_the_first_role_held_and_the_roles_that_nobody_holds():
    both = people_with(person("mateo", "authority", "liaison"), person("ana", "liaison"))
    found = holders_of(both, definition(EC), "cuenca", ("authority", "registrar", "liaison"), TODAY)
    assert found == ({"mateo": "authority", "regina": "registrar", "lucia": "liaison", "ana": "liaison"}, ())
    nobody = people_with(person("mateo"), person("lucia"), person("regina"))
    assert holders_of(nobody, definition(EC), "cuenca", ("authority", "liaison"), TODAY) == (
        {},
        ("authority", "liaison"),
    )


@pytest.mark.parametrize(
    ("absent", "recipients"),
    [
        ({}, [Recipient("lucia", "liaison"), Recipient("mateo", "authority")]),
        ({"lucia": "ana"}, [Recipient("ana", "liaison", "lucia"), Recipient("mateo", "authority")]),
        ({"lucia": "mateo"}, [Recipient("mateo", "authority", "lucia")]),
        ({"mateo": "lucia"}, [Recipient("lucia", "liaison", "mateo")]),
        ({"lucia": "ana", "mateo": "ana"}, [Recipient("ana", "liaison", "lucia")]),
        ({"lucia": "mateo", "mateo": "ana"}, [Recipient("ana", "liaison", "lucia")]),
    ],
)
def test_whoever_stands_in_is_told_once_for_the_own_role_or_for_the_first_that_is_away(absent, recipients):
    home = {"lucia": "liaison", "mateo": "authority"}
    there = [person(key, role, away=[away(absent[key])] if key in absent else []) for key, role in home.items()]
    found = people_with(*there, person("ana"))
    assert recipients_of(found, home, TODAY) == recipients
    assert recipients_of(found, home, date(2011, 6, 29)) == [
        Recipient("lucia", "liaison"),
        Recipient("mateo", "authority"),
    ]


def telling(**more):
    values = {
        "notice": SOON,
        "subject": AlertSubject.deadline("x"),
        "roles": ("liaison", "authority"),
        "effective_on": TODAY,
        "level": "a",
    }
    return Telling(**{**values, **more})


@pytest.mark.parametrize(
    ("more", "told", "who"),
    [
        ({}, set(), ["lucia", "mateo"]),
        ({}, {("a", "lucia")}, ["mateo"]),
        ({}, {("b", "lucia")}, ["lucia", "mateo"]),
        ({"held": frozenset({"mateo"})}, set(), ["lucia"]),
        ({"roles": ("authority",)}, {("a", "mateo")}, []),
    ],
)
def test_who_has_heard_of_a_level_or_does_not_want_to_yet_is_not_told(more, told, who):
    found = audience_of(people(), definition(EC), "cuenca", telling(**more), TODAY, told)
    assert [each.person for each in found.recipients] == who
    assert (found.vacant, found.nobody) == ((), False)


def test_who_was_told_for_somebody_away_does_not_hear_it_twice():
    stood_in = people_with(person("lucia", "liaison", away=[away("mateo")]), person("mateo"))
    alone = telling(roles=("liaison",))
    assert audience_of(stood_in, definition(EC), "cuenca", alone, TODAY, set()).recipients == (
        Recipient("mateo", "liaison", "lucia"),
    )
    assert audience_of(stood_in, definition(EC), "cuenca", alone, TODAY, {("a", "mateo")}) == Audience(
        (), (), nobody=False
    )
    assert audience_of(stood_in, definition(EC), "cuenca", alone, TODAY, {("a", "lucia")}) == Audience(
        (), (), nobody=False
    )


def test_a_role_that_nobody_holds_is_vacant_and_without_any_holder_nobody_is_told():
    without = people_with(person("mateo"))
    found = audience_of(without, definition(EC), "cuenca", telling(), TODAY, set())
    assert found == Audience((Recipient("lucia", "liaison"),), ("authority",), nobody=False)
    found = audience_of(without, definition(EC), "cuenca", telling(roles=("authority",)), TODAY, set())
    assert found == Audience((), ("authority",), nobody=True)


def test_whoever_held_a_role_only_before_holds_it_no_longer():
    before = Assignment("authority", "cuenca", to_day=date(2011, 6, 27))
    once = people_with(replace(person("mateo"), assignments=(before,)))
    found = audience_of(once, definition(EC), "cuenca", telling(), TODAY, set())
    assert found == Audience((Recipient("lucia", "liaison"),), ("authority",), nobody=False)


def test_who_is_told_now_is_among_those_who_were_with_whom_they_stand_in_for():
    before = AlreadyTold(frozenset({("a", "ana")}), {LevelKey("a"): date(2011, 6, 1)})
    audience = Audience((Recipient("mateo", "authority", "lucia"), Recipient("eva", "liaison")), (), nobody=False)
    assert before.and_now(telling(level="b"), audience) == AlreadyTold(
        frozenset({("a", "ana"), ("b", "mateo"), ("b", "lucia"), ("b", "eva")}),
        {LevelKey("a"): date(2011, 6, 1), LevelKey("b"): TODAY},
    )


# What lapses, and what is spoken of


@pytest.mark.parametrize(("today", "taken"), [(date(2014, 5, 6), []), (date(2014, 5, 7), ["expire"])])
def test_a_date_takes_its_step_on_the_day_after_it(today, taken):
    deeds = list(steps_of_dates(medellin(today), definition(EC), context(definition(EC), today), noon(today)))
    assert [deed.outcome.entry.step for deed in deeds if isinstance(deed, Taken)] == taken
    assert [deed.outcome.entry.effective_on for deed in deeds] == [date(2014, 5, 6)] * len(taken)


def test_what_an_earlier_step_has_closed_takes_none_any_more():
    due, today = date(2014, 5, 6), date(2014, 5, 7)
    expired = try_step(medellin(today), "expire", due, CLOCK, today=today).agreement
    assert list(steps_of_dates(expired, definition(EC), context(definition(EC), today), noon(today))) == []


def test_no_date_takes_its_step_before_the_day_that_it_is_asked_for():
    today = date(2014, 6, 1)
    of = definition(EC), context(definition(EC), today), noon(today)
    assert list(steps_of_dates(medellin(today), *of, date(2014, 5, 6))) == []
    assert len(list(steps_of_dates(medellin(today), *of, date(2014, 5, 7)))) == 1


@pytest.mark.parametrize(
    ("rule", "today", "spoken"),
    [
        (NOTICE, date(2014, 3, 22), True),
        (NOTICE, date(2014, 3, 23), False),
        (PROGRAMME, date(2011, 8, 4), True),
        (PROGRAMME, date(2013, 8, 5), True),
    ],
)
def test_a_right_is_spoken_of_until_its_last_day_and_a_duty_while_it_is_open(rule, today, spoken):
    deadline = the(medellin(), rule.key)
    assert is_spoken_of(rule, deadline, today) is spoken
    assert not is_spoken_of(rule, replace(deadline, status=MET), today)


# Which levels


def told(case, today, fired=None, rule=PROGRAMME):
    fired = {LevelKey.parse(key): on for key, on in (fired or {}).items()}
    return list(levels_to_tell(case, rule, the(case, rule.key), calendars(EC), today, fired, case.tracked_from))


def keys(case, today, fired=None, rule=PROGRAMME):
    return [each.level for each in told(case, today, fired, rule)]


def said(case, kind, on, **details):
    about = {"deadline": "first_programme", "occurrence": "1", **details}
    return replace(case, history=(*case.history, HistoryEntry(kind, "lucia", on, noon(on), details=about)))


def test_every_level_that_was_reached_and_not_told_is_told_soonest_first_with_all_it_is():
    assert told(medellin(), TODAY) == [
        Telling(SOON, AlertSubject.deadline("first_programme"), ("liaison",), on, 1, level, waits=True)
        for on, level in ((date(2011, 6, 5), "30 days before"), (TODAY, "7 days before"))
    ]


def test_the_last_level_is_told_again_to_those_who_come_later_and_an_older_one_is_not():
    fired = {"30 days before": date(2011, 6, 5), "7 days before": TODAY}
    assert keys(medellin(), TODAY, fired) == ["7 days before"]
    assert keys(medellin(), date(2011, 6, 27), {"30 days before": date(2011, 6, 5)}) == ["30 days before"]
    assert keys(medellin(), date(2011, 6, 4)) == []


@pytest.mark.parametrize(("today", "notice"), [(date(2011, 8, 4), SOON), (date(2011, 8, 5), OVERDUE)])
def test_a_day_that_has_passed_is_told_as_such(today, notice):
    assert {each.notice for each in told(medellin(), today)} == {notice}


LATE = date(2011, 9, 3)


def test_each_escalation_goes_to_its_own_role():
    late = [each for each in told(medellin(), LATE) if " to " in each.level]
    assert [(each.level, each.roles, each.effective_on) for each in late] == [
        ("10 business days after to deputy", ("deputy",), date(2011, 8, 19)),
        ("30 days after to authority", ("authority",), LATE),
    ]


def test_once_acknowledged_nothing_is_escalated_and_the_rest_is_told_all_the_same():
    case = said(medellin(), EntryKind.ACKNOWLEDGED, date(2011, 8, 10))
    assert keys(case, LATE) == ["30 days before", "7 days before", "on the day", "1 day after"]
    repeating = replace(PROGRAMME, warn=(*PROGRAMME.warn, Level(Length.parse("30 days"), repeats=True)))
    assert keys(case, date(2011, 9, 10), rule=repeating)[-2:] == ["1 day after", "every 30 days #1"]


def test_of_a_case_taken_over_the_past_is_left_out_but_for_the_last_word_and_not_escalated():
    case = replace(medellin(), tracked_from=date(2011, 8, 20))
    assert keys(case, LATE) == ["1 day after", "30 days after to authority"]
    assert keys(replace(case, tracked_from=date(2011, 8, 19)), LATE)[:2] == [
        "1 day after",
        "10 business days after to deputy",
    ]


def test_what_is_reached_on_the_very_day_of_a_take_over_or_a_migration_is_not_of_the_time_before():
    on = date(2011, 7, 5)
    for case in (replace(medellin(), tracked_from=on), migrated(medellin(), on)):
        assert keys(case, date(2011, 8, 5)) == ["on the day", "1 day after"]
    later = date(2011, 7, 6)
    for case in (replace(medellin(), tracked_from=later), migrated(medellin(), later)):
        assert keys(case, date(2011, 8, 5)) == ["1 day after"]


def test_who_has_snoozed_is_held_back_until_the_day_and_of_older_levels_for_good():
    case = said(medellin(), EntryKind.SNOOZED, date(2011, 6, 1), until="2011-06-28", reason="away")
    assert [(each.level, each.held) for each in told(case, date(2011, 6, 27))] == [
        ("30 days before", frozenset({"lucia"}))
    ]
    assert [(each.level, each.held) for each in told(case, TODAY)] == [
        ("30 days before", frozenset({"lucia"})),
        ("7 days before", frozenset()),
    ]


def test_of_the_last_level_who_has_snoozed_hears_once_the_snooze_is_over():
    case = said(medellin(), EntryKind.SNOOZED, date(2011, 6, 1), until="2011-06-10", reason="away")
    assert [each.held for each in told(case, date(2011, 6, 9))] == [frozenset({"lucia"})]
    assert [each.held for each in told(case, date(2011, 6, 10))] == [frozenset()]


def test_who_comes_later_hears_of_an_escalation_of_the_very_day_of_the_take_over():
    case = replace(medellin(), tracked_from=LATE)
    fired = {"1 day after": date(2011, 8, 5), "30 days after to authority": LATE}
    assert "30 days after to authority" in keys(case, LATE, fired)


def test_a_level_is_told_of_its_own_occurrence():
    case = medellin()
    second = replace(the(case, "first_programme"), occurrence=2)
    found = levels_to_tell(case, PROGRAMME, second, calendars(EC), TODAY, {}, case.tracked_from)
    assert [each.occurrence for each in found] == [2, 2]


def test_a_repetition_after_a_move_is_told_under_a_number_of_its_own():
    repeating = replace(PROGRAMME, warn=(Level(Length.parse("5 days"), repeats=True),), escalate=())
    today = date(2011, 8, 9)
    (first,) = keys(medellin(), today, rule=repeating)
    (again,) = keys(medellin(), today, {"every 5 days #3": date(2011, 8, 4)}, rule=repeating)
    assert (first, again) == ("every 5 days #1", "every 5 days #4")


MIGRATED_ON = date(2011, 6, 20)
NOTHING_CARRIED = {"carried": "{}", "closed": "{}", "recurring": "{}", "states": "{}", "steps": "{}"}


def migrated(case, on=MIGRATED_ON):
    entry = HistoryEntry(EntryKind.MIGRATED, "lucia", on, noon(on), details=NOTHING_CARRIED)
    return replace(case, history=(*case.history, entry))


@pytest.mark.parametrize(
    ("fired", "expected"),
    [
        ({}, ["30 days before"]),
        ({"60 days before": date(2011, 5, 6)}, ["30 days before"]),
        ({"29 days before": date(2011, 6, 6)}, []),
        ({"29 days before": date(2011, 6, 5)}, []),
        ({"29 days before": date(2011, 6, 4)}, ["30 days before"]),
        ({"29 days before to authority": date(2011, 6, 6)}, ["30 days before"]),
        ({"30 days before": date(2011, 6, 5)}, ["30 days before"]),
    ],
)
def test_what_the_ladder_of_the_version_before_has_told_is_not_told_again_by_the_new_one(fired, expected):
    assert keys(migrated(medellin()), date(2011, 6, 27), fired) == expected


def test_a_level_that_the_version_before_has_told_does_not_hide_the_next():
    case = migrated(medellin(), TODAY)
    assert keys(case, TODAY, {"29 days before": date(2011, 6, 6)}) == ["7 days before"]


def test_what_comes_after_a_migration_is_told_whatever_was_told_before():
    fired = {"29 days before": date(2011, 6, 6)}
    assert keys(migrated(medellin()), TODAY, fired) == ["7 days before"]
    assert keys(migrated(medellin(), TODAY), TODAY, {"8 days before": TODAY}) == []


def test_an_escalation_of_the_version_before_stands_for_one_to_the_same_role_alone():
    case = migrated(medellin(), date(2011, 9, 10))
    fired = {"40 days after to authority": date(2011, 9, 5), "1 day after": date(2011, 8, 5)}
    late = [level for level in keys(case, date(2011, 9, 10), fired) if " to " in level]
    assert late == ["10 business days after to deputy"]


# What was missed, found or done


def test_what_began_and_passed_unseen_is_told_as_of_its_day_or_of_the_day_on_which_it_was_put_on_record():
    second = next(d for d in medellin(date(2015, 1, 1), validity="10 years").deadlines if d.key == ("evaluation", 2))
    rule = definition(EC).deadlines["evaluation"]
    subject = AlertSubject.deadline("evaluation")
    for known_on, on in ((date(2011, 5, 6), date(2013, 5, 6)), (date(2014, 2, 3), date(2014, 2, 3))):
        assert about_missed(rule, second, known_on) == Telling(OVERDUE, subject, ("liaison",), on, 2, MISSED)


def test_what_is_found_is_told_to_the_liaison():
    found = about_finding(Finding(FindingCode.TERMS_CONFLICT, "first_programme"), 2, TODAY)
    assert found == Telling(
        "terms-conflict",
        AlertSubject(FindingCode.TERMS_CONFLICT, "first_programme"),
        ("liaison",),
        TODAY,
        2,
        waits=True,
    )


def test_that_a_date_has_moved_is_told_to_whom_its_warnings_are_told():
    assert about_moved(PROGRAMME, 2, "change 1 extend of first_programme 2", TODAY) == Telling(
        "deadline-moved",
        AlertSubject(SubjectKind.MOVED, "first_programme"),
        PROGRAMME.told,
        TODAY,
        2,
        "change 1 extend of first_programme 2",
    )


ONE = Announcement("agreement-registered", ("liaison",))
URGENT = Announcement("opinion-requested", ("reviewer", "liaison"), urgent=True)


def test_a_step_tells_each_time_it_is_taken_and_each_of_several_notices_for_itself():
    first = after(agreement(), *TO_OPINION)
    entry = first.history[-1]
    asked = AlertSubject(SubjectKind.STEP, "request_opinion")
    common = {"subject": asked, "effective_on": date(2008, 2, 18), "details": {"state": first.state}}
    assert list(about_step((URGENT,), entry, first)) == [
        Telling("opinion-requested", roles=("reviewer", "liaison"), urgent=True, **common)
    ]
    twice = replace(first, history=(*first.history, entry))
    assert list(about_step((ONE, URGENT), entry, twice)) == [
        Telling("agreement-registered", roles=("liaison",), occurrence=2, level="agreement-registered", **common),
        Telling(
            "opinion-requested",
            roles=("reviewer", "liaison"),
            occurrence=2,
            level="opinion-requested",
            urgent=True,
            **common,
        ),
    ]
    assert list(about_step((), entry, first)) == []


@pytest.mark.parametrize(("tracked_from", "count"), [(date(2014, 5, 6), 1), (date(2014, 5, 7), 0)])
def test_what_the_clock_makes_up_for_is_told_to_nobody_if_it_was_before_the_books(tracked_from, count):
    case = try_step(medellin(), "expire", date(2014, 5, 6), CLOCK, today=date(2014, 5, 7)).agreement
    case = replace(case, tracked_from=tracked_from)
    assert len(list(about_step((ONE,), case.history[-1], case))) == count
    by_hand = replace(case.history[-1], actor="lucia")
    assert len(list(about_step((ONE,), by_hand, case))) == 1


# Moves, consultations, and what changes hands

DECIDES = RoundRule(
    "opinion", {}, {}, opened_by=frozenset(), ended_by=frozenset(), consulted_by=frozenset({"reviewer", "chief"})
)


def test_an_answer_is_told_to_whoever_asked_in_their_role():
    asked = OnConsultation("opinion", ConsultationAct.ASKED, 3, "Is it in order?", "counsel", TODAY)
    answered = Consultation(3, asked, noted(asked, "rita", TODAY, datetime(2011, 6, 28, 15, tzinfo=UTC)))
    assert about_answer(answered, DECIDES, TODAY) == Telling(
        notice="consultation-given",
        subject=AlertSubject(SubjectKind.CONSULTATION, "3"),
        level="consultation-given",
        roles=("chief", "reviewer"),
        effective_on=TODAY,
        person="rita",
    )


def test_a_move_is_told_to_all_but_who_did_it_and_with_what_went_along():
    told = about_move(4, "case-moved", "judith", TODAY, "MX-1-P MX-2")
    assert told == Telling(
        notice="case-moved",
        subject=AlertSubject(SubjectKind.OFFICE, "4"),
        roles=(),
        effective_on=TODAY,
        details={"along": "MX-1-P MX-2"},
        held=frozenset({"judith"}),
    )
    assert about_move(4, "case-moved", "judith", TODAY, "").details == {}


def test_what_changes_hands_is_told_by_the_number_of_its_entry():
    told = Telling(notice="handed-over", subject=AlertSubject(SubjectKind.HANDS, "7"), roles=(), effective_on=TODAY)
    assert about_hands("handed-over", 7, TODAY) == told


# When to look again


def test_the_clock_looks_again_when_a_level_comes_or_a_snooze_ends():
    case = medellin()
    deadline = the(case, "first_programme")
    assert next_wake_on(case, PROGRAMME, deadline, calendars(EC), date(2011, 6, 5)) == TODAY
    held = said(case, EntryKind.SNOOZED, date(2011, 6, 1), until="2011-06-20", reason="away")
    assert next_wake_on(held, PROGRAMME, deadline, calendars(EC), date(2011, 6, 5)) == date(2011, 6, 20)
    assert next_wake_on(held, PROGRAMME, deadline, calendars(EC), date(2011, 6, 20)) == TODAY
    met = replace(deadline, status=MET)
    assert next_wake_on(held, PROGRAMME, met, calendars(EC), date(2011, 6, 5)) is None
