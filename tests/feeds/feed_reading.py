"""Reads iCalendar files by the letter of RFC 5545, with nothing of what wrote them."""

import re
from datetime import date

Properties = dict[str, str]


def lines_of(content: bytes) -> list[str]:
    """The content lines, unfolded. Every line ends in CRLF, has at most 75 octets and is whole UTF-8 by itself."""
    assert content.endswith(b"\r\n")
    physical = content.removesuffix(b"\r\n").split(b"\r\n")
    for line in physical:
        assert len(line) <= 75, line
        assert line
        assert b"\r" not in line
        assert b"\n" not in line
        text = line.decode()
        assert all(character == "\t" or character.isprintable() or ord(character) > 159 for character in text), text
    unfolded: list[str] = []
    for line in physical:
        if line.startswith(b" "):
            unfolded[-1] += line[1:].decode()
        else:
            unfolded.append(line.decode())
    return unfolded


def split(content: bytes) -> tuple[Properties, list[Properties]]:
    """The properties of the calendar, and those of each event by name with parameters; each is there once."""
    calendar: Properties = {}
    events: list[Properties] = []
    here = calendar
    lines = lines_of(content)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    for line in lines[1:-1]:
        if line == "BEGIN:VEVENT":
            assert here is calendar
            here = {}
            events.append(here)
        elif line == "END:VEVENT":
            here = calendar
        else:
            name, _, value = line.partition(":")
            assert re.fullmatch(r"[A-Z-]+(;VALUE=[A-Z]+)?", name)
            assert name not in here
            here[name] = value
    return calendar, events


def text(value: str) -> str:
    """A TEXT value as it was before it was escaped; nothing that has to be escaped stands bare."""
    assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value), value
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def day(value: str) -> date:
    assert re.fullmatch(r"\d{8}", value)
    return date.fromisoformat(value)
