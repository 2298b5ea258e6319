"""One pass of the clock: what is due and not done, never what was due lately. Running it twice changes nothing.

Each agreement has a transaction of its own, in which it is kept from other writers: one that cannot be dealt with is
reported and does not keep the others waiting.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain import passes
from twinflow.domain.agreement import Agreement, Deadline
from twinflow.domain.calendars import Calendars
from twinflow.domain.library import Library
from twinflow.domain.passes import Telling
from twinflow.domain.process import DeadlineRule, ProcessDefinition
from twinflow.errors import Refused, TwinflowError
from twinflow.sentences import Message
from twinflow.services.agreements import lapse
from twinflow.services.recording import Reached, announce, refreshed, replace_deadlines, tell
from twinflow.storage.deadlines import Waking
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many alerts were written, which cases the calendar moved, and what could not be done."""

    alerts: int
    lapsed: tuple[str, ...]
    problems: tuple[Message, ...]


def sweep(engine: Engine, library: Library, now: datetime) -> SweepResult:
    """Tell what is missing, warn of what is due, take the steps that dates themselves take."""
    with UnitOfWork(engine, reading=True) as work:
        findings = {item.agreement_id for item in work.findings.untold()}
        waking = {item.agreement_id for item in work.deadlines.waking(passes.latest_day(now))}
    totals = _Totals(0, [], [], [])
    for agreement_id in sorted(findings):
        _each(engine, library, agreement_id, now, totals, _tell_findings)
    for agreement_id in sorted(waking):
        _each(engine, library, agreement_id, now, totals, _warn_due)
    for agreement_id in totals.to_lapse:
        _each(engine, library, agreement_id, now, totals, _lapse_overdue)
    return SweepResult(totals.alerts, tuple(totals.lapsed), tuple(totals.problems))


@dataclass(slots=True)
class _Totals:
    """What a sweep has done so far, and which agreements have a date that takes a step by itself."""

    alerts: int
    lapsed: list[str]
    problems: list[Message]
    to_lapse: list[int]


@dataclass(slots=True)
class _Case:
    """One agreement while the sweep holds it."""

    work: UnitOfWork
    library: Library
    id: int
    agreement: Agreement
    now: datetime

    @property
    def definition(self) -> ProcessDefinition:
        return self.library.definition_of(self.agreement)

    def today(self, rule: DeadlineRule | None = None) -> date:
        """The date at the office that keeps the case, or at the one that is late if a deadline passes."""
        reckoning = self.library.reckoning(self.definition, self.agreement.office, self.now)
        return reckoning.today if rule is None else reckoning.today_of(rule)

    def calendars(self, rule: DeadlineRule) -> Calendars:
        return self.library.calendars_of(self.definition, rule)

    def waking(self, *, lapsing: bool) -> Iterable[tuple[Waking, DeadlineRule, Deadline]]:
        """Its deadlines whose day has come at the late office: those that lapse, or the others."""
        rules = self.definition.deadlines
        by_key = {deadline.key: deadline for deadline in self.agreement.deadlines}
        for woken in self.work.deadlines.waking(passes.latest_day(self.now), self.id):
            rule, deadline = rules[woken.key[0]], by_key[woken.key]
            today = self.today(rule)
            if passes.is_awake(rule, deadline, woken.wake_on, today, lapsing=lapsing):
                yield woken, rule, deadline

    def tell(self, telling: Telling, totals: _Totals) -> Reached:
        """Tell it; a role that nobody holds is a problem to be said, not a reason to forget it."""
        reached = tell(self.work, self.library, self.id, self.agreement, telling, self.now)
        totals.alerts += len(reached.told)
        roles = self.definition.roles
        for role in reached.vacant:
            values = {"reference": self.agreement.reference, "role": roles[role].label}
            totals.problems.append(Message("{reference}: nobody is {role}; the alert waits.", values))
        return reached


def _each(
    engine: Engine,
    library: Library,
    agreement_id: int,
    now: datetime,
    totals: _Totals,
    act: Callable[[_Case, _Totals], None],
) -> None:
    """One agreement in one transaction. What goes wrong is written down, and nothing of it stays."""
    done = _Totals(0, [], [], [])
    reference = ""
    try:
        with UnitOfWork(engine) as work:
            reference = work.agreements.reference_of(agreement_id)
            act(_Case(work, library, agreement_id, work.agreements.lock(reference), now), done)
            work.commit()
    except TwinflowError as error:
        totals.problems.append(_why_not(reference, error))
        return
    totals.alerts += done.alerts
    totals.lapsed += done.lapsed
    totals.problems += done.problems
    totals.to_lapse += done.to_lapse


def _tell_findings(case: _Case, totals: _Totals) -> None:
    for item in case.work.findings.untold(case.id):
        if not case.tell(passes.about_finding(item.finding, item.occurrence, case.today()), totals).nobody:
            case.work.findings.mark_told(item.id, case.now)


def _warn_due(case: _Case, totals: _Totals) -> None:
    if any(case.waking(lapsing=True)):
        totals.to_lapse.append(case.id)
    for woken, rule, deadline in case.waking(lapsing=False):
        today = case.today(rule)
        unheard = False
        if passes.is_spoken_of(rule, deadline, today):
            fired = case.work.alerts.fired(case.id, passes.subject_of(rule.key), deadline.occurrence)
            tellings = passes.levels_to_tell(case.agreement, rule, deadline, case.calendars(rule), today, fired)
            reached = [case.tell(telling, totals) for telling in tellings]
            unheard = any(each.nobody for each in reached)
        if not unheard:
            wakes_on = passes.next_wake_on(case.agreement, rule, deadline, case.calendars(rule), today)
            case.work.deadlines.claim(woken, wakes_on)
    _bring_up_to_date(case, totals)


def _bring_up_to_date(case: _Case, totals: _Totals) -> None:
    """The passing of a day may open the next occurrence, or close a right that nobody used.

    An occurrence that began and was missed while the clock was off is told once.
    """
    after = refreshed(case.library, case.agreement, case.now)
    if after.deadlines != case.agreement.deadlines:
        replace_deadlines(case.work, case.library, case.id, case.agreement, after, case.now)
    for telling in passes.missed(case.agreement.deadlines, after.deadlines, case.definition):
        totals.alerts += len(announce(case.work, case.library, case.id, after, telling, case.now).told)


def _why_not(reference: str, error: TwinflowError) -> Message:
    values = {"reference": reference, "why": [error.message, *getattr(error, "reasons", ())]}
    return Message("{reference}: {why}", values)


def _lapse_overdue(case: _Case, totals: _Totals) -> None:
    """Take the steps that follow from dates that have passed, each effective on its due date."""
    for _, rule, deadline in case.waking(lapsing=True):
        if passes.still_lapsing(case.agreement, rule, deadline.key, case.today(rule)):
            try:
                case.agreement, alerts = lapse(case.work, case.library, case.agreement, deadline.key, case.now)
            except Refused as refused:  # decided before anything is written, so the others can go on
                totals.problems.append(_why_not(case.agreement.reference, refused))
                continue
            totals.alerts += alerts
            totals.lapsed.append(case.agreement.reference)
