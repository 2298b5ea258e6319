"""Calendar events as an iCalendar file (RFC 5545, RFC 7986), for a feed or as an attachment. The icalendar library writes it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from twinflow.domain.calendar.business_days import ONE_DAY
from twinflow.domain.mail.calendar_events import CalendarEvent
from twinflow.domain.process.definition import Label
from twinflow.language import say
from twinflow.sentences import Sentence
from twinflow.text import harmless_lines

if TYPE_CHECKING:
    from icalendar import Calendar, Event

CONTENT_TYPE = "text/calendar"
REFRESH = timedelta(hours=12)


def dates_file(events: Iterable[CalendarEvent], language: str, base_url: str, method: str = "PUBLISH") -> bytes:
    """The events as a file to be attached to a mail. `method` belongs into its Content-Type, too (RFC 6047, section 2.4)."""
    return _bytes(_calendar(language, method), events, language, base_url)


def feed_file(events: Iterable[CalendarEvent], language: str, base_url: str) -> bytes:
    """The events as a calendar to be subscribed to: with its name, and how often to look again."""
    from icalendar import vDuration, vText  # noqa: PLC0415 - a quarter of a second that only who wants dates waits for

    name = vText(_text(Sentence("twinflow: deadlines"), language))  # the library does not know NAME as TEXT
    calendar = _calendar(language, "PUBLISH")
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", REFRESH, {"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    return _bytes(calendar, events, language, base_url)


def _calendar(language: str, method: str) -> "Calendar":
    from icalendar import Calendar  # noqa: PLC0415 - as above

    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", f"-//twinflow//twinflow//{language.upper()}")
    calendar.add("METHOD", method)
    return calendar


def _bytes(calendar: "Calendar", events: Iterable[CalendarEvent], language: str, base_url: str) -> bytes:
    """In the order of their days, so that the same events make the same file."""
    for event in sorted(events, key=lambda event: (event.on, event.uid)):
        calendar.add_component(_event(event, language, base_url.rstrip("/") + event.path))
    content: bytes = calendar.to_ical(sorted=False)
    return content


def _event(event: CalendarEvent, language: str, url: str) -> "Event":
    """An all-day event that blocks no time; its days have no time zone (DTEND is the day after)."""
    from icalendar import Event  # noqa: PLC0415 - as above

    made = Event()
    made.add("UID", event.uid)
    made.add("DTSTAMP", event.changed_at)
    made.add("LAST-MODIFIED", event.changed_at)
    made.add("SEQUENCE", event.sequence)
    made.add("DTSTART", event.on)
    made.add("DTEND", event.on + ONE_DAY)
    made.add("STATUS", event.status)
    made.add("TRANSP", "TRANSPARENT")
    made.add("SUMMARY", _text(event.summary, language))
    made.add("DESCRIPTION", "\n".join([*(_text(line, language) for line in event.description), url]))
    made.add("CATEGORIES", [_text(category, language) for category in event.categories])
    made.add("URL", url)
    return made


def _text(value: Sentence | Label | str, language: str) -> str:
    """In words, without the control characters that no TEXT may hold (RFC 5545, section 3.3.11).

    Between a backslash and an N stands a character without width (U+2060): the library would make a line break of the two.
    """
    return harmless_lines(say(value, language)).replace("\\N", "\\\u2060N")
