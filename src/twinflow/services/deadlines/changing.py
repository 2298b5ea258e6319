"""Changing one deadline by an act."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import Changed, ChangeKind
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.deadlines.changes import ChangeCommand, decide
from twinflow.domain.deadlines.deadline_id import DeadlineId, find_deadline
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook
from twinflow.services.agreements.acting import locked_for
from twinflow.services.agreements.recording import record_change, refreshed
from twinflow.services.alerts.telling import tell, tell_moved
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


@dataclass(frozen=True, slots=True)
class ChangedDeadline:
    """What an act made of a deadline. `waits_for` is the role whose confirmation it still needs, if any."""

    label: Label
    before: date | None
    after: date | None
    number: int
    waits_for: Label


def change_deadline(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    wanted: DeadlineId,
    command: ChangeCommand,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> ChangedDeadline:
    """Pause, resume, extend, take back, move or confirm, and compute the date anew.

    Raises NotFound, BadInput for its texts, Refused with every reason, StaleAgreement if somebody else was faster.
    """
    command = checked(command)
    who = people.person(person)
    with about(wanted.reference), UnitOfWork(engine) as work:
        agreement = locked_for(work, people, who, wanted.reference, now)
        definition = rulebook.definition_of(agreement)
        command = replace(command, party=agreement.as_written(command.party))
        today = people.today(agreement.office, now)
        known = refreshed(rulebook, people, agreement, now).deadlines
        before = find_deadline(replace(agreement, deadlines=known), wanted)
        entry = decide(
            agreement,
            definition,
            before,
            command,
            people.actor(who, definition, agreement.office, today, door),
            now=now,
            today=today,
            calendars=rulebook.calendars_of(definition, definition.deadlines[wanted.rule]),
        )
        after = _with_entry(rulebook, people, agreement, entry, now)
        said = Changed.read(entry)
        assert said is not None
        cause = f"change {said.number} {command.kind} of {before.rule} {before.occurrence}"
        agreement_id = record_change(work, rulebook, people, agreement, after, now, cause=cause)
        _ask_for_confirmation(work, rulebook, people, agreement_id, after, before, entry, said, now)
        for old in known:  # what follows the date moves with it
            if old.is_open:
                tell_moved(work, rulebook, people, agreement_id, after, old, cause, now)
        work.commit()
    moved = find_deadline(after, wanted)
    second = "" if command.kind is ChangeKind.CONFIRM else said.second
    return ChangedDeadline(
        label=definition.deadlines[wanted.rule].label,
        before=before.shown_on,
        after=moved.shown_on,
        number=said.number,
        waits_for=definition.roles[second].label if second else {},
    )


def _with_entry(
    rulebook: Rulebook, people: People, agreement: Agreement, entry: HistoryEntry, now: datetime
) -> Agreement:
    changed = replace(agreement, version=agreement.version + 1, history=(*agreement.history, entry))
    return refreshed(rulebook, people, changed, now)


def _ask_for_confirmation(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    agreement: Agreement,
    before: Deadline,
    entry: HistoryEntry,
    said: Changed,
    now: datetime,
) -> None:
    if said.second:
        telling = Telling(
            notice="change-to-confirm",
            subject=AlertSubject(SubjectKind.CHANGE, before.rule),
            occurrence=before.occurrence,
            level=f"change {said.number}",
            roles=(said.second,),
            effective_on=entry.effective_on,
            details={"number": str(said.number)},
        )
        tell(work, rulebook, people, agreement_id, agreement, telling, now)
