"""What a message says before it is put into words: plain values, chosen and localised for one reader."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One thing told: the notice that has the words, and the values for them."""

    notice: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """What is told about one agreement."""

    reference: str
    title: str
    items: tuple[LetterItem, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one person, in their language."""

    name: str
    mail: str
    language: str
    roles: tuple[str, ...]
    groups: tuple[LetterGroup, ...]

    @property
    def items(self) -> list[LetterItem]:
        return [item for group in self.groups for item in group.items]
