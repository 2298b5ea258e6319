"""One pass of the clock: what is due and not done, never what was due lately. Running it twice changes nothing.

Agreements are dealt with many at a time, each kept from other writers until the transaction ends. One that cannot be dealt with
is reported and does not keep the others waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.clock.day import Day, Derived, InBooks, Stuck, Taken, Told, day
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import DeadlineContexts, Rulebook
from twinflow.errors import TwinflowError
from twinflow.sentences import Sentence
from twinflow.services.agreements.recording import record_step, write_derived
from twinflow.services.alerts.telling import write
from twinflow.services.clock.in_books import in_books
from twinflow.storage.unit_of_work import UnitOfWork

AT_ONCE = 200
"""How many agreements are kept from other writers at a time: about a fifth of a second."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many alerts were written, which cases the calendar moved, and what could not be done."""

    alerts: int
    lapsed: tuple[str, ...]
    problems: tuple[Sentence, ...]


def sweep(engine: Engine, rulebook: Rulebook, people: People, now: datetime) -> SweepResult:
    """Tell what is missing, warn of what is due, take the steps that dates themselves take."""
    with UnitOfWork(engine, reading=True) as work:
        awake = work.deadlines.awake(latest_day(now))
    run = _Pass(engine, rulebook, people, now)
    ids = sorted(awake)  # what belongs to an agreement comes after it
    for start in range(0, len(ids), AT_ONCE):
        run.deal_with(ids[start : start + AT_ONCE])
    totals = run.totals
    return SweepResult(totals.alerts, tuple(totals.lapsed), tuple(totals.problems))


@dataclass(slots=True)
class _Totals:
    """What a sweep has done so far."""

    alerts: int = 0
    lapsed: list[str] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)

    def add(self, other: Self) -> None:
        self.alerts += other.alerts
        self.lapsed += other.lapsed
        self.problems += other.problems

    def count(self, rulebook: Rulebook, agreement: Agreement, done: Day) -> None:
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


@dataclass(slots=True)
class _Pass:
    """One pass at an instant, and what it has done so far."""

    engine: Engine
    rulebook: Rulebook
    people: People
    now: datetime
    totals: _Totals = field(default_factory=_Totals)
    _contexts: DeadlineContexts = field(init=False)

    def __post_init__(self) -> None:
        self._contexts = DeadlineContexts(self.rulebook, self.people, self.now)

    def deal_with(self, ids: Sequence[int]) -> None:
        """Agreements in one transaction. If it fails nothing of it stays and each is tried alone, as is one that others had."""
        together, dealt_with = _Totals(), set[int]()
        alone = len(ids) == 1
        try:
            with UnitOfWork(self.engine) as work:
                work.calendars.hold(self.rulebook.current_editions)
                for agreement_id, before in in_books(work, self.rulebook, work.agreements.lock_batch(ids, wait=alone)):
                    done = day(before, self.rulebook, self.people, self._contexts.of(before.agreement), self.now)
                    self._write(work, agreement_id, before, done)
                    together.count(self.rulebook, before.agreement, done)
                    dealt_with.add(agreement_id)
                work.commit()
        except TwinflowError as error:
            if alone:
                self.totals.problems.append(_why_not(self._reference(ids[0]), error))
                return
            together, dealt_with = _Totals(), set()
        self.totals.add(together)
        for agreement_id in ids:
            if agreement_id not in dealt_with:
                self.deal_with([agreement_id])

    def _reference(self, agreement_id: int) -> str:
        """Nothing where the database does not say it, which then is the problem."""
        try:
            with UnitOfWork(self.engine, reading=True) as work:
                return work.agreements.heads([agreement_id])[0].reference
        except TwinflowError:
            return ""

    def _write(self, work: UnitOfWork, agreement_id: int, before: InBooks, done: Day) -> None:
        """What was done, in its order; then when to look again at what stayed as it was."""
        rulebook, people, now = self.rulebook, self.people, self.now
        held = dict(before.wake_on)
        for deed in done.deeds:
            match deed:
                case Taken():
                    record_step(work, rulebook, people, deed.before, deed.left, now)
                    held |= deed.left.wake_on
                case Derived():
                    write_derived(work, rulebook, agreement_id, deed.left, now)
                    held |= deed.left.wake_on
                case Told(telling, audience):
                    write(work, rulebook, people, agreement_id, telling, audience, now)
                    if telling.subject.as_finding is not None and not audience.nobody:
                        work.findings.mark_told(agreement_id, telling.subject.as_finding, now)
                case Stuck():
                    pass
        for key, wake_on in done.case.wake_on.items():
            if wake_on != held[key]:
                work.deadlines.wake_next(agreement_id, key, wake_on)


def _why_not(reference: str, error: TwinflowError) -> Sentence:
    values = {"reference": reference, "why": [error.message, *getattr(error, "reasons", ())]}
    return Sentence("{reference}: {why}", values)
