"""Steps taken by people, after those that dates have taken by then."""

from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import Engine

from twinflow.domain.agreement.history import Way
from twinflow.domain.clock.day import Taken, steps_of_dates
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import Outcome, StepCommand
from twinflow.errors import StaleAgreement
from twinflow.services.agreements.acting import locked_for
from twinflow.services.agreements.recording import record_outcome
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


def advance_agreement(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    command: StepCommand,
    *,
    person: str,
    door: Way,
    now: datetime,
    hour: time | None = None,
    expected_version: int | None = None,
) -> Outcome:
    """Take a step as `person`. What the calendar did before the day of the step is done first, by the clock.

    `door` is the way by which they come. `hour` is when it arrived on the day of the act, at the office that keeps the case.

    Raises NotFound, BadInput for its texts, Refused with every reason, StaleAgreement if the agreement is not (or no longer) at
    `expected_version`.
    """
    command = checked(command)
    who = people.person(person)
    with about(reference), UnitOfWork(engine) as work:
        agreement = locked_for(work, people, who, reference, now)
        if expected_version is not None and agreement.version != expected_version:
            raise StaleAgreement("{reference} was changed meanwhile; look at it again.", reference=reference)
        definition = rulebook.definition_of(agreement)
        if command.party is not None:
            command = replace(command, party=agreement.as_written(command.party))
        today = people.today(agreement.office, now)
        on = command.taken_on(today)
        if hour is not None:
            command = replace(command, received_at=people.instant(agreement.office, on, hour))
        context = deadline_context(rulebook, people, definition, agreement.office, now)
        for deed in steps_of_dates(agreement, definition, context, now, min(on, today)):
            if isinstance(deed, Taken):  # what a state does not allow is reported by the sweep
                record_outcome(work, rulebook, people, deed.before, deed.outcome, deed.left, now)
                agreement = deed.left.agreement
        actor = people.actor(who, definition, agreement.office, today, door)
        outcome = advance(agreement, definition, command, actor, now=now, context=context)
        left = rewritten(agreement, outcome.agreement, definition, context, now)
        record_outcome(work, rulebook, people, agreement, outcome, left, now)
        work.commit()
    return outcome
