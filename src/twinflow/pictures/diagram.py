"""What a picture of a process shows: its edges, and the course of one agreement through them. And the picture as Mermaid text.

Whoever draws passes `say`, which puts messages, labels and dates into the reader's language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from twinflow.domain.process.definition import CLOCK, Label, ProcessDefinition
from twinflow.domain.process.in_words import condition_message
from twinflow.sentences import Sentence

Say = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state to a state: a step, and the condition under which it leads there (None: always)."""

    step: str
    source: str
    destination: str
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A step that was taken: when, from where to where, and for which party. `number` is its place in the order.

    It has its own words, since the version the agreement is on now may no longer have the step.
    """

    number: int
    step: str
    source: str
    destination: str
    step_label: Label
    destination_label: Label
    on: date
    party: str | None = None


@dataclass(frozen=True, slots=True)
class DateAhead:
    """An open deadline: its due date (None while it is paused), how it stands, and who is late when it passes (or nobody)."""

    label: Label
    due_on: date | None
    standing: Sentence
    late: Label


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one agreement: the path it took, where it is since when, and the dates ahead; the day it was annulled."""

    reference: str
    title: str
    passages: tuple[Passage, ...]
    state: str
    since: date
    ahead: tuple[DateAhead, ...]
    annulled_on: date | None = None

    def along(self, edge: Edge) -> Sequence[Passage]:
        """The passages over an edge."""
        return [
            passage
            for passage in self.passages
            if (passage.step, passage.source, passage.destination) == (edge.step, edge.source, edge.destination)
        ]

    @property
    def visited(self) -> frozenset[str]:
        ends = {state for passage in self.passages for state in (passage.source, passage.destination)}
        return frozenset(ends | {self.state})


def edges(process: ProcessDefinition) -> tuple[Edge, ...]:
    """Every edge, in the order of the file: of its steps, of the states they leave, of the states they lead to."""
    order = list(process.states)
    return tuple(
        Edge(step.key, source, destination.state, destination.when)
        for step in process.steps.values()
        for source in sorted(step.sources, key=order.index)
        for destination in step.to
    )


def step_words(edge: Edge, process: ProcessDefinition) -> Sentence:
    """The step of an edge, its condition, and whether the clock alone takes it."""
    step = process.steps[edge.step]
    values: dict[str, object] = {"step": step.label}
    if edge.when is not None:
        values["condition"] = condition_message(edge.when)
        return Sentence("{step} [{condition}]", values)
    return Sentence("{step} (by the clock)", values) if step.by == {CLOCK} else Sentence("{step}", values)


def present_words(course: Course) -> Sentence:
    if course.annulled_on is not None:
        return Sentence("Annulled on {day}; until then it was here", {"day": course.annulled_on})
    return Sentence("Present state, since {day}", {"day": course.since})


def waits_words(role: str, process: ProcessDefinition) -> Sentence:
    who = Sentence("the clock") if role == CLOCK else process.roles[role].label
    return Sentence("waits for: {role}", {"role": who})


def passage_words(passage: Passage) -> Sentence:
    """Its number on the path, its day and the party it was taken for."""
    values = {"number": passage.number, "day": passage.on, "party": passage.party or ""}
    return Sentence("{number}. {day} ({party})", values) if passage.party else Sentence("{number}. {day}", values)


def date_words(ahead: DateAhead) -> Sentence:
    """A date ahead in one line: the day with its weekday, what is due, how it stands, who acts."""
    values: dict[str, object] = {"day": ahead.due_on, "deadline": ahead.label, "standing": ahead.standing}
    if ahead.due_on is None:
        values["day"] = Sentence("no date while paused")
    if ahead.late:
        return Sentence("{day}: {deadline} ({standing}; {role})", {**values, "role": ahead.late})
    return Sentence("{day}: {deadline} ({standing})", values)


_RESERVED = frozenset(
    {"accdescr", "acctitle", "class", "classdef", "click", "default", "direction", "end", "fork", "hide"}
)
_RESERVED |= {"href", "join", "note", "scale", "state", "statediagram", "style"}
"""Words that Mermaid reads as its own."""


def mermaid(process: ProcessDefinition, say: Say, course: Course | None = None) -> str:
    """A `stateDiagram-v2` with every state and every edge, and the course of an agreement: thick lines, notes and days."""
    lines = ["stateDiagram-v2", f"    [*] --> {_name(process.start)}"]
    lines += [f"    {_name(key)} : {_text(say(state.label))}" for key, state in process.states.items()]
    for edge in edges(process):
        words = [say(step_words(edge, process))]
        words += [say(passage_words(passage)) for passage in course.along(edge)] if course else []
        lines.append(f"    {_name(edge.source)} --> {_name(edge.destination)} : {_text(' / '.join(words))}")
    lines += [f"    {_name(key)} --> [*]" for key, state in process.states.items() if state.final]
    if course is not None:
        lines += _course_lines(process, say, course)
    return "\n".join(lines)


def _course_lines(process: ProcessDefinition, say: Say, course: Course) -> list[str]:
    visited = [_name(key) for key in process.states if key in course.visited and key != course.state]
    notes = [say(present_words(course)), *(say(date_words(ahead)) for ahead in course.ahead)]
    return [
        "    classDef visited stroke-width:3px",
        "    classDef present stroke-width:5px,font-weight:bold",
        *([f"    class {','.join(visited)} visited"] if visited else []),
        f"    class {_name(course.state)} present",
        f"    note right of {_name(course.state)}",
        *(f"        {_text(note)}" for note in notes),
        "    end note",
    ]


def _name(state: str) -> str:
    """The state's key. Keys have no capital letters, so that the longer name is nobody's own."""
    return f"{state}_STATE" if state in _RESERVED else state


def _text(words: str) -> str:
    """The words on one line, where every sign that might mean something to Mermaid or HTML is written as its number."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return "".join(sign if sign.isalnum() or sign in " .,-–—()/“”’→[]" else f"#{ord(sign)};" for sign in line)
