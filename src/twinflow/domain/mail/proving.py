"""Whether a message is what it was when it was made, built and settled, and whether one that waits is ever sent."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from twinflow.domain.agreement.proving import Fault
from twinflow.domain.agreement.seals import instant_written
from twinflow.domain.agreement.written import LinkedMessage, WrittenMessage
from twinflow.domain.calendar.office_hours import OfficeHours
from twinflow.domain.mail.message import INCIDENTS, RESTORED, WAITING, MessageState
from twinflow.domain.mail.retries import LEASE, SPREAD, WAITS
from twinflow.sentences import Sentence, unpacked

NEW, BUILT = "new", "built"
AFTERWARDS = frozenset({MessageState.BOUNCED, MessageState.CANCELLED})
"""What may become of a settled message without another attempt: it comes back, or a person takes it back."""
FOR_GOOD = frozenset({MessageState.DROPPED, MessageState.CANCELLED})
LEFT = frozenset({MessageState.ACCEPTED, MessageState.POSSIBLE_DUPLICATE, MessageState.BOUNCED})
"""A server has taken it."""
DOUBTFUL: Mapping[str, bool] = {MessageState.ACCEPTED: False, MessageState.POSSIBLE_DUPLICATE: True}
WITH_REASON = frozenset({*INCIDENTS, *FOR_GOOD})
MORNINGS = 3
"""A digest waits for no later morning at which its reader works: another may have left today, and one be planned for the next."""
LONGEST_WAIT = LEASE + WAITS[-1] * (1 + SPREAD)
CLOCKS_APART = timedelta(hours=1)
"""How far the clocks of two machines that share the books may be apart."""


def linked_as(state: str, *, is_settled: bool, is_built: bool) -> str:
    """As what a link has a message."""
    if is_settled:
        return state
    return BUILT if is_built and state != MessageState.LEASED else NEW


def latest_try(hours: OfficeHours | None, now: datetime) -> datetime:
    """No message that waits is tried later than this, for a digest by the hours of its reader (None: it is no digest). UTC."""
    if hours is None:
        return now + LONGEST_WAIT
    day = None
    for _ in range(MORNINGS):
        day, at = hours.next_digest(now, day) or (None, now)
    return max(at, hours.opening(now + LONGEST_WAIT))


def faults_of_message(message: WrittenMessage, latest: datetime | None) -> Iterator[Fault]:
    """What does not come out of the links, the columns and the entries about it. `latest`: when it is tried at the latest."""
    found = [*_of_links(message), *_of_columns(message), *_of_entries(message), *_of_waiting(message, latest)]
    about = {"id": message.id, "reader": message.recipient}
    yield from (Fault(Sentence("message {id} to {reader} {what}", {**about, "what": each})) for each in found)


def _of_links(message: WrittenMessage) -> Iterator[Sentence]:
    """What it was made with never changes, nor what it says once it is built, nor how it was settled until it is tried again."""
    fixed, built, settled = _parts(message.content)
    for link in message.linked:
        then, built_then, _ = _parts(link.content)
        if then != fixed:
            yield Sentence("has another reader, kind or time than link {link} of the chain", {"link": link.link})
            return
        if built_then and built_then != built:
            yield Sentence("does not say what it said when link {link} of the chain was made", {"link": link.link})
            return
    last = message.linked[-1] if message.linked else None
    if message.last != (last.state if last is not None else ""):
        yield Sentence("was in a link of the chain that is gone, or was altered")
    elif last is not None and not _may_follow(last, message):
        values = {"state": Sentence(message.state), "link": last.link, "then": Sentence(last.state)}
        yield Sentence("is {state}; link {link} of the chain has it {then}", values)
    elif last is not None and not _is_settled_as(last, message, settled):
        said = {"link": last.link}
        yield Sentence("was settled at another time, to another address or otherwise by link {link} of the chain", said)


def _is_settled_as(link: LinkedMessage, message: WrittenMessage, settled: str) -> bool:
    """Until it is tried again."""
    if link.state != message.state or _was_tried_again(link, message):
        return True
    return link.attempts == message.attempts and _parts(link.content)[2] in {"", settled}


def _was_tried_again(link: LinkedMessage, message: WrittenMessage) -> bool:
    """Whether it may have been since a link has it settled: what had arrived only if it came back."""
    return message.attempts > link.attempts and _came_back(link, message)


def _came_back(link: LinkedMessage, message: WrittenMessage) -> bool:
    return link.state in INCIDENTS or bool(message.not_delivered_in)


def _parts(content: str) -> tuple[str, str, str]:
    """The digests of what it was made with, of what it says, and of how it was settled: empty in links of before."""
    fixed, built, settled, *_ = (*content.split("."), "", "")
    return fixed, built, settled


def _may_follow(link: LinkedMessage, message: WrittenMessage) -> bool:
    """Whether a message may be as it is after what the link has, with as many attempts."""
    if link.state in {NEW, BUILT, message.state}:
        return True
    if link.state in FOR_GOOD:
        return False
    if message.state == MessageState.RETRYING:
        return _came_back(link, message)
    return message.state in AFTERWARDS or _was_tried_again(link, message)


def _of_columns(message: WrittenMessage) -> Iterator[Sentence]:
    """What no message of its state has."""
    state, waits = message.state, message.state in WAITING
    values = {"state": Sentence(state)}
    was_tried = message.attempts > 0 and message.first_attempt_at is not None and message.is_built
    if waits and message.next_attempt_at is None:
        yield Sentence("is {state}, and is never tried: it should have a next attempt", values)
    if not waits and message.next_attempt_at is not None:
        yield Sentence("is {state}, and should have no next attempt", values)
    if waits is (message.settled_at is not None):
        yield Sentence("is {state}, and was settled at {at}", {**values, "at": message.settled_at or "–"})
    if state in LEFT and not was_tried:
        yield Sentence("is {state}, and was never tried", values)
    if state in LEFT and not message.told:
        yield Sentence("is {state}, and carries no alert: nobody had anything to tell", values)
    if message.settled_at is not None and (message.first_attempt_at or "") > _later(message.settled_at):
        yield Sentence(
            "was settled at {at}, and tried first at {first}",
            {"at": message.settled_at, "first": message.first_attempt_at},
        )
    if state in WITH_REASON and not message.error:
        yield Sentence("is {state}, and should say why", values)
    if state in LEFT - WITH_REASON and message.error:
        yield Sentence("is {state}, and should have no failure", values)
    if state in DOUBTFUL and DOUBTFUL[state] is not bool(message.doubtful):
        yield Sentence("is {state}; whether a server had taken it before is not as that says", values)
    if state in {MessageState.QUEUED, MessageState.DROPPED} and message.sent_to:
        yield Sentence("is {state}, and should have no address that it left to", values)
    if state not in INCIDENTS and message.incident_at is not None:
        yield Sentence("is {state}, and should be told of as no incident", values)


def _of_entries(message: WrittenMessage) -> Iterator[Sentence]:
    """What people did with it, and that it reached nobody, is in the history of every agreement that it tells of."""
    is_by_somebody = message.state == MessageState.CANCELLED and unpacked(message.error) != RESTORED
    if is_by_somebody and message.told.keys() - message.cancelled_in:
        yield Sentence("is cancelled, and the history does not say by whom")
    at = message.incident_at
    if at is not None and {(number, at) for number in message.told} - message.not_delivered_in:
        yield Sentence("was told of as an incident at {at} UTC, and no entry says so", {"at": at})
    if message.state in LEFT | FOR_GOOD and message.settled_at is not None:
        yield from _told_later(message, message.settled_at)


def _told_later(message: WrittenMessage, settled_at: str) -> Iterator[Sentence]:
    """What was found when the message had gone, unless a clock was ahead when it was found."""
    by_then = _later(settled_at)
    for number, at in message.told.items():
        if at > by_then and not any(first <= at <= last for first, last in message.ahead):
            values = {"row": number, "at": at, "settled": settled_at}
            yield Sentence(
                "was settled at {settled} UTC, and carries what was found at {at}, of agreement {row}", values
            )


def _later(at: str) -> str:
    return instant_written(datetime.fromisoformat(at) + CLOCKS_APART)


def _of_waiting(message: WrittenMessage, latest: datetime | None) -> Iterator[Sentence]:
    if latest is not None and message.next_attempt_at is not None:
        by_then = instant_written(latest)
        if message.next_attempt_at > by_then:
            values = {"at": message.next_attempt_at, "latest": by_then}
            yield Sentence("is tried only at {at} UTC; it should be at {latest} at the latest", values)
