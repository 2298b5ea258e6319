"""One pass of the clock: what is due and not done, never what was due lately. Running it twice changes nothing.

Agreements are dealt with many at a time, each kept from other writers until the transaction ends. One that cannot be read or
dealt with is reported and does not keep the others waiting. A database that does not do its part ends the pass: what was
committed stays, and the next one goes on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.clock.day import Day, Derived, InBooks, Stuck, Taken, Told, day
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import DeadlineContexts, Rulebook
from twinflow.errors import EnvironmentFailed, StaleAgreement, TwinflowError, UnreadableAgreement, reason
from twinflow.sentences import Sentence
from twinflow.services.agreements.recording import record_step, write_derived
from twinflow.services.alerts.telling import write
from twinflow.services.clock.in_books import in_books
from twinflow.storage.agreements import read
from twinflow.storage.failures import about
from twinflow.storage.snapshots import InRows
from twinflow.storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

AT_ONCE = 200
"""How many agreements are kept from other writers at a time: about a fifth of a second."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many alerts were written, which cases the calendar moved, and what could not be done."""

    alerts: int
    lapsed: tuple[str, ...]
    problems: tuple[Trouble, ...]


def sweep(engine: Engine, rulebook: Rulebook, people: People, now: datetime) -> SweepResult:
    """Tell what is missing, warn of what is due, take the steps that dates themselves take. Raises EnvironmentFailed."""
    with UnitOfWork(engine, reading=True) as work:
        awake = work.deadlines.awake(latest_day(now))
    run = _Pass(engine, rulebook, people, now)
    ids = sorted(awake)  # what belongs to an agreement comes after it
    try:
        for start in range(0, len(ids), AT_ONCE):
            run.deal_with(ids[start : start + AT_ONCE])
    except _OutOfDate as error:
        run.totals.problems["calendars"] = Trouble("calendars", error.message)
    totals = run.totals
    return SweepResult(totals.alerts, tuple(totals.lapsed), tuple(totals.problems.values()))


class _OutOfDate(Exception):
    """The pass goes by calendars that are no longer in use."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(slots=True)
class _Totals:
    """What a sweep has done so far."""

    alerts: int = 0
    lapsed: list[str] = field(default_factory=list)
    problems: dict[str, Trouble] = field(default_factory=dict)

    def add(self, other: Self) -> None:
        self.alerts += other.alerts
        self.lapsed += other.lapsed
        self.problems |= other.problems

    def report(self, what: str, reference: str, sentence: Sentence) -> None:
        key = f"{reference}/{what}"
        self.problems[key] = Trouble(key, sentence, reference)

    def report_error(self, reference: str, error: Exception) -> None:
        """Why an agreement was not dealt with."""
        if isinstance(error, UnreadableAgreement):
            self.report("unreadable", reference, error.message)
            return
        log.debug("%s", reference, exc_info=error)
        self.report("not dealt with", reference, _why_not(reference, error))

    def count(self, rulebook: Rulebook, agreement: Agreement, done: Day) -> None:
        reference, roles = agreement.reference, rulebook.definition_of(agreement).roles
        for deed in done.deeds:
            match deed:
                case Told(telling, audience):
                    self.alerts += len(audience.recipients)
                    if telling.waits:  # a role that nobody holds is to be said, and no reason to forget it
                        for role in audience.vacant:
                            values = {"reference": reference, "role": roles[role].label}
                            said = Sentence("{reference}: nobody is {role}; the alert waits.", values)
                            self.report(f"nobody is {role}", reference, said)
                case Taken():
                    self.lapsed.append(reference)
                case Stuck(deadline=deadline, refused=refused):
                    self.report(f"{deadline.rule}/{deadline.occurrence}", reference, _why_not(reference, refused))
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
        together, kept = _Totals(), set[int]()
        alone = len(ids) == 1
        try:
            with UnitOfWork(self.engine) as work:
                self._hold_calendars(work)
                ours = work.agreements.keep(ids, wait=alone)
                self._deal_with(work, ours, together)
                work.commit()
            kept = set(ours)
        except (EnvironmentFailed, _OutOfDate):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            if alone:
                self.totals.report_error(self._reference(ids[0]), error)
                return
            together = _Totals()
        self.totals.add(together)
        for agreement_id in ids:
            if agreement_id not in kept and not alone:
                self.deal_with([agreement_id])

    def _hold_calendars(self, work: UnitOfWork) -> None:
        """Raises _OutOfDate where another edition is in use than this pass counts by: the next one goes on by that."""
        try:
            work.calendars.hold(self.rulebook.current_editions)
        except StaleAgreement as error:
            raise _OutOfDate(error.message) from error

    def _deal_with(self, work: UnitOfWork, ids: Sequence[int], totals: _Totals) -> None:
        """Agreements that we keep. What cannot be read or decided of one leaves no trace, and is reported."""
        readable: dict[int, InRows] = {}
        for number, found in zip(ids, work.agreements.in_rows(ids), strict=True):
            if isinstance(found, UnreadableAgreement):
                totals.report_error(found.reference, found)
            else:
                readable[number] = found
        cases = in_books(work, self.rulebook, list(readable.values()))
        for (number, in_rows), case in zip(readable.items(), cases, strict=True):
            reference = in_rows.agreement.reference
            try:
                with about(reference):
                    before = read(case)
                    done = day(before, self.rulebook, self.people, self._contexts.of(before.agreement), self.now)
            except TwinflowError as error:
                totals.report_error(reference, error)
                continue
            self._write(work, number, before, done)
            totals.count(self.rulebook, before.agreement, done)

    def _reference(self, agreement_id: int) -> str:
        with UnitOfWork(self.engine, reading=True) as work:
            return work.agreements.reference_of(agreement_id)

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


def _why_not(reference: str, error: Exception) -> Sentence:
    values = {"reference": reference, "why": [reason(error), *getattr(error, "reasons", ())]}
    return Sentence("{reference}: {why}", values)
