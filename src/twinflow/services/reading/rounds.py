"""The rounds of an agreement as pages, mail and the command line show them. Sentences are left for the door to translate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import DraftSubmitted, InternalNote, ObservationAct, StepTaken
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.rounds import (
    Consultation,
    Mark,
    Observation,
    Round,
    Rounds,
    Standing,
    changes_between,
    rounds_of,
)
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.people.visibility import decides
from twinflow.domain.process.definition import Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.made_possible import changes_behind, decisions_of
from twinflow.sentences import Sentence
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork

Behind = Mapping[int, tuple[Sentence, ...]]
STANDING: Mapping[Standing, Sentence] = {
    Standing.OPEN: Sentence("open"),
    Standing.ANSWERED: Sentence("answered"),
    Standing.CLOSED: Sentence("closed"),
    Standing.REOPENED: Sentence("reopened"),
}


@dataclass(frozen=True, slots=True)
class ObservationLine:
    """An observation with how it stands, in words; `said` is what was said of it since."""

    number: int
    article: str
    text: str
    standing: Sentence
    heading: Sentence
    said: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round in words. `changes` has the draft's lines, marked where they differ from those of the round before; `internal`
    stays with the office that decides, and is among what is `said` only for who may see it.
    """

    round: str
    label: Label
    number: int
    opened_on: date
    ended_on: date | None
    decision: Label | None
    heading: Sentence
    said: tuple[Sentence, ...]
    observations: tuple[ObservationLine, ...]
    changes: tuple[tuple[Mark, str], ...]


def show_rounds(
    engine: Engine, rulebook: Rulebook, people: People, reference: str, *, viewer: Viewer
) -> list[RoundLine]:
    """The rounds of an agreement, oldest first. Raises NotFound, UnreadableAgreement."""
    with about(reference), UnitOfWork(engine, reading=True) as work:
        agreement = work.agreements.get_for(viewer, reference)
        definition = rulebook.definition_of(agreement)
        behind = changed_behind(work, people, agreement, definition)
        return round_lines(agreement, definition, behind, internal=decides(viewer, agreement.office, definition))


def changed_behind(work: UnitOfWork, people: People, agreement: Agreement, definition: ProcessDefinition) -> Behind:
    """What was changed about people behind each decision, by its place in the history."""
    if not decisions_of(agreement.history, definition):
        return {}
    return changes_behind(agreement, definition, work.people.history(), partial(people.today, agreement.office))


def round_lines(
    agreement: Agreement, definition: ProcessDefinition, behind: Behind, *, internal: bool = True
) -> list[RoundLine]:
    """The rounds in words; `internal`: with what stays with the office that decides. `behind` is as of `changed_behind`."""
    rounds = rounds_of(agreement.history, definition)
    by_entry = {id(agreement.history[place]): said for place, said in behind.items()}
    found = []
    for rule in definition.rounds.values():
        own = rounds.of(rule.key)
        for before, this in pairwise([None, *own]):
            assert this is not None
            line = _line(rounds, before, this, definition, internal=internal)
            found.append(replace(line, said=(*line.said, *by_entry.get(id(this.ended), ()))))
    return sorted(found, key=lambda line: line.opened_on)


def _line(
    rounds: Rounds, before: Round | None, this: Round, definition: ProcessDefinition, *, internal: bool
) -> RoundLine:
    rule = definition.rounds[this.rule]
    decision = definition.steps[this.ended.step or ""].label if this.ended is not None else None
    values: dict[str, object] = {"label": rule.label, "number": this.number, "day": this.opened.effective_on}
    heading = Sentence("{label}, round {number}, opened {day}", values)
    if decision is not None and this.ended is not None:
        values |= {"decision": decision, "ended": this.ended.effective_on}
        heading = Sentence("{label}, round {number}, opened {day}; {ended}: {decision}", values)
    old, new = (_text(each) for each in (before, this))
    said = [*_draft(before, this, definition), *_decision(this, definition)]
    if internal:
        said += [*_consultations(rounds.asked_in(this), definition), *_notes(this)]
    shown = [each for number in this.observations if (each := rounds.observations.get(number)) is not None]
    if not internal and this.ended is None:
        shown = []
    return RoundLine(
        this.rule,
        rule.label,
        this.number,
        this.opened.effective_on,
        this.ended.effective_on if this.ended is not None else None,
        decision,
        heading,
        tuple(said),
        tuple(map(observation_line, shown)),
        tuple(changes_between(old, new)) if old and new and old != new else (),
    )


def _text(this: Round | None) -> str:
    said = DraftSubmitted.read(this.draft) if this is not None and this.draft is not None else None
    return said.text if said is not None else ""


def _draft(before: Round | None, this: Round, definition: ProcessDefinition) -> Iterator[Sentence]:
    """What the round is about, and what is new since the one before."""
    said = DraftSubmitted.read(this.draft) if this.draft is not None else None
    if said is not None and this.draft is not None:
        values: dict[str, object] = {"day": this.draft.effective_on, "digest": said.digest[:12], "paper": said.paper}
        if before is not None and before.draft is this.draft:
            yield Sentence("Draft: that of the round before, of {day}", values)
        elif said.paper:
            yield Sentence("Draft of {day}: {paper}", values)
        else:
            yield Sentence("Draft of {day} (SHA-256 {digest}…)", values)
        yield from _draft_before(before, this.draft)
    for name, mark in this.papers.items():
        earlier = before.papers.get(name) if before is not None else None
        values = {"paper": definition.papers[name].label, "mark": mark, "before": earlier}
        if earlier is not None and earlier != mark:
            yield Sentence("{paper}: {mark}, in the round before {before}", values)
        else:
            yield Sentence("{paper}: {mark}", values)
    for name, text in this.checklists.items():
        items = definition.checklists[name].items
        values = {"checklist": definition.checklists[name].label}
        yield Sentence(
            "{checklist}: in order: {items}",
            {**values, "items": [items[key] for key in text.split(",") if key in items] or "–"},
        )


def _draft_before(before: Round | None, draft: HistoryEntry) -> Iterator[Sentence]:
    """Which draft the round before was about, where it was another one."""
    said = DraftSubmitted.read(before.draft) if before is not None and before.draft not in (None, draft) else None
    if said is None or before is None or before.draft is None:
        return
    values = {"day": before.draft.effective_on, "digest": said.digest[:12], "paper": said.paper}
    if said.paper:
        yield Sentence("In the round before: draft of {day}: {paper}", values)
    else:
        yield Sentence("In the round before: draft of {day} (SHA-256 {digest}…)", values)


def _decision(this: Round, definition: ProcessDefinition) -> Iterator[Sentence]:
    said = StepTaken.read(this.ended) if this.ended is not None else None
    if said is None:
        return
    for name, text in said.records.items():
        if name not in definition.checklists:
            yield Sentence("{name}: {value}", {"name": definition.records.get(name, name), "value": text})
    if said.reason:
        yield Sentence("Reasons: {reason}", {"reason": said.reason})


def _consultations(asked: Sequence[Consultation], definition: ProcessDefinition) -> Iterator[Sentence]:
    for each in asked:
        values: dict[str, object] = {
            "number": each.number,
            "role": definition.roles[each.asked.role].label,
            "text": each.asked.text,
            "due": each.asked.due_on or "–",
        }
        if each.given is None or each.given_in is None:
            yield Sentence("Internal: consultation {number} of {role}, up to {due}, no answer yet: {text}", values)
        else:
            values |= {"answer": each.given.text, "day": each.given_in.effective_on}
            yield Sentence("Internal: consultation {number} of {role}: {text}; answered {day}: {answer}", values)


def _notes(this: Round) -> Iterator[Sentence]:
    for entry in this.notes:
        said = InternalNote.read(entry)
        if said is not None:
            yield Sentence("Internal: note of {person}: {text}", {"person": entry.actor, "text": said.text})


def how_to_answer(reference: str, number: int) -> Sentence:
    """How a unit that was consulted gives its answer."""
    values: dict[str, object] = {"reference": reference, "number": number}
    return Sentence("twinflow rounds give {reference} {number} --text TEXT --as PERSON", values)


def observation_line(each: Observation) -> ObservationLine:
    """An observation in words."""
    values: dict[str, object] = {"number": each.number, "article": each.article, "text": each.text}
    values["standing"] = STANDING[each.standing]
    heading = Sentence("Observation {number} ({standing}), {article}: {text}", values)
    return ObservationLine(
        each.number, each.article, each.text, STANDING[each.standing], heading, tuple(_said_since(each))
    )


def _said_since(each: Observation) -> Iterator[Sentence]:
    for entry, said in each.entries[1:]:
        values: dict[str, object] = {"day": entry.effective_on, "person": entry.actor, "text": said.text}
        match said.act:
            case ObservationAct.ANSWERED:
                yield Sentence("answered {day} by {person}: {text}", values)
            case ObservationAct.REOPENED:
                yield Sentence("reopened {day} by {person}: {text}", values)
            case ObservationAct.CLOSED if said.text:
                yield Sentence("closed {day} by {person}: {text}", values)
            case _:
                yield Sentence("closed {day} by {person}", values)
