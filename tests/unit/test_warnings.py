"""The ladder of warnings: which levels there are, which have been reached, and when the clock has to look again."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import EC, TO_OPINION, after, agreement, calendars, definition, derived, facts, medellin
from twinflow.domain.agreement.agreement import Basis, Deadline, DeadlineStatus
from twinflow.domain.calendar.business_days import Calendars, Roll, add_length
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.context import computed
from twinflow.domain.deadlines.lateness import Standing, standing
from twinflow.domain.deadlines.warnings import lapses_by_the_clock, levels, next_level_on, next_wake_on, reached
from twinflow.domain.process.definition import Level, Side, level_message

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
    return [(level.on, str(level.key)) for level in reached(rule, deadline, calendars(process or EC), today)]


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
    found = [key for _, key in ladder(OPINION, opinion(), today, "mx/twinning") if " to " not in key]
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
        (date(2011, 8, 19), "10 business days after to deputy"),
        (date(2011, 9, 3), "30 days after to authority"),
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
        (date(2011, 8, 5), date(2011, 8, 19)),
        (date(2011, 9, 3), date(2011, 9, 4)),
        (date(2011, 9, 4), date(2011, 10, 3)),
        (date(2011, 10, 3), date(2011, 10, 4)),
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
        (NOTICE, date(2014, 3, 15), None),
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


# Shares of the time


def share(percent, to=None):
    return Level(percent=percent, to=to)


def with_levels(*warn, escalate=(), **more):
    return replace(OPINION, **{"warn": warn, "escalate": escalate, "roll": Roll.NONE, **more})


def counted(rule, anchor, length, *, times=1):
    return computed(rule, 1, anchor, Basis((Length.parse(length),), times=times), calendars())


@pytest.mark.parametrize(
    ("percent", "on"),
    [
        (1, date(2008, 3, 11)),
        (50, date(2008, 3, 15)),
        (51, date(2008, 3, 16)),
        (80, date(2008, 3, 18)),
        (99, date(2008, 3, 20)),
        (100, date(2008, 3, 20)),
        (101, date(2008, 3, 21)),
        (150, date(2008, 3, 25)),
    ],
)
def test_a_share_of_the_time_is_reached_when_so_much_has_passed_rounded_up_to_a_day(percent, on):
    """Ten days from Monday 10 March 2008."""
    rule = with_levels(share(percent))
    (level,) = levels(rule, counted(rule, date(2008, 3, 10), "10 days"), calendars())
    assert (level.on, str(level.key)) == (on, f"{percent} % of the time")


def test_the_time_of_a_count_in_business_days_is_that_from_its_start_to_its_date():
    """From 18 February to 10 March are 21 days; two thirds of them are over on 3 March."""
    rule = with_levels(share(66))
    assert [level.on for level in levels(rule, opinion(), calendars())] == [date(2008, 3, 3)]


def test_the_time_of_a_duty_that_comes_back_is_its_own_period():
    """The third year begins on 10 March 2010: four fifths of it are over on 27 December."""
    rule = with_levels(share(80), recurs=True)
    (level,) = levels(rule, counted(rule, date(2008, 3, 10), "1 year", times=3), calendars())
    assert level.on == date(2010, 3, 10) + timedelta(days=292)


def test_a_share_goes_by_the_earlier_reading_up_to_the_date_and_by_the_later_one_after_it():
    rule = with_levels(share(50), share(150))
    basis = Basis((Length.parse("60 days"), Length.parse("90 days")))
    deadline = computed(rule, 1, date(2011, 5, 6), basis, calendars())
    assert [level.on - date(2011, 5, 6) for level in levels(rule, deadline, calendars())] == [
        timedelta(days=30),
        timedelta(days=135),
    ]


def test_a_share_moves_with_the_date():
    rule = with_levels(share(50))
    extended = Basis((Length.parse("10 days"),), extensions=(Length.parse("10 days"),))
    deadline = computed(rule, 1, date(2008, 3, 10), extended, calendars())
    assert [level.on for level in levels(rule, deadline, calendars())] == [date(2008, 3, 20)]


def test_a_share_may_escalate():
    rule = with_levels(escalate=(share(80, to="supervisor"),))
    (level,) = levels(rule, counted(rule, date(2008, 3, 10), "10 days"), calendars())
    assert (str(level.key), str(level_message(level.level))) == (
        "80 % of the time to supervisor",
        "80 % of the time has passed",
    )


# How it stands


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2008, 3, 2), Standing.AHEAD),
        (date(2008, 3, 3), Standing.SOON),
        (date(2008, 3, 9), Standing.SOON),
        (date(2008, 3, 10), Standing.DUE),
        (date(2008, 3, 11), Standing.OVERDUE),
        (date(2008, 3, 24), Standing.OVERDUE),
        (date(2008, 3, 25), Standing.VERY_OVERDUE),
    ],
)
def test_soon_due_overdue_and_very_overdue_in_business_days(today, expected):
    """Very overdue is ten business days after 10 March; the 17th is a holiday."""
    assert standing(OPINION, opinion(), calendars(), today) is expected


@pytest.mark.parametrize(
    ("very_overdue", "last"),
    [("1 day", date(2008, 3, 11)), ("2 weeks", date(2008, 3, 24)), ("1 month", date(2008, 4, 10)), (None, date.max)],
)
def test_very_overdue_is_as_long_after_the_date_as_the_file_says(very_overdue, last):
    rule = replace(OPINION, very_overdue=Length.parse(very_overdue) if very_overdue else None)
    day = date(2008, 3, 11)
    while day < min(last, date(2008, 6, 1)):
        assert standing(rule, opinion(), calendars(), day) is Standing.OVERDUE
        day += timedelta(days=1)
    if last < date.max:
        assert standing(rule, opinion(), calendars(), last) is Standing.VERY_OVERDUE


@pytest.mark.parametrize(
    ("warn", "soon_from"),
    [
        ((share(50),), date(2008, 2, 29)),
        ((Level(Length.parse("3 days"), Side.BEFORE), share(10)), date(2008, 2, 21)),
        ((Level(Length.parse("3 days"), Side.BEFORE),), date(2008, 3, 7)),
        ((share(120), Level(Length.parse("1 day"))), date(2008, 3, 10)),
    ],
)
def test_it_is_soon_from_the_first_level_before_the_date(warn, soon_from):
    rule = with_levels(*warn)
    assert standing(rule, opinion(), calendars(), soon_from - timedelta(days=1)) is Standing.AHEAD
    assert standing(rule, opinion(), calendars(), soon_from) is not Standing.AHEAD


@pytest.mark.parametrize(
    "changed",
    [
        {"status": DeadlineStatus.MET},
        {"status": DeadlineStatus.UNMET},
        {"status": DeadlineStatus.PAUSED, "due_on": None, "warn_on": None},
    ],
)
def test_what_is_closed_or_paused_is_not_overdue(changed):
    assert standing(OPINION, replace(opinion(), **changed), calendars(), date(2010, 1, 4)) is Standing.AHEAD


# Levels that have fired are facts

LADDER = with_levels(Level(Length.parse("1 day")), Level(Length.parse("5 days"), repeats=True))


def due(day):
    return Deadline("opinion", 1, date(2008, 1, 7), day, day, DeadlineStatus.OPEN)


def clock(dates, days, fired=None):
    """What a clock tells that is on on these days, while the date is what `dates` says of each."""
    fired = dict(fired or {})
    told = []
    for day in days:
        for level in reached(LADDER, due(dates(day)), calendars(), day, fired):
            if level.key not in fired:
                fired[level.key] = level.on
                told.append((day, str(level.key), level.on))
    return told


def march(day):
    return date(2008, 2, 29) + timedelta(days=day)


def test_after_an_extension_the_repetitions_have_new_numbers():
    told = clock(lambda day: march(10) if day < march(23) else march(40), [march(n) for n in range(1, 60)])
    assert [(key, on) for _, key, on in told] == [
        ("1 day after", march(11)),
        ("every 5 days #1", march(16)),
        ("every 5 days #2", march(21)),
        ("every 5 days #3", march(46)),
        ("every 5 days #4", march(51)),
        ("every 5 days #5", march(56)),
    ]


def test_an_extension_to_a_day_that_has_passed_loses_no_repetition():
    """Told on the 16th and 21st; by the new date they are on the 19th, 24th and 29th."""
    told = clock(lambda day: march(10) if day < march(22) else march(13), [march(n) for n in range(1, 31)])
    assert [(key, on) for _, key, on in told[-2:]] == [
        ("every 5 days #3", march(24)),
        ("every 5 days #4", march(29)),
    ]


def test_numbers_skip_what_a_clock_that_was_off_takes_together():
    told = clock(lambda _: march(10), [march(12), march(27), march(31)])
    assert [(key, on) for _, key, on in told] == [
        ("1 day after", march(11)),
        ("every 5 days #3", march(26)),
        ("every 5 days #4", march(31)),
    ]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), max_size=5),
    st.sets(st.integers(1, 250), max_size=60),
)
def test_however_often_the_date_moves_on_each_repetition_of_the_last_date_is_told_under_a_number_of_its_own(moves, on):
    """A clock that is on on some days, and at last every day."""
    steps = [(0, march(10))]
    for gap, more in moves:
        steps.append((steps[-1][0] + gap, steps[-1][1] + timedelta(days=more)))

    def dates(day):
        return [due_on for begins, due_on in steps if begins <= (day - march(0)).days][-1]

    days = sorted({march(n) for n in on} | {march(n) for n in range(251, 400)})
    told = clock(dates, days)
    assert len({key for _, key, _ in told}) == len(told)
    last = steps[-1][1] + timedelta(days=1)
    repetitions = [about for _, key, about in told if "#" in key and about > march(255)]
    first = next(n for n in range(1, 100) if last + timedelta(days=5 * n) > march(255))
    expected = takewhile(lambda day: day < march(400), (last + timedelta(days=5 * n) for n in range(first, 200)))
    assert repetitions == list(expected)


def test_repetitions_in_business_days_and_months_are_counted_from_the_last_level_each_time():
    rule = with_levels(Level(Length.parse("1 month"), repeats=True))
    found = []
    for level in levels(rule, due(date(2008, 1, 31)), Calendars()):
        if level.on > date(2008, 5, 31):
            break
        found.append(level.on)
    assert found == [date(2008, 2, 29), date(2008, 3, 31), date(2008, 4, 30), date(2008, 5, 31)]
    rule = with_levels(Level(Length.parse("3 business days"), repeats=True))
    first = next(iter(levels(rule, due(march(13)), calendars())))
    assert first.on == add_length(march(13), Length.parse("3 business days"), calendars()) == march(19)
