"""The way of a message: claimed with a lease, built once, settled; and what people do about one that did not arrive.

Sending itself happens outside, in no transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain.agreement.entries import Cancelled, noted
from twinflow.domain.agreement.history import Way
from twinflow.domain.mail.message import (
    INCIDENTS,
    WAITING,
    ClaimedMessage,
    Message,
    MessageState,
    OutboxMessage,
    Settlement,
)
from twinflow.domain.mail.retries import LEASE
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound, Refused
from twinflow.sentences import Sentence
from twinflow.services.agreements.acting import as_viewer
from twinflow.services.alerts.incidents import tell_incidents
from twinflow.storage.outbox import DueMessage
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked

SENDING_LIMIT = timedelta(minutes=5)
"""A message is not begun later than this before its lease ends, and given up for now after as long."""


def telling_of_unseen(engine: Engine, *, viewer: Viewer) -> set[str]:
    """What stands before the @ in the Message-IDs of messages that tell of an agreement that the viewer does not see."""
    with UnitOfWork(engine, reading=True) as work:
        return work.alerts.telling_of_unseen(viewer)


def claim_batch(engine: Engine, rulebook: Rulebook, people: People, now: datetime, limit: int) -> list[ClaimedMessage]:
    """Take up to `limit` messages for ten minutes, urgent ones first.

    What is not urgent and comes while its reader's office is closed is put off until it opens.
    """
    while True:
        with UnitOfWork(engine) as work:
            work.outbox.hold_digests()
            due = work.outbox.due(now, limit)
            leaves_at = {each.id: _leaves_at(work, rulebook, people, each, now) if each.digest else now for each in due}
            work.outbox.put_off({outbox_id: at for outbox_id, at in leaves_at.items() if at > now})
            open_now = [each.id for each in due if leaves_at[each.id] <= now]
            claimed = work.outbox.claim(open_now, now, now + LEASE) if open_now else []
            work.commit()
        if claimed or not due:
            return claimed


def _leaves_at(work: UnitOfWork, rulebook: Rulebook, people: People, digest: DueMessage, now: datetime) -> datetime:
    """When a digest may leave: now, when its reader's office opens, or the next morning if another one has left today.

    One that comes late, or that the server refused until today, is the digest of today; what was planned for today waits.
    Who is disabled has no hours: the message is tried, so that its failure is seen.
    """
    person = people.people.get(digest.recipient)
    if person is None or person.disabled:
        return now
    hours = rulebook.hours_at(people.office_of(person, now))
    opens_at = hours.opening(now)
    today = now.astimezone(hours.zone).date()
    following = hours.next_digest(now, today)
    if opens_at > now or following is None or work.outbox.take_day(digest, today, following):
        return opens_at
    return following[1]


def keep_content(engine: Engine, built: Mapping[int, Message]) -> None:
    """The messages as built, before the first of them leaves: retries send these bytes, and they prove what was said."""
    if built:
        with UnitOfWork(engine) as work:
            work.outbox.keep_content(built)
            work.commit()


def give_back(engine: Engine, claimed: Sequence[ClaimedMessage], now: datetime) -> None:
    """Messages that were claimed and not tried: no attempt is counted, and nothing is in doubt."""
    if claimed:
        with UnitOfWork(engine) as work:
            work.outbox.give_back(claimed, now)
            work.commit()


def settle(engine: Engine, settlements: Sequence[Settlement], now: datetime) -> None:
    """Write what became of attempts. Of messages that were given up `incidents.tell_incidents` tells."""
    if settlements:
        with UnitOfWork(engine) as work:
            work.outbox.settle(settlements, now)
            work.commit()


def record_bounce(
    engine: Engine, rulebook: Rulebook, people: People, *, message_id: str, why: Sentence, now: datetime
) -> bool:
    """A report that a message the server had accepted reached nobody: an incident. False if nothing changed.

    `message_id` is what stands before the @ in the Message-ID.
    """
    with UnitOfWork(engine) as work:
        outbox_id = work.outbox.id_of(message_id)
        if outbox_id is None:
            return False
        state = work.outbox.message(outbox_id).state
        if state not in {MessageState.ACCEPTED, MessageState.POSSIBLE_DUPLICATE}:
            return False
        work.outbox.change(outbox_id, MessageState.BOUNCED, why, now)
        work.commit()
    tell_incidents(engine, rulebook, people, now)
    return True


def retry(engine: Engine, outbox_id: int, now: datetime) -> None:
    """Send a message again, for 72 hours from now. Raises NotFound, or Refused if there is nothing to try again."""
    again = (*INCIDENTS, MessageState.RETRYING)
    with UnitOfWork(engine) as work:
        message = work.outbox.message(outbox_id)
        if message.state not in again:
            raise Refused(
                "Message {id} is {state}: only a message that failed, bounced or waits for another try is sent again.",
                id=outbox_id,
                state=Sentence(message.state),
            )
        work.outbox.change(outbox_id, MessageState.RETRYING, message.error, now, again=True)
        work.commit()


def cancel(engine: Engine, people: People, outbox_id: int, *, by: str, door: Way, reason: str, now: datetime) -> None:
    """Take a message back that has not left, or close an incident: on record in every agreement that it told of.

    Raises NotFound, BadInput for a reason that cannot be kept, or Refused if it is on its way, has arrived or has no reason.
    """
    person, reason = people.person(by), checked(reason, "reason")
    if not reason.strip():
        raise Refused("A message is cancelled only with a reason: it stays on record.")
    allowed = (MessageState.QUEUED, MessageState.RETRYING, *INCIDENTS)
    with UnitOfWork(engine) as work:
        _check_seen(work, as_viewer(people, person, now), outbox_id)
        # before the message, as a step does that tells something with it
        work.agreements.keep(sorted({number for number, _ in work.alerts.agreements_of(outbox_id)}))
        message = work.outbox.message(outbox_id)
        if message.state not in allowed:
            raise Refused(
                "Message {id} is {state}: only a message that waits, failed or bounced is cancelled.",
                id=outbox_id,
                state=Sentence(message.state),
            )
        why = Sentence("cancelled by {person}: {reason}", {"person": person.name, "reason": reason.strip()})
        work.outbox.change(outbox_id, MessageState.CANCELLED, why, now)
        for agreement_id, _ in work.alerts.agreements_of(outbox_id):
            (agreement,) = work.agreements.heads([agreement_id])
            said = Cancelled(outbox_id, message.recipient, reason.strip())
            today = people.today(agreement.office, now)
            work.history.add(agreement_id, noted(said, person.key, today, now, door))
        work.commit()


def _check_seen(work: UnitOfWork, viewer: Viewer, outbox_id: int) -> None:
    """Raises NotFound where the message tells of an agreement that the viewer does not see."""
    if not all(work.visibility.may(viewer, number) for number, _ in work.alerts.agreements_of(outbox_id)):
        raise NotFound("There is no message {id}.", id=outbox_id)


def counts(engine: Engine) -> dict[str, int]:
    """How many messages are in each state."""
    with UnitOfWork(engine, reading=True) as work:
        return work.outbox.counts()


def messages(engine: Engine, states: Iterable[str] = (), *, viewer: Viewer) -> list[OutboxMessage]:
    """All messages, or those in some states, oldest first, without what tells of an agreement that the viewer does not see."""
    with UnitOfWork(engine, reading=True) as work:
        unseen = work.alerts.telling_of_unseen(viewer)
        return [each for each in work.outbox.messages(states) if each.message_id not in unseen]


def message(engine: Engine, outbox_id: int, *, viewer: Viewer) -> tuple[OutboxMessage, bytes | None]:
    """One message, and what it says as it was built; None if it has not been. Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        content = work.outbox.content(outbox_id)
        [found] = work.outbox.messages(outbox_id=outbox_id)
        _check_seen(work, viewer, outbox_id)
    return found, content


def waiting(counted: Mapping[str, int]) -> int:
    """How many of the messages counted by state have not left yet."""
    return sum(counted.get(state, 0) for state in WAITING)


def undelivered(counted: Mapping[str, int]) -> int:
    """How many of them somebody has to see to."""
    return sum(counted.get(state, 0) for state in INCIDENTS)
