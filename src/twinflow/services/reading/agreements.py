"""Agreements as lists and pages show them: frozen values. Labels and sentences are left for the door to translate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Claim, Party, PresentAgreement
from twinflow.domain.agreement.findings import findings
from twinflow.domain.people.people import People
from twinflow.domain.process import machine
from twinflow.domain.process.definition import CLOCK, Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.advance import reasons_against
from twinflow.domain.steps.requirements import missing_items
from twinflow.sentences import Sentence
from twinflow.services.reading.deadlines import DeadlineLine, deadlines_of, explanations_of
from twinflow.services.reading.explanations import Explanation
from twinflow.services.reading.history_in_words import ACTORS, entry_message, finding_message
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """An agreement in a list. `next_on` is the first due date that has not passed, or the one that passed longest ago.

    `passed` says of such a one how it stands; `overdue` whether anything is late by law or by the text.
    """

    reference: str
    title: str
    process: str
    state: str
    state_label: Label
    stage: Label
    in_force: bool
    next_on: date | None
    next_label: Label
    passed: Sentence | None
    overdue: bool
    missing: tuple[Sentence, ...]
    generation: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class FactLine:
    key: str
    label: Label
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """What the last look at a checklist found, and what it missed."""

    key: str
    label: Label
    found: tuple[Label, ...]
    missing: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class TermLine:
    key: str
    label: Label
    readings: tuple[Sentence, ...]
    contradictory: bool
    source: Label | str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A history entry in words. `late` when it was recorded on a later day than it had effect."""

    kind: str
    effective_on: date
    recorded_at: datetime
    recorded_on: date
    actor: str | Sentence
    text: Sentence

    @property
    def late(self) -> bool:
        return self.recorded_on != self.effective_on


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the process: whether the person may take it now, and if not, everything that stands in the way."""

    key: str
    label: Label
    reasons: tuple[Sentence, ...]
    records: tuple[str, ...]
    per_party: bool
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class AgreementPage:
    line: AgreementLine
    today: date
    process_label: Label
    process_version: int
    version: int
    origin: str
    note: str
    parties: tuple[Party, ...]
    facts: tuple[FactLine, ...]
    checklists: tuple[ChecklistLine, ...]
    terms: tuple[TermLine, ...]
    deadlines: tuple[DeadlineLine, ...]
    explanations: tuple[Explanation, ...]
    timeline: tuple[EntryLine, ...]
    next_steps: tuple[tuple[str, Label], ...]
    waits_for: Label
    generations: tuple[AgreementLine, ...]
    children: tuple[AgreementLine, ...]
    parent: str | None


def list_agreements(
    engine: Engine, rulebook: Rulebook, people: People, now: datetime, *, everything: bool = False
) -> list[AgreementLine]:
    """One line a relationship, its latest generation, the next date first.

    `everything` adds earlier generations and programmes.
    """
    with UnitOfWork(engine, reading=True) as work:
        agreements = work.agreements.present(work.agreements.all_ids())
    latest = {a.relationship: a.generation for a in sorted(agreements, key=lambda a: a.generation)}
    shown = [a for a in agreements if everything or (a.parent is None and latest[a.relationship] == a.generation)]
    lines = [_line(rulebook, people, agreement, now) for agreement in shown]
    return sorted(lines, key=lambda line: (line.next_on or date.max, line.reference))


def list_references(engine: Engine) -> list[str]:
    """The reference of every agreement, programme and earlier generation."""
    with UnitOfWork(engine, reading=True) as work:
        return work.agreements.references()


def show_agreement(engine: Engine, rulebook: Rulebook, people: People, reference: str, now: datetime) -> AgreementPage:
    """Everything about one agreement. Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        agreement = work.agreements.get(reference)
        related = work.agreements.present(work.agreements.ids_of_relationship(agreement.relationship))
        children = work.agreements.present([work.agreements.id_of(child.reference) for child in agreement.children])
    definition = rulebook.definition_of(agreement)
    state = definition.states[agreement.state]
    roles = definition.roles
    return AgreementPage(
        line=_line(rulebook, people, agreement, now),
        today=people.today(agreement.office, now),
        process_label=definition.label,
        process_version=definition.version,
        version=agreement.version,
        origin=agreement.origin,
        note=agreement.note,
        parties=agreement.parties,
        facts=tuple(
            FactLine(key, definition.records.get(key, {"en": key, "es": key}), claims)
            for key, claims in agreement.facts.items()
            if key not in definition.checklists
        ),
        checklists=tuple(_checklists(agreement, definition)),
        terms=tuple(_terms(agreement, definition)),
        deadlines=tuple(deadlines_of(rulebook, people, agreement, now, agreement.history, agreement.history)),
        explanations=tuple(explanations_of(rulebook, people, agreement, now)),
        timeline=tuple(_timeline(rulebook, people, agreement)),
        next_steps=tuple(
            (key, definition.steps[key].label)
            for key in machine.steps_from(definition, agreement.state)
            if definition.steps[key].by != {CLOCK}
        ),
        waits_for=roles[state.waits_for].label if state.waits_for and state.waits_for in roles else {},
        generations=tuple(_line(rulebook, people, other, now) for other in related if other.reference != reference),
        children=tuple(_line(rulebook, people, child, now) for child in children),
        parent=agreement.parent,
    )


def _checklists(agreement: PresentAgreement, definition: ProcessDefinition) -> Iterator[ChecklistLine]:
    for key, checklist in definition.checklists.items():
        value = agreement.fact(key)
        if value is not None:
            missing = missing_items(checklist, value)
            found = tuple(label for label in checklist.items.values() if label not in missing)
            yield ChecklistLine(key, checklist.label, found, tuple(missing))


def list_steps(
    engine: Engine, rulebook: Rulebook, people: People, reference: str, person: str, now: datetime
) -> list[StepLine]:
    """The steps that leave the present state, as this person would meet them today. Raises NotFound."""
    who = people.person(person)
    with UnitOfWork(engine, reading=True) as work:
        agreement = work.agreements.get(reference)
    definition = rulebook.definition_of(agreement)
    today = people.today(agreement.office, now)
    actor = people.actor(who, definition, agreement.office, today)
    return [
        StepLine(
            key,
            definition.steps[key].label,
            tuple(reasons_against(agreement, definition, definition.steps[key], actor, today)),
            definition.steps[key].records,
            definition.steps[key].per_party is not None,
            definition.steps[key].needs_reason,
        )
        for key in machine.steps_from(definition, agreement.state)
    ]


def _line(rulebook: Rulebook, people: People, agreement: PresentAgreement, now: datetime) -> AgreementLine:
    definition = rulebook.definition_of(agreement)
    today = people.today(agreement.office, now)
    state = definition.states[agreement.state]
    lines = deadlines_of(rulebook, people, agreement, now, (), None)
    late = [line for line in lines if line.is_late]
    ahead = [line for line in lines if line.status == "open" and line.days is not None and line.days >= 0]
    following = min(late or ahead, key=lambda line: line.due_on or date.max, default=None)
    return AgreementLine(
        reference=agreement.reference,
        title=agreement.title,
        process=agreement.process,
        state=agreement.state,
        state_label=state.label,
        stage=definition.stages[state.stage],
        in_force=agreement.has_entered_into_force(today) and not state.final,
        next_on=following.due_on if following else None,
        next_label=following.label if following else {},
        passed=following.standing_words if late and following else None,
        overdue=any(line.is_overdue for line in late),
        missing=tuple(finding_message(f, agreement, definition) for f in findings(agreement, definition)),
        generation=agreement.generation,
        parent=agreement.parent,
    )


def _terms(agreement: PresentAgreement, definition: ProcessDefinition) -> Iterator[TermLine]:
    for key, rule in definition.terms.items():
        term = agreement.terms.get(key)
        readings: Sequence[Sentence]
        source: Label | str
        if term is None and rule.default is not None:
            readings, source = [rule.default.message], rule.source
        elif term is None or not term.is_stated:
            readings, source = [Sentence("not stated")], ""
        elif term.indefinite:
            readings, source = [Sentence("indefinite")], term.source
        else:
            readings, source = [reading.message for reading in term.readings], term.source
        contradictory = term is not None and term.is_contradictory
        yield TermLine(key, rule.label, tuple(readings), contradictory, source)


def _timeline(rulebook: Rulebook, people: People, agreement: Agreement) -> Iterator[EntryLine]:
    """Newest first, by the day of effect."""
    words = rulebook.lexicon_of(agreement)
    for entry in sorted(agreement.history, key=lambda entry: (entry.effective_on, entry.recorded_at), reverse=True):
        yield EntryLine(
            kind=entry.kind.value,
            effective_on=entry.effective_on,
            recorded_at=entry.recorded_at,
            recorded_on=people.today(agreement.office, entry.recorded_at),
            actor=ACTORS.get(entry.actor, entry.actor),
            text=entry_message(entry, words),
        )
