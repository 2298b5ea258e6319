"""The iCalendar file that the icalendar library writes, read strictly by hand, and by the library too."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from feed_reading import day, lines_of, split, text
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from twinflow.domain.mail.calendar_events import CalendarEvent, EventStatus
from twinflow.mail.dates_file import dates_file, feed_file
from twinflow.sentences import Sentence

BASE = "https://twinflow.example/"
ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Mexico_City",
    "Europe/Rome",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
EVENT = CalendarEvent(
    uid="6f1c4a52-0000-5000-8000-000000000001",
    sequence=2,
    on=date(2026, 12, 31),
    changed_at=datetime(2026, 3, 2, 23, 30, 15, 999999, tzinfo=timezone(timedelta(hours=-6))),
    status=EventStatus.CONFIRMED,
    summary=Sentence("{reference}: {deadline}", {"reference": "MX/1", "deadline": {"en": "Opinion", "es": "Dictamen"}}),
    description=(
        "Chihuahua, Albuquerque",
        Sentence("Who acts: {role}", {"role": {"en": "reviewer", "es": "dictaminador"}}),
    ),
    categories=({"en": "Twinning, Mexico", "es": "Hermanamiento, México"}, Sentence("Set by law")),
    path="/agreements/MX/1",
)
ODD_NAMES = (
    "Comma, semicolon; colon: and \\ backslash \\n that is none",
    "\\Network\\North",
    "Two\nlines\r\nand\rthree",
    "بلدية الجزائر \u200f(RTL)\u202e עיריית חיפה",
    "Ñuñoa 👩‍👩‍👧‍👦🏳‍🌈 " * 20,
    "北京市" * 60,
    "é" * 100,
    "\\" * 200,
    "bell\x07 escape\x1b[31m null\x00 delete\x7f next\x85line\u2028separator",
    'BEGIN:VEVENT\r\nEND:VCALENDAR\r\nX-EVIL:"1"',
    "",
)


def test_a_feed_has_what_its_standards_ask_for() -> None:
    calendar, (event,) = split(feed_file([EVENT], "en", BASE))
    assert calendar == {
        "VERSION": "2.0",
        "PRODID": "-//twinflow//twinflow//EN",
        "METHOD": "PUBLISH",
        "NAME": "twinflow: deadlines",
        "X-WR-CALNAME": "twinflow: deadlines",
        "REFRESH-INTERVAL;VALUE=DURATION": "PT12H",
        "X-PUBLISHED-TTL": "PT12H",
    }
    assert event == {
        "UID": "6f1c4a52-0000-5000-8000-000000000001",
        "DTSTAMP": "20260303T053015Z",
        "LAST-MODIFIED": "20260303T053015Z",
        "SEQUENCE": "2",
        "DTSTART;VALUE=DATE": "20261231",
        "DTEND;VALUE=DATE": "20270101",
        "STATUS": "CONFIRMED",
        "TRANSP": "TRANSPARENT",
        "SUMMARY": "MX/1: Opinion",
        "DESCRIPTION": r"Chihuahua\, Albuquerque\nWho acts: reviewer\nhttps://twinflow.example/agreements/MX/1",
        "CATEGORIES": r"Twinning\, Mexico,Set by law",
        "URL": "https://twinflow.example/agreements/MX/1",
    }


def test_an_attachment_makes_no_calendar_of_its_own() -> None:
    calendar, events = split(dates_file([EVENT], "en", BASE))
    assert calendar.keys() == {"VERSION", "PRODID", "METHOD"}
    assert events == split(feed_file([EVENT], "en", BASE))[1]


def test_an_attachment_has_the_method_asked_for() -> None:
    assert split(dates_file([EVENT], "en", BASE, "CANCEL"))[0]["METHOD"] == "CANCEL"


def test_a_calendar_without_dates_is_a_calendar() -> None:
    calendar, events = split(feed_file([], "es", BASE))
    assert (calendar["VERSION"], events) == ("2.0", [])


def test_the_words_are_those_of_the_reader() -> None:
    _, (event,) = split(feed_file([EVENT], "es", BASE))
    assert event["SUMMARY"] == "MX/1: Dictamen"
    assert event["CATEGORIES"] == r"Hermanamiento\, México,Fijado por la ley"


def test_the_order_of_events_does_not_matter() -> None:
    later = replace(EVENT, uid="6f1c4a52-0000-5000-8000-000000000000", on=date(2027, 1, 4))
    same_day = replace(EVENT, uid="6f1c4a52-0000-5000-8000-000000000009")
    assert feed_file([later, same_day, EVENT], "es", BASE) == feed_file([EVENT, later, same_day], "es", BASE)
    _, events = split(feed_file([later, same_day, EVENT], "es", BASE))
    assert [event["UID"][-1] for event in events] == ["1", "9", "0"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_on_earth_comes_back_without_what_does_something_to_its_surroundings(name: str) -> None:
    odd = replace(EVENT, summary=Sentence("{reference}: x", {"reference": name}), description=(name,))
    content = feed_file([odd], "en", BASE)
    _, (event,) = split(content)
    wanted = shown(name)
    assert text(event["SUMMARY"]) == f"{wanted}: x"
    assert text(event["DESCRIPTION"]) == f"{wanted}\n{BASE}agreements/MX/1"
    (read,) = Calendar.from_ical(content).walk("VEVENT")
    assert str(read["SUMMARY"]) == f"{wanted}: x"


def shown(name: str) -> str:
    """With one kind of line break, a space for control characters, no marks of direction, and no backslash next to an N."""
    for line_break in ("\r\n", "\r", "\x85", "\u2028"):
        name = name.replace(line_break, "\n")
    for mark in "\u200f\u202e":
        name = name.replace(mark, "")
    name = name.replace("\\N", "\\\u2060N")
    return "".join(
        " " if (ord(character) < 32 and character != "\n") or character == "\x7f" else character for character in name
    )


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_no_text_breaks_the_file(name: str) -> None:
    content = dates_file([replace(EVENT, description=(name,))], "en", BASE)
    _, (event,) = split(content)
    assert text(event["DESCRIPTION"]).endswith("\nhttps://twinflow.example/agreements/MX/1")
    assert len(Calendar.from_ical(content).walk("VEVENT")) == 1


def test_lines_are_as_long_as_they_may_be_and_not_longer() -> None:
    content = dates_file([replace(EVENT, description=("x" * 1000,))], "en", BASE)
    assert max(len(line) for line in content.split(b"\r\n")) == 75
    assert any("x" * 1000 in line for line in lines_of(content))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("on", [date(2026, 3, 29), date(2026, 10, 25), date(2024, 2, 29), date(2026, 12, 31)])
def test_a_day_is_the_same_day_everywhere(zone: str, on: date, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home = feed_file([replace(EVENT, on=on)], "en", BASE)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        content = feed_file([replace(EVENT, on=on)], "en", BASE)
    time.tzset()
    assert content == at_home
    _, (event,) = split(content)
    assert (day(event["DTSTART;VALUE=DATE"]), day(event["DTEND;VALUE=DATE"])) == (on, on + timedelta(days=1))
    assert b"TZID" not in content
    (read,) = Calendar.from_ical(content).walk("VEVENT")
    assert type(read["DTSTART"].dt) is date
    assert (read["DTSTART"].dt, read["DTEND"].dt) == (on, on + timedelta(days=1))


def test_the_library_reads_every_property_as_its_type() -> None:
    calendar = Calendar.from_ical(feed_file([EVENT], "es", BASE))
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=12)
    (event,) = calendar.walk("VEVENT")
    assert event.errors == []
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == datetime(2026, 3, 3, 5, 30, 15, tzinfo=UTC)
    assert (int(event["SEQUENCE"]), str(event["STATUS"]), str(event["TRANSP"])) == (2, "CONFIRMED", "TRANSPARENT")
    assert [str(category) for category in event["CATEGORIES"].cats] == ["Hermanamiento, México", "Fijado por la ley"]
    assert str(event["URL"]) == "https://twinflow.example/agreements/MX/1"
