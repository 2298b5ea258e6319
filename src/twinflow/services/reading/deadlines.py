"""Deadlines as lists show them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Deadline, PresentAgreement
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.business_days import business_days_between
from twinflow.domain.deadlines import assumed, lateness
from twinflow.domain.deadlines.acknowledgements import (
    NOTHING_SAID,
    Acknowledgement,
    Snooze,
    acknowledgements_by_deadline,
)
from twinflow.domain.deadlines.changes import Change, changes_by_deadline, pending
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.errors import UnreadableAgreement
from twinflow.sentences import Sentence, as_it_stands
from twinflow.services.reading.explanations import Explanation, explanation
from twinflow.storage.agreements import read
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """One occurrence of a deadline; `edition` names the calendars it was counted by, if any.

    `days` and `business_days` are left until `due_on`, where the late office is; negative when it has passed, None where that
    makes nothing late as the date is only `assumed` (which says by what). `standing`
    says how an open one stands (`lateness.Standing`), `waiting` how many changes of it wait for a second person (None in
    lists, which are read without the history). `acknowledged` says who has an open one in hand, `snoozed` who is told
    nothing of it for now.
    """

    id: str
    reference: str
    label: Label
    anchor_on: date
    warn_on: date | None
    due_on: date | None
    days: int | None
    business_days: int | None
    status: str
    standing: str
    waiting: int | None
    closed_on: date | None
    nature: str
    late: Label
    source: Label
    edition: str
    provisional: bool
    assumed: Sentence | None
    acknowledged: Acknowledgement | None
    snoozed: tuple[Snooze, ...]

    @property
    def has_passed(self) -> bool:
        """Whether it is open and its day is over, whoever is or is not late."""
        return self.standing in lateness.PASSED

    @property
    def is_late(self) -> bool:
        return lateness.is_late(self.standing, owed=bool(self.late))

    @property
    def is_overdue(self) -> bool:
        return lateness.is_overdue(self.standing, self.nature, owed=bool(self.late))

    @property
    def standing_words(self) -> Sentence:
        return lateness.in_words(self.status, self.standing, self.nature, owed=bool(self.late))


@dataclass(frozen=True, slots=True)
class DeadlineList:
    """Deadlines, soonest first, and of which agreements none could be read."""

    lines: tuple[DeadlineLine, ...]
    unreadable: tuple[Sentence, ...]


def list_deadlines(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    *,
    viewer: Viewer,
    everything: bool = False,
) -> DeadlineList:
    """The open deadlines of all agreements that the viewer sees; `everything` adds the closed ones."""
    with UnitOfWork(engine, reading=True) as work:
        ids = work.agreements.all_ids(viewer)
        cases = work.agreements.load(ids) if everything else work.agreements.present(ids)
        said = work.history.said()
    lines: list[DeadlineLine] = []
    unreadable: list[Sentence] = []
    for number, case in zip(ids, cases, strict=True):
        try:
            agreement = read(case)
            history = agreement.history if isinstance(agreement, Agreement) else None
            with about(agreement.reference):
                entries = said.get(number, ())
                if isinstance(entries, Exception):
                    raise entries
                lines += deadlines_of(rulebook, people, agreement, now, entries, history)
        except UnreadableAgreement as error:
            unreadable.append(error.message)
    lines.sort(key=lambda line: (line.due_on or date.max, line.reference))
    return DeadlineList(tuple(lines), tuple(unreadable))


def deadlines_of(
    rulebook: Rulebook,
    people: People,
    agreement: PresentAgreement,
    now: datetime,
    said: Iterable[HistoryEntry],
    history: Sequence[HistoryEntry] | None,
) -> list[DeadlineLine]:
    """The open ones; with the agreement's history the closed ones too, as it names what is gone since.

    `said` has the entries about the warnings of deadlines, be it in the whole history.
    A deadline is left out where the only process file that had it is gone.
    """
    definition = rulebook.definition_of(agreement)
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    changes, acknowledged = changes_by_deadline(history or ()), acknowledgements_by_deadline(said)
    lines = []
    for deadline in sorted(agreement.deadlines, key=_by_due_date):
        then = rulebook.definition_then(agreement, history or (), deadline)
        rule = then.deadlines.get(deadline.rule)
        if rule is None or not (history is not None or deadline.is_open):
            continue
        calendars, today, due_on = context.calendars_of(rule), context.today_of(rule), deadline.due_on
        left = due_on if not assumed.has_gone_by(deadline, today) else None
        counted = left is not None and calendars.covers(left)
        about = acknowledged.get(deadline.key, NOTHING_SAID) if deadline.is_open else NOTHING_SAID
        lines.append(
            DeadlineLine(
                id=f"{agreement.reference}/{deadline.rule}/{deadline.occurrence}",
                reference=agreement.reference,
                label=rule.label,
                anchor_on=deadline.anchor_on,
                warn_on=as_it_stands(deadline.warn_on, provisional=deadline.provisional),
                due_on=deadline.shown_on,
                days=(left - today).days if left else None,
                business_days=business_days_between(today, left, calendars) if left and counted else None,
                status=deadline.status.value,
                standing=lateness.standing(rule, deadline, calendars, today).value,
                waiting=_waiting(deadline, changes) if history is not None else None,
                closed_on=deadline.closed_on,
                nature=rule.nature.value,
                late=then.roles[rule.late].label if rule.late else {},
                source=rule.source,
                edition=deadline.edition,
                provisional=deadline.provisional,
                assumed=assumed.in_words(deadline, then),
                acknowledged=about.acknowledged,
                snoozed=about.running(today),
            )
        )
    return lines


def _waiting(deadline: Deadline, changes: Mapping[tuple[str, int], Sequence[Change]]) -> int:
    return len(list(pending(changes.get(deadline.key, ())))) if deadline.is_open else 0


def explanations_of(rulebook: Rulebook, people: People, agreement: Agreement, now: datetime) -> Iterator[Explanation]:
    """The ledger of each open deadline, the soonest first."""
    for deadline in sorted(agreement.deadlines, key=_by_due_date):
        if deadline.is_open:
            yield explanation(rulebook, people, agreement, DeadlineId(agreement.reference, *deadline.key), now)


def _by_due_date(deadline: Deadline) -> tuple[date, str, int]:
    return (deadline.due_on or date.max, deadline.rule, deadline.occurrence)
