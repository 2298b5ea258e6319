"""One pass of the clock: what is due and not done, never what was due lately. Running it twice changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain import deadlines
from twinflow.domain.agreement import Agreement, Deadline
from twinflow.domain.findings import Finding
from twinflow.domain.library import Library
from twinflow.domain.process import LIAISON
from twinflow.errors import Message, Refused
from twinflow.services.agreements import lapse
from twinflow.services.recording import Told, refreshed, replace_deadlines, tell
from twinflow.storage.deadlines import Waking
from twinflow.storage.outbox import UntoldFinding
from twinflow.storage.unit_of_work import UnitOfWork

EARLIEST_ZONE = timedelta(hours=14)
"""No place on earth is further ahead of UTC: what is due anywhere is due by then."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many alerts were written, which cases the calendar moved, and what it could not do."""

    alerts: int
    lapsed: tuple[str, ...]
    problems: tuple[Message, ...]


def sweep(engine: Engine, library: Library, now: datetime) -> SweepResult:
    """Tell what is missing, warn of what is due, take the steps that dates themselves take."""
    alerts = tell_findings(engine, library, now)
    alerts += warn_due(engine, library, now)
    lapsed, problems = lapse_overdue(engine, library, now)
    return SweepResult(alerts, tuple(lapsed), tuple(problems))


def tell_findings(engine: Engine, library: Library, now: datetime) -> int:
    """Write an alert for each finding that nobody was told of. How many alerts were written."""
    count = 0
    with UnitOfWork(engine) as work:
        untold = work.outbox.untold_findings()
        agreements = _loaded(work, untold)
        for item in untold:
            agreement = agreements[item.agreement_id]
            if work.outbox.claim_finding(item.id, now):
                told = _about(item.finding, library.today(agreement.office, now))
                count += len(tell(work, library, item.agreement_id, agreement, told, now))
        work.commit()
    return count


def _about(finding: Finding, today: date) -> Told:
    return Told(
        notice=finding.code.notice, subject=f"{finding.code}:{finding.subject}", roles=(LIAISON,), effective_on=today
    )


def warn_due(engine: Engine, library: Library, now: datetime) -> int:
    """Write the alerts of every deadline that has a level to tell. How many alerts were written."""
    count = 0
    with UnitOfWork(engine) as work:
        waking = work.deadlines.waking((now + EARLIEST_ZONE).date())
        agreements = _loaded(work, waking)
        for woken in waking:
            agreement = agreements[woken.agreement_id]
            if _is_for_now(library, woken, agreement, now):
                count += _warn(work, library, woken, agreement, now)
                agreements[woken.agreement_id] = _brought_up_to_date(work, library, woken.agreement_id, agreement, now)
        work.commit()
    return count


def _is_for_now(library: Library, woken: Waking, agreement: Agreement, now: datetime, *, lapsing: bool = False) -> bool:
    """Whether its day has come at the office, and whether it is for the pass that lapses."""
    today = library.today(agreement.office, now)
    rule = library.definition_of(agreement).deadlines[woken.key[0]]
    return woken.wake_on <= today and deadlines.lapses_by_the_clock(rule, _deadline(agreement, woken), today) is lapsing


def _warn(work: UnitOfWork, library: Library, woken: Waking, agreement: Agreement, now: datetime) -> int:
    definition = library.definition_of(agreement)
    calendars = library.calendars_of(definition)
    today = library.today(agreement.office, now)
    deadline = _deadline(agreement, woken)
    rule = definition.deadlines[deadline.rule]
    if not work.deadlines.claim(woken, deadlines.next_wake_on(rule, deadline, calendars, today)):
        return 0
    passed = deadline.due_on is not None and deadline.due_on < today
    if not deadline.is_open or (passed and not rule.duty):
        return 0
    reached = deadlines.reached(rule, deadline, calendars, today)
    already = {
        level for level, _ in work.outbox.alerted(woken.agreement_id, f"deadline:{rule.key}", deadline.occurrence)
    }
    count = 0
    for to in {level.level.to for level in reached}:
        ladder = [level for level in reached if level.level.to == to]
        skipped = [level for level in ladder[:-1] if level.key not in already and level.on >= agreement.tracked_from]
        told = Told(
            notice="deadline-overdue" if passed else "deadline-soon",
            subject=f"deadline:{rule.key}",
            occurrence=deadline.occurrence,
            level=ladder[-1].key,
            roles=(to,) if to else tuple(dict.fromkeys((rule.late or LIAISON, LIAISON))),
            effective_on=ladder[-1].on,
            deadline_id=woken.id,
            details={"also": ", ".join(f"{level.key} ({level.on})" for level in skipped)} if skipped else {},
        )
        count += len(tell(work, library, woken.agreement_id, agreement, told, now))
    return count


def _brought_up_to_date(
    work: UnitOfWork, library: Library, agreement_id: int, agreement: Agreement, now: datetime
) -> Agreement:
    """The passing of a day may open the next occurrence, or close a right that nobody used."""
    after = refreshed(library, agreement, now)
    if after.deadlines != agreement.deadlines:
        replace_deadlines(work, library, agreement_id, agreement, after, now)
    return after


def lapse_overdue(engine: Engine, library: Library, now: datetime) -> tuple[list[str], list[Message]]:
    """Take the steps that follow from dates that have passed, each in its own transaction, effective on its due date.

    The references of the cases that moved, and what could not be done.
    """
    with UnitOfWork(engine, reading=True) as work:
        waking = work.deadlines.waking((now + EARLIEST_ZONE).date())
        agreements = _loaded(work, waking)
    lapsing = [w for w in waking if _is_for_now(library, w, agreements[w.agreement_id], now, lapsing=True)]
    lapsed: list[str] = []
    problems: list[Message] = []
    for woken in lapsing:
        with UnitOfWork(engine) as work:
            agreement = work.agreements.load([woken.agreement_id])[0]
            if not _is_for_now(library, woken, agreement, now, lapsing=True):
                continue
            tomorrow = library.today(agreement.office, now) + timedelta(days=1)
            if not work.deadlines.claim(woken, tomorrow):
                continue
            try:
                lapse(work, library, agreement, woken.key, now)
                lapsed.append(agreement.reference)
            except Refused as refusal:
                problems.append(
                    Message("{reference}: {why}", {"reference": agreement.reference, "why": refusal.message})
                )
            work.commit()
    return lapsed, problems


def _deadline(agreement: Agreement, woken: Waking) -> Deadline:
    return next(deadline for deadline in agreement.deadlines if deadline.key == woken.key)


def _loaded(work: UnitOfWork, items: Sequence[Waking | UntoldFinding]) -> dict[int, Agreement]:
    ids = sorted({item.agreement_id for item in items})
    return dict(zip(ids, work.agreements.load(ids), strict=True)) if ids else {}
