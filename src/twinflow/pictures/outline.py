"""The picture of a process in words: what stands beside it for whoever does not see it."""

from collections.abc import Iterator
from dataclasses import dataclass

from twinflow.domain.process.definition import Label, ProcessDefinition, State
from twinflow.pictures.diagram import (
    Course,
    Edge,
    Say,
    date_words,
    edges,
    passage_words,
    present_words,
    step_words,
    waits_words,
)
from twinflow.sentences import Sentence
from twinflow.text import harmless


@dataclass(frozen=True, slots=True)
class Way:
    """A step that leaves a state, and where it leads."""

    words: Sentence
    destination: Label


@dataclass(frozen=True, slots=True)
class Place:
    """A state with what is to be said of it, and the ways on."""

    state: State
    remarks: tuple[Sentence, ...]
    ways: tuple[Way, ...]


def places_by_stage(process: ProcessDefinition, course: Course | None = None) -> list[tuple[Label, tuple[Place, ...]]]:
    """The states of each stage that has any, in the order of the file."""
    ways: dict[str, list[Edge]] = {key: [] for key in process.states}
    for edge in edges(process):
        ways[edge.source].append(edge)
    found = []
    for stage, label in process.stages.items():
        places = tuple(
            Place(
                state,
                tuple(_remarks(state, process, course)),
                tuple(Way(step_words(e, process), process.states[e.destination].label) for e in ways[state.key]),
            )
            for state in process.states.values()
            if state.stage == stage
        )
        if places:
            found.append((label, places))
    return found


def path(course: Course) -> list[Sentence]:
    """The path taken, one message for each passage, in order."""
    return [
        Sentence(
            "{passage}: {step} → {state}",
            {
                "passage": passage_words(passage),
                "step": passage.step_label,
                "state": passage.destination_label,
            },
        )
        for passage in course.passages
    ]


def outline(process: ProcessDefinition, say: Say, course: Course | None = None) -> list[str]:
    """The picture as indented lines."""
    lines = [f"{say(process.label)} ({process.name})"]
    if course is not None:
        lines += ["", *_course_lines(process, say, course)]
    for stage, places in places_by_stage(process, course):
        lines += ["", say(Sentence("Stage: {stage}", {"stage": stage}))]
        for place in places:
            remarks = "; ".join(say(remark) for remark in place.remarks)
            lines.append(f"  {say(place.state.label)}" + (f" ({remarks})" if remarks else ""))
            lines += [f"    - {say(way.words)} → {say(way.destination)}" for way in place.ways]
    return lines


def _course_lines(process: ProcessDefinition, say: Say, course: Course) -> Iterator[str]:
    yield f"{course.reference} · {harmless(course.title)}"
    yield f"{say(present_words(course))}: {say(process.states[course.state].label)}"
    yield ""
    yield say(Sentence("Path taken:"))
    yield from (f"  {say(message)}" for message in path(course))
    if not course.passages:
        yield "  " + say(Sentence("no step taken yet"))
    yield ""
    yield say(Sentence("Dates ahead:"))
    yield from (f"  {say(date_words(ahead))}" for ahead in course.ahead)
    if not course.ahead:
        yield "  " + say(Sentence("none"))


def _remarks(state: State, process: ProcessDefinition, course: Course | None) -> Iterator[Sentence]:
    if course is not None and course.state == state.key:
        yield present_words(course)
    if state.key == process.start:
        yield Sentence("the start")
    if state.phase is not None:
        yield Sentence("phase: {phase}", {"phase": process.phases[state.phase]})
    if state.final:
        yield Sentence("an end")
    elif state.waits_for is not None:
        yield waits_words(state.waits_for, process)
