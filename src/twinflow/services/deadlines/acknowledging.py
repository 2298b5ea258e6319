"""Acknowledging a deadline, and holding one's own notices about it back for a time."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.history import Way
from twinflow.domain.deadlines.acknowledgements import Acknowledge, Hold, decide
from twinflow.domain.deadlines.deadline_id import DeadlineId, find_deadline
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.services.agreements.acting import locked_for
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about the warnings of a deadline, by whom, for which due date. `until` is the day a snooze ends."""

    id: str
    label: Label
    person: str
    due_on: date | None
    until: date | None


def say(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    wanted: DeadlineId,
    said: Acknowledge | Hold,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> Said:
    """Acknowledge a deadline, or snooze it. Raises NotFound, BadInput for its texts, Refused with every reason."""
    said = checked(said)
    who = people.person(person)
    with about(wanted.reference), UnitOfWork(engine) as work:
        agreement = locked_for(work, people, who, wanted.reference, now)
        definition = rulebook.definition_of(agreement)
        known = tuple(deadline for deadline in agreement.deadlines if deadline.rule in definition.deadlines)
        deadline = find_deadline(replace(agreement, deadlines=known), wanted)
        context = deadline_context(rulebook, people, definition, agreement.office, now)
        actor = people.actor(who, definition, agreement.office, context.today, door)
        entry = decide(agreement, definition, deadline, said, actor, now=now, context=context)
        agreement_id = work.agreements.id_of(wanted.reference)
        work.history.add(agreement_id, entry)
        until = said.until if isinstance(said, Hold) else None
        if until is not None:
            work.deadlines.wake_by(agreement_id, deadline.key, until)
        work.commit()
    return Said(str(wanted), definition.deadlines[deadline.rule].label, person, deadline.shown_on, until)
