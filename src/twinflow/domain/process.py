"""A process definition: what may happen to an agreement, who may do it and by when. Frozen values, read from a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from twinflow.domain.calendars import Roll
from twinflow.domain.dates import Length
from twinflow.errors import Message, NotFound

Label = Mapping[str, str]

CLOCK = "clock"
"""The role of the system when a date itself takes a step."""

LIAISON = "liaison"
"""The role that every process has: it gets the notices of its agreements."""


class Nature(StrEnum):
    """What stands behind a deadline. Only the first two may be called overdue in law."""

    LEGAL = "legal"
    CONTRACTUAL = "contractual"
    TARGET = "target"


class Effect(StrEnum):
    """Named changes that a step makes beyond the state."""

    START_TERM = "start_term"
    RENEW_TERM = "renew_term"
    END_TERM = "end_term"


@dataclass(frozen=True, slots=True)
class TermRule:
    """What a process says of one term of the text: a default where the text is silent, a bound, and the source of both."""

    label: Label
    default: Length | None = None
    at_most: Length | None = None
    source: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role and the kind of office it is held in (`municipality`, `ministry`, ...)."""

    key: str
    office: str
    label: Label


@dataclass(frozen=True, slots=True)
class State:
    """A state: its stage on pages and who is waited for.

    `signed` says that every party's signature is on the text; `final` that nothing more happens.
    """

    key: str
    label: Label
    stage: str
    waits_for: str | None = None
    signed: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """A named condition of a step, with its arguments; `domain.requirements` knows what each name means."""

    name: str
    fact: str | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a step leads; `when` names the condition (None: always). The first that holds is taken."""

    state: str
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A notice that a step sends: its name in `notifications/`, the roles that get it, and whether it may not wait."""

    notice: str
    to: tuple[str, ...]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Something a person or the clock does.

    `records` names the facts that have to be given with it, `day_as` the fact that the day of the act itself makes.
    """

    key: str
    label: Label
    sources: frozenset[str]
    to: tuple[Destination, ...]
    by: frozenset[str]
    records: tuple[str, ...] = ()
    day_as: str | None = None
    per_party: str | None = None
    effect: Effect | None = None
    requires: tuple[Requirement, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    source: Label = field(default_factory=dict)


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Level:
    """One rung of a deadline's ladder of warnings. `length` None: on the day. `repeats`: every `length` after the last."""

    length: Length | None = None
    side: Side = Side.AFTER
    repeats: bool = False
    to: str | None = None

    @property
    def key(self) -> str:
        if self.length is None:
            return "on the day"
        return f"every {self.length}" if self.repeats else f"{self.length} {self.side}"

    @property
    def is_early(self) -> bool:
        return self.length is None or self.side is Side.BEFORE


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a deadline is counted from: a step, a fact, or another deadline's due date. Exactly one is set."""

    step: str | None = None
    fact: str | None = None
    deadline: str | None = None


@dataclass(frozen=True, slots=True)
class ChildState:
    """A state that a child process has to reach."""

    process: str
    state: str


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """How one deadline is counted, met, warned of, and what passes when it lapses.

    `length` is fixed, or None where the text decides (`term` names the term). `side` BEFORE counts backward.
    `recurs`: every length again, counted
    from the anchor, up to the due date of the deadline `until`. `duty` False: the last day of a right, nobody is late when it
    passes unused.
    """

    key: str
    label: Label
    anchor: Anchor
    nature: Nature
    length: Length | None = None
    term: str | None = None
    side: Side = Side.AFTER
    recurs: bool = False
    until: str | None = None
    roll: Roll = Roll.FOLLOWING
    late: str | None = None
    duty: bool = True
    met_by_steps: frozenset[str] = frozenset()
    met_by_children: frozenset[ChildState] = frozenset()
    paused_in: frozenset[str] = frozenset()
    warn: tuple[Level, ...] = ()
    escalate: tuple[Level, ...] = ()
    on_lapse: str | None = None
    source: Label = field(default_factory=dict)
    note: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ProcessDefinition:
    """One version of a process. `digest` identifies its content: an agreement stays on the content it was opened with.

    Equal and hashed by digest.
    """

    key: str
    version: int
    kind: str
    label: Label
    in_force_from: date
    in_force_to: date | None
    time_zone: str
    calendars: tuple[str, ...]
    law: tuple[str, ...]
    start: str
    stages: Mapping[str, Label]
    facts: Mapping[str, Label]
    terms: Mapping[str, TermRule]
    roles: Mapping[str, Role]
    states: Mapping[str, State]
    steps: Mapping[str, Step]
    deadlines: Mapping[str, DeadlineRule]
    children: tuple[str, ...]
    digest: str
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProcessDefinition) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def name(self) -> str:
        return f"{self.key} v{self.version}"

    def reachable_from(self, state: str) -> frozenset[str]:
        """The state itself, and every one that steps can lead to from it."""
        seen, todo = {state}, [state]
        while todo:
            here = todo.pop()
            onward = {d.state for step in self.steps.values() if here in step.sources for d in step.to} - seen
            seen |= onward
            todo += onward
        return frozenset(seen)

    def step(self, key: str) -> Step:
        try:
            return self.steps[key]
        except KeyError:
            raise NotFound(
                "{process} has no step {step}; it has {steps}.", process=self.name, step=key, steps=sorted(self.steps)
            ) from None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every version of every process."""

    definitions: Mapping[tuple[str, int], ProcessDefinition]

    def version(self, key: str, version: int) -> ProcessDefinition:
        try:
            return self.definitions[key, version]
        except KeyError:
            raise NotFound("There is no process {process} version {version}.", process=key, version=version) from None

    def versions(self, key: str) -> list[ProcessDefinition]:
        """All versions of one process, oldest first. Raises NotFound for an unknown process."""
        found = sorted((d for d in self if d.key == key), key=lambda d: d.version)
        if not found:
            raise NotFound(
                "There is no process {process}; there are {known}.", process=key, known=sorted({d.key for d in self})
            )
        return found

    def in_force_on(self, key: str, day: date) -> ProcessDefinition:
        """The version in force on `day`. Raises NotFound where there is none."""
        for definition in reversed(self.versions(key)):
            if definition.in_force_from <= day and (definition.in_force_to is None or day <= definition.in_force_to):
                return definition
        raise NotFound("No version of {process} was in force on {day}.", process=key, day=day)

    def __iter__(self) -> Iterator[ProcessDefinition]:
        return iter(self.definitions.values())


def level_message(level: Level) -> Message:
    """A level in words, for people."""
    if level.length is None:
        return Message("on the day")
    if level.repeats:
        return Message("then every {length}", {"length": level.length.message})
    values = {"length": level.length.message}
    return Message("{length} before", values) if level.side is Side.BEFORE else Message("{length} after", values)
