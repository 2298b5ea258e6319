"""How the date of one deadline came about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline
from twinflow.domain.deadlines import assumed
from twinflow.domain.deadlines.carried_over import carried_over_on
from twinflow.domain.deadlines.changes import Change, changes_by_deadline
from twinflow.domain.deadlines.context import due_dates
from twinflow.domain.deadlines.counting import DueDate
from twinflow.domain.deadlines.deadline_id import DeadlineId, find_deadline
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound
from twinflow.sentences import Sentence
from twinflow.services.agreements.recording import refreshed
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the date of a deadline came about: one due date with its ledger for each reading of the length.

    `roles` names those of the process, for the changes that wait for one; `carried_on` is the day of the migration that the
    date rests on, if it does; `assumed` says by what default it is only assumed.
    """

    id: str
    label: Label
    source: Label
    deadline: Deadline
    readings: tuple[DueDate, ...]
    changes: tuple[Change, ...]
    roles: Mapping[str, Label]
    carried_on: date | None
    assumed: Sentence | None


def explain(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    wanted: DeadlineId,
    now: datetime,
    *,
    viewer: Viewer,
) -> Explanation:
    """The ledger of a deadline. Raises NotFound, UnreadableAgreement."""
    with about(wanted.reference):
        with UnitOfWork(engine, reading=True) as work:
            agreement = work.agreements.get_for(viewer, wanted.reference)
        rulebook.definition_of(agreement)  # an agreement that cannot be read is no deadline that there is not
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
    return Explanation(
        id=str(wanted),
        label=rule.label,
        source=rule.source,
        deadline=deadline,
        readings=tuple(readings),
        changes=changes,
        roles=roles,
        carried_on=carried_on,
        assumed=assumed.in_words(deadline, definition),
    )
