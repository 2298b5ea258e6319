"""What a pass of the clock decides about one case: what is told to whom, what a date does by itself, when to come back.

Values in, values out: the sweep does it to the books, the simulation to a snapshot, and the two cannot come apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from twinflow.domain import levels
from twinflow.domain.agreement import Agreement, Basis, Deadline, DeadlineStatus, HistoryEntry
from twinflow.domain.calendars import Calendars
from twinflow.domain.findings import Finding
from twinflow.domain.library import Library
from twinflow.domain.migration import TakenOver, taken_over
from twinflow.domain.process import LIAISON, Announcement, DeadlineRule, ProcessDefinition

SOON, OVERDUE = "deadline-soon", "deadline-overdue"
"""The notices about a deadline: its day is to come, or has passed."""

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


def told_of(rule: DeadlineRule) -> tuple[str, ...]:
    """Who is told of a deadline: the role that is late if it passes, and the liaison."""
    return tuple(dict.fromkeys((rule.late or LIAISON, LIAISON)))


def subject_of(rule: str) -> str:
    """What an alert about a deadline is about."""
    return f"deadline:{rule}"


def holders_of(
    library: Library, agreement: Agreement, roles: Iterable[str], today: date
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Who holds the roles on the day, each person with the first role held, and the roles that nobody holds."""
    definition = library.definition_of(agreement)
    holders: dict[str, str] = {}
    vacant: list[str] = []
    for role in roles:
        people = library.holders(definition, role, agreement, today)
        if not people:
            vacant.append(role)
        for person in people:
            holders.setdefault(person.key, role)
    return holders, tuple(vacant)


def is_awake(rule: DeadlineRule, deadline: Deadline, wake_on: date, today: date, *, lapsing: bool) -> bool:
    """Whether its day has come where the late office is: to take the step that follows from it, or to speak of it."""
    return wake_on <= today and levels.lapses_by_the_clock(rule, deadline, today) is lapsing


def still_lapsing(agreement: Agreement, rule: DeadlineRule, key: Key, today: date) -> Deadline | None:
    """The deadline as it stands, if its day has passed and a step follows from it; an earlier such step may have changed it."""
    found = next((deadline for deadline in agreement.deadlines if deadline.key == key), None)
    return found if found is not None and levels.lapses_by_the_clock(rule, found, today) else None


def is_spoken_of(rule: DeadlineRule, deadline: Deadline, today: date) -> bool:
    """Whether anybody is still told of it: while it is open, and of a right only until its last day."""
    return deadline.is_open and (rule.duty or not _passed(deadline, today))


def levels_to_tell(
    agreement: Agreement,
    rule: DeadlineRule,
    deadline: Deadline,
    calendars: Calendars,
    today: date,
    fired: Mapping[str, date],
) -> Iterator[Telling]:
    """The levels reached and not told, soonest first: one message takes them all in, and speaks as the last of them.

    `fired` has those told to anybody, with their days. Of a case taken over, those of the time before are left out but for the
    last: it says how things stand.
    """
    migrated_on = taken_over(agreement.history).on
    reached = levels.reached(rule, deadline, calendars, today, fired)
    last = {level.level.to: level for level in reached}
    for level in reached:
        to = level.level.to
        if migrated_on is not None and _said_before(level, fired, migrated_on):
            continue
        untold = level.key not in fired and level.on >= max(migrated_on or date.min, agreement.tracked_from)
        if untold or level is last[to]:
            yield Telling(
                notice=OVERDUE if _passed(deadline, today) else SOON,
                subject=subject_of(rule.key),
                occurrence=deadline.occurrence,
                level=level.key,
                roles=(to,) if to else told_of(rule),
                effective_on=level.on,
            )


def _said_before(level: levels.ReachedLevel, fired: Mapping[str, date], migrated_on: date) -> bool:
    """Whether the ladder of an earlier version has told the same people what this level of the time before would tell."""
    ending = f" to {level.level.to}" if level.level.to else ""
    told = [on for key, on in fired.items() if key.endswith(ending) and (ending or " to " not in key)]
    return level.key not in fired and level.on <= migrated_on and any(on >= level.on for on in told)


def missed(before: Sequence[Deadline], after: Sequence[Deadline], definition: ProcessDefinition) -> Iterator[Telling]:
    """What began and was missed since the deadlines were `before`, while nobody looked: each occurrence once."""
    known = {deadline.key for deadline in before}
    for deadline in after:
        if deadline.status is DeadlineStatus.UNMET and deadline.key not in known and deadline.due_on is not None:
            yield Telling(
                notice=OVERDUE,
                subject=subject_of(deadline.rule),
                occurrence=deadline.occurrence,
                level=MISSED,
                roles=told_of(definition.deadlines[deadline.rule]),
                effective_on=deadline.due_on,
            )


def about_finding(finding: Finding, occurrence: int, today: date) -> Telling:
    """What the liaison has to settle."""
    return Telling(
        notice=finding.code.notice,
        subject=f"{finding.code}:{finding.subject}",
        occurrence=occurrence,
        roles=(LIAISON,),
        effective_on=today,
    )


def about_step(announcements: Sequence[Announcement], entry: HistoryEntry, after: Agreement) -> Iterator[Telling]:
    """What a step that was taken sends: each time it is taken, and of several notices each, for itself."""
    for announcement in announcements:
        yield Telling(
            notice=announcement.notice,
            subject=f"step:{entry.step}",
            occurrence=len(after.steps_taken(entry.step or "")),
            level=announcement.notice if len(announcements) > 1 else "",
            roles=announcement.to,
            effective_on=entry.effective_on,
            urgent=announcement.urgent,
            details={"state": after.state},
        )


def kept(before: Sequence[Deadline], after: Agreement, definition: ProcessDefinition) -> dict[Key, Deadline]:
    """The deadlines to be kept in the place of `before`: those of `after`, and of what was closed, what it was closed with."""
    old = {deadline.key: deadline for deadline in before}
    new = {deadline.key: deadline for deadline in after.deadlines}
    migration = taken_over(after.history)
    return {key: _as_it_was_closed(key, old, new, definition, migration) for key in new}


def _as_it_was_closed(
    key: Key,
    before: Mapping[Key, Deadline],
    derived: Mapping[Key, Deadline],
    definition: ProcessDefinition,
    migration: TakenOver,
) -> Deadline:
    """What is closed keeps its date and the calendars it was counted by, whatever is announced later.

    Only what people record afterwards changes it: an act that meets it, a pause, more time, another start. What was closed
    before the agreement came to its version of the process stays as the earlier version had it, until it begins anew.
    """
    old, new = before.get(key), derived[key]
    if old is None or old.is_open or (old.closed_on is None and key not in migration.closed):
        return new
    rule = definition.deadlines[new.rule]
    based_on = (rule.anchor.deadline, new.occurrence) if rule.anchor.deadline else key
    base, base_now = before.get(based_on, old), derived.get(based_on, new)
    started_on_calendar_day = based_on != key or rule.cut_off is not None
    if key in migration.closed and (started_on_calendar_day or migration.closed[key] == new.anchor_on.isoformat()):
        return old
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


def _passed(deadline: Deadline, today: date) -> bool:
    return deadline.due_on is not None and deadline.due_on < today
