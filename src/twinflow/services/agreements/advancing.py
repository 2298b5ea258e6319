"""Opening agreements and advancing them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.findings import findings
from twinflow.domain.alerts.alerts import about_step
from twinflow.domain.clock.day import Taken, steps_of_dates
from twinflow.domain.deadlines.kept import Rewritten, rewritten
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import LIAISON
from twinflow.domain.rulebook import Rulebook, reckoning_at
from twinflow.domain.steps.advance import Outcome, StepCommand, advance, signed_at_entry
from twinflow.domain.steps.opening import NewAgreement, opened, problems_of_opening
from twinflow.errors import BadInput, NotFound, Refused, StaleAgreement
from twinflow.sentences import Message, Problem
from twinflow.services.agreements.recording import record_step, refresh_parent, refreshed, replace_deadlines
from twinflow.services.alerts.telling import tell
from twinflow.storage.unit_of_work import UnitOfWork


def open_agreement(
    engine: Engine, rulebook: Rulebook, people: People, new: NewAgreement, *, actor: str, now: datetime
) -> Agreement:
    """Open a case on the version of its process in force on the day it was opened.

    Raises BadInput with every mistake, NotFound for an unknown process, person or parent, Refused if the person is not the
    liaison officer of the office.
    """
    who = people.person(actor)
    definition = rulebook.catalogue.in_force_on(new.process, new.opened_on)
    offices = people.offices
    if new.office not in offices:
        raise NotFound("There is no office {office}; there are {offices}.", office=new.office, offices=sorted(offices))
    today = people.today(new.office, now)
    if who not in people.holders_for(definition, LIAISON, new.office, today):
        label = definition.roles[LIAISON].label
        reason = Message("{person} is not {roles} here.", {"person": actor, "roles": label})
        raise Refused("{reference} cannot be opened.", (reason,), reference=new.reference)
    with UnitOfWork(engine) as work:
        parent = work.agreements.get(new.parent) if new.parent is not None else None
        children = rulebook.definition_of(parent).children if parent is not None else ()
        problems = list(problems_of_opening(new, definition, today, children))
        if work.agreements.known([new.reference]):
            problems.append(Problem("reference", Message("{reference} exists already.", {"reference": new.reference})))
        if problems:
            raise BadInput("{reference} cannot be opened.", tuple(problems), reference=new.reference)
        agreement = opened(new, definition, actor=actor, now=now, today=today, parent=parent)
        agreement = add(work, rulebook, people, signed_at_entry(agreement, definition), now)
        work.commit()
    return agreement


def add(
    work: UnitOfWork, rulebook: Rulebook, people: People, agreement: Agreement, now: datetime, source_digest: str = ""
) -> Agreement:
    """Write a new agreement with its deadlines and findings, inside the caller's transaction."""
    definition = rulebook.definition_of(agreement)
    work.agreements.pin(definition)
    agreement_id = work.agreements.add(agreement, source_digest)
    after = refreshed(rulebook, people, agreement, now)
    replace_deadlines(work, rulebook, people, agreement_id, agreement, after, now)
    work.findings.replace(agreement_id, findings(after, definition), now)
    refresh_parent(work, rulebook, people, after, now)
    return after


def advance_agreement(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
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
    who = people.person(person)
    with UnitOfWork(engine) as work:
        agreement = work.agreements.lock(reference)
        if expected_version is not None and agreement.version != expected_version:
            raise StaleAgreement("{reference} was changed meanwhile; look at it again.", reference=reference)
        definition = rulebook.definition_of(agreement)
        today = people.today(agreement.office, now)
        on = command.taken_on(today)
        if hour is not None:
            command = replace(command, received_at=_instant(people, agreement.office, on, hour))
        agreement = _let_lapse(work, rulebook, people, agreement, min(on, today), now)
        actor = people.actor(who, definition, agreement.office, today)
        reckoning = reckoning_at(rulebook, people, definition, agreement.office, now)
        outcome = advance(agreement, definition, command, actor, now=now, reckoning=reckoning)
        left = rewritten(agreement, outcome.agreement, definition, reckoning, now)
        _recorded(work, rulebook, people, agreement, outcome, left, now)
        work.commit()
    return outcome


def _instant(people: People, office: str, on: date, hour: time) -> datetime:
    """The instant (UTC) at which it is that day and hour at the office."""
    return datetime.combine(on, hour, ZoneInfo(people.offices[office].time_zone)).astimezone(UTC)


def _let_lapse(
    work: UnitOfWork, rulebook: Rulebook, people: People, agreement: Agreement, until: date, now: datetime
) -> Agreement:
    """The agreement after the steps that dates up to `until` take. What a state does not allow is reported by the sweep."""
    definition = rulebook.definition_of(agreement)
    reckoning = reckoning_at(rulebook, people, definition, agreement.office, now)
    for deed in steps_of_dates(agreement, definition, reckoning, now, until):
        if isinstance(deed, Taken):
            agreement = _recorded(work, rulebook, people, deed.before, deed.outcome, deed.left, now)
    return agreement


def _recorded(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    before: Agreement,
    outcome: Outcome,
    left: Rewritten,
    now: datetime,
) -> Agreement:
    """Write a step and what it announces; the agreement as the books have it then."""
    agreement_id = record_step(work, rulebook, people, before, outcome, left, now)
    for telling in about_step(outcome.announcements, outcome.entry, left.agreement):
        tell(work, rulebook, people, agreement_id, left.agreement, telling, now)
    return left.agreement
