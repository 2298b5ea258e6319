"""Whether a message is what it was when it was made, built and settled."""

from collections.abc import Iterator

from twinflow.domain.agreement.proving import Fault
from twinflow.domain.agreement.written import LinkedMessage, WrittenMessage
from twinflow.domain.mail.message import MessageState
from twinflow.sentences import Sentence

NEW, BUILT = "new", "built"
AFTERWARDS = frozenset({MessageState.BOUNCED, MessageState.CANCELLED, MessageState.RETRYING})
"""What may become of a settled message without another attempt: it comes back, or a person takes it up."""
FOR_GOOD = frozenset({MessageState.DROPPED, MessageState.CANCELLED})


def linked_as(state: str, *, is_settled: bool, is_built: bool) -> str:
    """As what a link has a message."""
    if is_settled:
        return state
    return BUILT if is_built and state != MessageState.LEASED else NEW


def faults_of_message(message: WrittenMessage) -> Iterator[Fault]:
    """Against the links that have it: what it was made with never changes, nor what it says once it is built."""
    fixed, _, built = message.content.partition(".")
    for link in message.linked:
        then, _, built_then = link.content.partition(".")
        values = {"id": message.id, "reader": message.recipient, "link": link.link}
        if then != fixed:
            yield Fault(
                Sentence(
                    "message {id} to {reader}: its reader, kind or time is another than link {link} of the chain has",
                    values,
                )
            )
            return
        if built_then and built_then != built:
            yield Fault(
                Sentence(
                    "message {id} to {reader} does not say what it said when link {link} of the chain was made", values
                )
            )
            return
    last = message.linked[-1] if message.linked else None
    if message.last != (last.state if last is not None else ""):
        values = {"id": message.id, "reader": message.recipient}
        yield Fault(
            Sentence("message {id} to {reader}: a link of the chain that had it is gone, or was altered", values)
        )
    elif last is not None and not _may_follow(last, message):
        values = {"id": message.id, "reader": message.recipient, "link": last.link}
        values |= {"state": Sentence(message.state), "then": Sentence(last.state)}
        yield Fault(Sentence("message {id} to {reader} is {state}; link {link} of the chain has it {then}", values))


def _may_follow(link: LinkedMessage, message: WrittenMessage) -> bool:
    """Whether a message may be as it is after what the link has, with as many attempts."""
    if link.state in {NEW, BUILT, message.state}:
        return True
    if link.state in FOR_GOOD:
        return False
    return message.attempts > link.attempts or message.state in AFTERWARDS
