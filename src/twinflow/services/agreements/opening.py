"""Agreements opened by the liaison officer, and what every new one writes."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.history import Way
from twinflow.domain.agreement.listing import words_in
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.process.catalogue import Pin
from twinflow.domain.process.definition import LIAISON, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.doubts import Compared, doubts, doubts_of_a_child
from twinflow.domain.steps.effects import signed_at_entry
from twinflow.domain.steps.opening import NewAgreement, opened, problems_of_opening, wrong_kind
from twinflow.errors import BadInput, NotFound, Refused, TwinflowError
from twinflow.sentences import Problem, Sentence
from twinflow.services.agreements.acting import as_viewer
from twinflow.services.agreements.recording import refresh_parent, show, write_rows
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import composed


def open_agreement(
    engine: Engine, rulebook: Rulebook, people: People, new: NewAgreement, *, actor: str, door: Way, now: datetime
) -> Agreement:
    """Open a case on the version of its process in force on the day it was opened. `door` is the way by which `actor` comes.

    Raises BadInput with every mistake, NotFound for an unknown process, person or parent, Refused if the person is not the
    liaison officer of the office, if the office is of the wrong kind, and with every doubt that no reason is given for.
    """
    new = composed(new)
    who = people.person(actor)
    definition = rulebook.catalogue.in_force_on(new.process, new.opened_on)
    offices = people.offices
    if new.office not in offices:
        raise NotFound("There is no office {office}; there are {offices}.", office=new.office, offices=sorted(offices))
    today = people.today(new.office, now)
    against = tuple(_against_the_office(people, definition, new, who.key, today))
    if against:
        raise Refused("{reference} cannot be opened.", against, reference=new.reference)
    way = people.actor(who, definition, new.office, today, door).way_in({LIAISON})
    viewer = as_viewer(people, who, now)
    with UnitOfWork(engine) as work:
        parent = work.agreements.get_for(viewer, new.parent) if new.parent is not None else None
        if parent is not None and parent.office != new.office:
            kept = Sentence(
                "{parent} is kept by another office: {office}.", {"parent": new.parent, "office": parent.office}
            )
            raise Refused("{reference} cannot be opened.", (kept,), reference=new.reference)
        if parent is not None and parent.annulled_on is not None:
            gone = Sentence("{parent} was annulled on {day}.", {"parent": parent.reference, "day": parent.annulled_on})
            raise Refused("{reference} cannot be opened.", (gone,), reference=new.reference)
        children = rulebook.definition_of(parent).children if parent is not None else ()
        problems = list(problems_of_opening(new, definition, today, children))
        if work.agreements.known([new.reference]):
            problems.append(Problem("reference", Sentence("{reference} exists already.", {"reference": new.reference})))
        if problems:
            raise BadInput("{reference} cannot be opened.", tuple(problems), reference=new.reference)
        words = words_in([party.name for party in new.parties])
        found = list(doubts(new, definition, offices[new.office], running(work, rulebook, viewer, words)))
        if rulebook.catalogue.belongs_to_an_agreement(new.process):
            of_parent = rulebook.definition_of(parent) if parent is not None else None
            found += doubts_of_a_child(new, definition, parent, of_parent)
        if found and not new.despite.strip():
            reasons = tuple(doubt.message for doubt in found)
            raise Refused(
                "{reference} is not opened without a reason (--despite “…”).", reasons, reference=new.reference
            )
        confirmed = [doubt.code.value for doubt in found]
        agreement = opened(
            new, definition, actor=actor, now=now, today=today, parent=parent, confirmed=confirmed, way=way
        )
        agreement = add(work, rulebook, people, signed_at_entry(agreement, definition), now)
        work.commit()
    return agreement


def _against_the_office(
    people: People, definition: ProcessDefinition, new: NewAgreement, actor: str, today: date
) -> Iterator[Sentence]:
    """That another kind of office opens such cases, or that the person is not the liaison officer of this one."""
    wrong = wrong_kind(definition, people.offices[new.office].kind, today)
    if wrong is not None:
        yield wrong
    elif people.person(actor) not in people.holders_for(definition, LIAISON, new.office, today):
        yield Sentence("{person} is not {roles} here.", {"person": actor, "roles": definition.roles[LIAISON].label})


def running(work: UnitOfWork, rulebook: Rulebook, viewer: Viewer, words: Iterable[str] = ()) -> Iterator[Compared]:
    """The cases of their own that the viewer sees, have not ended and are named by every one of the words, by their entry."""
    for found, pin, state in work.listing.compared(viewer, words):
        if not _has_ended(rulebook, pin, state):
            yield found


def _has_ended(rulebook: Rulebook, pin: Pin, state: str) -> bool:
    """What cannot be read by its process here may be running."""
    try:
        states = rulebook.pinned(*pin).states
    except TwinflowError:
        return False
    return state in states and states[state].final


def add(
    work: UnitOfWork, rulebook: Rulebook, people: People, agreement: Agreement, now: datetime, source_digest: str = ""
) -> Agreement:
    """Write a new agreement with its deadlines and findings, inside the caller's transaction."""
    definition = rulebook.definition_of(agreement)
    work.agreements.pin(definition)
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    left = rewritten(agreement, with_deadlines(agreement, definition, context), definition, context, now)
    agreement_id = work.agreements.add(left.agreement, source_digest)
    show(work, rulebook, people, agreement_id, left.agreement)
    write_rows(work, rulebook, agreement_id, left, now)
    refresh_parent(work, rulebook, people, left.agreement, now)
    return left.agreement
