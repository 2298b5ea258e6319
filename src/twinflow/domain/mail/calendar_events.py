"""Deadlines as all-day events of a person's calendar: values without a language and without a file format.

What identifies an event, and how often it has changed, comes from the books alone: the same event in a feed, in a mail and in
the feed of tomorrow is one event to a calendar program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID, uuid5

from twinflow.domain.agreement.agreement import AgreementHead, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import DateMoved
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.alerts.recipients import holders_now, recipients_of
from twinflow.domain.calendar.business_days import ONE_DAY
from twinflow.domain.deadlines import assumed
from twinflow.domain.deadlines.lateness import Standing, has_passed, in_words, is_paused
from twinflow.domain.people.people import People, Person
from twinflow.domain.process.definition import LIAISON, DeadlineRule, Label, Nature, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.sentences import Sentence
from twinflow.text import shortened

NAMESPACE = UUID("8a6d1c0e-5f0b-4c39-9a55-6d2d4c1b7e10")
"""Never to be changed: every UID that calendars have kept rests on it."""


@dataclass(frozen=True, slots=True)
class DatedAgreement:
    """What the events of an agreement are made of: its head, deadlines, and of its history the moved dates and the migrations,
    oldest first.

    `changed_at` (UTC) is when its last entry that is no alert was recorded.
    """

    head: AgreementHead
    deadlines: tuple[Deadline, ...]
    moves: tuple[DateMoved, ...]
    migrations: tuple[HistoryEntry, ...]
    changed_at: datetime


class EventStatus(StrEnum):
    """RFC 5545, section 3.8.1.11."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One all-day event on the day `on`. `sequence` counts the changes of its date, `changed_at` (UTC) is the last change.

    `path` is that of the agreement's page.
    """

    uid: str
    sequence: int
    on: date
    changed_at: datetime
    status: EventStatus
    summary: Sentence
    description: tuple[Sentence | str, ...]
    categories: tuple[Sentence | Label, ...]
    path: str


def is_told(
    people: People,
    person: Person,
    definition: ProcessDefinition,
    rule: DeadlineRule,
    office: str,
    day: date,
    in_hand: Mapping[str, str],
) -> bool:
    """Whether the person gets on the day what is told of the deadline, be it for somebody absent or only when it escalates.

    `in_hand` is as of `audience_of`.
    """
    roles = dict.fromkeys((*rule.told, *(level.to for level in rule.warn + rule.escalate if level.to is not None)))
    holders = holders_now(people, definition, office, roles, day, in_hand)
    standing_in = (recipient.person for recipient in recipients_of(people, holders, day))
    return person.key in holders or person.key in standing_in


def who_and_what(rulebook: Rulebook, definition: ProcessDefinition, rule: DeadlineRule) -> tuple[Sentence, ...]:
    """Who acts, and then what there is to do."""
    lines = [Sentence("Who acts: {role}", {"role": definition.roles[rule.late or LIAISON].label})]
    if not rule.duty:
        lines.append(Sentence("The last day of a right: nobody is late when it passes unused."))
    todo = rulebook.what_meets(definition, rule)
    if todo:
        lines.append(Sentence("What to do: {steps}", {"steps": tuple(todo)}))
    return tuple(lines)


def deadline_event(
    agreement: DatedAgreement,
    deadline: Deadline,
    definition: ProcessDefinition,
    *,
    today: date,
    doing: Sequence[Sentence],
) -> CalendarEvent | None:
    """The event of a deadline; None where it never had a date.

    `definition` is the version that its date was counted by, `today` the date where the late office is, `doing` what
    `who_and_what` gives. While a pause holds the date, the event stays on the last day it had, and says so.
    """
    head, rule = agreement.head, definition.deadlines[deadline.rule]
    moves = _moves(agreement, deadline)
    on = deadline.due_on or _last_date(moves)
    if on is None:
        return None
    withdrawn = deadline.status is DeadlineStatus.VOID
    paused = is_paused(deadline, today)
    tags = _tags(rule, deadline, today, paused=paused)
    names = {"reference": head.reference, "deadline": rule.label, "tags": tags}
    return CalendarEvent(
        uid=event_uid(head, deadline),
        sequence=len(moves) + withdrawn,
        on=on,
        changed_at=_changed_at(agreement, deadline, today),
        status=_status(deadline, paused=paused),
        summary=Sentence("{reference}: {deadline} ({tags})" if tags else "{reference}: {deadline}", names),
        description=(
            shortened(head.title),
            *_how_it_stands(deadline, tags, assumed.in_words(deadline, definition), paused=paused),
            *(doing if deadline.is_open else doing[:1]),
        ),
        categories=(definition.label, _NATURES[rule.nature]),
        path=f"/agreements/{quote(head.reference)}",
    )


def event_uid(agreement: AgreementHead, deadline: Deadline) -> str:
    """The same for one occurrence of a deadline, whatever becomes of it. A UUID tells nobody what it is of (RFC 7986, 5.3)."""
    return str(uuid5(NAMESPACE, f"{agreement.office}/{agreement.reference}/{deadline.rule}/{deadline.occurrence}"))


_NATURES = {
    Nature.LEGAL: Sentence("Set by law"),
    Nature.CONTRACTUAL: Sentence("Agreed in the text"),
    Nature.TARGET: Sentence("A target, not a duty"),
}
_CLOSED = {
    DeadlineStatus.MET: Sentence("done"),
    DeadlineStatus.LAPSED: Sentence("lapsed"),
    DeadlineStatus.UNMET: Sentence("not met"),
    DeadlineStatus.VOID: Sentence("no longer applies"),
}


def _moves(agreement: DatedAgreement, deadline: Deadline) -> list[DateMoved]:
    """The changes of its date, oldest first."""
    return [moved for moved in agreement.moves if moved.key == deadline.key]


def _last_date(moves: Sequence[DateMoved]) -> date | None:
    return next((moved.before for moved in reversed(moves) if moved.before is not None), None)


def _status(deadline: Deadline, *, paused: bool) -> EventStatus:
    if deadline.status is DeadlineStatus.VOID:
        return EventStatus.CANCELLED
    is_firm = not deadline.is_open or not (deadline.provisional or deadline.assumed)
    return EventStatus.TENTATIVE if paused or not is_firm else EventStatus.CONFIRMED


def _tags(rule: DeadlineRule, deadline: Deadline, today: date, *, paused: bool) -> tuple[Sentence, ...]:
    """How it stands, in words; nothing where the date is still ahead and firm."""
    if not deadline.is_open:
        return (_CLOSED[deadline.status],)
    found = []
    if deadline.assumed:
        found.append(Sentence("assumed date"))
    if paused or (has_passed(deadline.due_on, today) and not deadline.assumed):
        stands = Standing.PAUSED if paused else Standing.OVERDUE
        found.append(in_words(DeadlineStatus.OPEN, stands, rule.nature, owed=rule.late is not None))
    if deadline.provisional:
        found.append(Sentence("provisional date"))
    return tuple(found)


def _changed_at(agreement: DatedAgreement, deadline: Deadline, today: date) -> datetime:
    """When what the event says changed last: by an entry of the history, or by a day that came.

    Nothing here is the present instant: the same books give the same file.
    """
    days = [agreement.head.tracked_from] if deadline.closed_on is None else [deadline.closed_on]
    if deadline.is_open and deadline.due_on is not None and has_passed(deadline.due_on, today):
        days.append(deadline.due_on + ONE_DAY)
    return max(agreement.changed_at, *(datetime.combine(day, time(), UTC) for day in days))


def _how_it_stands(
    deadline: Deadline, tags: tuple[Sentence, ...], default: Sentence | None, *, paused: bool
) -> list[Sentence]:
    if deadline.closed_on is not None and not deadline.is_open:
        return [Sentence("How the date stands: {standing} ({day})", {"standing": tags, "day": deadline.closed_on})]
    lines = [Sentence("How the date stands: {standing}", {"standing": tags or Sentence("open")})]
    if paused:
        lines.append(Sentence("The count is paused: this day will move when it goes on."))
    if deadline.is_open and default is not None:
        lines.append(Sentence("The date is {assumed}: nothing follows from it.", {"assumed": default}))
    if deadline.is_open and deadline.provisional:
        lines.append(Sentence("The date is provisional: a calendar that it rests on is not complete yet."))
    return lines
