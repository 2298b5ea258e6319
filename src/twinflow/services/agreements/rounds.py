"""What people do within a round of an opinion: drafts, observations, consultations, notes."""

from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import ConsultationAct, OnConsultation
from twinflow.domain.agreement.history import Way
from twinflow.domain.alerts.alerts import about_consultation
from twinflow.domain.people.people import People
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
        said = OnConsultation.read(done.history[-1])
        if said is not None and said.act is ConsultationAct.ASKED:
            telling = about_consultation(said, done.history[-1].effective_on)
            tell(work, rulebook, people, agreement_id, after, telling, now)
        work.commit()
    return done
