"""What every change of an agreement writes with it, inside the caller's transaction: deadlines, findings, what is told."""

from dataclasses import replace
from datetime import datetime

from twinflow.domain.advance import Outcome
from twinflow.domain.agreement import Agreement
from twinflow.domain.derivation import derive
from twinflow.domain.findings import findings
from twinflow.domain.kept import Rewritten, rewritten
from twinflow.domain.library import Library
from twinflow.domain.process import CLOCK
from twinflow.storage.unit_of_work import UnitOfWork


def record_step(
    work: UnitOfWork, library: Library, before: Agreement, outcome: Outcome, left: Rewritten, now: datetime
) -> int:
    """Write a step and what it leaves in the books; the agreement's row. Raises StaleAgreement if somebody else was faster."""
    agreement_id = work.agreements.save(before, outcome.agreement)
    write_deadlines(work, library, agreement_id, before, left)
    work.findings.replace(agreement_id, findings(left.agreement, library.definition_of(left.agreement)), now)
    refresh_parent(work, library, left.agreement, now)
    return agreement_id


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
    """Write the deadlines of `after` over those of `before`; a moved due date is logged. Raises as `write_deadlines`."""
    definition = library.definition_of(after)
    reckoning = library.reckoning(definition, after.office, now)
    left = rewritten(before, after, definition, reckoning, now, actor=actor, cause=cause)
    write_deadlines(work, library, agreement_id, before, left)


def write_deadlines(work: UnitOfWork, library: Library, agreement_id: int, before: Agreement, left: Rewritten) -> None:
    """Write the deadlines that a change leaves over those of `before`.

    Raises StaleAgreement if another edition of a calendar was applied since the library was read.
    """
    work.calendars.hold(library.current_editions)
    known = {deadline.key for deadline in before.deadlines}
    work.deadlines.write(agreement_id, known, left.rows, left.wake_on)
    work.history.add(agreement_id, *left.moves)
    work.agreements.derive_by(agreement_id, left.derive_on)


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
