"""What every change of an agreement writes with it, inside the caller's transaction: deadlines, findings, what is told."""

from dataclasses import replace
from datetime import date, datetime

from twinflow.domain import levels
from twinflow.domain.advance import Outcome
from twinflow.domain.agreement import Agreement, DeadlineStatus, EntryKind, HistoryEntry
from twinflow.domain.derivation import derive
from twinflow.domain.findings import findings
from twinflow.domain.kept import kept, moved_details
from twinflow.domain.library import Library
from twinflow.domain.passes import about_step
from twinflow.domain.process import CLOCK
from twinflow.services.telling import tell
from twinflow.storage.unit_of_work import UnitOfWork


def record(work: UnitOfWork, library: Library, before: Agreement, outcome: Outcome, now: datetime) -> int:
    """Write the outcome of a step; how many alerts it made. Raises StaleAgreement if somebody else was faster."""
    after = outcome.agreement
    agreement_id = record_change(work, library, before, after, now)
    work.findings.replace(agreement_id, findings(after, library.definition_of(after)), now)
    alerts = 0
    for telling in about_step(outcome.announcements, outcome.entry, after):
        alerts += len(tell(work, library, agreement_id, after, telling, now).told)
    refresh_parent(work, library, after, now)
    return alerts


def record_change(
    work: UnitOfWork, library: Library, before: Agreement, after: Agreement, now: datetime, *, cause: str = ""
) -> int:
    """Write what became of an agreement, with its deadlines; its row. Raises StaleAgreement if somebody else was faster."""
    agreement_id = work.agreements.save(before, after)
    replace_deadlines(work, library, agreement_id, before, after, now, cause=cause)
    return agreement_id


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


def refresh_parent(work: UnitOfWork, library: Library, child: Agreement, now: datetime) -> None:
    """A child's new state may have met a deadline of the agreement it belongs to."""
    if child.parent is not None:
        parent = work.agreements.lock(child.parent)
        after = refreshed(library, parent, now)
        replace_deadlines(work, library, work.agreements.id_of(child.parent), parent, after, now)
