# ruff: noqa: E501
"""What a process file says of counting is what is counted, where the late office is; what cannot be meant is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from builders import (
    DRAFT,
    LIAISON,
    NOTIFICATIONS,
    REVIEWER,
    TINY,
    TO_OPINION,
    after,
    agreement,
    definition,
    derived,
    edited,
    noon,
    people,
    rulebook,
    tiny_process,
    write_workflows,
)
from twinflow.definitions.catalogue import read_rulebook
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.deadlines.lateness import Standing, standing
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.rulebook import deadline_context
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import BadInput

FRIDAY, SATURDAY, TUESDAY = date(2026, 3, 13), date(2026, 3, 14), date(2026, 3, 17)
"""Monday 16 March 2026 is a holiday."""

MINISTRY = (
    "[states.open]",
    """[visibility.ministry]
from = ["open"]
[roles.reviewer]
office = "ministry"
label = { en = "reviewer", es = "dictaminador" }
[states.open]""",
)


def tijuana():
    """The people with the municipality two hours west of its ministry, or one in summer."""
    offices = people().offices
    west = replace(offices["chihuahua"], time_zone="America/Tijuana")
    return replace(people(), offices={**offices, "chihuahua": west})


def the(case, rule="answer"):
    (found,) = [deadline for deadline in case.deadlines if deadline.rule == rule]
    return found


def asked(process, on, *, received_at=None, where=None):
    """Asked on a day, received at an instant (UTC), reckoned as the service does."""
    case = agreement(process, opened_on=on)
    now = received_at or noon(on)
    context = deadline_context(rulebook(), where or people(), process, "chihuahua", max(now, noon(on)))
    asks = StepCommand("ask", on, received_at=received_at)
    return advance(case, process, asks, LIAISON, now=now, context=context).agreement


def key(line):
    """A key more in the deadline."""
    return ('nature = "legal"', f'{line}\nnature = "legal"')


# Where the late office is


@pytest.mark.parametrize(
    ("instant", "at_the_ministry", "at_the_municipality"),
    [
        (datetime(2008, 3, 11, 5, 59, tzinfo=UTC), date(2008, 3, 10), date(2008, 3, 10)),
        (datetime(2008, 3, 11, 6, 0, tzinfo=UTC), date(2008, 3, 11), date(2008, 3, 10)),
        (datetime(2008, 3, 11, 7, 59, tzinfo=UTC), date(2008, 3, 11), date(2008, 3, 10)),
        (datetime(2008, 3, 11, 8, 0, tzinfo=UTC), date(2008, 3, 11), date(2008, 3, 11)),
    ],
)
def test_the_date_of_a_deadline_is_that_of_the_office_that_is_late(instant, at_the_ministry, at_the_municipality):
    process = definition()
    context = deadline_context(rulebook(), tijuana(), process, "chihuahua", instant)
    assert context.today_of(process.deadlines["opinion"]) == at_the_ministry
    assert context.today_of(process.deadlines["observations"]) == at_the_municipality
    assert context.today == at_the_municipality


def test_what_nobody_is_late_with_goes_by_the_office_that_keeps_the_case():
    process = definition()
    context = deadline_context(rulebook(), tijuana(), process, "chihuahua", datetime(2008, 3, 11, 6, 30, tzinfo=UTC))
    assert context.today_of(process.deadlines["term_end"]) == date(2008, 3, 10)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2008, 3, 11, 5, 59, tzinfo=UTC), Standing.DUE),
        (datetime(2008, 3, 11, 6, 0, tzinfo=UTC), Standing.OVERDUE),
    ],
)
def test_an_opinion_is_overdue_when_its_day_is_over_at_the_ministry(instant, expected):
    process, west = definition(), tijuana()
    case = after(agreement(), *TO_OPINION)
    context = deadline_context(rulebook(), west, process, "chihuahua", instant)
    (opinion,) = [d for d in with_deadlines(case, process, context).deadlines if d.rule == "opinion"]
    assert opinion.due_on == date(2008, 3, 10)
    rule = process.deadlines["opinion"]
    assert standing(rule, opinion, context.calendars_of(rule), context.today_of(rule)) is expected


def test_a_right_of_the_municipality_lapses_when_its_day_is_over_there(tmp_path):
    process = tiny_process(tmp_path, ('late = "liaison"\n', 'late = "liaison"\nduty = false\n'))
    case = asked(process, date(2026, 3, 2))
    due = the(case).due_on
    assert due == date(2026, 3, 12)
    for instant, status in (
        (datetime(2026, 3, 13, 6, 30, tzinfo=UTC), DeadlineStatus.OPEN),
        (datetime(2026, 3, 13, 7, 0, tzinfo=UTC), DeadlineStatus.LAPSED),
    ):
        (found,) = with_deadlines(
            case, process, deadline_context(rulebook(), tijuana(), process, "chihuahua", instant)
        ).deadlines
        assert found.status is status


# When something arrives


CLOSES_AT_THREE = ('runs_from = { fact = "asked_on" }', 'runs_from = { step = "ask" }\ncut_off = 15:00:00')


@pytest.mark.parametrize(
    ("received_at", "counted_from"),
    [
        pytest.param(datetime(2026, 3, 13, 20, 59, tzinfo=UTC), FRIDAY, id="a minute before the office closes"),
        pytest.param(datetime(2026, 3, 13, 21, 0, tzinfo=UTC), TUESDAY, id="when it closes, before a long weekend"),
        pytest.param(datetime(2026, 3, 14, 15, 0, tzinfo=UTC), TUESDAY, id="on Saturday morning"),
        pytest.param(datetime(2026, 3, 13, 5, 30, tzinfo=UTC), FRIDAY, id="half an hour before midnight on Thursday"),
    ],
)
def test_what_arrives_after_the_office_has_closed_counts_from_its_next_business_day(
    tmp_path, received_at, counted_from
):
    process = tiny_process(tmp_path, CLOSES_AT_THREE)
    case = asked(process, date(2026, 3, 12), received_at=received_at)
    assert the(case).anchor_on == counted_from


def test_the_hour_is_that_of_the_office_that_receives(tmp_path):
    """Half past two in Tijuana is half past three at the ministry."""
    at_the_ministry = (CLOSES_AT_THREE, MINISTRY, ('late = "liaison"', 'late = "reviewer"'))
    received_at = datetime(2026, 3, 13, 21, 30, tzinfo=UTC)
    process = tiny_process(tmp_path / "ministry", *at_the_ministry)
    assert the(asked(process, FRIDAY, received_at=received_at, where=tijuana())).anchor_on == TUESDAY
    process = tiny_process(tmp_path / "municipality", CLOSES_AT_THREE)
    assert the(asked(process, FRIDAY, received_at=received_at, where=tijuana())).anchor_on == FRIDAY


def test_without_a_closing_hour_what_arrives_counts_from_the_date_at_the_office(tmp_path):
    process = tiny_process(tmp_path, ('runs_from = { fact = "asked_on" }', 'runs_from = { step = "ask" }'))
    late_on_friday = datetime(2026, 3, 14, 5, 30, tzinfo=UTC)
    assert the(asked(process, FRIDAY, received_at=late_on_friday)).anchor_on == FRIDAY
    on_saturday = datetime(2026, 3, 14, 6, 30, tzinfo=UTC)
    assert the(asked(process, FRIDAY, received_at=on_saturday)).anchor_on == SATURDAY


def test_without_an_hour_the_day_of_the_act_counts(tmp_path):
    process = tiny_process(tmp_path, CLOSES_AT_THREE)
    assert the(asked(process, SATURDAY)).anchor_on == SATURDAY


def test_an_act_on_the_day_before_the_count_begins_meets_it(tmp_path):
    """Received late on Friday it counts from Tuesday; finished on Saturday it is finished."""
    process = tiny_process(tmp_path, CLOSES_AT_THREE)
    case = asked(process, FRIDAY, received_at=datetime(2026, 3, 13, 23, 0, tzinfo=UTC))
    case = after(case, ("finish", SATURDAY), process=process)
    assert (the(case).status, the(case).closed_on) == (DeadlineStatus.MET, SATURDAY)


# How it is counted


@pytest.mark.parametrize(
    ("edits", "on", "due"),
    [
        pytest.param([], date(2026, 3, 2), date(2026, 3, 12), id="as it is"),
        pytest.param([key('length = "10 business days"'), ('length = "10 days"\n', "")], date(2026, 3, 25), date(2026, 4, 8), id="the calendar of the process"),
        pytest.param([key('length = "10 business days"\ncalendars = ["mx-ministry"]'), ('length = "10 days"\n', "")], date(2026, 3, 25), date(2026, 4, 10), id="a calendar of its own, with Maundy Thursday and Good Friday"),
        pytest.param([key('calendars = ["mx-labour", "us-federal"]'), ('"10 days"', '"5 business days"')], date(2026, 6, 29), date(2026, 7, 7), id="a day counts if it is one in all calendars"),
        pytest.param([key('calendars = ["mx-labour", "us-federal"]\ncounts_in = "any"'), ('"10 days"', '"5 business days"')], date(2026, 6, 29), date(2026, 7, 6), id="or in any of them"),
        pytest.param([key('calendars = ["mx-labour", "us-federal"]')], date(2026, 6, 23), date(2026, 7, 6), id="rolled over the holiday of one"),
        pytest.param([key('calendars = ["mx-labour", "us-federal"]\ncounts_in = "any"')], date(2026, 6, 23), date(2026, 7, 3), id="not rolled where the other works"),
        pytest.param([key('first_day = "same_day"')], date(2026, 3, 2), date(2026, 3, 11), id="the day of the event counts"),
        pytest.param([key('first_day = "next_business_day"')], date(2026, 3, 13), date(2026, 3, 26), id="counting begins on the next business day"),
        pytest.param([key('first_day = "next_day"')], date(2026, 3, 13), date(2026, 3, 23), id="counting begins on the next day"),
        pytest.param([key('roll = "none"'), ('"10 days"', '"1 month"')], date(2026, 1, 31), date(2026, 2, 28), id="the last of a short month"),
        pytest.param([key('roll = "none"\nmonth_end = "overflow"'), ('"10 days"', '"1 month"')], date(2026, 1, 31), date(2026, 3, 3), id="as many days into the next month"),
        pytest.param([key('roll = "preceding"')], date(2026, 3, 4), date(2026, 3, 13), id="rolled back"),
        pytest.param([key('roll = "modified_following"')], date(2026, 1, 21), date(2026, 1, 30), id="rolled back where rolling on would leave the month"),
        pytest.param([key('roll = "modified_following"')], date(2026, 3, 4), date(2026, 3, 17), id="rolled on within the month"),
    ],
)  # fmt: skip
def test_the_file_says_how_it_is_counted(tmp_path, edits, on, due):
    process = tiny_process(tmp_path, *edits)
    assert the(asked(process, on)).due_on == due


@pytest.mark.parametrize(
    ("roll", "given", "due"),
    [("", SATURDAY, TUESDAY), ('roll = "none"\n', SATURDAY, SATURDAY), ('roll = "preceding"\n', SATURDAY, FRIDAY)],
)
def test_a_fixed_date_is_the_one_given_rolled_as_the_file_says(tmp_path, roll, given, due):
    process = tiny_process(
        tmp_path, ('length = "10 days"\n', f"fixed = true\n{roll}"), ('day_as = "asked_on"', 'records = ["asked_on"]')
    )
    case = after(agreement(process, opened_on=date(2026, 3, 2)), ("ask", date(2026, 3, 2), {"asked_on": str(given)}), process=process)  # fmt: skip
    assert (the(case).due_on, the(case).anchor_on) == (due, given)


def test_the_edition_named_is_that_of_the_calendars_counted_by(tmp_path):
    process = tiny_process(tmp_path, key('calendars = ["us-federal", "mx-labour"]'))
    editions = rulebook().current_editions
    assert (
        the(asked(process, FRIDAY)).edition == f"us-federal@{editions['us-federal']} mx-labour@{editions['mx-labour']}"
    )


def test_what_no_calendar_had_a_part_in_names_no_edition(tmp_path):
    process = tiny_process(tmp_path, key('roll = "none"'))
    assert the(asked(process, FRIDAY)).edition == ""


def test_a_date_beyond_the_years_of_its_own_calendar_is_provisional(tmp_path):
    process = tiny_process(tmp_path, key('calendars = ["mx-ministry"]'), ('"10 days"', '"3 years"'))
    last_year = rulebook().calendars["mx-ministry"].last_year
    assert the(asked(process, date(last_year - 2, 6, 1))).provisional
    assert not the(asked(process, date(last_year - 4, 6, 1))).provisional


def test_observations_of_the_ministry_are_counted_by_its_own_calendar():
    case = after(agreement(opened_on=date(2026, 3, 2)), ("approve_profile", date(2026, 3, 2)), process=definition())
    steps = [
        ("send_letter", date(2026, 3, 2)),
        ("record_answer", date(2026, 3, 2)),
        ("complete_draft", date(2026, 3, 2), DRAFT),
        ("request_opinion", date(2026, 3, 23)),
        ("make_observations", date(2026, 3, 25), REVIEWER),
    ]
    case = derived(after(case, *steps), date(2026, 3, 25))
    by_key = {deadline.rule: deadline for deadline in case.deadlines}
    assert by_key["observations"].due_on == date(2026, 4, 24), "Maundy Thursday and Good Friday are none of its days"
    assert by_key["observations"].edition.startswith("mx-ministry@")


# What cannot be meant


BACKWARD = """
[deadlines.reminder]
runs_from = { deadline = "answer" }
length = "3 days"
direction = "backward"
duty = false
nature = "contractual"
source = "test"
label = { en = "Reminder", es = "Recordatorio" }
"""
REMINDER = ("[deadlines.answer]", f"{BACKWARD}[deadlines.answer]")
PAUSE = '[deadlines.answer.pause]\nby = ["liaison"]\nsource = "test"\n'
LABEL = 'label = { en = "Answer", es = "Respuesta" }\n'
FIXED = ('length = "10 days"', "fixed = true")
BACKWARD_KEY = ('direction = "backward"', 'direction = "backward"\nextend = { by = ["liaison"], source = "x" }')
NEITHER = "a fixed date, or one counted backward, is neither paused nor extended; leave those keys out"
SHARE = "there is no share of the time where nothing is counted forward; name days instead"
CUT_OFF = "a cut_off needs a step that arrives (runs_from.step) and the role that receives it (late)"


def problems(folder, text):
    with pytest.raises(BadInput) as caught:
        read_rulebook(write_workflows(folder / "workflows", text), NOTIFICATIONS)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("edits", "place", "words"),
    [
        pytest.param([('length = "10 days"\n', "")], "deadlines.answer", "give a length, or fixed = true where the fact itself is the date", id="neither length nor fixed"),
        pytest.param([key("fixed = true")], "deadlines.answer", "give a length, or fixed = true where the fact itself is the date", id="length and fixed"),
        pytest.param([FIXED, key('paused_in = ["asked"]')], "deadlines.answer", NEITHER, id="fixed and paused in a state"),
        pytest.param([FIXED, (LABEL, LABEL + PAUSE)], "deadlines.answer", NEITHER, id="fixed and paused"),
        pytest.param([FIXED, (LABEL, LABEL + PAUSE.replace("pause", "extend"))], "deadlines.answer", NEITHER, id="fixed and extended"),
        pytest.param([REMINDER, BACKWARD_KEY], "deadlines.reminder", NEITHER, id="backward and extended"),
        pytest.param([FIXED, ('"3 days before"', '"80 % of the time"')], "deadlines.answer", SHARE, id="fixed with a share"),
        pytest.param([REMINDER, ('direction = "backward"', 'direction = "backward"\nwarn = ["80 % of the time"]')], "deadlines.reminder", SHARE, id="backward with a share"),
        pytest.param([FIXED, key("recurs = true")], "deadlines.answer", "a fixed date does not recur; give a length", id="fixed and recurring"),
        pytest.param([REMINDER, ('direction = "backward"', 'direction = "backward"\nfirst_day = "same_day"')], "deadlines.reminder", "a count backward begins on the day before the event; leave first_day out", id="backward with a first day"),
        pytest.param([key("cut_off = 15:00:00")], "deadlines.answer", CUT_OFF, id="cut off of a fact"),
        pytest.param([CLOSES_AT_THREE, ('late = "liaison"\n', "duty = false\n")], "deadlines.answer", CUT_OFF, id="cut off for nobody"),
        pytest.param([key('cut_off = "noon"')], "deadlines.answer.cut_off", "", id="cut off in words"),
        pytest.param([key('calendars = ["mx-labor"]')], "deadlines.answer.calendars", "the calendar “mx-labor” does not exist; did you mean “mx-labour”?", id="calendar"),
        pytest.param([key('counts_in = "most"')], "deadlines.answer.counts_in", "“most” is not one of 'all', 'any'", id="counts in"),
        pytest.param([key('first_day = "tomorrow"')], "deadlines.answer.first_day", "“tomorrow” is not one of 'same_day', 'next_day', 'next_business_day'", id="first day"),
        pytest.param([key('month_end = "stretch"')], "deadlines.answer.month_end", "“stretch” is not one of 'clamp', 'overflow'", id="month end"),
        pytest.param([key('roll = "forward"')], "deadlines.answer.roll", "“forward” is not one of 'following', 'preceding', 'modified_following', 'none'", id="roll"),
        pytest.param([key('very_overdue = "soon"')], "deadlines.answer.very_overdue", "a length is written like 60 days", id="very overdue"),
        pytest.param([('"3 days before"', '"0 % of the time"')], "deadlines.answer.warn[1]", "“80 % of the time”", id="no share"),
        pytest.param([('"3 days before"', '"1000 % of the time"')], "deadlines.answer.warn[1]", "“80 % of the time”", id="too large a share"),
        pytest.param([(LABEL, LABEL + PAUSE.replace("liaison", "boss"))], "deadlines.answer.pause", "the role “boss” does not exist; there are: liaison", id="who pauses"),
        pytest.param([(LABEL, f'{LABEL}{PAUSE}second = "boss"\n')], "deadlines.answer.pause", "the role “boss” does not exist; there are: liaison", id="who confirms"),
        pytest.param([(LABEL, LABEL + PAUSE.replace('source = "test"\n', ""))], "deadlines.answer.pause.source", "this key is missing", id="no source of a pause"),
        pytest.param([(LABEL, LABEL + PAUSE.replace('["liaison"]', "[]"))], "deadlines.answer.pause.by", "at least one thing belongs here", id="nobody pauses"),
        pytest.param([(LABEL, f'{LABEL}{PAUSE}at_most = "long"\n')], "deadlines.answer.pause.at_most", "a length is written like 60 days", id="at most"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_place_and_what_would_be_right(tmp_path, edits, place, words):
    found = problems(tmp_path, edited(TINY, *edits))
    assert any(problem.startswith(f"workflows/tiny.toml: {place}: ") and words in problem for problem in found), found


def test_calendars_whose_weekends_leave_no_day_are_refused_unless_any_of_them_is_enough(tmp_path):
    folder = write_workflows(tmp_path / "workflows", edited(TINY, key('calendars = ["mx-labour", "turned"]')))
    turned = (
        '[calendar]\nkey = "turned"\nlabel = { en = "T", es = "T" }\nfirst_year = 2026\nlast_year = 2026\n'
        'weekend = ["monday", "tuesday", "wednesday", "thursday", "friday"]\n'
    )
    (folder / "calendars" / "turned.toml").write_text(turned, "utf-8")
    with pytest.raises(BadInput) as caught:
        read_rulebook(folder, NOTIFICATIONS)
    assert [str(problem) for problem in caught.value.problems] == [
        "workflows/tiny.toml: deadlines.answer.calendars: together these calendars have no business day at all; set counts_in = “any”."
    ]
    any_of_them = key('calendars = ["mx-labour", "turned"]\ncounts_in = "any"')
    (folder / "tiny.toml").write_text(edited(TINY, any_of_them), "utf-8")
    assert read_rulebook(folder, NOTIFICATIONS).catalogue.version("tiny", 1)
