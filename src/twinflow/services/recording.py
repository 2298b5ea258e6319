"""What every change of an agreement writes with it, inside the caller's transaction: deadlines, findings, alerts."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain import levels
from twinflow.domain.advance import Outcome
from twinflow.domain.agreement import Agreement, Deadline, DeadlineStatus, EntryKind, HistoryEntry
from twinflow.domain.derivation import derive
from twinflow.domain.findings import findings
from twinflow.domain.library import Library
from twinflow.domain.passes import Telling, about_step, audience_of, kept
from twinflow.domain.process import CLOCK
from twinflow.storage.tables import AlertRow
from twinflow.storage.unit_of_work import UnitOfWork

MOVED = "deadline-moved"
"""The notice about a date that has moved."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Who was told now, and which of the roles nobody holds. `nobody`: no role is held at all, so nobody knows of it."""

    told: tuple[str, ...]
    vacant: tuple[str, ...]
    nobody: bool


def record(work: UnitOfWork, library: Library, before: Agreement, outcome: Outcome, now: datetime) -> int:
    """Write the outcome of a step; how many alerts it made. Raises StaleAgreement if somebody else was faster."""
    after = outcome.agreement
    agreement_id = record_change(work, library, before, after, now)
    work.findings.replace(agreement_id, findings(after, library.definition_of(after)), now)
    alerts = 0
    for telling in about_step(outcome.announcements, outcome.entry, after):
        alerts += len(announce(work, library, agreement_id, after, telling, now).told)
    refresh_parent(work, library, after, now)
    return alerts


def record_change(
    work: UnitOfWork, library: Library, before: Agreement, after: Agreement, now: datetime, *, cause: str = ""
) -> int:
    """Write what became of an agreement, with its deadlines; its row. Raises StaleAgreement if somebody else was faster."""
    agreement_id = work.agreements.save(before, after)
    replace_deadlines(work, library, agreement_id, before, after, now, cause=cause)
    return agreement_id


def tell_moved(
    work: UnitOfWork,
    library: Library,
    agreement_id: int,
    agreement: Agreement,
    before: Deadline,
    cause: str,
    now: datetime,
) -> Reached | None:
    """Tell who is late and the liaison that a date has moved; None if it has not.

    `cause` is unique for the deadline (a change, an edition); the entry of the history that has it says from where to where.
    """
    after = next((deadline for deadline in agreement.deadlines if deadline.key == before.key), None)
    if after is None or after.due_on == before.due_on or not after.is_open:
        return None
    rule = library.definition_of(agreement).deadlines[before.rule]
    telling = Telling(
        notice=MOVED,
        subject=f"moved:{before.rule}",
        occurrence=before.occurrence,
        level=cause,
        roles=rule.told,
        effective_on=library.today(agreement.office, now),
    )
    return announce(work, library, agreement_id, agreement, telling, now)


def announce(
    work: UnitOfWork, library: Library, agreement_id: int, agreement: Agreement, telling: Telling, now: datetime
) -> Reached:
    """Tell what is told only once: a role that nobody holds now is noted in the history."""
    reached = tell(work, library, agreement_id, agreement, telling, now)
    for role in reached.vacant:
        work.history.add(agreement_id, _entry(telling, now, role=role, recipient="", vacant="yes"))
    return reached


def moved_details(key: tuple[str, int], before: date | None, after: date | None, cause: str) -> dict[str, str]:
    """The details of the history entry of a date that moved; an alert about it finds it by its cause."""
    details = {"deadline": key[0], "occurrence": str(key[1]), "from": str(before or ""), "to": str(after or "")}
    return {**details, "cause": cause} if cause else details


def replace_deadlines(
    work: UnitOfWork,
    library: Library,
    agreement_id: int,
    before: Agreement,
    after: Agreement,
    now: datetime,
    *,
    actor: str = CLOCK,
    cause: str = "",
) -> None:
    """Write the deadlines of `after` over those of `before`, with the day each wakes a sweep; a moved due date is logged.

    Raises StaleAgreement if another edition of a calendar was applied since the library was read.
    """
    work.calendars.hold(library.current_editions)
    definition = library.definition_of(after)
    old = {deadline.key: deadline for deadline in before.deadlines}
    new = kept(before.deadlines, after, definition)
    wake_on: dict[tuple[str, int], date | None] = {}
    for key, deadline in new.items():
        rule = definition.deadlines[deadline.rule]
        wake_on[key] = levels.next_wake_on(rule, deadline, library.calendars_of(definition, rule), None)
    today = library.today(after.office, now)
    if before.process_digest != after.process_digest:
        ended = {key for key, deadline in old.items() if deadline.is_open and deadline.rule not in definition.deadlines}
        new |= {key: replace(old[key], status=DeadlineStatus.VOID, closed_on=today) for key in ended}
        wake_on |= dict.fromkeys(ended)
        # with the same date it may have another ladder, so what is open is written anew
        old = {key: replace(deadline, basis=None) if deadline.is_open else deadline for key, deadline in old.items()}
    work.deadlines.replace(agreement_id, old, new, wake_on)
    for key in old.keys() & new.keys():
        if old[key].due_on != new[key].due_on:
            details = moved_details(key, old[key].due_on, new[key].due_on, cause)
            work.history.add(agreement_id, HistoryEntry(EntryKind.DEADLINE, actor, today, now, details=details))


def refreshed(library: Library, agreement: Agreement, now: datetime) -> Agreement:
    """The agreement with its deadlines computed anew as of today."""
    definition = library.definition_of(agreement)
    derived = derive(agreement, definition, library.reckoning(definition, agreement.office, now))
    return replace(agreement, deadlines=derived)


def tell(
    work: UnitOfWork, library: Library, agreement_id: int, agreement: Agreement, telling: Telling, now: datetime
) -> Reached:
    """Write the alert, its history entry and its outbox message for everybody who is to be told and was not."""
    already = work.alerts.alerted(agreement_id, telling.subject, telling.occurrence)
    audience = audience_of(library, agreement, telling, library.today(agreement.office, now), already)
    for reader in audience.recipients:
        work.alerts.add(
            AlertRow(
                agreement_id=agreement_id,
                outbox_id=_message(work, library, reader.person, telling, now),
                notice=telling.notice,
                subject=telling.subject,
                occurrence=telling.occurrence,
                level=telling.level,
                recipient=reader.person,
                stands_for=reader.stands_for,
                role=reader.role,
                effective_on=telling.effective_on,
                recorded_at=now,
                details=dict(telling.details),
            )
        )
        for_whom = {"stands_for": reader.stands_for} if reader.stands_for else {}
        entry = _entry(telling, now, role=reader.role, recipient=reader.person, **for_whom)
        work.history.add(agreement_id, entry)
    return Reached(tuple(reader.person for reader in audience.recipients), audience.vacant, audience.nobody)


def _message(work: UnitOfWork, library: Library, person: str, telling: Telling, now: datetime) -> int:
    """A message of its own for what is urgent, else the digest of the reader's next morning."""
    token = uuid.uuid4().hex
    if telling.urgent:
        return work.outbox.add_message(person, token, now)
    return work.outbox.open_digest(person, token, now, library.hours(library.person(person), now))


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


def refresh_parent(work: UnitOfWork, library: Library, child: Agreement, now: datetime) -> None:
    """A child's new state may have met a deadline of the agreement it belongs to."""
    if child.parent is not None:
        parent = work.agreements.lock(child.parent)
        after = refreshed(library, parent, now)
        replace_deadlines(work, library, work.agreements.id_of(child.parent), parent, after, now)
