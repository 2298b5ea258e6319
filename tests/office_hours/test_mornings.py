"""What reaches people when, by a real mail server: counted, on both databases."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from builders import AT_PAGE
from office_hours.conftest import PEOPLE, Mornings, at, plain
from postgres import fresh_database
from smtp import ACCEPT, RecordingServer
from tiny_world import loaded, tiny_world
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.mail import outbox
from world import EACH_MORNING, WITH_THE_PASS

URGENT = ('to = ["liaison"] }]', 'to = ["liaison"], urgent = true }]')
NIGHT, SATURDAY, EVE_OF_LABOUR_DAY = "2026-04-28T22:00", "2026-04-25T11:00", "2026-04-30T12:00"


@pytest.mark.parametrize(
    ("found", "leaves"),
    [
        (NIGHT, "2026-04-29T08:00"),
        ("2026-04-29T03:00", "2026-04-29T08:00"),
        (SATURDAY, "2026-04-27T08:00"),
        (EVE_OF_LABOUR_DAY, "2026-05-04T08:00"),
        ("2026-05-01T08:00", "2026-05-04T08:00"),
    ],
)
def test_what_is_found_at_night_or_on_a_day_off_waits_for_the_next_working_morning(
    mornings: Mornings, found: str, leaves: str
) -> None:
    mornings.world.now = at(found)
    mornings.asked("R-01")
    assert mornings.pass_at(found) == 0
    assert mornings.passes_until(leaves) == 0
    assert mornings.pass_at(leaves) == 1
    assert mornings.references(mornings.got("elena")[0]) == ["R-01"]


@pytest.mark.parametrize("when", [NIGHT, SATURDAY, "2026-05-01T03:30", "2026-04-28T10:00"])
def test_what_is_urgent_leaves_at_once_at_any_hour(make_mornings: Callable[..., Mornings], when: str) -> None:
    mornings = make_mornings(URGENT)
    mornings.world.now = at(when)
    mornings.asked("R-01")
    assert mornings.pass_at(when) == 1
    (message,) = outbox.messages(mornings.world.engine, viewer=OPERATOR)
    assert not message.digest


def test_an_urgent_message_leaves_alone_and_the_digest_waits(make_mornings: Callable[..., Mornings]) -> None:
    """The date of R-01, 30 April, is three days off; asking for R-02 is urgent."""
    mornings = make_mornings(URGENT)
    mornings.world.now = at("2026-04-20T09:00")
    mornings.asked("R-01")
    assert mornings.pass_at("2026-04-20T09:00") == 1
    assert mornings.pass_at("2026-04-27T10:00") == 1
    mornings.asked("R-02")
    assert mornings.pass_at("2026-04-27T10:15") == 2
    assert mornings.references(mornings.got("elena")[1]) == ["R-02"]
    assert mornings.passes_until("2026-04-28T08:00") == 2
    assert mornings.pass_at("2026-04-28T08:00") == 3
    assert mornings.references(mornings.got("elena")[2]) == ["R-01"]


def test_a_holiday_of_one_office_is_a_working_day_of_another(mornings: Mornings) -> None:
    """16 March 2026 is free in Mexico for Benito Juárez."""
    mornings.world.now = at("2026-03-13T15:00")
    mornings.asked("R-01")
    mornings.asked("R-02", office="cuenca")
    assert mornings.passes_until("2026-03-16T08:00", "cuenca") == 0
    assert mornings.pass_at("2026-03-16T08:00", "cuenca") == 1
    assert mornings.references(mornings.got("lucia")[0]) == ["R-02"]
    assert mornings.passes_until("2026-03-17T08:00") == 1
    assert mornings.pass_at("2026-03-17T08:00") == 2
    assert mornings.references(mornings.got("elena")[0]) == ["R-01"]


def test_the_morning_comes_to_each_office_by_its_own_clock(mornings: Mornings) -> None:
    """When it is eight in Cuenca it is seven in Chihuahua."""
    mornings.world.now = at(NIGHT)
    mornings.asked("R-01")
    mornings.asked("R-02", office="cuenca")
    assert mornings.pass_at("2026-04-29T08:00", "cuenca") == 1
    assert mornings.pass_at("2026-04-29T07:59") == 1
    assert mornings.pass_at("2026-04-29T08:00") == 2


def test_one_digest_tells_forty_matters_by_agreement_the_soonest_date_first(mornings: Mornings) -> None:
    mornings.world.now = at("2026-04-28T16:00")
    days = [date(2026, 4, 28) - timedelta(days=n) for n in range(40)]
    Random(40).shuffle(days)
    for number, day in enumerate(days, start=1):
        mornings.asked(f"R-{number:02}", on=day)
    assert mornings.pass_at("2026-04-28T16:15") == 0
    assert mornings.passes_until("2026-04-29T08:00") == 0
    assert mornings.pass_at("2026-04-29T08:00") == 1
    (message,) = mornings.got("elena")
    dates = {reference: date.max for reference, *_ in mornings.alerts()}
    told = {reference for reference, subject, *_ in mornings.alerts() if subject == "deadline:answer"}
    dates |= {reference: due_on(mornings, reference) for reference in told}
    assert len(dates) == 40
    assert mornings.references(message) == sorted(dates, key=lambda reference: (dates[reference], reference))
    assert len([line for line in plain(message).splitlines() if "Respuesta" in line]) >= len(told) > 20
    assert mornings.pass_at("2026-04-29T09:00") == 1


def due_on(mornings: Mornings, reference: str) -> date:
    (deadline,) = loaded(mornings.world, reference).deadlines
    assert deadline.due_on is not None
    return deadline.due_on


def test_a_digest_whose_reasons_have_all_gone_is_not_sent(mornings: Mornings) -> None:
    mornings.world.now = at(NIGHT)
    mornings.asked("R-01")
    mornings.pass_at(NIGHT)
    mornings.step("R-01", "finish", date(2026, 4, 28))
    assert mornings.pass_at("2026-04-29T08:00") == 0
    assert [message.state for message in outbox.messages(mornings.world.engine, viewer=OPERATOR)] == ["dropped"]
    assert mornings.pass_at("2026-04-30T08:00") == 0


def test_what_is_found_the_same_day_leaves_with_the_digest_of_the_morning_though_one_was_cancelled(
    mornings: Mornings,
) -> None:
    world = mornings.world
    world.now = at("2026-04-28T20:00")
    mornings.asked("R-01")
    (cancelled,) = outbox.messages(world.engine, viewer=OPERATOR)
    outbox.cancel(world.engine, world.people, cancelled.id, by="elena", reason="she knows", door=AT_PAGE, now=world.now)
    mornings.asked("R-02")
    assert mornings.pass_at("2026-04-28T20:15") == 0
    assert mornings.pass_at("2026-04-29T08:00") == 1
    assert mornings.references(mornings.got("elena")[0]) == ["R-02"]


def test_what_is_found_after_the_digest_of_the_day_was_cancelled_by_its_sender_waits_for_the_next(
    mornings: Mornings,
) -> None:
    """The hour of the morning has passed: there is no second one."""
    world = mornings.world
    world.now = at("2026-04-28T20:00")
    mornings.asked("R-01")
    (cancelled,) = outbox.messages(world.engine, viewer=OPERATOR)
    world.now = at("2026-04-29T08:30")
    outbox.cancel(world.engine, world.people, cancelled.id, by="elena", reason="she knows", door=AT_PAGE, now=world.now)
    mornings.asked("R-02")
    assert mornings.pass_at("2026-04-29T09:00") == 0
    assert mornings.pass_at("2026-04-30T08:00") == 1


def test_a_morning_on_which_there_is_nothing_to_tell_brings_no_mail(mornings: Mornings) -> None:
    mornings.world.now = at("2026-04-28T07:00")
    mornings.asked("R-01")
    assert mornings.pass_at("2026-04-28T08:00") == 1
    assert mornings.passes_until("2026-05-05T08:00") == 1, "the first warning is of 5 May, three days before"
    assert mornings.pass_at("2026-05-05T08:00") == 2


def test_what_is_found_after_the_digest_of_the_day_waits_for_the_next_working_morning(mornings: Mornings) -> None:
    mornings.world.now = at("2026-04-24T07:00")
    mornings.asked("R-01")
    assert mornings.pass_at("2026-04-24T08:00") == 1
    mornings.asked("R-02")
    assert mornings.passes_until("2026-04-27T08:00") == 1
    assert mornings.pass_at("2026-04-27T08:00") == 2
    assert mornings.references(mornings.got("elena")[1]) == ["R-02"]


def test_after_ten_days_of_downtime_one_mail_names_everything_and_no_level_comes_twice(mornings: Mornings) -> None:
    """Asked on 15, 18 and 20 April; nothing runs from the 21st to Friday 1 May, Labour Day; then all day for a week."""
    for reference, day in (("R-01", "2026-04-15"), ("R-02", "2026-04-18"), ("R-03", "2026-04-20")):
        mornings.world.now = at(f"{day}T12:00")
        mornings.asked(reference)
    assert mornings.pass_at("2026-04-20T16:00") == 1
    assert mornings.pass_at("2026-05-01T10:00") == 1
    assert mornings.passes_until("2026-05-04T08:00") == 1
    assert mornings.pass_at("2026-05-04T08:00") == 2
    assert mornings.references(mornings.got("elena")[1]) == ["R-01", "R-02", "R-03"]
    assert mornings.passes_until("2026-05-11T20:00") > 2
    told = Counter(mornings.alerts())
    assert set(told.values()) == {1}
    levels = [(reference, level) for reference, subject, _, level, _ in told if subject.startswith("deadline:")]
    assert {("R-01", "3 days before"), ("R-01", "1 day after"), ("R-03", "3 days before")} <= set(levels)
    assert len(mornings.days_of_mail()) == len(set(mornings.days_of_mail())), "never two on one day"


def test_due_dates_and_levels_are_the_same_whatever_the_rhythm(
    database_url: str, smtp: RecordingServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = []
    for name, rhythm in (("morning", EACH_MORNING), ("pass", WITH_THE_PASS)):
        folder = tmp_path / name
        folder.mkdir()
        kind = database_url.partition(":")[0].partition("+")[0]
        with (
            fresh_database(kind, folder, request) as url,
            tiny_world(url, folder, people=PEOPLE, mail=smtp.settings, rhythm=rhythm) as world,
        ):
            mornings = Mornings(world, smtp)
            world.now = at(SATURDAY)
            mornings.asked("R-01")
            for day in ("2026-04-29", "2026-05-02", "2026-05-09", "2026-05-12"):
                world.now = at(f"{day}T09:00")
                world.tick()
            dates = [(d.key, d.due_on, d.warn_on, d.status) for d in loaded(world, "R-01").deadlines]
            found.append((dates, mornings.alerts()))
    by_morning, with_the_pass = found
    assert by_morning == with_the_pass
    assert [due_on for _, due_on, *_ in by_morning[0]] == [date(2026, 5, 5)]
    assert len(by_morning[1]) == 4


def test_a_digest_that_left_late_is_the_one_of_that_day(mornings: Mornings) -> None:
    """Planned for Wednesday; nothing ran until Thursday, a little before the hour of Thursday's digest."""
    mornings.world.now = at(NIGHT)
    mornings.asked("R-01")
    assert mornings.pass_at("2026-04-30T07:10") == 1
    mornings.asked("R-02")
    assert mornings.pass_at("2026-04-30T08:00") == 1
    assert mornings.passes_until("2026-05-04T08:00") == 1
    assert mornings.pass_at("2026-05-04T08:00") == 2
    assert mornings.references(mornings.got("elena")[1]) == ["R-02"]


def test_a_digest_that_the_server_refused_for_a_day_leaves_no_second_one_for_the_next(mornings: Mornings) -> None:
    mornings.world.now = at(NIGHT)
    mornings.asked("R-01")
    mornings.smtp.answer_to_data = lambda: "451 later"
    mornings.passes_until("2026-04-29T18:00")
    mornings.asked("R-02")
    assert mornings.passes_until("2026-04-30T06:00") == 0
    mornings.smtp.answer_to_data = lambda: ACCEPT
    mornings.passes_until("2026-05-04T08:00")
    mornings.pass_at("2026-05-04T08:00")
    assert [mornings.references(message) for message in mornings.got("elena")] == [["R-01"], ["R-02"]]
    assert len(set(mornings.days_of_mail())) == 2, "never two on one day"
