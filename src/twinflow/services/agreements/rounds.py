"""What people do within a round of an opinion: drafts, observations, consultations, notes."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import ConsultationAct, OnConsultation
from twinflow.domain.agreement.history import Way
from twinflow.domain.agreement.rounds import rounds_of
from twinflow.domain.alerts.alerts import about_answer, about_consultation, about_waiting
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.deadlines.consultations import awaited
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.round_acts import RoundCommand, with_act
from twinflow.services.agreements.acting import locked_for
from twinflow.services.agreements.recording import record_change, refreshed
from twinflow.services.alerts.telling import tell
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


def act_in_round(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    command: RoundCommand,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> Agreement:
    """Put an act within a round on record as `person`; the agreement then, its entry the last. Who is consulted hears of it.

    Raises NotFound, BadInput with everything that is missing or cannot be kept, Refused with every reason, StaleAgreement if
    somebody else was faster.
    """
    command = checked(command)
    who = people.person(person)
    with about(reference), UnitOfWork(engine) as work:
        before = locked_for(work, people, who, reference, now)
        definition = rulebook.definition_of(before)
        context = deadline_context(rulebook, people, definition, before.office, now)
        actor = people.actor(who, definition, before.office, context.today, door)
        done = with_act(before, definition, command, actor, now=now, today=context.today, calendars=context.calendars)
        after = refreshed(rulebook, people, done, now)
        agreement_id = record_change(work, rulebook, people, before, after, now)
        for telling in _to_tell(after, definition, context):
            tell(work, rulebook, people, agreement_id, after, telling, now)
        work.commit()
    return done


def _to_tell(after: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> Iterator[Telling]:
    """What the last entry has told: to the unit that it asks, how late it is as well; of an answer, to whoever had asked."""
    entry = after.history[-1]
    said = OnConsultation.read(entry)
    if said is None:
        return
    if said.act is ConsultationAct.GIVEN:
        answered = rounds_of(after.history, definition).consultations[said.number]
        yield about_answer(answered, definition.rounds[said.round], entry.effective_on)
        return
    yield about_consultation(said, entry.effective_on)
    for waiting in awaited(after, definition):
        if waiting.consultation.number == said.number:
            yield from about_waiting(waiting, context)
