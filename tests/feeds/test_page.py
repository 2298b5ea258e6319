"""The address of a feed as a calendar program asks for it, on both databases."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from feed_reading import split, text
from feed_world import Case
from icalendar import Calendar

from twinflow.domain.agreement.entries import ChangeKind
from twinflow.services.mail import calendar_feeds
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app

GONE_IN_BOTH = ("fue anulada el miércoles 4 de marzo de 2026", "was revoked on Wednesday, 4 March 2026")


@pytest.fixture
def client(two_offices: Case) -> Iterator[TestClient]:
    world = two_offices.world
    with TestClient(create_app(world.runtime, lambda: world.now), base_url="http://127.0.0.1") as client:
        yield client


def address(case: Case, person: str = "elena") -> str:
    made = calendar_feeds.create(case.world.engine, case.world.people, person, case.world.now)
    return f"/calendar/{made.token}.ics"


def test_a_feed_is_a_calendar_in_the_language_of_its_person(two_offices: Case, client: TestClient) -> None:
    answer = client.get(address(two_offices))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Content-Language"] == "es"
    calendar, events = split(answer.content)
    assert calendar["METHOD"] == "PUBLISH"
    assert {text(event["SUMMARY"]) for event in events} == {"MX/1: Dictamen de procedencia"}
    assert {event["URL"] for event in events} == {"http://127.0.0.1:8000/agreements/MX/1"}
    assert len(Calendar.from_ical(answer.content).walk("VEVENT")) == 1


def test_each_address_shows_the_dates_of_its_own_person(two_offices: Case, client: TestClient) -> None:
    shown = {person: client.get(address(two_offices, person)).text for person in ("elena", "lucia", "rita", "rosa")}
    assert {person: ("MX/1" in text, "EC-1" in text) for person, text in shown.items()} == {
        "elena": (True, False),
        "rita": (True, False),
        "lucia": (False, True),
        "rosa": (False, False),
    }


def test_what_has_not_changed_is_not_sent_again(two_offices: Case, client: TestClient) -> None:
    where = address(two_offices)
    tag = client.get(where).headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(where, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(where, headers={"If-None-Match": '"other"'}).status_code == 200
    two_offices.on(2026, 3, 9).change(ChangeKind.PAUSE)
    after = client.get(where, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.headers["ETag"] != tag


def test_head_answers_as_get_does(two_offices: Case, client: TestClient) -> None:
    where = address(two_offices)
    got, head = client.get(where), client.head(where)
    assert head.status_code == 200
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == got.headers[name]
    assert client.head(where, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304


def test_an_address_that_never_was_is_not_found(client: TestClient) -> None:
    for token in ("x", "A" * 43, "..%2F..", "%00"):
        answer = client.get(f"/calendar/{token}.ics")
        assert answer.status_code == 404


def test_a_revoked_address_is_gone_and_says_so_in_both_languages(two_offices: Case, client: TestClient) -> None:
    world = two_offices.world
    phone, desk = address(two_offices), address(two_offices)
    (first, second) = calendar_feeds.feeds(world.engine)
    two_offices.on(2026, 3, 4)
    feed, done = calendar_feeds.revoke(world.engine, first.id, world.now)
    assert (done, feed.revoked_at) == (True, world.now)
    answer = client.get(phone)
    assert answer.status_code == client.head(phone).status_code == 410
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Language"] == "es, en"
    assert all(sentence in answer.text for sentence in GONE_IN_BOTH)
    assert client.get(desk).status_code == 200
    assert second.revoked_at is None


def test_revoking_twice_keeps_the_first_day(two_offices: Case) -> None:
    world = two_offices.world
    made = calendar_feeds.create(world.engine, world.people, "elena", world.now)
    calendar_feeds.revoke(world.engine, made.id, world.now)
    feed, done = calendar_feeds.revoke(world.engine, made.id, world.now + timedelta(days=9))
    assert (done, feed.revoked_at) == (False, world.now)


def test_the_address_of_somebody_who_has_left_is_gone_and_says_why(two_offices: Case, client: TestClient) -> None:
    where = address(two_offices)
    runtime = two_offices.world.runtime
    others = {key: person for key, person in runtime.people.people.items() if key != "elena"}
    runtime.people = replace(runtime.people, people=others)
    answer = client.get(where)
    assert answer.status_code == 410
    assert "no longer among the people of this service" in answer.text
    assert "ya no figura entre las personas de este servicio" in answer.text


def test_only_a_hash_of_the_address_is_kept(two_offices: Case) -> None:
    made = calendar_feeds.create(two_offices.world.engine, two_offices.world.people, "elena", two_offices.world.now)
    ((kept,),) = two_offices.in_book("SELECT token_hash FROM feed")
    assert len(made.token) == 43
    assert made.token not in str(kept)
    assert len(str(kept)) == 64


def test_no_log_holds_the_address_when_something_breaks(
    two_offices: Case, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    where = address(two_offices)
    token = where.removeprefix("/calendar/").removesuffix(".ics")
    with two_offices.world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE feed RENAME TO feed_elsewhere")
    with caplog.at_level(logging.DEBUG):
        answer = client.get(where)
    assert answer.status_code == 503
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("twinflow"))
    assert "/calendar/….ics" in logged
    assert token not in logged
    assert token not in answer.text


def test_an_address_is_as_good_as_its_row(two_offices: Case, client: TestClient) -> None:
    where = address(two_offices)
    with UnitOfWork(two_offices.world.engine) as work:
        work.feeds.add("lucia", "0" * 64, two_offices.world.now)
        work.commit()
    assert client.get("/calendar/" + "0" * 64 + ".ics").status_code == 404
    assert client.get(where).status_code == 200
