"""Stating a term of which only the process's default was known."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Term
from twinflow.domain.agreement.history import Way
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.terms import TermCommand, with_term
from twinflow.services.agreements.acting import locked_for
from twinflow.services.agreements.recording import record_change, refreshed
from twinflow.services.alerts.telling import tell_moved
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


@dataclass(frozen=True, slots=True)
class StatedTerm:
    """A term as it is on record now."""

    label: Label
    term: Term
    agreement: Agreement


def state_term(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    command: TermCommand,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> StatedTerm:
    """Put the term on record and derive every deadline anew; who is concerned hears of dates that moved.

    Raises NotFound, BadInput, Refused with every reason, StaleAgreement if somebody else was faster.
    """
    command = checked(command)
    who = people.person(person)
    with about(reference), UnitOfWork(engine) as work:
        agreement = locked_for(work, people, who, reference, now)
        definition = rulebook.definition_of(agreement)
        today = people.today(agreement.office, now)
        actor = people.actor(who, definition, agreement.office, today, door)
        stated = with_term(agreement, definition, command, actor, now=now, today=today)
        after = refreshed(rulebook, people, stated, now)
        cause = f"term {command.term}"
        agreement_id = record_change(work, rulebook, people, agreement, after, now, cause=cause)
        for old in agreement.deadlines:
            if old.is_open and old.rule in definition.deadlines:
                tell_moved(work, rulebook, people, agreement_id, after, old, cause, now)
        work.commit()
    return StatedTerm(definition.terms[command.term].label, after.terms[command.term], after)
