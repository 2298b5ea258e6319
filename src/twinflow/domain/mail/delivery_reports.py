"""What comes back for a message that was sent, as values, and what it means for the person it went to.

A report is trusted as far as it came to the return path of a message that we sent: its Message-ID is known to its readers and
whoever they forwarded it to. It can say no more than that this message did not arrive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReportKind(StrEnum):
    """The first that is true of any recipient is the report's."""

    HARD = "hard"
    """Will not be delivered. A server that gave up after trying for days says so with a status 4.x.x: RFC 3464, 2.3.3."""
    DELAYED = "delayed"
    DELIVERED = "delivered"
    AUTO_REPLY = "auto-reply"
    ANSWER = "answer"
    """A person wrote it, also where it came through a list."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What became of one recipient. `addresses` are the final and the original one, in lower case, as far as they are given."""

    addresses: tuple[str, ...]
    kind: ReportKind
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """One message that came in. `message_ids` are those of the message that a report returns, `return_tags` what stands behind
    the plus in the addresses it came to, `answers_to` the Message-IDs it says to be an answer to: the surest first.

    `recipients` are those of a real report. `sent_at` is an instant in UTC, None where there is none that can be read. `cut`:
    only the beginning was read.
    """

    kind: ReportKind
    message_ids: tuple[str, ...] = ()
    recipients: tuple[RecipientReport, ...] = ()
    sent_at: datetime | None = None
    sender: str = ""
    subject: str = ""
    cut: bool = False
    return_tags: tuple[str, ...] = ()
    answers_to: tuple[str, ...] = ()

    def about(self, address: str) -> tuple[ReportKind, str]:
        """What became of the message sent to `address`, and why.

        Where the report names the address, only that counts: a list may deliver to it and fail for another. Where it does not,
        the message was forwarded on its way, and what became of it there counts.
        """
        named = [each for each in self.recipients if address.lower() in each.addresses]
        found = worst(named or self.recipients)
        return (found.kind, found.why) if found is not None else (self.kind, "")


def worst(recipients: Sequence[RecipientReport]) -> RecipientReport | None:
    """The first of those for whom it went worst; None where there is nobody."""
    order = list(ReportKind)
    return min(recipients, key=lambda each: order.index(each.kind), default=None)
