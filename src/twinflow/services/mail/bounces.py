"""What a report that came back changes: a message that will not arrive becomes an incident; nothing else changes anything.

Only a report that came to the return path of a message counts: who knows its Message-ID alone has proven nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from sqlalchemy import Engine

from twinflow.domain.mail.delivery_reports import Report, ReportKind
from twinflow.domain.mail.message import MessageState, OutboxMessage
from twinflow.domain.mail.return_path import is_return_tag
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.sentences import Sentence
from twinflow.services.mail.outbox import record_bounce
from twinflow.storage.unit_of_work import UnitOfWork

CLOCKS_APART = timedelta(minutes=10)
"""How far the clock of a mail server may be behind ours."""


class Outcome(StrEnum):
    BOUNCED = "bounced"
    NO_CHANGE = "no change"
    UNPROVEN = "unproven"
    """It did not come to the return path of the message that it is about, or does not say which one it is about."""
    WAITING = "waiting"
    """The message is still on its way by our books: the report has to be looked at again."""


def take_report(engine: Engine, rulebook: Rulebook, people: People, report: Report, now: datetime) -> Outcome:
    """Record that a message bounced, once. Raises EnvironmentFailed where the database does not answer.

    What became of the address that the message went to counts. A report about another address counts too: a message has one
    recipient, so that address is where it was forwarded to.
    """
    if all(each.kind is not ReportKind.HARD for each in report.recipients):
        return Outcome.NO_CHANGE
    with UnitOfWork(engine, reading=True) as work:
        message = proven(work, report)
        if message is None:
            return Outcome.UNPROVEN
    kind, why = report.about(message.sent_to)
    if kind is not ReportKind.HARD or _is_of_an_earlier_try(report, message):
        return Outcome.NO_CHANGE
    if _is_on_its_way(message):
        return Outcome.WAITING
    said = Sentence("it came back: {why}", {"why": why})
    changed = record_bounce(engine, rulebook, people, message_id=message.message_id, why=said, now=now)
    return Outcome.BOUNCED if changed else Outcome.NO_CHANGE


def proven(work: UnitOfWork, report: Report) -> OutboxMessage | None:
    """The message whose return path the report came to; None also where the message that it returns is another one."""
    key = work.received.return_key()
    for tag in report.return_tags:
        found = _tagged(work, tag)
        if found and is_return_tag(tag, key, found[0].id, found[0].message_id):
            is_another = report.message_ids and found[0].message_id not in report.message_ids
            return None if is_another else found[0]
    return None


def named(work: UnitOfWork, report: Report) -> int | None:
    """The first message of ours that it names, by its Message-ID or else by its number: what anybody can write."""
    by_id = (work.outbox.id_of(each) for each in (*report.message_ids, *report.answers_to))
    by_number = (each.id for tag in report.return_tags for each in _tagged(work, tag))
    return next((each for each in chain(by_id, by_number) if each is not None), None)


def _tagged(work: UnitOfWork, tag: str) -> list[OutboxMessage]:
    """The message whose number is in a tag; nothing where there is none."""
    return work.outbox.messages(outbox_id=int(tag.partition("-")[0]))


def _is_of_an_earlier_try(report: Report, message: OutboxMessage) -> bool:
    """Somebody saw to the incident and had the message sent again, by the same Message-ID; then the old report is read again."""
    if message.attempts < 2 or message.first_attempt_at is None or report.sent_at is None:  # noqa: PLR2004 - sent again
        return False
    return report.sent_at < message.first_attempt_at - CLOCKS_APART


def _is_on_its_way(message: OutboxMessage) -> bool:
    """A server on this machine can report before our books say that it has accepted the message."""
    is_waiting = message.state in {MessageState.QUEUED, MessageState.RETRYING}
    return message.state == MessageState.LEASED or (is_waiting and message.doubtful)
