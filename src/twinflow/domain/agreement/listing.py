"""What a list of agreements is asked for: what it is narrowed to, and where a page of it begins."""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Self

from twinflow.domain.agreement.agreement import REFERENCE
from twinflow.errors import BadInput

LONGEST_WORD = 64
"""Of a longer one the beginning counts: an index holds no words of any length."""
BARRED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
"""Letters whose sign is no accent that could be taken off them."""


class Due(StrEnum):
    """By when the next date comes."""

    PASSED = "passed"
    WEEK = "week"
    MONTH = "month"

    def last_day(self, today: date) -> date:
        days = {Due.PASSED: -1, Due.WEEK: 7, Due.MONTH: 30}
        return today + timedelta(days=days[self])


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; what is empty does not narrow it.

    Each of `words` begins a word of the reference, the title or a party's name, whatever the case and the accents.
    `country` is that of a party that is not our own side. `everything` adds earlier generations and programmes.
    """

    words: str = ""
    process: str = ""
    state: str = ""
    office: str = ""
    country: str = ""
    due: Due | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """The place of an agreement in a list: its next date (`date.max` where it has none), then its reference."""

    next_on: date
    reference: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadInput."""
        day, _, reference = text.partition("/")
        if re.fullmatch(REFERENCE, reference):
            with suppress(ValueError):
                return cls(date.fromisoformat(day), reference)
        raise BadInput("“{text}” is no place in a list; it is given by the page before.", text=text)

    def __str__(self) -> str:
        return f"{self.next_on.isoformat()}/{self.reference}"


def words_in(texts: Iterable[str]) -> frozenset[str]:
    """What an agreement is found by: words, and what is left of each after a sign in it (`MX/2026-3`, `2026-3`, `3`)."""
    words = [word for text in texts for word in plain_words(text)]
    parts = (word[part.start() :] for word in words for part in re.finditer(r"[^\W_]+", word))
    return frozenset(part[:LONGEST_WORD] for part in parts)


def words_asked(text: str) -> list[str]:
    """The words of a text as they are compared: without case, accents, and signs around them."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in plain_words(text)))


@lru_cache(maxsize=10_000)
def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text in their order, without case, accents, and signs around them."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    words = (
        re.sub(r"^[\W_]+|[\W_]+$", "", word)
        for word in re.split(r"[\s\x00-\x1f\ud800-\udfff]", plain.translate(BARRED))
    )
    return tuple(word for word in words if word)
