"""What a person's calendar shows of a case that goes through its life, on both databases."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from feed_world import DUE, PARTIES, Case
from sqlalchemy import event

from builders import DRAFT, NOTICE, WORKFLOWS, new_case
from twinflow.definitions.calendars import read_calendar
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.calendar.dates import Length
from twinflow.domain.mail.calendar_events import EventStatus
from twinflow.domain.people.people import Absence, Assignment, People
from twinflow.domain.steps.command import StepCommand
from twinflow.language import say
from twinflow.mail.dates_file import dates_file, feed_file
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.deadlines.calendar_editions import apply
from twinflow.services.mail import calendar_feeds
from twinflow.storage.unit_of_work import UnitOfWork

ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Mexico_City",
    "Europe/Rome",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
SHEET = (WORKFLOWS / "calendars" / "mx-ministry.toml").read_text("utf-8")


def words(case: Case, person: str = "elena", language: str = "en") -> list[str]:
    event = case.event(person=person)
    return [say(line, language) for line in event.description]


def apply_late_holiday(case: Case) -> None:
    """Monday 23 March 2026, which the opinion was counted through."""
    sheet = (
        SHEET + '\n[[days]]\non = 2026-03-23\nlabel = { en = "Mourning", es = "Duelo" }\nsource = "Diario Oficial"\n'
    )
    world = case.world
    calendar = read_calendar(sheet, "mx-ministry.toml")
    apply(world.engine, world.rulebook, world.people, calendar, sheet, person="elena", now=world.now)
    world.runtime.refresh()


def test_an_open_deadline_is_a_day_with_its_words(case: Case) -> None:
    event = case.event()
    assert (event.on, event.sequence, event.status) == (DUE, 0, EventStatus.CONFIRMED)
    assert say(event.summary, "es") == "MX/1: Dictamen de procedencia"
    assert event.path == "/agreements/MX/1"
    assert words(case)[:3] == [
        "Chihuahua, Albuquerque; los dos",
        "How the date stands: open",
        "Who acts: reviewer of the ministry",
    ]
    assert words(case)[3].startswith("What to do: Opinion: ")


def test_a_day_that_has_passed_is_said_to_have_passed(case: Case) -> None:
    event = case.on(2026, 3, 25).event()
    assert say(event.summary, "en") == "MX/1: Opinion of the ministry (target passed)"
    assert (event.on, event.sequence) == (DUE, 0)
    assert words(case)[1] == "How the date stands: target passed"


def test_what_is_done_stays_on_its_day(case: Case) -> None:
    before = case.event()
    case.on(2026, 3, 5).take("issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    event = case.event()
    assert (event.uid, event.on, event.sequence) == (before.uid, DUE, 0)
    assert event.status is EventStatus.CONFIRMED
    assert say(event.summary, "en") == "MX/1: Opinion of the ministry (done)"
    assert words(case)[1:] == [
        "How the date stands: done (Thursday, 5 March 2026)",
        "Who acts: reviewer of the ministry",
    ]
    assert event.changed_at > before.changed_at


def test_an_extension_moves_the_day_and_counts_a_change(case: Case) -> None:
    before = case.event()
    case.on(2026, 3, 9).change(ChangeKind.EXTEND, length=Length.parse("5 business days"))
    case.change(ChangeKind.CONFIRM, person="sergio")
    event = case.event()
    assert event.uid == before.uid
    assert (event.on, event.sequence) == (date(2026, 3, 31), 1)
    assert event.changed_at == case.world.now
    case.on(2026, 3, 10).change(ChangeKind.REMOVE, of=1)
    case.change(ChangeKind.CONFIRM, person="sergio")
    assert (case.event().uid, case.event().on, case.event().sequence) == (before.uid, DUE, 2)


def test_a_late_holiday_moves_the_day_and_counts_a_change(case: Case) -> None:
    before = case.event()
    case.on(2026, 3, 9)
    apply_late_holiday(case)
    event = case.event()
    assert (event.uid, event.on, event.sequence) == (before.uid, date(2026, 3, 25), 1)


def test_a_paused_date_says_so_on_the_latest_day_it_can_fall_on(case: Case) -> None:
    before = case.event()
    case.on(2026, 3, 9).change(ChangeKind.PAUSE)
    paused = case.event()
    assert (paused.uid, paused.on, paused.sequence) == (before.uid, date(2026, 5, 22), 1)
    assert paused.status is EventStatus.TENTATIVE
    assert say(paused.summary, "en") == "MX/1: Opinion of the ministry (paused)"
    assert "The count is paused: this day will move when it goes on." in words(case)
    case.on(2026, 3, 11).change(ChangeKind.RESUME)
    resumed = case.event()
    assert (resumed.uid, resumed.on, resumed.sequence) == (before.uid, date(2026, 3, 26), 2)
    assert resumed.status is EventStatus.CONFIRMED


def test_a_pause_without_an_end_leaves_the_event_on_its_last_day(case: Case) -> None:
    before = case.event()
    case.on(2026, 3, 9).take("make_observations", "rita")
    paused = case.event()
    assert case.in_book("SELECT due_on FROM deadline WHERE rule = 'opinion'") == [(None,)]
    assert (paused.uid, paused.on, paused.sequence, paused.status) == (before.uid, DUE, 1, EventStatus.TENTATIVE)
    assert say(paused.summary, "en") == "MX/1: Opinion of the ministry (paused)"


def test_a_provisional_date_says_so(case: Case) -> None:
    with case.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deadline SET provisional = true WHERE rule = 'opinion'")
    event = case.event()
    assert event.status is EventStatus.TENTATIVE
    assert say(event.summary, "en") == "MX/1: Opinion of the ministry (provisional date)"
    assert "The date is provisional: a calendar that it rests on is not complete yet." in words(case)


REGISTRATION = "Request of registration"


def test_a_withdrawn_deadline_is_cancelled_with_one_change_more(case: Case) -> None:
    sign(case.on(2026, 3, 10))
    case.on(2026, 3, 11)
    before = case.event(REGISTRATION)
    assert (before.sequence, before.status) == (0, EventStatus.CONFIRMED)
    case.take("notify_termination", records=NOTICE)
    found = case.event(REGISTRATION)
    assert (found.uid, found.on) == (before.uid, before.on)
    assert (found.sequence, found.status) == (1, EventStatus.CANCELLED)
    assert found.changed_at > before.changed_at
    assert say(found.summary, "en").endswith("(no longer applies)")
    assert b"STATUS:CANCELLED\r\n" in dates_file([found], "es", "http://x")


def test_what_was_closed_a_year_ago_drops_out(case: Case) -> None:
    sign(case.on(2026, 3, 10))
    case.on(2026, 3, 11).take("notify_termination", records=NOTICE)
    uid = case.event(REGISTRATION).uid
    assert uid in {event.uid for event in case.on(2027, 3, 11).events()}
    assert uid not in {event.uid for event in case.on(2027, 3, 12).events()}


def sign(case: Case) -> None:
    case.take("issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    for party in PARTIES:
        case.take("sign", party=party.name)


def test_an_open_deadline_never_drops_out(case: Case) -> None:
    uid = case.event().uid
    assert uid in {event.uid for event in case.on(2036, 3, 10).events()}


def test_the_same_books_give_the_same_file_at_any_hour(case: Case) -> None:
    at_once = feed_file(case.events(), "es", "http://x")
    case.world.now = datetime.fromisoformat("2026-03-03T01:00:00+00:00")
    assert feed_file(case.events(), "es", "http://x") == at_once


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_is_the_same_wherever_the_offices_are(case: Case, zone: str) -> None:
    known = case.world.people
    offices = {key: replace(office, time_zone=zone) for key, office in known.offices.items()}
    people = replace(known, offices=offices)
    (event,) = [event for event in case.events(people=people) if "Opinion" in str(event.summary)]
    assert event.on == DUE
    assert b"DTSTART;VALUE=DATE:20260324\r\nDTEND;VALUE=DATE:20260325\r\n" in dates_file([event], "en", "http://x")


# Who sees what


def references(case: Case, person: str, people: People | None = None) -> set[str]:
    return {str(event.summary).partition(":")[0] for event in case.events(person, people)}


def test_nobody_sees_the_deadlines_of_another_country(two_offices: Case) -> None:
    known = two_offices.world.people
    own = {"MX": {"MX/1"}, "EC": {"EC-1"}}
    for person in known.people.values():
        countries = {known.offices[held.office].country for held in person.assignments}
        assert references(two_offices, person.key) <= set().union(*(own[country] for country in countries))
    told = {
        person: references(two_offices, person) for person in ("elena", "sergio", "rita", "lucia", "mateo", "ramon")
    }
    of_chihuahua = {key: {"MX/1"} for key in ("elena", "sergio", "rita")}
    assert told == {**of_chihuahua, "lucia": {"EC-1"}, "mateo": {"EC-1"}, "ramon": set()}


def test_nobody_sees_the_deadlines_of_another_municipality_of_the_country(two_offices: Case) -> None:
    known = two_offices.world.people
    offices = {**known.offices, "leon": replace(known.offices["chihuahua"], key="leon")}
    lucia = replace(known.people["lucia"], assignments=(Assignment("liaison", "leon"),))
    people = People(offices, {**known.people, "lucia": lucia})
    assert references(two_offices, "lucia", people) == set()
    assert references(two_offices, "rita", people) == {"MX/1"}


def test_who_is_told_only_when_it_escalates_sees_it(case: Case) -> None:
    rules = case.world.rulebook.catalogue.version("mx/twinning", 4).deadlines
    assert "supervisor" in [level.to for level in rules["opinion"].escalate]
    assert "supervisor" not in rules["opinion"].told
    assert case.event(person="sergio").uid == case.event().uid


def test_who_holds_the_role_no_longer_sees_nothing(case: Case) -> None:
    known = case.world.people
    until_sunday = Assignment("liaison", "chihuahua", to_day=date(2026, 3, 8))
    elena = replace(known.people["elena"], assignments=(until_sunday,))
    people = replace(known, people={**known.people, "elena": elena})
    assert references(case.on(2026, 3, 8), "elena", people) == {"MX/1"}
    assert references(case.on(2026, 3, 9), "elena", people) == set()


def test_who_stands_in_for_somebody_absent_sees_theirs_meanwhile(two_offices: Case) -> None:
    known = two_offices.world.people
    away = Absence(date(2026, 3, 2), date(2026, 3, 6), "lucia")
    elena = replace(known.people["elena"], absences=(away,))
    people = replace(known, people={**known.people, "elena": elena})
    assert references(two_offices, "lucia", people) == {"EC-1", "MX/1"}
    assert references(two_offices, "elena", people) == {"MX/1"}
    assert references(two_offices.on(2026, 3, 9), "lucia", people) == {"EC-1"}


# In a mail


def test_a_mail_and_a_feed_have_the_same_events(two_offices: Case) -> None:
    two_offices.on(2026, 3, 9).change(ChangeKind.EXTEND, length=Length.parse("5 business days"))
    two_offices.change(ChangeKind.CONFIRM, person="sergio")
    world = two_offices.world
    rows = two_offices.in_book("SELECT agreement_id, rule, occurrence FROM deadline")
    with UnitOfWork(world.engine, reading=True) as work:
        found = calendar_feeds.events_of(work, world.rulebook, world.people, set(rows), world.now)
    in_feeds = {event.uid: event for person in ("elena", "lucia") for event in two_offices.events(person)}
    assert {event.uid: event for event in found.values()} == in_feeds


def test_a_mail_has_only_the_dates_it_tells_of(two_offices: Case) -> None:
    world = two_offices.world
    ((row,),) = two_offices.in_book("SELECT agreement_id FROM deadline WHERE rule = 'opinion'")
    wanted = {(row, "opinion", 1), (row, "opinion", 2), (row + 1, "no_such_rule", 1)}
    with UnitOfWork(world.engine, reading=True) as work:
        found = calendar_feeds.events_of(work, world.rulebook, world.people, wanted, world.now)
    assert found == {(row, "opinion", 1): two_offices.event()}


def test_two_cases_share_no_event_and_need_no_more_queries(two_offices: Case) -> None:
    world = two_offices.world
    statements: list[str] = []
    event.listen(world.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    few = [*two_offices.events()]
    asked = len(statements)
    for number in range(2, 12):
        second = new_case(
            f"MX/{number}",
            "mx/twinning",
            "chihuahua",
            "x",
            date(2026, 3, 2),
            PARTIES,
            state="drafting",
        )
        open_agreement(world.engine, world.rulebook, world.people, second, actor="elena", now=world.now)
        command = StepCommand("complete_draft", date(2026, 3, 2), records=DRAFT)
        advance_agreement(
            world.engine, world.rulebook, world.people, f"MX/{number}", command, person="elena", now=world.now
        )
        command = StepCommand("request_opinion", date(2026, 3, 2))
        advance_agreement(
            world.engine, world.rulebook, world.people, f"MX/{number}", command, person="elena", now=world.now
        )
    statements.clear()
    many = two_offices.events()
    assert len(statements) == asked
    assert len({found.uid for found in many}) == len(many) == 11 * len(few)
