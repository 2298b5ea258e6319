"""The ladder of warnings: which levels there are, which have been reached, and when the clock has to look again."""

from dataclasses import replace
from datetime import date

import pytest

from builders import EC, TO_OPINION, after, agreement, calendars, definition, derived, facts, medellin
from twinflow.domain.agreement import DeadlineStatus
from twinflow.domain.deadlines import lapses_by_the_clock, next_level_on, next_wake_on, reached
from twinflow.domain.process import level_message

OPINION = definition().deadlines["opinion"]
PROGRAMME = definition(EC).deadlines["first_programme"]
TERM_END = definition(EC).deadlines["term_end"]
NOTICE = definition(EC).deadlines["last_day_for_notice"]


def the(case, rule):
    return next(deadline for deadline in case.deadlines if deadline.rule == rule.key)


def opinion():
    """Requested on 18 February 2008, due on 10 March."""
    return the(after(agreement(), *TO_OPINION), OPINION)


def ladder(rule, deadline, today, process=None):
    return [(level.on, level.key) for level in reached(rule, deadline, calendars(process or EC), today)]


def test_levels_are_reached_one_by_one_soonest_first():
    found = ladder(OPINION, opinion(), date(2008, 3, 11), "mx/twinning")
    assert found == [
        (date(2008, 3, 3), "5 business days before"),
        (date(2008, 3, 10), "on the day"),
        (date(2008, 3, 11), "1 business day after"),
    ]


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2008, 3, 2), None),
        (date(2008, 3, 3), "5 business days before"),
        (date(2008, 3, 9), "5 business days before"),
        (date(2008, 3, 10), "on the day"),
        (date(2008, 3, 18), "1 business day after"),
        (date(2008, 3, 26), "every 10 business days #1"),
        (date(2008, 4, 9), "every 10 business days #2"),
    ],
)
def test_a_level_is_reached_on_its_day_and_not_before(today, last):
    """17 March 2008 is a holiday, so five business days after 11 March are over on the 19th."""
    found = [key for _, key in ladder(OPINION, opinion(), today, "mx/twinning") if "supervisor" not in key]
    assert (found[-1] if found else None) == last


def test_of_a_repeating_level_only_the_last_is_reached():
    keys = [key for _, key in ladder(OPINION, opinion(), date(2008, 4, 30), "mx/twinning")]
    assert [key for key in keys if key.startswith("every")] == ["every 10 business days #3"]


def test_an_escalation_goes_to_its_own_role_on_its_own_day():
    assert (date(2008, 3, 25), "10 business days after to supervisor") in ladder(
        OPINION, opinion(), date(2008, 3, 25), "mx/twinning"
    )
    assert "supervisor" not in str(ladder(OPINION, opinion(), date(2008, 3, 24), "mx/twinning"))


def test_warnings_before_go_by_the_earlier_reading_and_those_after_by_the_later():
    """5 July and 4 August 2011."""
    assert ladder(PROGRAMME, the(medellin(), PROGRAMME), date(2011, 9, 4)) == [
        (date(2011, 6, 5), "30 days before"),
        (date(2011, 6, 28), "7 days before"),
        (date(2011, 7, 5), "on the day"),
        (date(2011, 8, 5), "1 day after"),
        (date(2011, 9, 4), "every 30 days #1"),
    ]


def test_a_deadline_without_a_due_date_has_no_levels():
    paused = replace(opinion(), warn_on=None, due_on=None, status=DeadlineStatus.PAUSED)
    assert ladder(OPINION, paused, date(2009, 1, 1)) == []
    assert next_wake_on(OPINION, paused, calendars(), None) is None


@pytest.mark.parametrize(
    ("after_day", "expected"),
    [
        (None, date(2011, 6, 5)),
        (date(2011, 6, 5), date(2011, 6, 28)),
        (date(2011, 7, 5), date(2011, 8, 5)),
        (date(2011, 8, 5), date(2011, 9, 4)),
        (date(2011, 9, 4), date(2011, 10, 4)),
        (date(2021, 9, 4), date(2021, 9, 11)),
    ],
)
def test_the_next_level_is_the_first_after_a_day_without_end_where_one_repeats(after_day, expected):
    assert next_level_on(PROGRAMME, the(medellin(), PROGRAMME), calendars(EC), after_day) == expected


def test_a_closed_deadline_has_no_next_level():
    met = replace(the(medellin(), PROGRAMME), status=DeadlineStatus.MET)
    assert next_level_on(PROGRAMME, met, calendars(EC), None) is None
    assert next_wake_on(PROGRAMME, met, calendars(EC), None) is None


@pytest.mark.parametrize(
    ("rule", "after_day", "expected"),
    [
        (TERM_END, date(2014, 4, 29), date(2014, 5, 7)),
        (TERM_END, date(2014, 5, 7), None),
        (NOTICE, date(2014, 3, 15), date(2014, 3, 23)),
        (PROGRAMME, date(2011, 7, 5), date(2011, 8, 5)),
    ],
)
def test_the_clock_wakes_the_day_after_what_lapses(rule, after_day, expected):
    assert next_wake_on(rule, the(medellin(), rule), calendars(EC), after_day) == expected


@pytest.mark.parametrize(
    ("today", "lapses"), [(date(2014, 5, 5), False), (date(2014, 5, 6), False), (date(2014, 5, 7), True)]
)
def test_a_term_lapses_only_when_its_last_day_is_over(today, lapses):
    assert lapses_by_the_clock(TERM_END, the(medellin(today), TERM_END), today) is lapses


def test_what_names_no_step_for_its_lapse_does_not_lapse_by_the_clock():
    case = agreement(EC, state="negotiation", facts=facts(proposal_sent_on="2009-02-02"), opened_on=date(2009, 2, 2))
    rule = definition(EC).deadlines["answer_to_proposal"]
    deadline = the(derived(case, date(2012, 1, 2)), rule)
    assert deadline.status is DeadlineStatus.OPEN
    assert not lapses_by_the_clock(rule, deadline, date(2012, 1, 2))


@pytest.mark.parametrize("text", ["5 business days before", "on the day", "1 day after"])
def test_a_level_is_called_what_the_file_calls_it(text):
    level = next(level for level in (*OPINION.warn, *PROGRAMME.warn) if level.key == text)
    assert str(level_message(level)) == text


def test_a_repeating_level_says_so():
    assert str(level_message(PROGRAMME.warn[-1])) == "then every 30 days"
