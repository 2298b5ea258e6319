"""Somebody could not be reached: it is put on record, and those who stand in are told."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import AgreementHead
from twinflow.domain.agreement.entries import NotDelivered, noted
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import UNDELIVERED, Alert
from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.mail.message import OutboxMessage
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import CLOCK, LIAISON, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import EnvironmentFailed, reason
from twinflow.sentences import Sentence, packed
from twinflow.services.alerts.telling import tell
from twinflow.storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


def tell_incidents(engine: Engine, rulebook: Rulebook, people: People, now: datetime) -> list[Trouble]:
    """Tell of every message that reached nobody, once, each in a transaction of its own; what could not be told, and why.

    What cannot be told stays to be told with the next pass. Raises EnvironmentFailed.
    """
    problems = []
    with UnitOfWork(engine, reading=True) as work:
        untold = work.outbox.untold_incidents()
    for outbox_id in untold:
        try:
            with UnitOfWork(engine) as work:
                work.agreements.keep(sorted({number for number, _ in work.alerts.agreements_of(outbox_id)}))
                work.outbox.hold_digests()
                if work.outbox.mark_incident(outbox_id, now):
                    _tell_incident(work, rulebook, people, work.outbox.message(outbox_id), now)
                    work.commit()
        except EnvironmentFailed:
            raise
        except Exception as error:
            log.debug("incident of message %s", outbox_id, exc_info=True)
            values = {"id": outbox_id, "why": reason(error)}
            said = Sentence("Nobody could be told that message {id} was not delivered: {why}", values)
            problems.append(Trouble(f"message/{outbox_id}", said))
    return problems


def _tell_incident(work: UnitOfWork, rulebook: Rulebook, people: People, message: OutboxMessage, now: datetime) -> None:
    """Note in every agreement of the message who was not reached, and tell who stands in: urgently if the message was urgent.

    Of a message that itself tells of an incident nobody is told by mail again: the pages and `outbox list` show it.
    """
    why = packed(message.error or Sentence("the reason is not known"))
    told = [alert for alert in work.alerts.of_messages([message.id]) if isinstance(alert, Alert)]
    of_incidents = all(alert.notice == UNDELIVERED for alert in told)
    for agreement_id, role in work.alerts.agreements_of(message.id):
        agreement = work.agreements.whole(agreement_id)
        today = people.today(agreement.office, now)
        said = NotDelivered(message.id, message.recipient, why)
        work.history.add(agreement_id, noted(said, CLOCK, today, now))
        found = stand_in(rulebook, people, agreement, role, message.recipient, today)
        if found is None or of_incidents:
            continue
        telling = Telling(
            notice=UNDELIVERED,
            subject=AlertSubject(SubjectKind.UNDELIVERED, str(message.id)),
            level=str(message.attempts),
            roles=(found.role,),
            effective_on=today,
            urgent=not message.digest,
            details={
                "message": str(message.id),
                "person": message.recipient,
                "of": message.subject or agreement.reference,
                "why": why,
            },
            held=found.held,
        )
        tell(work, rulebook, people, agreement_id, agreement, telling, now)


@dataclass(frozen=True, slots=True)
class StandIn:
    """A role whose holders are told, but for `held`: their mail goes to who was not reached."""

    role: str
    held: frozenset[str]


def stand_in(
    rulebook: Rulebook, people: People, agreement: AgreementHead, role: str, person: str, today: date
) -> StandIn | None:
    """The first role by which somebody else is reached: the deputy of the role, the role itself, the liaison, the ladder."""
    definition = rulebook.definition_of(agreement)
    for candidate in _candidates(definition, role):
        holders = [holder.key for holder in people.holders_for(definition, candidate, agreement.office, today)]
        held = frozenset(key for key in holders if person in {key, people.stand_in(key, today)})
        if held != frozenset(holders):
            return StandIn(candidate, held)
    return None


def _candidates(definition: ProcessDefinition, role: str) -> list[str]:
    deputy = definition.roles[role].deputy if role in definition.roles else None
    ladder = [level.to for rule in definition.deadlines.values() for level in rule.escalate]
    named = [deputy, role, LIAISON, *ladder]
    return [key for key in dict.fromkeys(named) if key is not None and key in definition.roles]
