"""Mail that comes back: read from a mailbox with each pass, or taken by a port of ours. One bad message stops no other."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.clock.last_pass import LONGEST_GAP
from twinflow.domain.mail.delivery_reports import Report, ReportKind
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, EnvironmentFailed, TwinflowError, why_of
from twinflow.mail.reports import read_report
from twinflow.mail.returned import Answer, Found, Mailbox, returns_server
from twinflow.sentences import Sentence
from twinflow.services.clock import last_pass
from twinflow.services.mail.bounces import Outcome
from twinflow.services.mail.received import keep_not_understood, take_mail

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """One message that was read: where, and what came of it. `problem` is what a person should know of it."""

    place: str
    kind: ReportKind
    outcome: Outcome
    problem: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a mailbox. `failure` is what ended it early; the rest waits for the next time."""

    messages: tuple[Returned, ...]
    failure: Sentence | None = None

    def kinds(self) -> Counter[ReportKind]:
        return Counter(message.kind for message in self.messages)

    def outcomes(self) -> Counter[Outcome]:
        """Of the hard bounces."""
        return Counter(message.outcome for message in self.messages if message.kind is ReportKind.HARD)

    @property
    def problems(self) -> list[Sentence]:
        found = [message.problem for message in self.messages if message.problem is not None]
        return [*found, self.failure] if self.failure is not None else found

    @property
    def troubles(self) -> list[Trouble]:
        """What stands in the way until somebody sees to it: the mailbox itself, and messages that stay unread."""
        waiting = [each for each in self.messages if each.outcome is Outcome.WAITING]
        found = [Trouble(f"returned/{each.place}", each.problem) for each in waiting if each.problem is not None]
        return [*found, Trouble("mailbox", self.failure)] if self.failure is not None else found


NOTHING_READ = Reading(())


def read_mailbox(engine: Engine, rulebook: Rulebook, people: People, mailbox: Mailbox, now: datetime) -> Reading:
    """Deal with what is unread. What cannot be recorded now stays unread. Raises EnvironmentFailed."""
    messages: list[Returned] = []
    try:
        for found in mailbox.unread():
            returned = _take(engine, rulebook, people, found, now)
            messages.append(returned)
            if returned.outcome is not Outcome.WAITING:
                mailbox.done(found, understood=returned.problem is None)
    except BadInput as error:
        return Reading(tuple(messages), error.message)
    except OSError as error:
        why = Sentence("The mailbox cannot be read: {why}.", {"why": why_of(error)})
        return Reading(tuple(messages), why)
    return Reading(tuple(messages))


def _take(engine: Engine, rulebook: Rulebook, people: People, found: Found, now: datetime) -> Returned:
    """One message on its own: whatever is wrong with it, it stays unread and the others are read. Raises EnvironmentFailed."""
    report = read_report(found.content)
    try:
        report, outcome = _taken(engine, rulebook, people, report, found.content, now, whole=found.whole)
    except EnvironmentFailed:
        raise
    except TwinflowError as error:
        log.debug("%s cannot be recorded", found.place, exc_info=True)
        waits = Sentence("{place}: cannot be recorded: {why}", {"place": found.place, "why": error.message})
        return Returned(found.place, report.kind, Outcome.WAITING, waits)
    return Returned(found.place, report.kind, outcome, _to_look_at(found.place, report, outcome, whole=found.whole))


def _taken(
    engine: Engine, rulebook: Rulebook, people: People, report: Report, content: bytes, now: datetime, *, whole: bool
) -> tuple[Report, Outcome]:
    """What a message says and what came of it; one with which the program makes a mistake is kept as not understood.

    Raises TwinflowError where it has to be taken again.
    """
    try:
        return report, take_mail(engine, rulebook, people, report, content, now, whole=whole)
    except Exception as error:
        if isinstance(error, TwinflowError) and not isinstance(error, BadInput):
            raise
        log.debug("a message that came in cannot be dealt with", exc_info=True)
    keep_not_understood(engine, report, content, now, whole=whole)
    return replace(report, kind=ReportKind.OTHER), Outcome.NO_CHANGE


def _to_look_at(place: str, report: Report, outcome: Outcome, *, whole: bool = True) -> Sentence | None:
    """What a person has to look at, and why."""
    values = {"place": place, "sender": report.sender or "–", "subject": report.subject or "–"}
    if outcome is Outcome.UNPROVEN:
        return Sentence("{place}: nothing proves this report, it changes nothing: “{subject}” from {sender}.", values)
    if report.kind is ReportKind.ANSWER and not whole:
        return Sentence("{place}: an answer of which only the beginning is kept: “{subject}” from {sender}.", values)
    if report.kind is ReportKind.ANSWER:
        return Sentence("{place}: an answer: “{subject}” from {sender}.", values)
    if report.kind is not ReportKind.OTHER:
        return None
    if report.cut:
        return Sentence("{place}: too long to be read whole, and not understood: “{subject}” from {sender}.", values)
    return Sentence("{place}: not understood: “{subject}” from {sender}.", values)


def log_problems(reading: Reading) -> None:
    """What was read and not understood is logged, once. What stays unread is an incident."""
    for message in reading.messages:
        if message.problem is not None and message.outcome is not Outcome.WAITING:
            log.warning("%s", message.problem)


def listening(
    engine: Engine,
    rulebook: Callable[[], Rulebook],
    people: People,
    clock: Callable[[], datetime],
    port: int,
    *,
    lmtp: bool,
    longest_gap: timedelta = LONGEST_GAP,
) -> AbstractContextManager[None]:
    """Takes what a mail server delivers to `port` of loopback. A message is taken when what it changes is committed.

    What is neither a report nor from anybody is refused; while a pass would not believe the clock all waits at the mail server.
    Raises EnvironmentFailed if the port is taken.
    """

    def take(content: bytes, addresses: Sequence[str]) -> Answer:
        report, now = read_report(content, addresses), clock()
        if report.kind is ReportKind.OTHER and not report.sender and not report.recipients:
            log.warning("%s", _to_look_at(", ".join(addresses), report, Outcome.NO_CHANGE))
            return Answer.OF_NOBODY
        try:
            last_pass.look(engine, now, longest_gap).check()
            report, outcome = _taken(engine, rulebook(), people, report, content, now, whole=True)
        except TwinflowError as error:
            log.warning("a report waits at the mail server: %s", error)
            return Answer.LATER
        problem = _to_look_at(", ".join(addresses), report, outcome)
        if problem is not None:
            log.warning("%s", problem)
        return Answer.LATER if outcome is Outcome.WAITING else Answer.TAKEN

    return returns_server(take, port, lmtp=lmtp)
