"""What is different between two process definitions, in words: what was added, removed, and changed from what to what.

Things are known by their key: what has another key is another thing. Key and version of the process itself are not compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from twinflow.domain.process.contents import Place, Table, Thing, things
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.sentences import Sentence


class Difference(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `key` is the thing's place, like `sign` or `sign: all_signed`; `what` is the thing in words.

    `aspect`, `before` and `after` are those of a thing that is changed, `came` and `gone` what of them is in one alone where they
    are several; `details` say what a thing added or removed is like.
    """

    difference: Difference
    table: Table
    key: str
    what: Sentence
    aspect: Sentence | None = None
    before: object = None
    after: object = None
    came: tuple[object, ...] = ()
    gone: tuple[object, ...] = ()
    details: tuple[Sentence, ...] = ()

    @property
    def message(self) -> Sentence:
        """The difference as a sentence."""
        values: dict[str, object] = {"what": self.what, "aspect": self.aspect}
        values |= {"before": self.before, "after": self.after, "came": self.came, "gone": self.gone}
        match self.difference:
            case Difference.ADDED:
                return Sentence("Added: {what}", values)
            case Difference.REMOVED:
                return Sentence("Removed: {what}", values)
            case Difference.CHANGED if self.came and self.gone:
                return Sentence("Changed: {what}: {aspect}: now {came}, no longer {gone}", values)
            case Difference.CHANGED if self.came:
                return Sentence("Changed: {what}: {aspect}: now also {came}", values)
            case Difference.CHANGED if self.gone:
                return Sentence("Changed: {what}: {aspect}: no longer {gone}", values)
            case Difference.CHANGED:
                return Sentence("Changed: {what}: {aspect}: from {before} to {after}", values)


def compare(before: ProcessDefinition, after: ProcessDefinition) -> tuple[Change, ...]:
    """Every difference, by the order of the tables; none where the two say the same."""
    changes = _changes(
        {thing.place: thing for thing in things(before)}, {thing.place: thing for thing in things(after)}
    )
    order = list(Table)
    return tuple(sorted(changes, key=lambda change: order.index(change.table)))


def _changes(old: Mapping[Place, Thing], new: Mapping[Place, Thing]) -> Iterator[Change]:
    """A part of a thing that came or went as a whole is not told apart from it."""
    for place in [*old, *(place for place in new if place not in old)]:
        was, now = old.get(place), new.get(place)
        if was is not None and now is not None:
            yield from _changed(was, now)
        elif was is not None and (was.within is None or was.within in new):
            yield Change(Difference.REMOVED, was.table, was.key, was.what, details=was.details)
        elif now is not None and (now.within is None or now.within in old):
            yield Change(Difference.ADDED, now.table, now.key, now.what, details=now.details)


def _changed(was: Thing, now: Thing) -> Iterator[Change]:
    for old, new in zip(was.aspects, now.aspects, strict=True):
        if old.value != new.value:
            yield Change(
                difference=Difference.CHANGED,
                table=now.table,
                key=now.key,
                what=now.what,
                aspect=new.name,
                before=old.words,
                after=new.words,
                came=tuple(words for key, words in new.parts.items() if key not in old.parts),
                gone=tuple(words for key, words in old.parts.items() if key not in new.parts),
            )
