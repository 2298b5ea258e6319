"""What every change of an agreement writes with it, inside the caller's transaction: deadlines, findings, alerts."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain import deadlines
from twinflow.domain.advance import Outcome
from twinflow.domain.agreement import Agreement, EntryKind, HistoryEntry
from twinflow.domain.findings import findings
from twinflow.domain.library import Library
from twinflow.domain.process import CLOCK, Announcement
from twinflow.storage.tables import AlertRow
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to be told: which notice, about what, at which level, to which roles.

    `subject`, `occurrence` and `level` are its identity for each recipient; `effective_on` is the day it became due.
    """

    notice: str
    subject: str
    roles: tuple[str, ...]
    effective_on: date
    occurrence: int = 1
    level: str = ""
    urgent: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reached:
    """Who was told now, and which of the roles nobody holds. `nobody`: no role is held at all, so nobody knows of it."""

    told: tuple[str, ...]
    vacant: tuple[str, ...]
    nobody: bool


def record(work: UnitOfWork, library: Library, before: Agreement, outcome: Outcome, now: datetime) -> int:
    """Write the outcome of a step; how many alerts it made. Raises StaleAgreement if somebody else was faster."""
    after = outcome.agreement
    agreement_id = work.agreements.save(before, after)
    replace_deadlines(work, library, agreement_id, before, after, now)
    definition = library.definition_of(after)
    work.outbox.replace_findings(agreement_id, findings(after, definition), now)
    alerts = 0
    for announcement in outcome.announcements:
        telling = _announced(announcement, outcome.entry, after)
        reached = tell(work, library, agreement_id, after, telling, now)
        alerts += len(reached.told)
        for role in reached.vacant:
            work.history.add(agreement_id, _entry(telling, now, role=role, recipient="", vacant="yes"))
    refresh_parent(work, library, after, now)
    return alerts


def replace_deadlines(
    work: UnitOfWork, library: Library, agreement_id: int, before: Agreement, after: Agreement, now: datetime
) -> None:
    """Write the deadlines of `after` over those of `before`, with the day each wakes a sweep; a moved due date is logged."""
    definition = library.definition_of(after)
    calendars = library.calendars_of(definition)
    old = {deadline.key: deadline for deadline in before.deadlines}
    new = {deadline.key: deadline for deadline in after.deadlines}
    wake_on = {
        key: deadlines.next_wake_on(definition.deadlines[deadline.rule], deadline, calendars, None)
        for key, deadline in new.items()
    }
    work.deadlines.replace(agreement_id, old, new, wake_on)
    today = library.today(after.office, now)
    for key in old.keys() & new.keys():
        if old[key].due_on != new[key].due_on:
            details = {"deadline": key[0], "from": str(old[key].due_on or ""), "to": str(new[key].due_on or "")}
            work.history.add(agreement_id, HistoryEntry(EntryKind.DEADLINE, CLOCK, today, now, details=details))


def refreshed(library: Library, agreement: Agreement, now: datetime) -> Agreement:
    """The agreement with its deadlines computed anew as of today."""
    definition = library.definition_of(agreement)
    today = library.today(agreement.office, now)
    derived = deadlines.derive(agreement, definition, library.calendars_of(definition), today)
    return replace(agreement, deadlines=derived)


def tell(
    work: UnitOfWork, library: Library, agreement_id: int, agreement: Agreement, telling: Telling, now: datetime
) -> Reached:
    """Write the alert, its history entry and its outbox message for everybody who holds one of the roles and was not told."""
    already = work.outbox.alerted(agreement_id, telling.subject, telling.occurrence)
    holders, vacant = _holders(library, agreement, telling.roles, now)
    told: list[str] = []
    for person, role in sorted(holders.items()):
        if (telling.level, person) in already:
            continue
        told.append(person)
        work.outbox.add_alert(
            AlertRow(
                agreement_id=agreement_id,
                outbox_id=_message(work, person, telling, now),
                notice=telling.notice,
                subject=telling.subject,
                occurrence=telling.occurrence,
                level=telling.level,
                recipient=person,
                role=role,
                effective_on=telling.effective_on,
                recorded_at=now,
                details=dict(telling.details),
            )
        )
        work.history.add(agreement_id, _entry(telling, now, role=role, recipient=person))
    return Reached(tuple(told), vacant, nobody=not holders)


def _message(work: UnitOfWork, person: str, telling: Telling, now: datetime) -> int:
    token = uuid.uuid4().hex
    return (
        work.outbox.add_message(person, token, now) if telling.urgent else work.outbox.open_digest(person, token, now)
    )


def _holders(
    library: Library, agreement: Agreement, roles: Iterable[str], now: datetime
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Who holds the roles today, each with the first role held, and the roles that nobody holds."""
    definition = library.definition_of(agreement)
    today = library.today(agreement.office, now)
    holders: dict[str, str] = {}
    vacant: list[str] = []
    for role in roles:
        people = library.holders(definition, role, agreement, today)
        if not people:
            vacant.append(role)
        for person in people:
            holders.setdefault(person.key, role)
    return holders, tuple(vacant)


def _entry(telling: Telling, now: datetime, **details: str) -> HistoryEntry:
    return HistoryEntry(
        kind=EntryKind.ALERT,
        actor=CLOCK,
        effective_on=telling.effective_on,
        recorded_at=now,
        details={
            "notice": telling.notice,
            "subject": telling.subject,
            "level": telling.level,
            **telling.details,
            **details,
        },
    )


def _announced(announcement: Announcement, entry: HistoryEntry, after: Agreement) -> Telling:
    taken = len(after.steps_taken(entry.step or ""))
    return Telling(
        notice=announcement.notice,
        subject=f"step:{entry.step}",
        occurrence=taken,
        roles=announcement.to,
        effective_on=entry.effective_on,
        urgent=announcement.urgent,
        details={"state": after.state},
    )


def refresh_parent(work: UnitOfWork, library: Library, child: Agreement, now: datetime) -> None:
    """A child's new state may have met a deadline of the agreement it belongs to."""
    if child.parent is not None:
        parent = work.agreements.lock(child.parent)
        after = refreshed(library, parent, now)
        replace_deadlines(work, library, work.agreements.id_of(child.parent), parent, after, now)
