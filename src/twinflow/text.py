"""What a text that people write may hold, and how it is shown among other text. The same for every door.

`composed` and `problems_of_text` are asked before anything is kept; `harmless` and what follows before anything is shown, since
books may hold what was taken before there were such rules.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar, cast
from unicodedata import category, combining, normalize

from twinflow.errors import BadInput
from twinflow.sentences import Problem, Sentence

LONGEST = {
    "reference": 100,
    "relationship": 100,
    "parent": 100,
    "name": 200,
    "party": 200,
    "place": 200,
    "capacity": 200,
    "title": 300,
    "paper": 300,
    "reason": 4000,
    "note": 4000,
    "text": 4000,
    "draft": 400_000,
}
"""How many characters a text may have, by the name of its field."""
ELSEWHERE = 1000
"""How many where the name of the field says nothing."""
SEVERAL_LINES = {"draft", "note", "origin", "reason", "source", "text"}
"""Fields whose text may go over several lines."""
MARKS_IN_A_ROW = 6
"""How many accents, vowel signs and the like may stand on one letter; no writing needs more."""
MANY_SHOWN = 120
"""How many characters of a title are shown where many are."""
MANY_TOLD = 200
"""How many of a text that is repeated to whom it is refused."""

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
_NO_CHARACTERS = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0, 0x11_0000, 0x1_0000)
)
UNSEEN = re.compile(f"[{_UNSEEN}]")
"""What is not seen and changes what is: marks and overrides of direction (UAX 9, section 2), and whatever else is to be ignored
where it is not known (Default_Ignorable_Code_Point, UAX 44), invisible letters and choices between forms of a letter among them.
The joiners U+200C and U+200D stay: Persian, the scripts of India and emoji need them."""
BLANK = re.compile(f"[\\s\u200c\u200d\u2800{_UNSEEN}]*")
"""Of which nothing is seen."""
CONTROLS = re.compile(f"[{_CONTROLS}]")
"""Control characters, and everything that some program takes for the end of a line."""
NO_CHARACTERS = re.compile(f"[{_NO_CHARACTERS}]")
"""Halves of characters, and what Unicode keeps free for ever: neither mail nor a database nor XML can carry them."""
HARMFUL = re.compile(f"[{_UNSEEN}{_CONTROLS}{_NO_CHARACTERS}]")

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")
"""Letters of Hebrew, Arabic and the other scripts that run from right to left (UAX 9, table 4)."""
JOINERS = "\u200c\u200d"
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"

Value = TypeVar("Value")


def composed(value: Value) -> Value:
    """A text, or every text in a frozen value: with its accents in one piece (NFC), and nothing unseen.

    One of which nothing would be left stays, so that it is refused and not taken for one that was left out.
    """
    return cast("Value", _composed(value))


def _composed(value: object) -> object:
    match value:
        case Enum():
            return value
        case str():
            return value if value.isascii() or BLANK.fullmatch(value) else normalize("NFC", UNSEEN.sub("", value))
        case tuple() | list():
            return type(value)(map(_composed, value))
        case Mapping():
            return {_composed(key): _composed(each) for key, each in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            held = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
            changed = {name: new for name, each in held.items() if (new := _composed(each)) != each}
            return replace(value, **changed) if changed else value
        case _:
            return value


def problems_of_text(value: object, place: str = "", field: str = "") -> Iterator[Problem]:
    """What is wrong with the texts of a frozen value, each at its path: `title`, `parties[2].name`, `terms.validity.source`."""
    match value:
        case Enum():
            return
        case str():
            mistake = mistake_in_text(value, field)
            if mistake is not None:
                yield Problem(place, mistake)
        case tuple() | list():
            for number, each in enumerate(value, start=1):
                yield from problems_of_text(each, f"{place}[{number}]", field)
        case Mapping():
            for key, each in value.items():
                yield from problems_of_text(str(key), place, "name")
                yield from problems_of_text(each, f"{place}.{key}", field)
        case _ if is_dataclass(value):
            for each in fields(value):
                inner = f"{place}.{each.name}" if place else each.name
                yield from problems_of_text(getattr(value, each.name), inner, each.name)


def mistake_in_text(text: str, field: str = "") -> Sentence | None:
    """Why a text cannot be kept, if it cannot."""
    if text.isascii() and text.isprintable() and not text.isspace() and len(text) <= min(LONGEST.values()):
        return None
    found = control_in(text, several_lines=field in SEVERAL_LINES)
    if found and NO_CHARACTERS.match(found):
        return Sentence("it holds {code}, which is no character; type it again.", {"code": f"U+{ord(found):04X}"})
    if found:
        return Sentence("it holds a control character ({code}); type it again.", {"code": f"U+{ord(found):04X}"})
    if text and BLANK.fullmatch(text) and (text.strip() or field not in SEVERAL_LINES):  # who needs a reason says so
        return Sentence("nothing of it can be seen; write it again.")
    if _marks_in_a_row(text) > MARKS_IN_A_ROW:
        return Sentence("more than {most} accents stand on one letter; type it again.", {"most": MARKS_IN_A_ROW})
    most = LONGEST.get(field, ELSEWHERE)
    if len(text) > most:
        return Sentence("it has {found} characters; at most {most} are kept.", {"found": len(text), "most": most})
    return None


def _marks_in_a_row(text: str) -> int:
    """The most signs without a width of their own that stand on one letter; joiners between them part nothing."""
    most = found = 0
    for sign in text:
        if category(sign) in {"Mn", "Me"}:
            found += 1
        elif sign not in JOINERS:
            found = 0
        most = max(most, found)
    return most


def control_in(text: str, *, several_lines: bool) -> str | None:
    """The first sign in it that no text has, if any; one on several lines has their ends, and tabs."""
    plain = re.sub(r"\r?\n|\t", "", text) if several_lines else text
    found = CONTROLS.search(plain) or NO_CHARACTERS.search(plain)
    return found[0] if found else None


def checked(value: Value, field: str = "") -> Value:
    """What somebody asks for, as it may be kept. Raises BadInput with everything that is wrong with its texts."""
    clean = composed(value)
    problems = tuple(problems_of_text(clean, field, field))
    if problems:
        raise BadInput("What was written cannot be kept; nothing was done.", problems)
    return clean


def can_be_kept(text: str) -> bool:
    """Whether a database could hold the text at all, so that looking for it makes sense."""
    return "\x00" not in text and NO_CHARACTERS.search(text) is None


def harmless(text: str) -> str:
    """A text in one line, without anything that does something to a terminal, a header or the text beside it.

    Scripts that run from right to left keep doing so: their letters say it. Only marks that turn other text around are gone.
    """
    if text.isprintable():
        return text
    return NO_CHARACTERS.sub("\ufffd", UNSEEN.sub("", re.sub(f"[{_CONTROLS}]+", " ", text)))


def harmless_lines(text: str) -> str:
    """The same on as many lines as the text has."""
    return text if text.isprintable() else "\n".join(map(harmless, text.splitlines()))


def isolated(text: str) -> str:
    """A harmless text, kept from turning what stands beside it, where its letters could (UAX 9, section 2.4)."""
    return f"{ISOLATE}{text}{END_OF_ISOLATE}" if RIGHT_TO_LEFT.search(text) else text


def shortened(text: str, most: int = MANY_SHOWN) -> str:
    """A text of at most so many characters, in one line; accents stay with their letters."""
    if len(text) <= most:
        return text
    end = most - 1
    while end and combining(text[end]):
        end -= 1
    return f"{text[:end].rstrip()}…"


def brief(value: Value) -> Value:
    """A sentence, or sentences, in which no text is longer than it takes to know which one is meant."""
    return cast("Value", _brief(value))


def _brief(value: object) -> object:
    match value:
        case Sentence():
            return Sentence(value.template, {name: _brief(inner) for name, inner in value.values.items()})
        case str():
            return shortened(value, MANY_TOLD)
        case list() | tuple():
            return [_brief(each) for each in value]
        case _:
            return value
