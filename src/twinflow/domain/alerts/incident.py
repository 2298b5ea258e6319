"""What runs by itself and could not do something says so until it can, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinflow.sentences import Sentence


class Part(StrEnum):
    """What finds incidents, each time all of its own: what it does not find any more has ended."""

    FILES = "files"
    SWEEP = "sweep"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that could not be done, or is damaged. `key` is the same for as long as it is the same thing.

    `reference` is that of the agreement it is about, if it is about one.
    """

    key: str
    sentence: Sentence
    reference: str = ""

    def __str__(self) -> str:
        return str(self.sentence)


@dataclass(frozen=True, slots=True)
class Incident:
    """A trouble as the books keep it: since when, and when it was seen last. Times are UTC."""

    part: Part
    key: str
    reference: str
    sentence: Sentence
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class LastPass:
    """When a part of a pass ended last (UTC), and whether it had failed as a whole."""

    at: datetime
    failed: bool
