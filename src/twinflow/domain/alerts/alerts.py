"""What is to be told of a case: of a date and its warnings, a move, a finding, a step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Deadline, Finding, FindingCode
from twinflow.domain.agreement.entries import OnConsultation, StepTaken, TermStated
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.rounds import Consultation
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.deadlines import consultations, warnings
from twinflow.domain.deadlines.acknowledgements import acknowledgements_of
from twinflow.domain.deadlines.carried_over import taken_over
from twinflow.domain.deadlines.consultations import Waiting
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.people.viewer import SUPERVISOR
from twinflow.domain.process.definition import CLOCK, LIAISON, Announcement, DeadlineRule, RoundRule

SOON, OVERDUE = "deadline-soon", "deadline-overdue"
"""The notices about a deadline: its day is to come, or has passed."""

MOVED = "deadline-moved"
"""The notice about a date that has moved."""

REFUSED = "lapse-refused"
"""The notice about a date that has passed without the step that follows from it."""

UNDELIVERED = "undelivered"
"""The notice that somebody could not be reached."""

CORRECTED, TO_CONFIRM = "entry-corrected", "correction-to-confirm"
"""The notices that an entry was put right, and that it is to be once a second person has confirmed it."""

NOT_CORRECTED = "correction-refused"
"""The notice that a correction which waited is not to be."""

DISPLACED = "correction-displaced"
"""The notice that another correction has taken the place of one which waited."""

CONSULTED, ANSWER_SOON, ANSWER_OVERDUE = "consultation-asked", "consultation-soon", "consultation-overdue"
"""The notices to a unit: that it was consulted, and that the day of its answer is to come, or has passed."""

ANSWERED = "consultation-given"
"""The notice to whoever asked a unit that it has answered."""

TO_ACCEPT, GONE, NOT_MOVED = "move-to-accept", "case-moved", "move-refused"
"""The notices that an office is to keep a case from now on: asked of its supervisors, so, and not so."""

HANDED_OVER, IN_OTHER_HANDS = "handed-over", "in-other-hands"
"""The notices to a successor of what waits for them to accept it, and to those concerned that something has changed hands."""

MISSED = "missed"
"""The level of an occurrence that began and passed while the clock was off."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What one person was told of one agreement, with its head. It became due on `effective_on`; `recorded_at` is UTC."""

    alert_id: int
    outbox_id: int
    agreement_id: int
    reference: str
    title: str
    office: str
    state: str
    process: str
    process_version: int
    process_digest: str
    tracked_from: date
    notice: str
    subject: AlertSubject
    occurrence: int
    level: str
    role: str
    stands_for: str
    effective_on: date
    recorded_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)


def is_spoken_of(rule: DeadlineRule, deadline: Deadline, today: date) -> bool:
    """Whether anybody is still told of it: while it is open, and of a right, or a date only assumed, until its last day."""
    is_chased = rule.duty and not deadline.assumed
    return deadline.is_open and (is_chased or not _passed(deadline, today))


def levels_to_tell(
    agreement: Agreement,
    rule: DeadlineRule,
    deadline: Deadline,
    calendars: Calendars,
    today: date,
    fired: Mapping[LevelKey, date],
    known_on: date,
) -> Iterator[Telling]:
    """The levels reached and not told, soonest first: one message takes them all in, and speaks as the last of them.

    `fired` has those told to anybody, with their days. None became due before `known_on`, the day since which the books know of
    the date. Of a case taken over, those of the time before are left out, but for the last: it tells those concerned how things
    stand, and is not escalated; so too where the term was only assumed at first. Of a date that came about later, those that
    had passed by then are told as well. Once somebody has acknowledged the deadline, nothing is escalated any more.
    """
    said = acknowledgements_of(agreement.history, deadline.key)
    migrated_on = taken_over(agreement.history).on
    since = max(migrated_on or date.min, agreement.tracked_from)
    is_older = (known_on <= since or _was_assumed(agreement, rule)) and (
        deadline.counted_from < since or rule.anchor.deadline is not None
    )
    reached = warnings.reached(rule, deadline, calendars, today, fired)
    last = {level.level.to: level for level in reached}
    for level in reached:
        to = level.level.to
        if migrated_on is not None and _said_before(level, fired, migrated_on):
            continue
        if to and said.acknowledged is not None:
            continue
        is_of_before = level.on < since and (is_older or (known_on <= since and not level.level.is_early))
        is_new = level.key not in fired and not is_of_before
        says_how_it_stands = level is last[to] and (to is None or level.on >= agreement.tracked_from)
        if is_new or says_how_it_stands:
            yield Telling(
                notice=OVERDUE if _passed(deadline, today) else SOON,
                subject=AlertSubject.deadline(rule.key),
                occurrence=deadline.occurrence,
                level=str(level.key),
                roles=(to,) if to else rule.told,
                effective_on=max(level.on, known_on),
                held=said.held(today, None if level is last[to] else level.on),
                waits=True,
            )


def _was_assumed(agreement: Agreement, rule: DeadlineRule) -> bool:
    """Whether somebody has stated the term that gives the date, or that of the date it follows."""
    stated = {said.term for entry in agreement.history if (said := TermStated.read(entry)) is not None}
    return bool(stated) and (rule.term in stated or rule.anchor.deadline is not None)


def _said_before(level: warnings.ReachedLevel, fired: Mapping[LevelKey, date], migrated_on: date) -> bool:
    """Whether the ladder of an earlier version has told the same people what this level of the time before would tell."""
    told = [on for key, on in fired.items() if key.to == level.key.to]
    return level.key not in fired and level.on <= migrated_on and any(on >= level.on for on in told)


def about_missed(rule: DeadlineRule, deadline: Deadline, known_on: date) -> Telling:
    """That an occurrence was missed while nobody looked, dated as `levels_to_tell` dates a level."""
    return Telling(
        notice=OVERDUE,
        subject=AlertSubject.deadline(rule.key),
        occurrence=deadline.occurrence,
        level=MISSED,
        roles=rule.told,
        effective_on=max(deadline.due_on or known_on, known_on),
    )


def about_refused(deadline: Deadline, known_on: date) -> Telling:
    """That its day has passed and the step of the clock cannot be taken: once, and again where it gets another day.

    Dated as `levels_to_tell` dates a level.
    """
    return Telling(
        notice=REFUSED,
        subject=AlertSubject(SubjectKind.LAPSE, deadline.rule),
        occurrence=deadline.occurrence,
        level=str(deadline.due_on),
        roles=(LIAISON,),
        effective_on=max(deadline.due_on or known_on, known_on),
        waits=True,
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
    """What the liaison has to settle; that an office may not keep the case, its supervisors: it has no liaison."""
    return Telling(
        notice=finding.code.notice,
        subject=AlertSubject.finding(finding),
        occurrence=occurrence,
        roles=(SUPERVISOR if finding.code is FindingCode.WRONG_OFFICE else LIAISON,),
        effective_on=today,
        waits=True,
    )


def about_step(announcements: Sequence[Announcement], entry: HistoryEntry, after: Agreement) -> Iterator[Telling]:
    """What a step that was taken sends: each time it is taken, and of several notices each, for itself.

    Nothing where the clock makes up for what happened before the case was taken over.
    """
    if entry.actor == CLOCK and entry.effective_on < after.tracked_from:
        return
    said = StepTaken.read(entry)
    left_open = {"left_open": said.left_open.text} if said is not None and said.left_open else {}
    for announcement in announcements:
        yield Telling(
            notice=announcement.notice,
            subject=AlertSubject(SubjectKind.STEP, entry.step or ""),
            occurrence=len(after.steps_taken(entry.step or "")),
            level=announcement.notice if len(announcements) > 1 else "",
            roles=announcement.to,
            effective_on=entry.effective_on,
            urgent=announcement.urgent,
            details={"state": after.state, **left_open},
        )


def about_correction(number: int, second: Sequence[str], actor: str, today: date) -> Telling:
    """That the entry of this number corrects another, or is to once somebody of the roles `second` but `actor` confirms it."""
    return Telling(
        notice=TO_CONFIRM if second else CORRECTED,
        subject=AlertSubject(SubjectKind.CORRECTION, str(number)),
        roles=tuple(second) or (LIAISON,),
        effective_on=today,
        held=frozenset({actor}),
    )


def about_consultation(said: OnConsultation, on: date) -> Telling:
    """That a unit is asked; without delay, as its time runs."""
    return Telling(
        notice=CONSULTED,
        subject=_consultation(said.number),
        roles=(said.role,),
        effective_on=on,
        urgent=True,
    )


def about_move(number: int, notice: str, actor: str, today: date, along: str) -> Telling:
    """That the entry of this number asks for a move to another office, accepts or refuses one; `actor` knows of it.

    `along` are the references of what went with it, with a space between them.
    """
    return Telling(
        notice=notice,
        subject=AlertSubject(SubjectKind.OFFICE, str(number)),
        roles=(),
        effective_on=today,
        details={"along": along} if along else {},
        held=frozenset({actor}),
    )


def about_waiting(waiting: Waiting, context: DeadlineContext) -> Iterator[Telling]:
    """That an answer is awaited: by its ladder to the unit, and once it is overdue to whoever asked as well."""
    level = consultations.reached(waiting, context)
    if level is None:
        return
    passed = level.on > waiting.due_on
    told = Telling(
        notice=ANSWER_OVERDUE if passed else ANSWER_SOON,
        subject=_consultation(waiting.consultation.number),
        level=str(level.key),
        roles=(waiting.consultation.asked.role,),
        effective_on=level.on,
        waits=True,
    )
    yield told
    if passed:
        yield replace(told, roles=_who_ask(waiting.round), person=waiting.consultation.asked_in.actor)


def about_answer(answered: Consultation, rule: RoundRule, on: date) -> Telling:
    """That a unit has answered, to whoever asked it."""
    return Telling(
        notice=ANSWERED,
        subject=_consultation(answered.number),
        level=ANSWERED,
        roles=_who_ask(rule),
        effective_on=on,
        person=answered.asked_in.actor,
    )


def _consultation(number: int) -> AlertSubject:
    return AlertSubject(SubjectKind.CONSULTATION, str(number))


def _who_ask(rule: RoundRule) -> tuple[str, ...]:
    return tuple(sorted(rule.consulted_by))


def about_hands(notice: str, number: int, today: date) -> Telling:
    """That what the entry of this number says, and those written with it, is or is to be in the hands of another."""
    return Telling(notice=notice, subject=AlertSubject(SubjectKind.HANDS, str(number)), roles=(), effective_on=today)


def about_refused_correction(number: int, actor: str, today: date) -> Telling:
    """That the entry of this number refuses a correction, or takes it back; `actor` knows of it."""
    return Telling(
        notice=NOT_CORRECTED,
        subject=AlertSubject(SubjectKind.CORRECTION, str(number)),
        roles=(),
        effective_on=today,
        held=frozenset({actor}),
    )


def about_displaced_correction(number: int, actor: str, today: date) -> Telling:
    """That the correction of this number waits no longer, as `actor` has asked for another of the same entry."""
    return Telling(
        notice=DISPLACED,
        subject=AlertSubject(SubjectKind.CORRECTION, str(number)),
        roles=(),
        effective_on=today,
        held=frozenset({actor}),
    )


def _passed(deadline: Deadline, today: date) -> bool:
    return deadline.due_on is not None and deadline.due_on < today
