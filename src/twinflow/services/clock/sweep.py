"""One pass of the clock: what is due and not done, never what was due lately. Running it twice changes nothing.

Each agreement has a transaction of its own, in which it is kept from other writers: one that cannot be dealt with is
reported and does not keep the others waiting.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.clock.day import Day, Derived, InBooks, Stuck, Taken, Told, day
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.errors import TwinflowError
from twinflow.sentences import Sentence
from twinflow.services.agreements.recording import record_step, write_deadlines
from twinflow.services.alerts.telling import write
from twinflow.services.clock.in_books import in_books
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many alerts were written, which cases the calendar moved, and what could not be done."""

    alerts: int
    lapsed: tuple[str, ...]
    problems: tuple[Sentence, ...]


def sweep(engine: Engine, rulebook: Rulebook, people: People, now: datetime) -> SweepResult:
    """Tell what is missing, warn of what is due, take the steps that dates themselves take."""
    latest = latest_day(now)
    with UnitOfWork(engine, reading=True) as work:
        awake = work.findings.untold() | work.deadlines.awake(latest)
    totals = _Totals()
    for agreement_id in sorted(awake):
        _each(engine, rulebook, people, agreement_id, now, totals)
    return SweepResult(totals.alerts, tuple(totals.lapsed), tuple(totals.problems))


@dataclass(slots=True)
class _Totals:
    """What a sweep has done so far."""

    alerts: int = 0
    lapsed: list[str] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)

    def add(self, rulebook: Rulebook, agreement: Agreement, done: Day) -> None:
        reference, roles = agreement.reference, rulebook.definition_of(agreement).roles
        for deed in done.deeds:
            match deed:
                case Told(telling, audience):
                    self.alerts += len(audience.recipients)
                    if telling.waits:  # a role that nobody holds is to be said, and no reason to forget it
                        for role in audience.vacant:
                            values = {"reference": reference, "role": roles[role].label}
                            self.problems.append(Sentence("{reference}: nobody is {role}; the alert waits.", values))
                case Taken():
                    self.lapsed.append(reference)
                case Stuck(refused=refused):
                    self.problems.append(_why_not(reference, refused))
                case Derived():
                    pass


def _each(
    engine: Engine, rulebook: Rulebook, people: People, agreement_id: int, now: datetime, totals: _Totals
) -> None:
    """One agreement in one transaction. What goes wrong is written down, and nothing of it stays."""
    reference = ""
    try:
        with UnitOfWork(engine) as work:
            reference = work.agreements.reference_of(agreement_id)
            agreement = work.agreements.lock(reference)
            context = deadline_context(rulebook, people, rulebook.definition_of(agreement), agreement.office, now)
            before = in_books(work, rulebook, agreement_id, agreement)
            done = day(before, rulebook, people, context, now)
            _write(work, rulebook, people, agreement_id, before, done, now)
            work.commit()
    except TwinflowError as error:
        totals.problems.append(_why_not(reference, error))
        return
    totals.add(rulebook, agreement, done)


def _write(
    work: UnitOfWork, rulebook: Rulebook, people: People, agreement_id: int, before: InBooks, done: Day, now: datetime
) -> None:
    """What was done, in its order; then when to look again at what stayed as it was."""
    held = dict(before.wake_on)
    for deed in done.deeds:
        match deed:
            case Taken():
                record_step(work, rulebook, people, deed.before, deed.left, now)
                held |= deed.left.wake_on
            case Derived():
                write_deadlines(work, rulebook, agreement_id, deed.left)
                held |= deed.left.wake_on
            case Told(telling, audience):
                write(work, rulebook, people, agreement_id, telling, audience, now)
                if telling.subject.as_finding is not None and not audience.nobody:
                    work.findings.mark_told(agreement_id, telling.subject.as_finding, now)
            case Stuck():
                pass
    for key, wake_on in done.case.wake_on.items():
        if wake_on != held[key]:
            work.deadlines.claim(agreement_id, key, held[key], wake_on)


def _why_not(reference: str, error: TwinflowError) -> Sentence:
    values = {"reference": reference, "why": [error.message, *getattr(error, "reasons", ())]}
    return Sentence("{reference}: {why}", values)
