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
from twinflow.domain.process import CLOCK, Announcement, ProcessDefinition
from twinflow.storage.tables import AlertRow
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell: which notice, about what, at which level, to which roles.

    `subject`, `occurrence` and `level` are its identity for each recipient; `effective_on` is the day it became due.
    """

    notice: str
    subject: str
    roles: tuple[str, ...]
    effective_on: date
    occurrence: int = 1
    level: str = ""
    urgent: bool = False
    deadline_id: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def record(work: UnitOfWork, library: Library, before: Agreement, outcome: Outcome, now: datetime) -> None:
    """Write the outcome of a step. Raises StaleAgreement if somebody else was faster."""
    after = outcome.agreement
    agreement_id = work.agreements.save(before, after)
    replace_deadlines(work, library, agreement_id, before, after, now)
    definition = library.definition_of(after)
    work.outbox.replace_findings(agreement_id, findings(after, definition), now)
    for announcement in outcome.announcements:
        tell(work, library, agreement_id, after, _told(announcement, outcome.entry, after), now)
    if after.parent is not None:
        _refresh_parent(work, library, after.parent, now)


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
    work: UnitOfWork, library: Library, agreement_id: int, agreement: Agreement, told: Told, now: datetime
) -> list[str]:
    """Write the alert, its history entry and its outbox message for everybody who holds one of the roles and was not told.

    Who was told. A role that nobody holds is written into the history: it is never silently skipped.
    """
    definition = library.definition_of(agreement)
    already = work.outbox.alerted(agreement_id, told.subject, told.occurrence)
    recipients: list[str] = []
    for role, person in _recipients(library, definition, agreement, told.roles, now):
        if person is None:
            work.history.add(agreement_id, _entry(told, now, role=role, recipient="", vacant="yes"))
            continue
        if (told.level, person) in already or person in recipients:
            continue
        recipients.append(person)
        token = uuid.uuid4().hex
        outbox_id = (
            work.outbox.add_message(person, token, now) if told.urgent else work.outbox.open_digest(person, token, now)
        )
        work.outbox.add_alert(
            AlertRow(
                agreement_id=agreement_id,
                deadline_id=told.deadline_id,
                outbox_id=outbox_id,
                notice=told.notice,
                subject=told.subject,
                occurrence=told.occurrence,
                level=told.level,
                recipient=person,
                role=role,
                effective_on=told.effective_on,
                recorded_at=now,
                details=dict(told.details),
            )
        )
        work.history.add(agreement_id, _entry(told, now, role=role, recipient=person))
    return recipients


def _recipients(
    library: Library, definition: ProcessDefinition, agreement: Agreement, roles: Iterable[str], now: datetime
) -> Iterable[tuple[str, str | None]]:
    today = library.today(agreement.office, now)
    for role in roles:
        holders = library.holders(definition, role, agreement, today)
        yield from ((role, person.key) for person in holders)
        if not holders:
            yield role, None


def _entry(told: Told, now: datetime, **details: str) -> HistoryEntry:
    return HistoryEntry(
        kind=EntryKind.ALERT,
        actor=CLOCK,
        effective_on=told.effective_on,
        recorded_at=now,
        details={"notice": told.notice, "subject": told.subject, "level": told.level, **told.details, **details},
    )


def _told(announcement: Announcement, entry: HistoryEntry, after: Agreement) -> Told:
    taken = len(after.steps_taken(entry.step or ""))
    return Told(
        notice=announcement.notice,
        subject=f"step:{entry.step}",
        occurrence=taken,
        roles=announcement.to,
        effective_on=entry.effective_on,
        urgent=announcement.urgent,
        details={"state": after.state},
    )


def _refresh_parent(work: UnitOfWork, library: Library, reference: str, now: datetime) -> None:
    """A child's new state may have met a deadline of the agreement it belongs to."""
    parent = work.agreements.get(reference)
    after = refreshed(library, parent, now)
    replace_deadlines(work, library, work.agreements.id_of(reference), parent, after, now)
