"""Agreements as lists and pages show them: frozen values. Labels and sentences are left for the door to translate."""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Claim, Party, PresentAgreement, Term
from twinflow.domain.agreement.entries import Corrected
from twinflow.domain.agreement.findings import findings
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.agreement.kept_by import waiting_move
from twinflow.domain.agreement.listing import Filters, Position
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.deadlines.assumed import terms_in_words
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.people.visibility import decides, hidden_entries, sees_notes, tells_of_hidden
from twinflow.domain.process import machine
from twinflow.domain.process.definition import CLOCK, Label, ProcessDefinition, Step
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.advance import reasons_against
from twinflow.domain.steps.ending import always_ends, what_is_left_open
from twinflow.domain.steps.requirements import missing_items
from twinflow.errors import NotFound
from twinflow.sentences import Sentence
from twinflow.services.reading.deadlines import DeadlineLine, deadlines_of, explanations_of
from twinflow.services.reading.explanations import Explanation
from twinflow.services.reading.history_in_words import (
    ACTORS,
    by_whom,
    entry_message,
    finding_with_remedy,
    left_open_in_words,
    waiting_in_words,
)
from twinflow.services.reading.lines import AgreementLine, Lines
from twinflow.services.reading.rounds import Behind, RoundLine, changed_behind, round_lines
from twinflow.storage.agreements import read
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork

AT_ONCE, MANY_AT_ONCE = 50, 500
"""How many lines a page has; and how many are read at a time where all of them are wanted."""
NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class AgreementList:
    """A page of a list. `following` is what the page after it begins with being asked for; None on the last one."""

    lines: tuple[AgreementLine, ...]
    following: Position | None


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
    """`assumed` says so where nobody has stated the term and the process's default stands in its place."""

    key: str
    label: Label
    readings: tuple[Sentence, ...]
    contradictory: bool
    source: Label | str
    assumed: Sentence | None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A history entry in words. `late` when it was recorded on a later day than it had effect.

    `by` is the actor with how they came to act.

    `number` is what it can be named by, None for what was only told; `corrected_by` is the last entry that corrects it. `behind`
    a decision is what was changed about people meanwhile.
    """

    kind: str
    effective_on: date
    recorded_at: datetime
    recorded_on: date
    actor: str | Sentence
    by: tuple[str | Sentence, ...]
    text: Sentence
    number: int | None = None
    corrected_by: int | None = None
    behind: tuple[Sentence, ...] = ()

    @property
    def late(self) -> bool:
        return self.recorded_on != self.effective_on


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the process: whether the person may take it now, and if not, everything that stands in the way.

    `leaves_open` is what would still be open when it ends the case.
    """

    key: str
    label: Label
    reasons: tuple[Sentence, ...]
    records: tuple[str, ...]
    per_party: bool
    needs_reason: bool
    leaves_open: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """`missing` is what the line says is missing, with the commands that help. `move` says that one to another office waits for
    an answer. `older` is what the older part of the timeline is
    asked for with; None where there is none.
    """

    line: AgreementLine
    missing: tuple[Sentence, ...]
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
    rounds: tuple[RoundLine, ...]
    timeline: tuple[EntryLine, ...]
    older: int | None
    next_steps: tuple[tuple[str, Label], ...]
    waits_for: Label
    move: Sentence | None
    generations: tuple[AgreementLine, ...]
    children: tuple[AgreementLine, ...]
    parent: str | None


def list_agreements(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    filters: Filters = NO_FILTERS,
    *,
    viewer: Viewer,
    after: Position | None = None,
    at_once: int = AT_ONCE,
) -> AgreementList:
    """A page of the agreements, the next date first: one line a relationship, its latest generation, unless asked for everything.

    Pages that follow one another never have the same agreement twice, nor miss one, unless its next date changed meanwhile.
    Raises NotFound for filters that name what there is not.
    """
    _check(filters, rulebook, people)
    today = min(people.today(office, now) for office in people.offices)
    with UnitOfWork(engine, reading=True) as work:
        ids, following = work.listing.page(viewer, filters, today, after, at_once)
        shown = work.agreements.present(ids)
    return AgreementList(tuple(map(Lines(rulebook, people, now).of, shown)), following)


def each_agreement(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    filters: Filters = NO_FILTERS,
    *,
    viewer: Viewer,
    after: Position | None = None,
) -> Iterator[AgreementLine]:
    """The lines of all pages, one page in memory at a time. Raises as `list_agreements`."""
    while True:
        page = list_agreements(engine, rulebook, people, now, filters, viewer=viewer, after=after, at_once=MANY_AT_ONCE)
        yield from page.lines
        after = page.following
        if after is None:
            return


def _check(filters: Filters, rulebook: Rulebook, people: People) -> None:
    if filters.country and not re.fullmatch("[A-Z]{2}", filters.country):
        raise NotFound("A country is written with two letters, like US, not “{country}”.", country=filters.country)
    if filters.process:
        rulebook.all_versions.versions(filters.process)
    if filters.state:
        states = states_of(rulebook, filters.process)
        if filters.state not in states:
            raise NotFound("There is no state {state}; there are {states}.", state=filters.state, states=sorted(states))
    if filters.office and filters.office not in people.offices:
        offices = sorted(people.offices)
        raise NotFound("There is no office {office}; there are {offices}.", office=filters.office, offices=offices)


def states_of(rulebook: Rulebook, process: str = "") -> dict[str, Label]:
    """The states of a process in all its versions, by key as its newest version calls them; those of all where none is named."""
    known = rulebook.all_versions
    versions = known.versions(process) if process else known
    return {key: state.label for version in versions for key, state in version.states.items()}


def offices_seen(engine: Engine, people: People, *, viewer: Viewer) -> dict[str, Label]:
    """The offices that a list can be narrowed to; of whom nothing is hidden, all there are."""
    if viewer.sees_everything:
        return {key: office.label for key, office in people.offices.items()}
    with UnitOfWork(engine, reading=True) as work:
        kept = work.agreements.offices(viewer)
    return {key: office.label for key, office in people.offices.items() if key in kept}


def countries_of_partners(engine: Engine, *, viewer: Viewer) -> list[str]:
    """The countries that a list can be narrowed to."""
    with UnitOfWork(engine, reading=True) as work:
        return work.listing.countries(viewer)


def list_references(engine: Engine, *, viewer: Viewer) -> list[str]:
    """The reference of every agreement, programme and earlier generation that the viewer sees."""
    with UnitOfWork(engine, reading=True) as work:
        return work.agreements.references(viewer)


def office_of(engine: Engine, reference: str, *, viewer: Viewer) -> str:
    """The office that keeps the case. Raises NotFound."""
    with about(reference), UnitOfWork(engine, reading=True) as work:
        return work.agreements.heads([work.agreements.row_for(viewer, reference)])[0].office


def show_agreement(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    now: datetime,
    *,
    viewer: Viewer,
    before: int | None = None,
    at_once: int | None = None,
) -> AgreementPage:
    """Everything about one agreement; of its timeline a page of `at_once` entries, older than `before`.

    Raises NotFound, UnreadableAgreement.
    """
    with about(reference):
        with UnitOfWork(engine, reading=True) as work:
            row, generations, children = work.agreements.around(viewer, reference)
            agreement = read(work.agreements.in_rows([row])[0]).agreement
            definition = rulebook.definition_of(agreement)
            behind = changed_behind(work, people, agreement, definition)
            entries, older = work.history.page(row, before, at_once)
            others = work.agreements.present([*generations, *children])
            parent = agreement.parent if agreement.parent and work.agreements.sees(viewer, agreement.parent) else None
        state = definition.states[agreement.state]
        roles, kind = definition.roles, people.offices[agreement.office].kind
        is_annulled = agreement.annulled_on is not None
        hidden = hidden_entries(viewer, agreement.office, agreement.history, definition)
        shown = [
            (number, entry) for number, entry in entries if number not in hidden and not tells_of_hidden(entry, hidden)
        ]
        lines = Lines(rulebook, people, now)
        return AgreementPage(
            line=lines.of(agreement),
            missing=tuple(
                finding_with_remedy(each, agreement, definition) for each in findings(agreement, definition, kind)
            ),
            today=people.today(agreement.office, now),
            process_label=definition.label,
            process_version=definition.version,
            version=agreement.version,
            origin=agreement.origin,
            note=agreement.note if sees_notes(viewer, agreement.office, definition) else "",
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
            rounds=tuple(
                round_lines(agreement, definition, behind, internal=decides(viewer, agreement.office, definition))
            ),
            timeline=tuple(_timeline(rulebook, people, agreement, shown, hidden, behind)),
            older=older,
            move=_waiting_move(agreement),
            next_steps=tuple(
                (key, definition.steps[key].label)
                for key in machine.steps_from(definition, agreement.state)
                if definition.steps[key].by != {CLOCK} and not is_annulled
            ),
            waits_for=roles[state.waits_for].label
            if state.waits_for and state.waits_for in roles and not is_annulled
            else {},
            generations=tuple(map(lines.of, others[: len(generations)])),
            children=tuple(map(lines.of, others[len(generations) :])),
            parent=parent,
        )


def _waiting_move(agreement: Agreement) -> Sentence | None:
    waiting = waiting_move(agreement.history, agreement.office)
    return waiting_in_words(*waiting) if waiting is not None else None


def _checklists(agreement: PresentAgreement, definition: ProcessDefinition) -> Iterator[ChecklistLine]:
    for key, checklist in definition.checklists.items():
        value = agreement.fact(key)
        if value is not None:
            missing = missing_items(checklist, value)
            found = tuple(label for label in checklist.items.values() if label not in missing)
            yield ChecklistLine(key, checklist.label, found, tuple(missing))


def list_steps(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    person: str,
    now: datetime,
    door: Way,
    *,
    viewer: Viewer,
) -> list[StepLine]:
    """The steps that leave the present state, as this person would meet them today, coming by this door.

    Raises NotFound, UnreadableAgreement.
    """
    who = people.person(person)
    with about(reference):
        with UnitOfWork(engine, reading=True) as work:
            agreement = work.agreements.get_for(viewer, reference)
        definition = rulebook.definition_of(agreement)
        today = people.today(agreement.office, now)
        actor = people.actor(who, definition, agreement.office, today, door)
        context = deadline_context(rulebook, people, definition, agreement.office, now)
        steps = [definition.steps[key] for key in machine.steps_from(definition, agreement.state)]
        return [
            StepLine(
                step.key,
                step.label,
                tuple(reasons_against(agreement, definition, step, actor, context)),
                step.records,
                step.per_party is not None,
                step.needs_reason,
                tuple(_left_open(agreement, definition, step, context)),
            )
            for step in steps
        ]


def _left_open(
    agreement: Agreement, definition: ProcessDefinition, step: Step, context: DeadlineContext
) -> list[Sentence]:
    if not always_ends(step, definition):
        return []
    return left_open_in_words(what_is_left_open(agreement, step, definition, context), definition)


def _terms(agreement: PresentAgreement, definition: ProcessDefinition) -> Iterator[TermLine]:
    for key, rule in definition.terms.items():
        term = agreement.terms.get(key)
        assumed = terms_in_words([rule]) if term is None else None
        readings: tuple[Sentence, ...] = (term or Term()).message
        source: Label | str = term.source if term is not None and term.is_stated else ""
        if term is None and rule.default is not None:
            readings, source = (rule.default.message,), rule.source
        contradictory = term is not None and term.is_contradictory
        yield TermLine(key, rule.label, readings, contradictory, source, assumed)


def _timeline(
    rulebook: Rulebook,
    people: People,
    agreement: Agreement,
    entries: Iterable[tuple[int | None, HistoryEntry]],
    hidden: Container[int],
    behind: Behind,
) -> Iterator[EntryLine]:
    words = rulebook.lexicon_of(agreement)
    numbers = numbered(agreement.history)
    changed = {number: behind[place] for number, place in numbers if place in behind}
    moved = {number for number, place in numbers if agreement.history[place].kind is EntryKind.MIGRATED}
    corrected = {
        entry: number
        for number, place in numbers
        if number not in hidden and (said := Corrected.read(agreement.history[place])) is not None and not said.second
        for entry in (*said.entries, *(said.counts.keys() - moved))
    }
    for number, entry in entries:
        yield EntryLine(
            kind=entry.kind.value,
            effective_on=entry.effective_on,
            recorded_at=entry.recorded_at,
            recorded_on=people.today(agreement.office, entry.recorded_at),
            actor=ACTORS.get(entry.actor, entry.actor),
            by=by_whom(entry, words),
            text=entry_message(entry, words, agreement.deadlines),
            number=number,
            corrected_by=corrected.get(number) if number is not None else None,
            behind=changed.get(number, ()) if number is not None else (),
        )
