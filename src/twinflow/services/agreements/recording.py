"""What every change of an agreement writes with it, inside the caller's transaction: deadlines, findings, what is told."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import OnConsultation
from twinflow.domain.agreement.kept_by import ever_kept_by
from twinflow.domain.alerts.alerts import about_step
from twinflow.domain.deadlines.kept import Rewritten, rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import People
from twinflow.domain.people.visibility import SeenBy, seen_from, seen_when_asked
from twinflow.domain.process.definition import CLOCK
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.command import Outcome
from twinflow.errors import TwinflowError, UnreadableAgreement
from twinflow.services.alerts.telling import tell
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork


def record_step(
    work: UnitOfWork, rulebook: Rulebook, people: People, before: Agreement, left: Rewritten, now: datetime
) -> int:
    """Write a step and what it leaves in the books; the agreement's row. Raises StaleAgreement if somebody else was faster."""
    agreement_id = _save(work, rulebook, people, before, left, now)
    refresh_parent(work, rulebook, people, left.agreement, now)
    return agreement_id


def record_outcome(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    before: Agreement,
    outcome: Outcome,
    left: Rewritten,
    now: datetime,
) -> None:
    """Write a step, what it leaves in the books and what it announces. Raises as `record_step`."""
    agreement_id = record_step(work, rulebook, people, before, left, now)
    for telling in about_step(outcome.announcements, outcome.entry, left.agreement):
        tell(work, rulebook, people, agreement_id, left.agreement, telling, now)


def record_change(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    before: Agreement,
    after: Agreement,
    now: datetime,
    *,
    cause: str = "",
) -> int:
    """Write what became of an agreement, with its deadlines; its row. Raises StaleAgreement if somebody else was faster."""
    definition = rulebook.definition_of(after)
    context = deadline_context(rulebook, people, definition, after.office, now)
    left = rewritten(before, after, definition, context, now, cause=cause)
    return _save(work, rulebook, people, before, left, now)


def _save(
    work: UnitOfWork, rulebook: Rulebook, people: People, before: Agreement, left: Rewritten, now: datetime
) -> int:
    agreement_id = work.agreements.save(before, left.agreement)
    after = left.agreement
    gone = before.office != after.office
    if gone:
        work.visibility.show(agreement_id, [SeenBy(office=before.office)])
    moved = gone or after.process_digest != before.process_digest
    show(work, rulebook, people, agreement_id, left.agreement, 0 if moved else len(before.history))
    write_rows(work, rulebook, agreement_id, left, now)
    return agreement_id


def replace_deadlines(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    before: Agreement,
    after: Agreement,
    now: datetime,
    *,
    actor: str = CLOCK,
    cause: str = "",
    corrected: Collection[tuple[str, int]] = (),
) -> None:
    """Write the deadlines of `after` over those of `before`; a moved due date is logged. Raises as `write_derived`."""
    definition = rulebook.definition_of(after)
    context = deadline_context(rulebook, people, definition, after.office, now)
    left = rewritten(before, after, definition, context, now, actor=actor, cause=cause, corrected=corrected)
    write_derived(work, rulebook, agreement_id, left, now)


def write_derived(work: UnitOfWork, rulebook: Rulebook, agreement_id: int, left: Rewritten, now: datetime) -> None:
    """Write what the passing of time leaves.

    Raises StaleAgreement if another edition of a calendar was applied since the calendars were read.
    """
    write_rows(work, rulebook, agreement_id, left, now)
    work.history.add(agreement_id, *left.moves)
    work.agreements.derive_by(agreement_id, left.agreement)


def write_rows(work: UnitOfWork, rulebook: Rulebook, agreement_id: int, left: Rewritten, now: datetime) -> None:
    """Write the deadlines and findings that are new or differ. Raises as `write_derived`."""
    work.calendars.hold(rulebook.current_editions)
    work.deadlines.write(agreement_id, left.rows, left.wake_on)
    work.findings.write(agreement_id, left.found, now)


def show(
    work: UnitOfWork, rulebook: Rulebook, people: People, agreement_id: int, after: Agreement, said: int = 0
) -> None:
    """Let those of other offices see the case who see it from a state it came into by the entries after the first `said`, or who
    were consulted in one of them.
    """
    definition, office = rulebook.definition_of(after), people.offices[after.office]
    new = after.history[said:]
    came = {(entry.to_state, entry.effective_on) for entry in new if entry.to_state is not None}
    seen = {who for state, day in came for who in seen_from(definition, office, state, day)}
    asked = {
        consulted.role for entry in new if (consulted := OnConsultation.read(entry)) is not None and consulted.role
    }
    seen |= {who for role in asked for who in seen_when_asked(definition, office, role)}
    work.visibility.show(agreement_id, seen)


def show_what_came_before(work: UnitOfWork, rulebook: Rulebook, people: People, agreement_id: int) -> None:
    """Let those see the case who were consulted, or had kept it, before that was written down. What cannot be read is left."""
    agreement = next(iter(work.agreements.load([agreement_id])))
    if isinstance(agreement, UnreadableAgreement):
        return
    with suppress(TwinflowError):
        show(work, rulebook, people, agreement_id, agreement)
        kept = ever_kept_by(work.history.as_written(agreement_id)) - {agreement.office}
        work.visibility.show(agreement_id, [SeenBy(office=office) for office in kept])


def refreshed(rulebook: Rulebook, people: People, agreement: Agreement, now: datetime) -> Agreement:
    """The agreement with its deadlines computed anew as of today."""
    definition = rulebook.definition_of(agreement)
    return with_deadlines(agreement, definition, deadline_context(rulebook, people, definition, agreement.office, now))


def refresh_parent(
    work: UnitOfWork, rulebook: Rulebook, people: People, child: Agreement, now: datetime, was: Agreement | None = None
) -> None:
    """A child's new state may have met a deadline of the agreement it belongs to; of one that cannot be read, once it can.

    What is otherwise than in `was`, the parent derived before the child was corrected, is as derived, also where it was closed.
    """
    if child.parent is not None:
        parent_id = work.agreements.id_of(child.parent)
        try:
            with about(child.parent):
                parent = work.agreements.lock(child.parent, with_parent=False)
                after = refreshed(rulebook, people, parent, now)
        except UnreadableAgreement:
            work.agreements.look_again([parent_id], now.date())
            return
        corrected = [each.key for each in set(was.deadlines) ^ set(after.deadlines)] if was is not None else []
        replace_deadlines(work, rulebook, people, parent_id, parent, after, now, corrected=corrected)


def parent_of(
    work: UnitOfWork, rulebook: Rulebook, people: People, child: Agreement, now: datetime
) -> Agreement | None:
    """The agreement that it belongs to, its deadlines derived; None where there is none, or none that can be read."""
    if child.parent is None:
        return None
    try:
        with about(child.parent):
            return refreshed(rulebook, people, work.agreements.lock(child.parent, with_parent=False), now)
    except UnreadableAgreement:
        return None
