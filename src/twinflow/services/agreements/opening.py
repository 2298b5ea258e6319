"""Agreements opened by the liaison officer, and what every new one writes."""

from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import LIAISON
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.effects import signed_at_entry
from twinflow.domain.steps.opening import NewAgreement, opened, problems_of_opening
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.sentences import Problem, Sentence
from twinflow.services.agreements.recording import refresh_parent, write_rows
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
        reason = Sentence("{person} is not {roles} here.", {"person": actor, "roles": label})
        raise Refused("{reference} cannot be opened.", (reason,), reference=new.reference)
    with UnitOfWork(engine) as work:
        parent = work.agreements.get(new.parent) if new.parent is not None else None
        children = rulebook.definition_of(parent).children if parent is not None else ()
        problems = list(problems_of_opening(new, definition, today, children))
        if work.agreements.known([new.reference]):
            problems.append(Problem("reference", Sentence("{reference} exists already.", {"reference": new.reference})))
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
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    left = rewritten(agreement, with_deadlines(agreement, definition, context), definition, context, now)
    agreement_id = work.agreements.add(left.agreement, source_digest)
    write_rows(work, rulebook, agreement_id, left, now)
    refresh_parent(work, rulebook, people, left.agreement, now)
    return left.agreement
