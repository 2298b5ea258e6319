"""Opening agreements and advancing them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain import levels, passes
from twinflow.domain.actors import THE_CLOCK, Actor
from twinflow.domain.advance import Outcome, StepCommand, advance, is_still_to_come, items_of, signed_at_entry
from twinflow.domain.agreement import (
    NOT_IN_FUTURE,
    REFERENCE,
    Agreement,
    Claim,
    EntryKind,
    HistoryEntry,
    Party,
    Term,
)
from twinflow.domain.calendars import Calendars, add_length
from twinflow.domain.dates import Length
from twinflow.domain.findings import findings
from twinflow.domain.library import Library
from twinflow.domain.process import LIAISON, ProcessDefinition
from twinflow.errors import BadInput, NotFound, Refused, StaleAgreement, Unreadable
from twinflow.sentences import Message, Problem
from twinflow.services.recording import record, refresh_parent, refreshed, replace_deadlines
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.validation import unknown_name


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """A case to open. `state` other than the process's first one enters it in mid-life; `opened_on` is the day on paper."""

    reference: str
    process: str
    office: str
    title: str
    opened_on: date
    parties: tuple[Party, ...]
    state: str | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)
    facts: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    parent: str | None = None
    origin: str = ""
    note: str = ""


def open_agreement(engine: Engine, library: Library, new: NewAgreement, *, actor: str, now: datetime) -> Agreement:
    """Open a case on the version of its process in force on the day it was opened.

    Raises BadInput with every mistake, NotFound for an unknown process, person or parent, Refused if the person is not the
    liaison officer of the office.
    """
    who = library.person(actor)
    definition = library.catalogue.in_force_on(new.process, new.opened_on)
    agreement = _opened(library, definition, new, actor, now)
    today = agreement.tracked_from
    if LIAISON not in library.actor(who, definition, agreement, today).roles:
        label = definition.roles[LIAISON].label
        reason = Message("{person} is not {roles} here.", {"person": actor, "roles": label})
        raise Refused("{reference} cannot be opened.", (reason,), reference=new.reference)
    with UnitOfWork(engine) as work:
        problems = _problems(definition, new, today)
        if work.agreements.known([new.reference]):
            problems.append(Problem("reference", Message("{reference} exists already.", {"reference": new.reference})))
        if new.parent is not None:
            parent = work.agreements.get(new.parent)
            problems += _about_the_parent(library, parent, new)
            if not agreement.parties:  # what belongs to an agreement is between the same parties
                unsigned = tuple(replace(party, signature=None) for party in parent.parties)
                agreement = replace(agreement, parties=unsigned)
        if problems:
            raise BadInput("{reference} cannot be opened.", tuple(problems), reference=new.reference)
        agreement = add(work, library, signed_at_entry(agreement, definition), now)
        work.commit()
    return agreement


def add(work: UnitOfWork, library: Library, agreement: Agreement, now: datetime, source_digest: str = "") -> Agreement:
    """Write a new agreement with its deadlines and findings, inside the caller's transaction."""
    definition = library.definition_of(agreement)
    work.agreements.pin(definition)
    agreement_id = work.agreements.add(agreement, source_digest)
    after = refreshed(library, agreement, now)
    replace_deadlines(work, library, agreement_id, agreement, after, now)
    work.findings.replace(agreement_id, findings(after, definition), now)
    refresh_parent(work, library, after, now)
    return after


def advance_agreement(
    engine: Engine,
    library: Library,
    reference: str,
    command: StepCommand,
    *,
    person: str,
    now: datetime,
    hour: time | None = None,
    expected_version: int | None = None,
) -> Outcome:
    """Take a step as `person`. What the calendar did before the day of the step is done first, by the clock.

    `hour` is when it arrived on the day of the act, at the office that keeps the case.

    Raises NotFound, Refused with every reason, StaleAgreement if the agreement is not (or no longer) at `expected_version`.
    """
    who = library.person(person)
    with UnitOfWork(engine) as work:
        agreement = work.agreements.lock(reference)
        if expected_version is not None and agreement.version != expected_version:
            raise StaleAgreement("{reference} was changed meanwhile; look at it again.", reference=reference)
        definition = library.definition_of(agreement)
        today = library.today(agreement.office, now)
        on = command.taken_on(today)
        if hour is not None:
            command = replace(command, received_at=_instant(library, agreement.office, on, hour))
        agreement = _let_lapse(work, library, agreement, min(on, today), now)
        actor = library.actor(who, definition, agreement, today)
        outcome = _advanced(library, agreement, command, actor, now)
        record(work, library, agreement, outcome, now)
        work.commit()
    return outcome


def lapse(
    work: UnitOfWork, library: Library, agreement: Agreement, key: tuple[str, int], now: datetime
) -> tuple[Agreement, int]:
    """Take the step that follows from a deadline that has passed, effective on its due date, as the clock.

    What becomes of the agreement, and how many alerts that made.

    Inside the caller's transaction. Raises Refused if the step cannot be taken from the present state.
    """
    definition = library.definition_of(agreement)
    deadline = next(deadline for deadline in agreement.deadlines if deadline.key == key)
    step = definition.deadlines[deadline.rule].on_lapse
    assert step is not None
    assert deadline.due_on is not None
    outcome = _advanced(library, agreement, StepCommand(step, deadline.due_on), THE_CLOCK, now)
    return outcome.agreement, record(work, library, agreement, outcome, now)


def _instant(library: Library, office: str, on: date, hour: time) -> datetime:
    """The instant (UTC) at which it is that day and hour at the office."""
    return datetime.combine(on, hour, ZoneInfo(library.directory.offices[office].time_zone)).astimezone(UTC)


def _let_lapse(work: UnitOfWork, library: Library, agreement: Agreement, until: date, now: datetime) -> Agreement:
    definition = library.definition_of(agreement)
    reckoning = library.reckoning(definition, agreement.office, now)
    rules = definition.deadlines
    last = {key: min(until, reckoning.today_of(rule)) for key, rule in rules.items()}  # where the late office is
    passed = [
        d for d in agreement.deadlines if d.is_open and levels.lapses_by_the_clock(rules[d.rule], d, last[d.rule])
    ]
    for deadline in sorted(passed, key=lambda deadline: deadline.due_on or until):
        if passes.still_lapsing(agreement, rules[deadline.rule], deadline.key, last[deadline.rule]):
            with suppress(Refused):  # a step that the state does not allow is reported by the sweep; people may go on
                agreement, _ = lapse(work, library, agreement, deadline.key, now)
    return agreement


def _advanced(library: Library, agreement: Agreement, command: StepCommand, actor: Actor, now: datetime) -> Outcome:
    definition = library.definition_of(agreement)
    return advance(
        agreement,
        definition,
        command,
        actor,
        now=now,
        reckoning=library.reckoning(definition, agreement.office, now),
    )


def _opened(library: Library, definition: ProcessDefinition, new: NewAgreement, actor: str, now: datetime) -> Agreement:
    state = new.state or definition.start
    if new.office not in library.directory.offices:
        raise NotFound(
            "There is no office {office}; there are {offices}.",
            office=new.office,
            offices=sorted(library.directory.offices),
        )
    return Agreement(
        reference=new.reference,
        process=definition.key,
        process_version=definition.version,
        process_digest=definition.digest,
        office=new.office,
        title=new.title,
        state=state,
        version=1,
        tracked_from=library.today(new.office, now),
        parties=new.parties,
        terms=new.terms,
        facts=new.facts,
        history=(HistoryEntry(EntryKind.OPENED, actor, new.opened_on, now, to_state=state),),
        parent=new.parent,
        origin=new.origin,
        note=new.note,
        relationship=new.reference,
    )


def _exceeds(term: Term, at_most: Length, start: date) -> bool:
    """Whether a reading is longer than the bound, counted from `start`: 120 months are more than 5 years."""
    last = add_length(start, at_most, Calendars())
    return any(add_length(start, reading, Calendars()) > last for reading in term.readings)


def _about_the_parent(library: Library, parent: Agreement, new: NewAgreement) -> list[Problem]:
    children = library.definition_of(parent).children
    if new.process in children:
        return []
    values = {"process": new.process, "parent": parent.reference, "children": children or "–"}
    return [Problem("parent", Message("{process} is no child of {parent}; its children are: {children}.", values))]


def _about_the_items(name: str, claims: Iterable[Claim], definition: ProcessDefinition) -> Iterator[Problem]:
    """What a checklist is said to hold is stored as it is said, so it has to be said in full and in order."""
    for claim in claims:
        try:
            items = items_of(definition.checklists[name], str(claim.value))
        except Unreadable as error:
            yield Problem(f"facts.{name}", error.message)
            continue
        if items != claim.value:
            yield Problem(f"facts.{name}", Message("name the items in their order: {items}.", {"items": items or "–"}))


def _problems(definition: ProcessDefinition, new: NewAgreement, today: date) -> list[Problem]:
    problems: list[Problem] = []
    if not re.fullmatch(REFERENCE, new.reference):
        problems.append(
            Problem(
                "reference",
                Message("a reference is made of letters and digits, with dots, slashes or hyphens between them."),
            )
        )
    for name in sorted(new.facts.keys() - definition.records.keys()):
        problems.append(Problem(f"facts.{name}", unknown_name(Message("the fact"), name, definition.records)))
    for name in new.facts.keys() & definition.checklists.keys():
        problems += _about_the_items(name, new.facts[name], definition)
    for name, claims in new.facts.items():
        if name in NOT_IN_FUTURE and any(is_still_to_come(claim.value, today) for claim in claims):
            problems.append(Problem(f"facts.{name}", Message("the day is still to come.")))
    if new.state is not None and new.state not in definition.states:
        problems.append(Problem("state", unknown_name(Message("the state"), new.state, definition.states)))
    if len(new.parties) < 2 and new.parent is None:  # noqa: PLR2004 - an agreement has two parties or more
        problems.append(Problem("parties", Message("an agreement has two parties or more.")))
    names = [party.name for party in new.parties]
    if len(set(names)) < len(names):
        problems.append(Problem("parties", Message("two parties of one text need different names.")))
    if new.opened_on > today:
        problems.append(Problem("opened_on", Message("the day {day} is still to come.", {"day": new.opened_on})))
    for name, term in new.terms.items():
        rule = definition.terms.get(name)
        if rule is None:
            problems.append(Problem(f"terms.{name}", unknown_name(Message("the term"), name, definition.terms)))
        elif rule.at_most and (term.indefinite or _exceeds(term, rule.at_most, new.opened_on)):
            problems.append(
                Problem(
                    f"terms.{name}",
                    Message("at most {length} ({source}).", {"length": rule.at_most.message, "source": rule.source}),
                )
            )
    return problems
