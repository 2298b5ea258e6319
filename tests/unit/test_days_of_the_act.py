"""A step is taken not before, or not after, the day of a deadline, a fact or an earlier step: `not_before` and `not_after`."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    CLOCK,
    LIAISON,
    SIGNED_TEXT,
    a_calendar,
    after,
    agreement,
    context,
    definition,
    derived,
    facts,
    noon,
    refusal,
    terms,
)
from ending import ending
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.agreement.entries import Changed, ChangeKind, StepTaken, noted
from twinflow.domain.calendar.business_days import EVERY_DAY, Calendars, day_apart
from twinflow.domain.calendar.dates import Distance, Length
from twinflow.domain.process.definition import Anchor, Requirement, Side
from twinflow.domain.steps.advance import reasons_against
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.days import (
    against_the_day,
    assumed_to_be_in_time,
    comes_with,
    what_the_clock_waits_for,
    with_dates_recorded,
)
from twinflow.language import say
from twinflow.services.reading.history_in_words import entry_message

OPENED = date(2025, 9, 1)
NOTICED = date(2025, 11, 23)  # sixty days before 22 January 2026
DUE = date(2026, 1, 22)


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    return ending(tmp_path_factory.mktemp("days"))


@pytest.fixture
def case(process):
    return agreement(process, opened_on=OPENED, terms=terms(notice_period="60 days"))


@pytest.fixture
def noticed(process, case):
    return after(case, ("denounce", NOTICED), process=process)


def apart(text):
    return Distance(Length.parse(text.replace(" clear ", " ")), clear=" clear " in text)


def against(case, step, on, process, **more):
    return refusal(case, step, on, process=process, **more)


def changed(case, process, change, on=NOTICED, **more):
    said = Changed(key=("notice_end", 1), change=change, number=len(case.history), **more)
    entries = (*case.history, noted(said, "lucia", on, noon(on)))
    return derived(replace(case, history=entries), on, process)


# a deadline


def test_a_termination_noticed_for_22_january_is_not_completed_on_29_november(process, noticed):
    reasons = against(noticed, "complete", date(2025, 11, 29), process)
    assert reasons == ["Not on 2025-11-29: possible from 2026-01-22 on, the date of “End of the notice”."]


@pytest.mark.parametrize(("on", "possible"), [(date(2026, 1, 21), False), (DUE, True), (date(2026, 1, 23), True)])
def test_it_is_completed_on_the_day_itself_or_later(process, noticed, on, possible):
    assert (against(noticed, "complete", on, process) == []) is possible


def test_the_day_of_the_act_counts_and_not_the_day_of_entry(process, case, noticed):
    assert against(noticed, "complete", date(2026, 1, 21), process, today=date(2026, 2, 5)) != []
    noted_end = after(case, ("note_the_end", date(2025, 9, 2), {"ends_on": "2025-12-31"}), process=process)
    last = date(2025, 11, 1)
    assert against(noted_end, "denounce", last, process, today=date(2025, 11, 8)) == []
    assert against(noted_end, "denounce", date(2025, 11, 2), process, today=date(2025, 11, 8)) == [
        "Not on 2025-11-02: possible until 2025-11-01, the date of “Last day to denounce”."
    ]


def test_the_last_day_of_a_right_counts_also_once_the_right_is_over(process, case):
    over = after(case, ("note_the_end", date(2025, 9, 2), {"ends_on": "2025-12-31"}), process=process)
    over = derived(over, date(2025, 12, 1), process)
    assert [each.status for each in over.deadlines if each.rule == "last_day_to_denounce"] == [DeadlineStatus.LAPSED]
    assert against(over, "denounce", date(2025, 12, 1), process) != []
    assert against(over, "denounce", date(2025, 11, 1), process, today=date(2025, 12, 1)) == []


def test_what_has_no_last_day_is_not_over(process, case):
    assert against(case, "denounce", date(2025, 12, 20), process) == []
    vague = after(case, ("note_the_end", date(2025, 9, 2), {"ends_on": "2025-12"}), process=process)
    assert against(vague, "denounce", date(2025, 12, 31), process) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            {},
            (
                "the text does not state it (Notice period). Say what the text states: "
                "twinflow agreements confirm-term A-1 notice_period LENGTH --as PERSON --source WHERE"
            ),
        ),
        ({"notice_period": "indefinite"}, "by the text it has no end (Notice period)."),
    ],
)
def test_what_waits_for_a_date_that_is_not_there_says_why_there_is_none(process, text, why):
    silent = agreement(process, opened_on=OPENED, terms=terms(**text))
    silent = after(silent, ("denounce", NOTICED), process=process)
    assert against(silent, "complete", DUE, process) == [f"It waits for “End of the notice”, which has no date: {why}"]


def test_a_case_that_came_in_after_the_step_says_which_step_is_missing(process):
    entered = agreement(process, state="noticed", opened_on=OPENED, terms=terms(notice_period="60 days"))
    assert against(entered, "complete", DUE, process) == [
        "It waits for “End of the notice”, which has no date: the step “Denounce” is not done yet."
    ]


def test_while_its_days_do_not_count_nothing_is_waited_to_an_end(process, noticed):
    paused = after(noticed, ("wait", date(2025, 12, 1)), process=process)
    assert against(paused, "complete", date(2026, 6, 1), process) == [
        "It waits for “End of the notice”, which has no date: its days do not count at present."
    ]
    again = after(paused, ("go_on", date(2025, 12, 11)), process=process)
    assert against(again, "complete", date(2026, 1, 31), process) != []
    assert against(again, "complete", date(2026, 2, 1), process) == []


def test_more_time_and_another_day_agreed_upon_move_what_is_waited_for(process, noticed):
    longer = changed(noticed, process, ChangeKind.EXTEND, length=Length.parse("10 days"))
    assert against(longer, "complete", date(2026, 1, 31), process) != []
    assert against(longer, "complete", date(2026, 2, 1), process) == []
    moved = noticed
    for party in ("Chihuahua", "Albuquerque"):
        moved = changed(moved, process, ChangeKind.MOVE, to=date(2025, 12, 24), party=party)
    assert against(moved, "complete", date(2025, 12, 23), process) != []
    assert against(moved, "complete", date(2025, 12, 24), process) == []


def test_of_a_text_that_contradicts_itself_the_later_day_counts(process):
    unclear = agreement(process, opened_on=OPENED, terms=terms(notice_period="30 days|60 days"))
    unclear = after(unclear, ("denounce", NOTICED), process=process)
    assert against(unclear, "complete", date(2026, 1, 21), process) != []
    assert against(unclear, "complete", DUE, process) == []


def test_a_deadline_that_is_closed_keeps_its_date(process, noticed):
    for status in (DeadlineStatus.MET, DeadlineStatus.VOID, DeadlineStatus.LAPSED, DeadlineStatus.UNMET):
        closed = tuple(replace(each, status=status, closed_on=NOTICED) for each in noticed.deadlines)
        assert against(replace(noticed, deadlines=closed), "complete", date(2026, 1, 21), process) != []
        assert against(replace(noticed, deadlines=closed), "complete", DUE, process) == []


def test_the_occurrence_that_runs_counts_and_else_the_last_one(process, noticed):
    (first,) = (each for each in noticed.deadlines if each.rule == "notice_end")
    others = tuple(each for each in noticed.deadlines if each is not first)
    early, late = replace(first, due_on=date(2025, 12, 1)), replace(first, occurrence=2, due_on=DUE)
    void = {"status": DeadlineStatus.VOID, "closed_on": NOTICED}
    for deadlines, possible in [
        ((early, late), DUE),
        ((late, early), DUE),
        ((replace(early, **void), replace(late, **void)), DUE),
        ((early, replace(late, **void)), date(2025, 12, 1)),
    ]:
        there = replace(noticed, deadlines=(*others, *deadlines))
        assert against(there, "complete", possible, process) == []
        assert against(there, "complete", date.fromordinal(possible.toordinal() - 1), process) != []


def test_the_clock_takes_its_step_on_the_day_itself(process, noticed):
    assert against(noticed, "complete", DUE, process, actor=CLOCK, today=date(2026, 1, 23)) == []


def test_a_date_that_the_step_itself_records_is_the_one_it_is_judged_by(process, case):
    assert against(case, "invite", date(2025, 10, 8), process, records={"meeting_on": "2025-10-10"}) == []
    assert against(case, "invite", date(2025, 10, 9), process, records={"meeting_on": "2025-10-10"}) == [
        "Not on 2025-10-09: possible until 2025-10-08, the date of “Last day to invite”."
    ]
    first = after(case, ("invite", date(2025, 10, 8), {"meeting_on": "2025-10-10"}), process=process)
    assert against(first, "invite", date(2025, 10, 20), process, records={"meeting_on": "2025-10-24"}) == []
    assert against(first, "invite", date(2025, 10, 23), process, records={"meeting_on": "2025-10-24"}) != []


# a fact, an earlier step, days between


def test_three_clear_days_lie_between_monday_and_friday(process, case):
    friday = {"meeting_on": "2025-10-10"}
    assert against(case, "convene", date(2025, 10, 6), process, records=friday) == []
    assert against(case, "convene", date(2025, 10, 7), process, records=friday) == [
        "Not on 2025-10-07: possible until 2025-10-06, 3 clear days before “Day of the meeting” (2025-10-10)."
    ]


def test_a_meeting_is_held_on_its_day_and_three_clear_days_after_the_summons(process, case):
    convened = after(case, ("convene", date(2025, 10, 6), {"meeting_on": "2025-10-10"}), process=process)
    assert against(convened, "meet", date(2025, 10, 9), process) == [
        "Not on 2025-10-09: possible from 2025-10-10 on, 3 clear days after the day of the step “Convene” (2025-10-06).",
        "Not on 2025-10-09: possible from 2025-10-10 on, “Day of the meeting”.",
    ]
    assert against(convened, "meet", date(2025, 10, 10), process) == []


def test_the_last_time_that_the_step_was_taken_counts(process, case):
    friday, monday = {"meeting_on": "2025-10-10"}, {"meeting_on": "2025-10-20"}
    twice = after(
        case, ("convene", date(2025, 10, 6), friday), ("convene", date(2025, 10, 16), monday), process=process
    )
    assert len(against(twice, "meet", date(2025, 10, 19), process)) == 2
    assert against(twice, "meet", date(2025, 10, 20), process) == []


def test_what_comes_after_a_step_or_a_fact_that_is_not_there_says_so(process, case):
    assert against(case, "meet", date(2025, 10, 10), process) == [
        "It comes after a step that is not done yet: Convene.",
        (
            "It waits for a day that is not known: Day of the meeting. It comes with “Convene”: "
            "twinflow agreements advance A-1 convene --as PERSON --set meeting_on=DATE"
        ),
    ]


def test_what_can_be_taken_later_says_today_from_when(process, noticed):
    days = context(process, date(2025, 11, 29))
    reasons = reasons_against(noticed, process, process.step("complete"), LIAISON, days)
    assert [say(reason, "en") for reason in reasons] == [
        "Not on Saturday, 29 November 2025: possible from Thursday, 22 January 2026 on, the date of “End of the notice”."
    ]
    assert [say(reason, "es") for reason in reasons] == [
        "No el sábado 29 de noviembre de 2025: es posible desde el jueves 22 de enero de 2026 (la fecha de “Fin del preaviso”)."
    ]


PROVISIONAL = " The date is provisional: a calendar that it rests on is not complete yet."


def test_a_day_that_rests_on_a_calendar_which_is_not_filled_in_yet_is_called_provisional(process, case, noticed):
    def says_so(case, step, on, days):
        return [str(each).endswith(PROVISIONAL) for each in reasons_against(case, process, step, LIAISON, days(on))]

    def until_2025(on):
        return replace(context(process, on), calendars=Calendars((a_calendar(last_year=2025),)))

    complete, early = process.step("complete"), date(2025, 12, 1)
    uncertain = tuple(replace(each, provisional=True) for each in noticed.deadlines)
    assert says_so(noticed, complete, early, until_2025) == [False]
    assert says_so(replace(noticed, deadlines=uncertain), complete, early, until_2025) == [True]
    convened = after(case, ("convene", date(2025, 12, 24), {"meeting_on": "2025-12-29"}), process=process)
    for text, expected in [("3 business days", False), ("6 business days", True), ("20 days", False)]:
        asked = Requirement("not_before", step="convene", at_least=apart(text))
        assert says_so(convened, replace(process.steps["meet"], requires=(asked,)), date(2025, 12, 24), until_2025) == [
            expected
        ]


def test_what_comes_with_the_step_does_not_stand_in_its_way_today(process, case):
    for step in ("convene", "invite"):
        assert reasons_against(case, process, process.step(step), LIAISON, context(process, date(2025, 10, 7))) == []


@pytest.mark.parametrize(
    ("text", "first", "last"),  # after, and before, Friday 6 March 2026
    [
        ("1 day", date(2026, 3, 7), date(2026, 3, 5)),
        ("1 clear day", date(2026, 3, 8), date(2026, 3, 4)),
        ("3 clear days", date(2026, 3, 10), date(2026, 3, 2)),
        ("2 business days", date(2026, 3, 11), date(2026, 3, 3)),
        ("2 clear business days", date(2026, 3, 12), date(2026, 3, 2)),
        ("1 week", date(2026, 3, 13), date(2026, 2, 27)),
        ("1 clear week", date(2026, 3, 14), date(2026, 2, 26)),
        ("1 month", date(2026, 4, 6), date(2026, 2, 6)),
        ("2 clear months", date(2026, 5, 7), date(2026, 1, 5)),
        ("1 year", date(2027, 3, 6), date(2025, 3, 6)),
        ("1 clear year", date(2027, 3, 7), date(2025, 3, 5)),
    ],
)
def test_how_far_apart_in_every_unit(text, first, last):
    """Monday 9 March is a holiday, so is Wednesday 4 March."""
    days = Calendars((a_calendar(date(2026, 3, 9), date(2026, 3, 4)),))
    friday, distance = date(2026, 3, 6), apart(text)
    assert (day_apart(friday, distance, days), day_apart(friday, distance, days, sign=-1)) == (first, last)
    assert str(distance) == text == say(distance.message, "en")


def test_without_a_calendar_every_day_is_a_business_day():
    assert day_apart(date(2026, 3, 6), apart("2 business days"), EVERY_DAY) == date(2026, 3, 8)


def test_business_days_between_go_by_the_calendars_of_the_process(process, case):
    """16 September is a holiday of the labour law of Mexico."""
    meet = replace(
        process.steps["meet"],
        requires=(Requirement("not_before", step="convene", at_least=apart("2 business days")),),
    )
    edited = replace(process, steps={**process.steps, "meet": meet})
    convened = after(case, ("convene", date(2025, 9, 12), {"meeting_on": "2025-10-10"}), process=process)
    days = context(process, date(2025, 9, 17))
    assert [str(reason) for reason in reasons_against(convened, edited, meet, LIAISON, days)] == []
    earlier = replace(days, today=date(2025, 9, 16))
    (reason,) = reasons_against(convened, edited, meet, LIAISON, earlier)
    assert "possible from 2025-09-17 on, 2 business days after" in str(reason)


# what comes with the step itself


def follows(process, **changes):
    """The process with another anchor of the end of the notice, or with a deadline that is counted from it."""
    rule = replace(process.deadlines["notice_end"], **changes)
    after_it = replace(
        rule, key="after_it", anchor=Anchor(deadline="notice_end"), length=Length.parse("3 days"), term=None
    )
    return replace(process, deadlines={**process.deadlines, "notice_end": rule, "after_it": after_it})


def test_what_the_step_records_and_the_day_that_it_makes_come_with_it(process):
    convene = process.step("convene")
    day_as = replace(convene, records=(), day_as="ends_on")
    for step, fact, expected in [
        (convene, "meeting_on", True),
        (convene, "ends_on", False),
        (day_as, "ends_on", True),
        (day_as, "meeting_on", False),
    ]:
        assert comes_with(step, Requirement("not_before", fact=fact), process) is expected
        assert comes_with(step, Requirement("fact", fact=fact), process) is expected
    assert not comes_with(convene, Requirement("not_before", step="meet"), process)


def test_a_date_that_is_given_or_counted_back_comes_with_the_step_and_a_count_forward_begins_with_it(process):
    convene = process.step("convene")
    by_the_meeting = {"anchor": Anchor(fact="meeting_on")}
    forward = follows(process, **by_the_meeting)
    for there, rule, expected in [
        (forward, "notice_end", False),
        (forward, "after_it", False),
        (forward, "last_day_to_invite", True),
        (forward, "last_day_to_denounce", False),
        (follows(process, **by_the_meeting, term=None), "notice_end", True),
        (follows(process, **by_the_meeting, term=None), "after_it", True),
        (follows(process, **by_the_meeting, side=Side.BEFORE), "notice_end", True),
        (follows(process, side=Side.BEFORE), "notice_end", False),
    ]:
        assert there.is_dated_by(there.deadlines[rule], convene) is expected
        assert comes_with(convene, Requirement("not_after", deadline=rule), there) is expected


def test_what_was_closed_stays_as_it_was_closed_when_a_date_is_recorded(process, case):
    first = after(case, ("invite", date(2025, 10, 8), {"meeting_on": "2025-10-10"}), process=process)
    over = derived(first, date(2025, 10, 20), process)
    as_closed = tuple(
        replace(each, due_on=date(2025, 10, 7), closed_on=date(2025, 10, 7), edition="by other calendars")
        if each.rule == "last_day_to_invite"
        else each
        for each in over.deadlines
    )
    claims = (*over.facts["meeting_on"], *facts(meeting_on="2025-10-31")["meeting_on"])
    again = replace(over, deadlines=as_closed, facts={**over.facts, "meeting_on": claims})
    found = with_dates_recorded(again, process, process.step("invite"), context(process, date(2025, 10, 20)))
    due = {each.occurrence: each.due_on for each in found.deadlines if each.rule == "last_day_to_invite"}
    assert due == {1: date(2025, 10, 7), 2: date(2025, 10, 29)}
    same = with_dates_recorded(again, process, process.step("note_the_end"), context(process, date(2025, 10, 20)))
    assert same is again


def test_why_there_is_no_date_of_what_follows_another_one(process):
    by_the_meeting = follows(process, anchor=Anchor(fact="meeting_on"))
    silent = agreement(process, opened_on=OPENED)
    known = agreement(process, opened_on=OPENED, facts=facts(meeting_on="2025-10-10"))
    unstated = agreement(process, opened_on=OPENED, facts=facts(meeting_on="2025-10-10"), terms=terms(notice_period=""))
    asked = Requirement("not_before", deadline="after_it")
    for case, why in [
        (silent, "the day is not known of “Day of the meeting”"),
        (known, "the text does not state it (Notice period)"),
        (unstated, "the text does not state it (Notice period)"),
    ]:
        attempt = Attempt(case, by_the_meeting, LIAISON, DUE, EVERY_DAY)
        said = str(against_the_day(attempt, asked))
        assert said.startswith(f"It waits for “End of the notice”, which has no date: {why}. ")
    stated = agreement(process, opened_on=OPENED, terms=terms(notice_period="60 days"))
    attempt = Attempt(stated, follows(process, anchor=Anchor(activity=True)), LIAISON, DUE, EVERY_DAY)
    assert str(against_the_day(attempt, asked)).endswith("which has no date: it does not run in this case.")


# a fact that is known by its year or its month

SAID = "Not on {on}: possible {bound}, “Day of signature by all parties”."


@pytest.mark.parametrize(
    ("name", "known", "on", "bound"),
    [
        ("not_before", "1997", date(1996, 12, 31), "from 1997-01-01 on"),
        ("not_before", "1997", date(1997, 1, 1), None),
        ("not_before", "1996-02", date(1996, 1, 31), "from 1996-02-01 on"),
        ("not_after", "1996-02", date(1996, 2, 29), None),
        ("not_after", "1996-02", date(1996, 3, 1), "until 1996-02-29"),
        ("not_after", "1997", date(1998, 1, 1), "until 1997-12-31"),
        ("not_after", "", date(1998, 1, 1), None),
    ],
)
def test_a_year_or_a_month_bars_only_what_is_out_of_its_time_whichever_day_it_was(name, known, on, bound):
    attempt = Attempt(agreement(facts=facts(signed_on=known)), definition(), LIAISON, on, EVERY_DAY)
    reason = against_the_day(attempt, Requirement(name, fact="signed_on"))
    assert (None if reason is None else str(reason)) == (bound and SAID.format(on=on, bound=bound))


def test_the_distance_is_counted_from_the_first_or_the_last_day_that_it_may_be():
    case, wanted = agreement(facts=facts(signed_on="1996-02")), Requirement("not_after", fact="signed_on")
    attempt = Attempt(case, definition(), LIAISON, date(1996, 2, 26), EVERY_DAY)
    assert str(against_the_day(attempt, replace(wanted, at_least=apart("3 clear days")))) == (
        "Not on 1996-02-26: possible until 1996-02-25, 3 clear days before “Day of signature by all parties” (1996-02)."
    )
    waits = replace(wanted, name="not_before", at_least=apart("3 days"))
    assert str(against_the_day(replace(attempt, on=date(1996, 2, 3)), waits)).startswith(
        "Not on 1996-02-03: possible from 1996-02-04 on"
    )


@pytest.mark.parametrize(
    ("known", "on", "assumed"),
    [
        ("1997", date(1997, 6, 2), {"signed_on": "1997"}),
        ("1997-05", date(1997, 5, 30), {"signed_on": "1997-05"}),
        ("1997-05", date(1997, 5, 31), {}),
        ("1997", date(1998, 1, 2), {}),
        ("1997-05-12", date(1997, 5, 12), {}),
    ],
)
def test_where_it_cannot_be_known_the_step_is_taken_and_says_what_was_assumed(known, on, assumed):
    case = agreement(state="signed", opened_on=date(1997, 1, 2), facts=facts(signed_on=known, **SIGNED_TEXT))
    taken = after(case, ("request_registration", on))
    assert StepTaken.read(taken.history[-1]).assumed == assumed
    said = f"assumed to be in time, as no more is known than Day of signature by all parties: {known}"
    assert (said in str(entry_message(taken.history[-1], definition()))) is bool(assumed)


def test_the_facts_that_might_have_barred_a_step_are_kept_with_it_each_as_far_as_its_day_is_known():
    said = StepTaken(reason="the papers came", assumed={"signed_on": "1997", "meeting_on": "2001-02"})
    entry = noted(said, "lucia", DUE, noon(DUE))
    assert dict(entry.details) == {"reason": "the papers came", "assumed": "signed_on=1997 meeting_on=2001-02"}
    assert StepTaken.read(entry) == said


def test_what_only_has_to_be_on_record_assumes_nothing_of_its_day(process):
    case = agreement(facts=facts(signed_on="1997"))
    step = replace(definition().step("request_registration"), requires=(Requirement("fact", fact="signed_on"),))
    assert assumed_to_be_in_time(Attempt(case, definition(), LIAISON, date(1997, 6, 2), EVERY_DAY), step) == {}


# a step of the clock, for whoever would take it


def clock_waits(case, step="expire"):
    return [str(reason) for reason in what_the_clock_waits_for(case, definition().step(step), definition())]


def test_whoever_would_take_a_step_of_the_clock_is_told_the_day_or_what_is_missing():
    running = agreement(state="in_force", facts=facts(term_starts_on="2008-03-10"), terms=terms(validity="5 years"))
    running = derived(running, date(2010, 1, 4))
    assert clock_waits(running) == ["The clock takes it when “End of the term” has passed (2013-03-10)."]
    (assumed,) = clock_waits(derived(replace(running, terms={}), date(2010, 1, 4)))
    assert assumed == (
        "“End of the term” (2013-03-10) is only assumed, and nothing follows from it. Say what the text states: "
        "twinflow agreements confirm-term A-1 validity LENGTH --as PERSON --source WHERE"
    )
    (unknown,) = clock_waits(derived(replace(running, facts={}), date(2010, 1, 4)))
    assert unknown == (
        "It waits for “End of the term”, which has no date: the day is not known of “Start of the present term”. "
        "Put it on record: twinflow agreements correct A-1 1 --as PERSON --set signed_on=DATE --reason REASON"
    )
    assert clock_waits(running, "sign") == []
