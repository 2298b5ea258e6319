"""What a pass of the clock decides about one case: what is told to whom, what a date does by itself, when to come back.

Values in, values out: the sweep does it to the books, the simulation to a snapshot, and the two cannot come apart.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus, HistoryEntry
from twinflow.domain.agreement.findings import Finding
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.deadlines import warnings
from twinflow.domain.deadlines.acknowledgements import attention_to
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import CLOCK, LIAISON, Announcement, DeadlineRule, ProcessDefinition
from twinflow.domain.steps.migration import taken_over

SOON, OVERDUE = "deadline-soon", "deadline-overdue"
"""The notices about a deadline: its day is to come, or has passed."""

MOVED = "deadline-moved"
"""The notice about a date that has moved."""

UNDELIVERED = "undelivered"
"""The notice that somebody could not be reached."""

MISSED = "missed"
"""The level of an occurrence that began and passed while the clock was off."""

EARLIEST_ZONE = timedelta(hours=14)
"""No place on earth is further ahead of UTC: what is due anywhere is due by then."""

Key = tuple[str, int]


def latest_day(now: datetime) -> date:
    """The furthest day that any place on earth has come to: a case is looked at when something of it wakes by then."""
    return (now + EARLIEST_ZONE).date()


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to be told: which notice, about what, at which level, to which roles.

    `subject`, `occurrence` and `level` are its identity for each recipient; `effective_on` is the day it became due; `held`
    are the people who do not want to hear of it yet. `waits`: where nobody holds the role it is told later; else it is told
    now or not at all, and the history says that nobody heard.
    """

    notice: str
    subject: AlertSubject
    roles: tuple[str, ...]
    effective_on: date
    occurrence: int = 1
    level: str = ""
    urgent: bool = False
    details: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets what is told, and for which role; `stands_for` is the person in whose absence it comes to this one."""

    person: str
    role: str
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to be told now, by key, and which of the roles nobody holds. `nobody`: no role is held at all."""

    recipients: tuple[Recipient, ...]
    vacant: tuple[str, ...]
    nobody: bool


@dataclass(frozen=True, slots=True)
class AlreadyTold:
    """What was told of one subject: to whom at which level, and the day of each level that was told to anybody.

    `people` has (level, person) pairs, of an absent person also what was told to the delegate.
    """

    people: frozenset[tuple[str, str]] = frozenset()
    levels: Mapping[LevelKey, date] = field(default_factory=dict)

    def and_now(self, telling: Telling, audience: Audience) -> "AlreadyTold":
        """With what the audience is told now."""
        heard = {who for each in audience.recipients for who in (each.person, each.stands_for) if who}
        levels = {**self.levels, LevelKey.parse(telling.level): telling.effective_on}
        return AlreadyTold(self.people | {(telling.level, who) for who in heard}, levels)


def audience_of(
    people: People,
    definition: ProcessDefinition,
    office: str,
    telling: Telling,
    today: date,
    told: Container[tuple[str, str]],
) -> Audience:
    """Who is to be told on the day, of a case that `office` keeps.

    `told` has the (level, person) pairs of those who were, or whose delegate was.
    """
    holders, vacant = holders_of(people, definition, office, telling.roles, today)
    heard = {person for person in holders if person in telling.held or (telling.level, person) in told}
    recipients = [
        each
        for each in recipients_of(people, {who: role for who, role in holders.items() if who not in heard}, today)
        if (telling.level, each.person) not in told
    ]
    return Audience(tuple(recipients), vacant, nobody=not holders)


def holders_of(
    people: People, definition: ProcessDefinition, office: str, roles: Iterable[str], today: date
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Who holds the roles for cases of `office` on the day, each person with the first role held; the roles nobody holds."""
    holders: dict[str, str] = {}
    vacant: list[str] = []
    for role in roles:
        found = people.holders_for(definition, role, office, today)
        if not found:
            vacant.append(role)
        for person in found:
            holders.setdefault(person.key, role)
    return holders, tuple(vacant)


def recipients_of(people: People, holders: Mapping[str, str], today: date) -> list[Recipient]:
    """Who gets what the holders of roles are told, by key: themselves, or who gets their mail while they are away.

    Who has a role of their own is told once, for that role; of several people stood in for, the first is named.
    """
    found: dict[str, Recipient] = {}
    for person, role in sorted(holders.items()):
        who = people.stand_in(person, today)
        known = found.get(who, Recipient(who, holders.get(who, role)))
        found[who] = known if who == person or known.stands_for else replace(known, stands_for=person)
    return [found[who] for who in sorted(found)]


def is_spoken_of(rule: DeadlineRule, deadline: Deadline, today: date) -> bool:
    """Whether anybody is still told of it: while it is open, and of a right only until its last day."""
    return deadline.is_open and (rule.duty or not _passed(deadline, today))


def levels_to_tell(
    agreement: Agreement,
    rule: DeadlineRule,
    deadline: Deadline,
    calendars: Calendars,
    today: date,
    fired: Mapping[LevelKey, date],
) -> Iterator[Telling]:
    """The levels reached and not told, soonest first: one message takes them all in, and speaks as the last of them.

    `fired` has those told to anybody, with their days. Of a case taken over, those of the time before are left out, but for the
    last: it tells those concerned how things stand, and is not escalated. Once somebody has acknowledged the deadline,
    nothing is escalated any more.
    """
    attention = attention_to(agreement.history, deadline.key)
    migrated_on = taken_over(agreement.history).on
    reached = warnings.reached(rule, deadline, calendars, today, fired)
    last = {level.level.to: level for level in reached}
    for level in reached:
        to = level.level.to
        if migrated_on is not None and _said_before(level, fired, migrated_on):
            continue
        if to and attention.acknowledged is not None:
            continue
        is_new = level.key not in fired and level.on >= max(migrated_on or date.min, agreement.tracked_from)
        says_how_it_stands = level is last[to] and (to is None or level.on >= agreement.tracked_from)
        if is_new or says_how_it_stands:
            yield Telling(
                notice=OVERDUE if _passed(deadline, today) else SOON,
                subject=AlertSubject.deadline(rule.key),
                occurrence=deadline.occurrence,
                level=str(level.key),
                roles=(to,) if to else rule.told,
                effective_on=level.on,
                held=attention.held(today, None if level is last[to] else level.on),
                waits=True,
            )


def next_wake_on(
    agreement: Agreement, rule: DeadlineRule, deadline: Deadline, calendars: Calendars, today: date
) -> date | None:
    """The first day after today on which a sweep has something to do about the deadline: also where a snooze ends."""
    days = [warnings.next_wake_on(rule, deadline, calendars, today)]
    if deadline.is_open:
        days += [snooze.until for snooze in attention_to(agreement.history, deadline.key).running(today)]
    return min((day for day in days if day is not None), default=None)


def _said_before(level: warnings.ReachedLevel, fired: Mapping[LevelKey, date], migrated_on: date) -> bool:
    """Whether the ladder of an earlier version has told the same people what this level of the time before would tell."""
    told = [on for key, on in fired.items() if key.to == level.key.to]
    return level.key not in fired and level.on <= migrated_on and any(on >= level.on for on in told)


def missed(before: Sequence[Deadline], after: Sequence[Deadline], definition: ProcessDefinition) -> Iterator[Telling]:
    """What began and was missed since the deadlines were `before`, while nobody looked: each occurrence once."""
    known = {deadline.key for deadline in before}
    for deadline in after:
        if deadline.status is DeadlineStatus.UNMET and deadline.key not in known and deadline.due_on is not None:
            yield Telling(
                notice=OVERDUE,
                subject=AlertSubject.deadline(deadline.rule),
                occurrence=deadline.occurrence,
                level=MISSED,
                roles=definition.deadlines[deadline.rule].told,
                effective_on=deadline.due_on,
            )


def about_moved(rule: DeadlineRule, occurrence: int, cause: str, today: date) -> Telling:
    """That a date has moved. `cause` is unique for the deadline: a change, an edition of a calendar, a migration."""
    return Telling(
        notice=MOVED,
        subject=AlertSubject(SubjectKind.MOVED, rule.key),
        occurrence=occurrence,
        level=cause,
        roles=rule.told,
        effective_on=today,
    )


def about_finding(finding: Finding, occurrence: int, today: date) -> Telling:
    """What the liaison has to settle."""
    return Telling(
        notice=finding.code.notice,
        subject=AlertSubject.finding(finding),
        occurrence=occurrence,
        roles=(LIAISON,),
        effective_on=today,
        waits=True,
    )


def about_step(announcements: Sequence[Announcement], entry: HistoryEntry, after: Agreement) -> Iterator[Telling]:
    """What a step that was taken sends: each time it is taken, and of several notices each, for itself.

    Nothing where the clock makes up for what happened before the case was taken over.
    """
    if entry.actor == CLOCK and entry.effective_on < after.tracked_from:
        return
    for announcement in announcements:
        yield Telling(
            notice=announcement.notice,
            subject=AlertSubject(SubjectKind.STEP, entry.step or ""),
            occurrence=len(after.steps_taken(entry.step or "")),
            level=announcement.notice if len(announcements) > 1 else "",
            roles=announcement.to,
            effective_on=entry.effective_on,
            urgent=announcement.urgent,
            details={"state": after.state},
        )


def _passed(deadline: Deadline, today: date) -> bool:
    return deadline.due_on is not None and deadline.due_on < today
