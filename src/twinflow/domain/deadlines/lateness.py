"""Whether the day of a deadline has passed, what that makes of it, and the words for it.

Who owes something is late once its day has passed. What is late by law or by the text is overdue; a target has passed, and so
has a right or a term that nobody owes anything for. A date that rests on an unconfirmed default only warns. While its days do
not count, a deadline is paused and nothing else.
"""

from datetime import date
from enum import StrEnum

from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus
from twinflow.domain.calendar.business_days import Calendars, add_length, pause_on
from twinflow.domain.deadlines.assumed import has_gone_by
from twinflow.domain.deadlines.warnings import warned_from
from twinflow.domain.process.definition import DeadlineRule, Nature
from twinflow.sentences import Sentence


class Standing(StrEnum):
    """How an open deadline stands on a day; the last two say that its day has passed, whoever is or is not late.

    `UNCONFIRMED`: the day of a date that is only assumed has gone by, and nothing follows from it.
    """

    AHEAD = "ahead"
    PAUSED = "paused"
    UNCONFIRMED = "unconfirmed"
    SOON = "soon"
    DUE = "due"
    OVERDUE = "overdue"
    VERY_OVERDUE = "very overdue"


PASSED = frozenset({Standing.OVERDUE, Standing.VERY_OVERDUE})


def has_passed(due_on: date | None, day: date) -> bool:
    """Whether the date lies before `day`: on its own day people may still act."""
    return due_on is not None and due_on < day


def is_past(days: int) -> bool:
    """The same, from the days left until the date."""
    return days < 0


def is_paused(deadline: Deadline, today: date) -> bool:
    """Whether its days do not count today, also where a longest time gives it a date; not where the parties agreed on one."""
    basis = deadline.basis
    if not deadline.is_open or deadline.due_on is None:
        return deadline.is_open
    return basis is not None and basis.agreed_on is None and pause_on(today, basis.pauses) is not None


def standing(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, today: date) -> Standing:
    """SOON from the first level before the date, VERY_OVERDUE from the day that the process file names.

    AHEAD also where it has no date or is closed: then its status says how it stands.
    """
    due_on = deadline.due_on
    if due_on is None or not deadline.is_open:
        return Standing.AHEAD
    if is_paused(deadline, today):
        return Standing.PAUSED
    if has_gone_by(deadline, today):
        return Standing.UNCONFIRMED
    if has_passed(due_on, today):
        last = rule.very_overdue
        very = last is not None and today >= add_length(due_on, last, calendars)
        return Standing.VERY_OVERDUE if very else Standing.OVERDUE
    if today == due_on:
        return Standing.DUE
    first = warned_from(rule, deadline, calendars)
    return Standing.SOON if first is not None and today >= first else Standing.AHEAD


def is_late(standing: str, *, owed: bool) -> bool:
    """Whether somebody has let the day pass; `owed` says that somebody is named who would be late."""
    return owed and standing in PASSED


def is_overdue(standing: str, nature: str, *, owed: bool) -> bool:
    """Late by law or by the text: a target that has passed is not called so."""
    return is_late(standing, owed=owed) and nature != Nature.TARGET


def in_words(status: str, standing: str, nature: str, *, owed: bool) -> Sentence:
    """How a deadline stands."""
    if status != DeadlineStatus.OPEN:
        return Sentence(status)
    if standing in PASSED and nature == Nature.TARGET:
        return Sentence("target passed")
    if standing in PASSED and not owed:
        return Sentence("passed")
    return _WORDS[Standing(standing)]


_WORDS = {
    Standing.AHEAD: Sentence("open"),
    Standing.PAUSED: Sentence("paused"),
    Standing.UNCONFIRMED: Sentence("to be confirmed"),
    Standing.SOON: Sentence("soon"),
    Standing.DUE: Sentence("due today"),
    Standing.OVERDUE: Sentence("overdue"),
    Standing.VERY_OVERDUE: Sentence("very overdue"),
}
