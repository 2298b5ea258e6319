"""How much of a process definition cases have exercised: its states, steps, deadlines, warning levels and notices."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from twinflow.domain.agreement.agreement import Agreement, DeadlineStatus
from twinflow.domain.agreement.entries import Alerted
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.subject import SubjectKind
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import ProcessDefinition


class Kind(StrEnum):
    STATE = "states"
    STEP = "steps"
    DEADLINE = "deadlines"
    LEVEL = "levels"
    NOTICE = "notices"


Element = tuple[Kind, str]
"""A part of a definition: a level is called `deadline: level`, a notice of a step `step: notice`."""


@dataclass(frozen=True, slots=True)
class Part:
    """How many parts of a kind there are, and which of them no case came by."""

    total: int
    missing: tuple[str, ...]

    @property
    def exercised(self) -> int:
        return self.total - len(self.missing)

    @property
    def per_cent(self) -> int:
        """Rounded down: 100 is all of them."""
        return 100 * self.exercised // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of one definition was exercised by how many cases."""

    process: str
    version: int
    cases: int
    parts: Mapping[Kind, Part]

    @property
    def name(self) -> str:
        return f"{self.process} v{self.version}"

    @property
    def missing(self) -> tuple[Element, ...]:
        return tuple((kind, name) for kind, part in self.parts.items() for name in part.missing)


def coverage_of(definition: ProcessDefinition, catalogue: Catalogue, agreements: Iterable[Agreement]) -> Coverage:
    """What the cases that run on this very definition have exercised of it, or, of an overlay, of what it adds or changes.

    Raises NotFound where the definition that an overlay rests on is not in the catalogue.
    """
    base = catalogue.version(*definition.extends) if definition.extends else None
    counted = list(_elements(definition, base))
    own = [a for a in agreements if (a.process, a.process_version) == (definition.key, definition.version)]
    seen = {element for agreement in own for element in _exercised(agreement)}
    parts = {}
    for kind in Kind:
        names = [name for of, name in counted if of is kind]
        parts[kind] = Part(len(names), tuple(name for name in names if (kind, name) not in seen))
    return Coverage(definition.key, definition.version, len(own), parts)


def _elements(definition: ProcessDefinition, base: ProcessDefinition | None) -> Iterator[Element]:
    """What counts: everything, or what differs from the definition that an overlay rests on."""
    states, steps, deadlines = (base.states, base.steps, base.deadlines) if base else ({}, {}, {})
    for key, state in definition.states.items():
        if state != states.get(key):
            yield Kind.STATE, key
    for key, step in definition.steps.items():
        before = steps.get(key)
        if step != before:
            yield Kind.STEP, key
        announced = {each.notice for each in before.announcements} if before else set()
        for notice in dict.fromkeys(each.notice for each in step.announcements):
            if notice not in announced:
                yield Kind.NOTICE, f"{key}: {notice}"
    for key, rule in definition.deadlines.items():
        old = deadlines.get(key)
        if rule != old:
            yield Kind.DEADLINE, key
        levels = {level.key for level in old.warn + old.escalate} if old else set()
        for level in dict.fromkeys(level.key for level in rule.warn + rule.escalate):
            if level not in levels:
                yield Kind.LEVEL, f"{key}: {level}"


def _exercised(agreement: Agreement) -> Iterator[Element]:
    """States it was in, steps taken, deadlines that had a date, levels and notices that were told to somebody."""
    for entry in agreement.history:
        if entry.to_state is not None:
            yield Kind.STATE, entry.to_state
        if entry.kind is EntryKind.STEP and entry.step is not None:
            yield Kind.STEP, entry.step
        told = Alerted.read(entry)
        if told is not None and not told.vacant:
            if told.subject.kind is SubjectKind.DEADLINE:
                level = replace(LevelKey.parse(told.level), number=None)
                yield Kind.LEVEL, f"{told.subject.name}: {level}"
            if told.subject.kind is SubjectKind.STEP:
                yield Kind.NOTICE, f"{told.subject.name}: {told.notice}"
    for deadline in agreement.deadlines:
        if deadline.due_on is not None or deadline.status is DeadlineStatus.PAUSED:
            yield Kind.DEADLINE, deadline.rule
