"""The read side: frozen values for pages and the command line. Labels and messages are left for the door to translate."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Claim, Deadline, HistoryEntry, Party, PresentAgreement
from twinflow.domain.agreement.findings import findings
from twinflow.domain.calendar.business_days import business_days_between
from twinflow.domain.deadlines import lateness
from twinflow.domain.deadlines.acknowledgements import NOTHING_SAID, Acknowledgement, Snooze, attention_by_deadline
from twinflow.domain.deadlines.changes import Change, changes_by_deadline, pending
from twinflow.domain.people.people import People
from twinflow.domain.process import machine
from twinflow.domain.process.definition import CLOCK, Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, reckoning_at
from twinflow.domain.steps.advance import reasons_against
from twinflow.domain.steps.requirements import missing_items
from twinflow.sentences import Message
from twinflow.services.deadlines.changing import DeadlineId, Explanation, explanation
from twinflow.services.reading.history_in_words import ACTORS, entry_message, finding_message
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """One occurrence of a deadline; `edition` names the calendars it was counted by, if any.

    `days` and `business_days` are left until `due_on`, where the late office is; negative when it has passed. `standing`
    says how an open one stands (`lateness.Standing`), `waiting` how many changes of it wait for a second person (None in
    lists, which are read without the history). `acknowledged` says who has an open one in hand, `snoozed` who is told
    nothing of it for now.
    """

    id: str
    reference: str
    label: Label
    anchor_on: date
    warn_on: date | None
    due_on: date | None
    days: int | None
    business_days: int | None
    status: str
    standing: str
    waiting: int | None
    closed_on: date | None
    nature: str
    late: Label
    source: Label
    edition: str
    provisional: bool
    acknowledged: Acknowledgement | None
    snoozed: tuple[Snooze, ...]

    @property
    def has_passed(self) -> bool:
        """Whether it is open and its day is over, whoever is or is not late."""
        return self.standing in lateness.PASSED

    @property
    def is_late(self) -> bool:
        return lateness.is_late(self.standing, owed=bool(self.late))

    @property
    def is_overdue(self) -> bool:
        return lateness.is_overdue(self.standing, self.nature, owed=bool(self.late))

    @property
    def standing_words(self) -> Message:
        return lateness.in_words(self.status, self.standing, self.nature, owed=bool(self.late))


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
    passed: Message | None
    overdue: bool
    missing: tuple[Message, ...]
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
    readings: tuple[Message, ...]
    contradictory: bool
    source: Label | str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A history entry in words. `late` when it was recorded on a later day than it had effect."""

    kind: str
    effective_on: date
    recorded_at: datetime
    recorded_on: date
    actor: str | Message
    text: Message

    @property
    def late(self) -> bool:
        return self.recorded_on != self.effective_on


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the process: whether the person may take it now, and if not, everything that stands in the way."""

    key: str
    label: Label
    reasons: tuple[Message, ...]
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
        deadlines=tuple(_deadlines(rulebook, people, agreement, now, agreement.history, agreement.history)),
        explanations=tuple(_explanations(rulebook, people, agreement, now)),
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


def list_deadlines(
    engine: Engine, rulebook: Rulebook, people: People, now: datetime, *, everything: bool = False
) -> list[DeadlineLine]:
    """The open deadlines of all agreements, soonest first; `everything` adds the closed ones."""
    with UnitOfWork(engine, reading=True) as work:
        ids = work.agreements.all_ids()
        cases: list[tuple[PresentAgreement, Sequence[HistoryEntry] | None]]
        if everything:
            cases = [(agreement, agreement.history) for agreement in work.agreements.load(ids)]
        else:
            cases = [(agreement, None) for agreement in work.agreements.present(ids)]
        said = work.history.said()
    lines = [
        line
        for number, (agreement, history) in zip(ids, cases, strict=True)
        for line in _deadlines(rulebook, people, agreement, now, said.get(number, ()), history)
    ]
    return sorted(lines, key=lambda line: (line.due_on or date.max, line.reference))


def _line(rulebook: Rulebook, people: People, agreement: PresentAgreement, now: datetime) -> AgreementLine:
    definition = rulebook.definition_of(agreement)
    today = people.today(agreement.office, now)
    state = definition.states[agreement.state]
    lines = _deadlines(rulebook, people, agreement, now, (), None)
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


def _deadlines(
    rulebook: Rulebook,
    people: People,
    agreement: PresentAgreement,
    now: datetime,
    said: Iterable[HistoryEntry],
    history: Sequence[HistoryEntry] | None,
) -> list[DeadlineLine]:
    """The open ones; with the agreement's history the closed ones too, as it names what is gone since.

    `said` has the entries about the warnings of deadlines, be it in the whole history.
    A deadline is left out where the only process file that had it is gone.
    """
    definition = rulebook.definition_of(agreement)
    reckoning = reckoning_at(rulebook, people, definition, agreement.office, now)
    changes, attention = changes_by_deadline(history or ()), attention_by_deadline(said)
    lines = []
    for deadline in sorted(agreement.deadlines, key=_by_due_date):
        then = rulebook.definition_then(agreement, history or (), deadline)
        rule = then.deadlines.get(deadline.rule)
        if rule is None or not (history is not None or deadline.is_open):
            continue
        calendars, today, due_on = reckoning.calendars_of(rule), reckoning.today_of(rule), deadline.due_on
        counted = due_on is not None and calendars.covers(due_on)
        about = attention.get(deadline.key, NOTHING_SAID) if deadline.is_open else NOTHING_SAID
        lines.append(
            DeadlineLine(
                id=f"{agreement.reference}/{deadline.rule}/{deadline.occurrence}",
                reference=agreement.reference,
                label=rule.label,
                anchor_on=deadline.anchor_on,
                warn_on=deadline.warn_on,
                due_on=due_on,
                days=(due_on - today).days if due_on else None,
                business_days=business_days_between(today, due_on, calendars) if due_on and counted else None,
                status=deadline.status.value,
                standing=lateness.standing(rule, deadline, calendars, today).value,
                waiting=_waiting(deadline, changes) if history is not None else None,
                closed_on=deadline.closed_on,
                nature=rule.nature.value,
                late=then.roles[rule.late].label if rule.late else {},
                source=rule.source,
                edition=deadline.edition,
                provisional=deadline.provisional,
                acknowledged=about.acknowledged,
                snoozed=about.running(today),
            )
        )
    return lines


def _waiting(deadline: Deadline, changes: Mapping[tuple[str, int], Sequence[Change]]) -> int:
    return len(list(pending(changes.get(deadline.key, ())))) if deadline.is_open else 0


def _explanations(rulebook: Rulebook, people: People, agreement: Agreement, now: datetime) -> Iterator[Explanation]:
    """The ledger of each open deadline, the soonest first."""
    for deadline in sorted(agreement.deadlines, key=_by_due_date):
        if deadline.is_open:
            yield explanation(rulebook, people, agreement, DeadlineId(agreement.reference, *deadline.key), now)


def _by_due_date(deadline: Deadline) -> tuple[date, str, int]:
    return (deadline.due_on or date.max, deadline.rule, deadline.occurrence)


def _terms(agreement: PresentAgreement, definition: ProcessDefinition) -> Iterator[TermLine]:
    for key, rule in definition.terms.items():
        term = agreement.terms.get(key)
        readings: Sequence[Message]
        source: Label | str
        if term is None and rule.default is not None:
            readings, source = [rule.default.message], rule.source
        elif term is None or not term.is_stated:
            readings, source = [Message("not stated")], ""
        elif term.indefinite:
            readings, source = [Message("indefinite")], term.source
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
