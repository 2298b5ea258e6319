"""What the clock does about a case on a day: what opens by itself, what is told on which day, and what no longer is."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from builders import AT_PAGE, edited, facts, noon
from tiny_world import loaded, tiny_world
from twinflow.definitions.calendars import read_calendar
from twinflow.domain.agreement.agreement import DeadlineStatus, Party
from twinflow.domain.alerts.alerts import MISSED
from twinflow.domain.clock.simulation import EventKind
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.agreements.recording import refreshed
from twinflow.services.clock.simulating import simulate_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines.calendar_editions import apply
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
REPORT = """
[steps.report]
from = ["asked"]
to = "asked"
by = ["liaison"]
label = { en = "Report", es = "Informe" }

[deadlines.answer]
"""
MONTHLY = (
    ("[deadlines.answer]", REPORT),
    ('length = "10 days"', 'length = "1 month"\nrecurs = true'),
    ('met_by = ["finish"]', 'met_by = ["report"]'),
    (', "then every 5 days"', ""),
)
"""The tiny process with a report every month from the day of asking: warned three days before and a day after."""
ONE_DAY = timedelta(days=1)


def opened(world: World, on: date, **more: Any) -> None:
    world.now = noon(on)
    new = NewAgreement("T-1", "tiny", "chihuahua", "x", on, PARTIES, **more)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def taken(world: World, step: str, on: date | None = None, **more: Any) -> None:
    command = StepCommand(step, on or world.now.date(), **more)
    advance_agreement(
        world.engine, world.rulebook, world.people, "T-1", command, person="elena", door=AT_PAGE, now=world.now
    )


def mornings(world: World, last: date) -> None:
    """A sweep a day, from the day after the present one."""
    while world.now.date() < last:
        world.now += ONE_DAY
        assert sweep(world.engine, world.rulebook, world.people, world.now).problems == ()


def alerts(world: World) -> list[tuple[int, str, date]]:
    """Occurrence, level and day of what was told of the answer."""
    query = "SELECT occurrence, level, effective_on FROM alert WHERE subject = 'deadline:answer' ORDER BY id"
    with world.engine.connect() as connection:
        found = connection.execute(text(query))
        return [(occurrence, level, date.fromisoformat(str(on))) for occurrence, level, on in found]


def assert_as_from_scratch(world: World) -> None:
    case = loaded(world, "T-1")
    assert case.deadlines == refreshed(world.rulebook, world.people, case, world.now).deadlines


@pytest.fixture
def monthly(database_url: str, tmp_path: Path) -> Iterator[World]:
    with tiny_world(database_url, tmp_path, *MONTHLY) as world:
        yield world


def test_a_recurring_duty_whose_start_is_still_to_come_has_its_first_date_at_once(monthly: World) -> None:
    opened(monthly, date(2026, 1, 5), state="asked", facts=facts(asked_on="2026-02-02"))
    assert [(d.occurrence, d.due_on) for d in loaded(monthly, "T-1").deadlines] == [(1, date(2026, 3, 2))]
    mornings(monthly, date(2026, 4, 10))
    assert alerts(monthly) == [
        (1, "3 days before", date(2026, 2, 27)),
        (1, "1 day after", date(2026, 3, 3)),
        (2, "3 days before", date(2026, 3, 30)),
        (2, "1 day after", date(2026, 4, 3)),
    ]
    assert_as_from_scratch(monthly)


def test_where_the_day_comes_first_on_earth_the_next_occurrence_opens_with_that_day(
    database_url: str, tmp_path: Path
) -> None:
    """At noon of 2 March in Greenwich it is the 3rd on Kiritimati."""
    with tiny_world(database_url, tmp_path, *MONTHLY, zone="Pacific/Kiritimati") as world:
        opened(world, date(2026, 1, 5), state="asked", facts=facts(asked_on="2026-02-02"))
        mornings(world, date(2026, 3, 1))
        assert [d.due_on for d in loaded(world, "T-1").deadlines] == [date(2026, 3, 2)]
        mornings(world, date(2026, 3, 2))
        assert [d.due_on for d in loaded(world, "T-1").deadlines] == [date(2026, 3, 2), date(2026, 4, 2)]


def test_the_simulation_has_each_occurrence_that_the_sweep_opens(monthly: World) -> None:
    opened(monthly, date(2026, 1, 5), state="asked", facts=facts(asked_on="2026-02-02"))
    outlook = simulate_agreement(
        monthly.engine, monthly.rulebook, monthly.people, "T-1", monthly.now, date(2026, 7, 1), viewer=OPERATOR
    )
    mornings(monthly, date(2026, 7, 1))
    foretold = [(e.occurrence, e.level, e.effective_on) for e in outlook.events if e.kind is EventKind.ALERT]
    assert foretold == alerts(monthly)
    assert [occurrence for occurrence, *_ in foretold] == [1, 1, 2, 2, 3, 3, 4, 4, 5]


WEST = (
    ("[stages]", '[visibility.ministry]\nfrom = ["open", "asked"]\n[stages]'),
    ("[roles.liaison]", '[roles.reviewer]\noffice = "ministry"\nlabel = { en = "r", es = "r" }\n[roles.liaison]'),
    ('late = "liaison"', 'late = "reviewer"'),
)


def test_a_case_entered_while_the_late_office_has_not_ended_the_day_has_its_next_occurrence(
    database_url: str, tmp_path: Path
) -> None:
    """On Kiritimati it is 3 March; in Mexico it is still the day on which the first report is due, which is not chased."""
    people = {"elena": ("liaison", "chihuahua"), "rita": ("reviewer", "sre")}
    with tiny_world(database_url, tmp_path, *MONTHLY, *WEST, people=people, zone="Pacific/Kiritimati") as world:
        world.now = noon(date(2026, 3, 2)) + timedelta(hours=4)
        asked = date(2026, 2, 2)
        new = NewAgreement("T-1", "tiny", "chihuahua", "x", asked, PARTIES, "asked", facts=facts(asked_on="2026-02-02"))
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        assert [d.due_on for d in loaded(world, "T-1").deadlines] == [date(2026, 4, 2)]
        mornings(world, date(2026, 4, 4))
        assert {occurrence for occurrence, *_ in alerts(world)} == {2}
        assert_as_from_scratch(world)


def test_what_was_met_early_goes_on_when_its_day_is_declared_a_holiday_afterwards(monthly: World) -> None:
    """Reported on 20 January; the day on which that was due, 12 February, is then declared a day off."""
    opened(monthly, date(2026, 1, 12), state="asked", facts=facts(asked_on="2026-01-12"))
    mornings(monthly, date(2026, 1, 20))
    taken(monthly, "report")
    mornings(monthly, date(2026, 1, 22))
    folder = monthly.runtime.settings.workflows_folder
    assert folder is not None
    path = folder / "calendars" / "mx-labour.toml"
    decreed = '\n[[days]]\non = 2026-02-12\nlabel = { en = "Decreed", es = "Decretado" }\nsource = "DOF 2026-01-22"\n'
    content = path.read_text("utf-8") + decreed
    calendar = read_calendar(content, "mx-labour")
    apply(monthly.engine, monthly.rulebook, monthly.people, calendar, content, person="elena", now=monthly.now)
    monthly.runtime.refresh()
    mornings(monthly, date(2026, 5, 20))
    assert [each for each in alerts(monthly) if each[0] in {2, 3}] == [
        (2, "3 days before", date(2026, 3, 9)),
        (2, "1 day after", date(2026, 3, 13)),
        (3, "3 days before", date(2026, 4, 10)),
        (3, "1 day after", date(2026, 4, 14)),
    ]
    first = loaded(monthly, "T-1").deadlines[0]
    assert (first.status, first.due_on) == (DeadlineStatus.MET, date(2026, 2, 12)), "what is closed keeps its date"


MEETING = (
    ('asked_on = { en = "Asked", es = "Pedido" }', 'asked_on = { en = "Meeting", es = "Reunión" }'),
    ("[deadlines.answer]", REPORT.replace('by = ["liaison"]', 'by = ["liaison"]\nrecords = ["asked_on"]')),
    ('length = "10 days"', "fixed = true"),
    ('"3 days before"', '"10 days before", "5 days before", "3 days before"'),
)


def test_no_alert_is_dated_before_its_cause_and_none_is_lost(database_url: str, tmp_path: Path) -> None:
    """On 25 March a meeting is set for the 27th: what warns ten, five and three days before is told together, as of the 25th."""
    with tiny_world(database_url, tmp_path, *MEETING) as world:
        opened(world, date(2026, 3, 20), state="asked")
        mornings(world, date(2026, 3, 25))
        taken(world, "report", records={"asked_on": "2026-03-27"})
        mornings(world, date(2026, 3, 28))
        on = date(2026, 3, 25)
        assert alerts(world) == [
            (1, "10 days before", on),
            (1, "5 days before", on),
            (1, "3 days before", on),
            (1, "1 day after", date(2026, 3, 28)),
        ]
        messages = "SELECT count(DISTINCT outbox_id) FROM alert WHERE effective_on = '2026-03-25'"
        with world.engine.connect() as connection:
            assert connection.execute(text(messages)).scalar() == 1


def test_a_date_that_comes_into_the_books_with_its_case_warns_from_then_on(database_url: str, tmp_path: Path) -> None:
    with tiny_world(database_url, tmp_path, *MEETING) as world:
        opened(world, date(2026, 3, 25), state="asked", facts=facts(asked_on="2026-03-27"))
        mornings(world, date(2026, 3, 26))
        assert alerts(world) == [(1, f"{days} days before", date(2026, 3, 25)) for days in (10, 5, 3)]


def test_what_is_met_early_is_followed_by_the_next_occurrence(monthly: World) -> None:
    opened(monthly, date(2026, 1, 12), state="asked", facts=facts(asked_on="2026-01-12"))
    report = StepCommand("report", date(2026, 1, 12))
    monthly.now += ONE_DAY
    advance_agreement(
        monthly.engine, monthly.rulebook, monthly.people, "T-1", report, person="elena", door=AT_PAGE, now=monthly.now
    )
    mornings(monthly, date(2026, 3, 20))
    assert_as_from_scratch(monthly)
    assert [d.occurrence for d in loaded(monthly, "T-1").deadlines] == [1, 2, 3]


ENDS = """
[steps.end]
from = ["asked"]
to = "done"
by = ["clock"]
label = { en = "End", es = "Terminar" }
[deadlines.term]
runs_from = { fact = "asked_on" }
length = "9 days"
nature = "legal"
roll = "none"
article = "test"
on_lapse = "end"
source = "test"
label = { en = "Term", es = "Vigencia" }
[deadlines.answer]"""


@pytest.mark.parametrize("off", [False, True])
def test_no_warning_goes_out_in_the_pass_that_ends_the_case(database_url: str, tmp_path: Path, *, off: bool) -> None:
    """The answer is due on the 12th and warned of on the 9th and the 13th; the case ends with the 12th at latest.

    `off`: the clock is off from the 8th until the day on which the case ends.
    """
    days = edited(ENDS, ('length = "9 days"', 'length = "10 days"'))
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", days)) as world:
        opened(world, date(2026, 3, 2), state="asked", facts=facts(asked_on="2026-03-02"))
        mornings(world, date(2026, 3, 8) if off else date(2026, 3, 12))
        before = alerts(world)
        world.now = noon(date(2026, 3, 13))
        done = sweep(world.engine, world.rulebook, world.people, world.now)
        assert (done.lapsed, done.alerts, done.problems) == (("T-1",), 0, ())
        assert alerts(world) == before == ([] if off else [(1, "3 days before", date(2026, 3, 9))])
        case = loaded(world, "T-1")
        assert (case.state, case.history[-1].effective_on) == ("done", date(2026, 3, 12))
        assert {d.rule: d.status for d in case.deadlines}["answer"] is DeadlineStatus.VOID
        assert sweep(world.engine, world.rulebook, world.people, world.now).alerts == 0


def test_what_a_step_of_a_date_leaves_open_is_warned_of_in_the_same_pass(database_url: str, tmp_path: Path) -> None:
    stays = edited(ENDS, ('to = "done"', 'to = "asked"'))
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", stays)) as world:
        opened(world, date(2026, 3, 2), state="asked", facts=facts(asked_on="2026-03-02"))
        world.now = noon(date(2026, 3, 13))
        assert sweep(world.engine, world.rulebook, world.people, world.now).lapsed == ("T-1",)
        assert [level for _, level, _ in alerts(world)] == ["3 days before", "1 day after"]


def test_a_date_whose_step_a_person_took_on_that_day_is_closed_with_it(database_url: str, tmp_path: Path) -> None:
    leaves = edited(
        ENDS,
        ('from = ["asked"]', 'from = ["asked", "open"]'),
        ('to = "done"', 'to = "open"'),
        ('by = ["clock"]', 'by = ["clock", "liaison"]'),
    )
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", leaves)) as world:
        opened(world, date(2026, 3, 2), state="asked", facts=facts(asked_on="2026-03-02"))
        mornings(world, date(2026, 3, 11))
        step = StepCommand("end", date(2026, 3, 11))
        advance_agreement(
            world.engine, world.rulebook, world.people, "T-1", step, person="elena", door=AT_PAGE, now=world.now
        )
        assert {d.rule: d.status for d in loaded(world, "T-1").deadlines}["term"] is DeadlineStatus.LAPSED
        world.now = noon(date(2026, 3, 12))
        assert sweep(world.engine, world.rulebook, world.people, world.now).problems == ()
        assert_as_from_scratch(world)


def test_what_was_missed_is_told_though_a_person_acts_before_the_first_pass(monthly: World) -> None:
    """The clock was off for three months; the step finds the months given up, the pass tells of them."""
    opened(monthly, date(2026, 1, 12), state="asked", facts=facts(asked_on="2026-01-12"))
    mornings(monthly, date(2026, 1, 13))
    monthly.now = noon(date(2026, 5, 4))
    taken(monthly, "report")
    assert alerts(monthly) == []
    sweep(monthly.engine, monthly.rulebook, monthly.people, monthly.now)
    missed = [each for each in alerts(monthly) if each[1] == MISSED]
    assert missed == [(1, MISSED, date(2026, 2, 12)), (2, MISSED, date(2026, 3, 12))]
    told = alerts(monthly)
    mornings(monthly, date(2026, 5, 6))
    assert alerts(monthly) == told


def test_what_a_fact_of_long_ago_brings_with_it_is_told_as_of_the_day_on_which_it_was_put_on_record(
    database_url: str, tmp_path: Path
) -> None:
    recorded = REPORT.replace('by = ["liaison"]', 'by = ["liaison"]\nrecords = ["asked_on"]')
    by_finishing = ('met_by = ["report"]', 'met_by = ["finish"]')
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", recorded), *MONTHLY[1:], by_finishing) as world:
        opened(world, date(2026, 1, 12), state="asked")
        mornings(world, date(2026, 5, 4))
        taken(world, "report", records={"asked_on": "2026-01-12"})
        mornings(world, date(2026, 5, 5))
        assert [each for each in alerts(world) if each[1] == MISSED] == [
            (occurrence, MISSED, date(2026, 5, 4)) for occurrence in (1, 2)
        ]


def test_what_is_derived_under_a_clock_that_is_years_ahead_is_derived_anew_once_it_is_right(monthly: World) -> None:
    """A person's step, and no pass, under the wrong clock: no entry says what it left for the days to come."""
    opened(monthly, date(2026, 1, 12), state="asked", facts=facts(asked_on="2026-01-12"))
    mornings(monthly, date(2026, 1, 20))
    monthly.now = noon(date(2028, 1, 20))
    taken(monthly, "report", on=date(2026, 1, 20))
    monthly.now = noon(date(2026, 1, 20))
    mornings(monthly, date(2026, 3, 20))
    assert alerts(monthly) == [(2, "3 days before", date(2026, 3, 9)), (2, "1 day after", date(2026, 3, 13))]
    stands = [
        (d.occurrence, d.status, d.due_on) for d in loaded(monthly, "T-1").deadlines if d.due_on < date(2026, 5, 1)
    ]
    assert stands == [
        (1, DeadlineStatus.MET, date(2026, 2, 12)),
        (2, DeadlineStatus.OPEN, date(2026, 3, 12)),
        (3, DeadlineStatus.OPEN, date(2026, 4, 13)),
    ]
