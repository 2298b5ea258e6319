"""What would come if nobody acted: of an agreement as the books have it, or of a process before anybody uses it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain.actors import Assignment, Directory, Office, Person
from twinflow.domain.advance import is_still_to_come, signed_at_entry
from twinflow.domain.agreement import (
    NOT_IN_FUTURE,
    SIGNED_ON,
    Agreement,
    Claim,
    EntryKind,
    HistoryEntry,
    Party,
    Term,
)
from twinflow.domain.dates import PartialDate
from twinflow.domain.findings import Finding, FindingCode, findings
from twinflow.domain.library import Library
from twinflow.domain.passes import subject_of
from twinflow.domain.process import LIAISON, ProcessDefinition
from twinflow.domain.simulation import MORNING, Event, InBooks, KnownFinding, opened, simulate
from twinflow.errors import BadInput
from twinflow.sentences import Message, Problem
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.validation import unknown_name

STAND_INS = (Party("A", "", home=True), Party("B", ""))
"""The parties of a case that is nobody's."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would come from `start` to `until`, both included; the state before and after, and the roles of the process."""

    reference: str
    process: str
    start: date
    until: date
    state: str
    ends_in: str
    events: tuple[Event, ...]
    definitions: Mapping[str, ProcessDefinition]
    """The process of each case that something comes of, by reference."""


@dataclass(frozen=True, slots=True)
class FreshCase:
    """A case that was never opened: a process, the day on which it would be, and what would be known of it then.

    `state` is that on the day; else the first, or where the last of `steps` leads. `steps` were taken before, each on its day.
    """

    definition: ProcessDefinition
    start: date
    state: str | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)
    facts: Mapping[str, PartialDate | str] = field(default_factory=dict)
    steps: Mapping[str, date] = field(default_factory=dict)


def simulate_agreement(engine: Engine, library: Library, reference: str, now: datetime, until: date) -> Outlook:
    """An agreement and what belongs to it, from the instant `now`. Nothing is written. Raises NotFound."""
    return _outlook(books_of(engine, library, reference), library, now, until)


def books_of(engine: Engine, library: Library, reference: str) -> list[InBooks]:
    """An agreement and what belongs to it, as the books have them, in the order of their rows. Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        family = sorted(_family(work, reference), key=lambda agreement: work.agreements.id_of(agreement.reference))
        return [_in_books(work, library, agreement) for agreement in family]


def simulate_process(library: Library, case: FreshCase, until: date) -> Outlook:
    """A case from the morning of the day it is opened, with roles in the place of people: neither people nor a database.

    Raises BadInput with everything that the process does not know.
    """
    definition = case.definition
    problems = list(_problems(case))
    if problems:
        raise BadInput("{process} cannot be simulated so.", tuple(problems), process=definition.name)
    library = replace(library, directory=stand_ins(definition, case.start))
    now = datetime.combine(case.start, MORNING, ZoneInfo(definition.time_zone))
    return _outlook([opened(_agreement(case, now), library, now)], library, now, until)


def stand_ins(definition: ProcessDefinition, day: date) -> Directory:
    """One office of each kind, and one person for each role, called like them. The office `home` keeps the case."""
    kinds = {office.kind for role in definition.roles.values() for office in role.offices}
    home = definition.roles[LIAISON].office_on(day) or definition.roles[LIAISON].offices[0].kind
    offices = {_home(kind, home): _office(kind, _home(kind, home), definition.time_zone) for kind in sorted(kinds)}
    people = {}
    for role in definition.roles.values():
        assignments = tuple(Assignment(role.key, _home(office.kind, home)) for office in role.offices)
        people[role.key] = Person(role.key, role.key, "", "en", assignments)
    return Directory(offices, people)


def _home(kind: str, home: str) -> str:
    return "home" if kind == home else kind


def _office(kind: str, key: str, time_zone: str) -> Office:
    return Office(key, kind, {}, "", time_zone)


def _outlook(cases: list[InBooks], library: Library, now: datetime, until: date) -> Outlook:
    agreement = cases[0].agreement
    start = library.today(agreement.office, now)
    if until < start:
        raise BadInput("{until} is before {start}, the first day.", until=until, start=start)
    done = simulate(cases, library, now, until)
    return Outlook(
        reference=agreement.reference,
        process=library.definition_of(agreement).name,
        start=start,
        until=until,
        state=agreement.state,
        ends_in=done.cases[0].agreement.state,
        events=done.events,
        definitions={case.agreement.reference: library.definition_of(case.agreement) for case in cases},
    )


def _family(work: UnitOfWork, reference: str) -> Iterator[Agreement]:
    """The agreement, and the cases that belong to it or to one of those."""
    agreement = work.agreements.get(reference)
    yield agreement
    for child in agreement.children:
        yield from _family(work, child.reference)


def _in_books(work: UnitOfWork, library: Library, agreement: Agreement) -> InBooks:
    """One case, without the closed deadlines of earlier versions that its version does not have."""
    agreement_id = work.agreements.id_of(agreement.reference)
    known = library.definition_of(agreement).deadlines
    agreement = replace(agreement, deadlines=tuple(d for d in agreement.deadlines if d.rule in known))
    wake_on: dict[tuple[str, int], date | None] = {deadline.key: None for deadline in agreement.deadlines}
    wake_on |= {waking.key: waking.wake_on for waking in work.deadlines.waking(date.max, agreement_id)}
    case = InBooks(agreement, wake_on)
    case.findings = list(_known_findings(work, library, agreement, agreement_id))
    for deadline in agreement.deadlines:
        subject = (subject_of(deadline.rule), deadline.occurrence)
        fired = work.alerts.fired(agreement_id, *subject)
        if fired:
            case.fired[subject] = fired
            case.alerted[subject] = work.alerts.alerted(agreement_id, *subject)
    return case


def _known_findings(
    work: UnitOfWork, library: Library, agreement: Agreement, agreement_id: int
) -> Iterator[KnownFinding]:
    """Those untold, in the order of their rows; those told, present or settled, as often as they were told."""
    untold = work.findings.untold(agreement_id)
    for item in untold:
        yield KnownFinding(item.finding, item.occurrence)
    present = set(findings(agreement, library.definition_of(agreement)))
    possible = {
        Finding(FindingCode.DATE_MISSING, SIGNED_ON),
        *(Finding(FindingCode.SIGNATURE_MISSING, party.name) for party in agreement.parties),
    }
    for finding in sorted((present | possible) - {item.finding for item in untold}, key=lambda f: (f.code, f.subject)):
        times = _times_told(work, agreement_id, finding)
        if times or finding in present:
            yield KnownFinding(finding, max(times, 1), told=True, settled=finding not in present)


def _times_told(work: UnitOfWork, agreement_id: int, finding: Finding) -> int:
    subject, times = f"{finding.code}:{finding.subject}", 0
    while work.alerts.alerted(agreement_id, subject, times + 1):
        times += 1
    return times


def _agreement(case: FreshCase, now: datetime) -> Agreement:
    """The case as it would come into the books: entered in mid-life where it is not in the first state."""
    definition = case.definition
    steps = sorted(case.steps.items(), key=lambda each: each[1])
    first = min(definition.steps[steps[0][0]].sources) if steps else case.state or definition.start
    begun = min([case.start, *case.steps.values()])
    history = [HistoryEntry(EntryKind.OPENED, LIAISON, begun, now, to_state=first)]
    facts = {name: (Claim(value, ""),) for name, value in case.facts.items()}
    state = first
    for key, day in steps:
        step = definition.steps[key]
        came_from, state = state, step.to[-1].state
        actor = min(step.by)
        history.append(HistoryEntry(EntryKind.STEP, actor, day, now, step=key, from_state=came_from, to_state=state))
        if step.day_as is not None:
            facts.setdefault(step.day_as, (Claim(PartialDate.of(day), ""),))
    agreement = Agreement(
        reference=definition.key,
        process=definition.key,
        process_version=definition.version,
        process_digest=definition.digest,
        office="home",
        title=definition.key,
        state=case.state or state,
        version=1,
        tracked_from=case.start,
        parties=STAND_INS,
        terms=case.terms,
        facts=facts,
        history=tuple(history),
        relationship=definition.key,
    )
    return signed_at_entry(agreement, definition)


def _problems(case: FreshCase) -> Iterator[Problem]:
    definition = case.definition
    if case.state is not None and case.state not in definition.states:
        yield Problem("--state", unknown_name(Message("the state"), case.state, definition.states))
    for name, value in case.facts.items():
        if name not in definition.records:
            yield Problem("--fact", unknown_name(Message("the fact"), name, definition.records))
        elif name in NOT_IN_FUTURE and is_still_to_come(value, case.start):
            yield Problem(f"--fact {name}", Message("the day is still to come."))
    for name in sorted(case.terms.keys() - definition.terms.keys()):
        yield Problem("--term", unknown_name(Message("the term"), name, definition.terms))
    for name, day in case.steps.items():
        if name not in definition.steps:
            yield Problem("--step", unknown_name(Message("the step"), name, definition.steps))
        elif day > case.start:
            yield Problem(f"--step {name}", Message("the day {day} is still to come.", {"day": day}))
