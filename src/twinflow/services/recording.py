"""What every change of an agreement writes with it, inside the caller's transaction: deadlines, findings, alerts."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain import levels
from twinflow.domain.advance import Outcome
from twinflow.domain.agreement import Agreement, Basis, Deadline, DeadlineStatus, EntryKind, HistoryEntry
from twinflow.domain.derivation import derive
from twinflow.domain.findings import findings
from twinflow.domain.library import Library
from twinflow.domain.process import CLOCK, LIAISON, Announcement, DeadlineRule, ProcessDefinition
from twinflow.storage.tables import AlertRow
from twinflow.storage.unit_of_work import UnitOfWork

MOVED = "deadline-moved"
"""The notice about a date that has moved."""


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
    agreement_id = record_change(work, library, before, after, now)
    work.outbox.replace_findings(agreement_id, findings(after, library.definition_of(after)), now)
    alerts = 0
    for announcement in outcome.announcements:
        telling = _announced(announcement, outcome.entry, after)
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
        roles=told_of(rule),
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


def told_of(rule: DeadlineRule) -> tuple[str, ...]:
    """Who is told of a deadline: the role that is late if it passes, and the liaison."""
    return tuple(dict.fromkeys((rule.late or LIAISON, LIAISON)))


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
    derived = {deadline.key: deadline for deadline in after.deadlines}
    new = {key: _as_it_was_closed(key, old, derived, definition) for key in derived}
    wake_on: dict[tuple[str, int], date | None] = {}
    for key, deadline in new.items():
        rule = definition.deadlines[deadline.rule]
        wake_on[key] = levels.next_wake_on(rule, deadline, library.calendars_of(definition, rule), None)
    work.deadlines.replace(agreement_id, old, new, wake_on)
    today = library.today(after.office, now)
    for key in old.keys() & new.keys():
        if old[key].due_on != new[key].due_on:
            details = moved_details(key, old[key].due_on, new[key].due_on, cause)
            work.history.add(agreement_id, HistoryEntry(EntryKind.DEADLINE, actor, today, now, details=details))


def _as_it_was_closed(
    key: tuple[str, int],
    before: Mapping[tuple[str, int], Deadline],
    derived: Mapping[tuple[str, int], Deadline],
    definition: ProcessDefinition,
) -> Deadline:
    """What is closed keeps its date and the calendars it was counted by, whatever is announced later.

    Only what people record afterwards changes it: an act that meets it, a pause, more time, another start.
    """
    old, new = before.get(key), derived[key]
    if old is None or old.is_open or old.closed_on is None:
        return new
    rule = definition.deadlines[new.rule]
    based_on = (rule.anchor.deadline, new.occurrence) if rule.anchor.deadline else key
    base, base_now = before.get(based_on, old), derived.get(based_on, new)
    started_on_calendar_day = based_on != key or rule.cut_off is not None
    if not started_on_calendar_day and old.anchor_on != new.anchor_on:
        return new
    if _given(old, new) != _given(new, new) or _given(base, base_now) != _given(base_now, base_now):
        return new
    return replace(old, status=new.status, closed_on=new.closed_on) if new.status is DeadlineStatus.MET else old


def _given(deadline: Deadline, otherwise: Deadline) -> tuple[object, ...]:
    """What people gave for the date beside its start, as far as no calendar has a part in it."""
    basis = deadline.basis or otherwise.basis or Basis()
    starts = tuple(pause.start for pause in basis.pauses)
    return (basis.lengths, basis.times, starts, basis.extensions, basis.agreed_on)


def refreshed(library: Library, agreement: Agreement, now: datetime) -> Agreement:
    """The agreement with its deadlines computed anew as of today."""
    definition = library.definition_of(agreement)
    derived = derive(agreement, definition, library.reckoning(definition, agreement.office, now))
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
