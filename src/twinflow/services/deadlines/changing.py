"""Changing one deadline by an act, and showing how its date came about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline, HistoryEntry
from twinflow.domain.agreement.entries import Changed, ChangeKind
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import Telling
from twinflow.domain.deadlines.changes import Change, ChangeCommand, changes_by_deadline, decide
from twinflow.domain.deadlines.context import due_dates
from twinflow.domain.deadlines.counting import DueDate
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.migration import carried_over_on
from twinflow.errors import BadInput, NotFound
from twinflow.services.agreements.recording import record_change, refreshed
from twinflow.services.alerts.telling import tell, tell_moved
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeadlineId:
    """What people call one occurrence of a deadline: `VR-1/opinion/1`. References may hold slashes themselves."""

    reference: str
    rule: str
    occurrence: int

    @classmethod
    def parse(cls, text: str) -> "DeadlineId":
        """Raises BadInput, saying what would be right."""
        match = re.fullmatch(r"(.+)/([a-z][a-z0-9_]*)/([1-9]\d{0,5})", text)
        if match is None:
            raise BadInput(
                "“{id}” names no deadline; one is written REFERENCE/DEADLINE/NUMBER, as “twinflow deadlines list” shows.",
                id=text,
            )
        return cls(match[1], match[2], int(match[3]))

    @property
    def key(self) -> tuple[str, int]:
        return (self.rule, self.occurrence)

    def __str__(self) -> str:
        return f"{self.reference}/{self.rule}/{self.occurrence}"


@dataclass(frozen=True, slots=True)
class ChangedDeadline:
    """What an act made of a deadline. `waits_for` is the role whose confirmation it still needs, if any."""

    label: Label
    before: date | None
    after: date | None
    number: int
    waits_for: Label


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the date of a deadline came about: one due date with its ledger for each reading of the length.

    `roles` names those of the process, for the changes that wait for one; `carried_on` is the day of the migration that the
    date rests on, if it does.
    """

    id: str
    label: Label
    source: Label
    deadline: Deadline
    readings: tuple[DueDate, ...]
    changes: tuple[Change, ...]
    roles: Mapping[str, Label]
    carried_on: date | None


def change_deadline(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    wanted: DeadlineId,
    command: ChangeCommand,
    *,
    person: str,
    now: datetime,
) -> ChangedDeadline:
    """Pause, resume, extend, take back, move or confirm, and compute the date anew.

    Raises NotFound, Refused with every reason, StaleAgreement if somebody else was faster.
    """
    who = people.person(person)
    with UnitOfWork(engine) as work:
        agreement = work.agreements.lock(wanted.reference)
        definition = rulebook.definition_of(agreement)
        today = people.today(agreement.office, now)
        known = refreshed(rulebook, people, agreement, now).deadlines
        before = find_deadline(replace(agreement, deadlines=known), wanted)
        entry = decide(
            agreement,
            definition,
            before,
            command,
            people.actor(who, definition, agreement.office, today),
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
        before=before.due_on,
        after=moved.due_on,
        number=said.number,
        waits_for=definition.roles[second].label if second else {},
    )


def explain(engine: Engine, rulebook: Rulebook, people: People, wanted: DeadlineId, now: datetime) -> Explanation:
    """The ledger of a deadline. Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        agreement = work.agreements.get(wanted.reference)
    return explanation(rulebook, people, agreement, wanted, now)


def explanation(
    rulebook: Rulebook, people: People, agreement: Agreement, wanted: DeadlineId, now: datetime
) -> Explanation:
    """The ledger of a deadline, by the editions of the calendars that its date was counted by. Raises NotFound."""
    deadline = find_deadline(agreement, wanted)
    definition = rulebook.definition_then(agreement, agreement.history, deadline)
    if deadline.basis is None:  # written before the basis was kept
        deadline = find_deadline(refreshed(rulebook, people, agreement, now), wanted)
    if deadline.rule not in definition.deadlines:
        raise NotFound("The process file by which {id} was counted is gone.", id=str(wanted))
    rule = definition.deadlines[deadline.rule]
    calendars = rulebook.calendars_at(deadline.edition, definition, rule)
    _, readings = due_dates(rule, deadline.anchor_on, deadline.basis or Basis(), calendars)
    changes = changes_by_deadline(agreement.history).get(deadline.key, ())
    roles = {key: role.label for key, role in rulebook.lexicon_of(agreement).roles.items()}
    carried_on = carried_over_on(agreement.history, deadline)
    return Explanation(str(wanted), rule.label, rule.source, deadline, tuple(readings), changes, roles, carried_on)


def find_deadline(agreement: Agreement, wanted: DeadlineId) -> Deadline:
    """Raises NotFound, naming what there is."""
    found = next((deadline for deadline in agreement.deadlines if deadline.key == wanted.key), None)
    if found is None:
        known = [f"{agreement.reference}/{d.rule}/{d.occurrence}" for d in agreement.deadlines]
        raise NotFound("There is no deadline {id}; there are: {known}.", id=str(wanted), known=known or "–")
    return found


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
