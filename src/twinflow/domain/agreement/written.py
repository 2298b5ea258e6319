"""What rows hold, as it is proved: an agreement with its history, its alerts and what the chain has of it; a message; a link."""

from collections.abc import Sequence
from dataclasses import dataclass

from twinflow.domain.agreement.seals import Head, Written

OF_ALERT = (
    "notice", "subject", "occurrence", "level", "recipient", "stands_for", "role", "effective_on", "recorded_at",
    "details",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """An entry of a history: its row, what stands there in the order of `ENTRY`, and the seal it was written with."""

    row: int
    written: Written
    seal: str


@dataclass(frozen=True, slots=True)
class WrittenAlert:
    """An alert, or one that was taken back, in the order of `OF_ALERT`, and to whom its message goes (None: there is none)."""

    row: int
    written: Written
    reader: str | None


@dataclass(frozen=True, slots=True)
class LinkedAgreement:
    """Where an agreement stood when a link was made."""

    link: int
    head: Head
    content: str


@dataclass(frozen=True, slots=True)
class WrittenAgreement:
    """An agreement with all that is to be compared: the digest of its `content` as it was left, and of what is `present`.

    `linked` is what it says of itself that the last link has of it.
    """

    id: int
    reference: str
    state: str
    head: Head
    content: str
    linked: str
    present: str
    history: Sequence[WrittenEntry]
    alerts: Sequence[WrittenAlert]
    released: Sequence[WrittenAlert]
    links: Sequence[LinkedAgreement]


@dataclass(frozen=True, slots=True)
class LinkedMessage:
    """As what a link has a message: new, built or settled, and the digest of it."""

    link: int
    state: str
    attempts: int
    content: str


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """A message with the digest of what it was made with and of what it says; `last` is as what the last link has it."""

    id: int
    message_id: str
    recipient: str
    state: str
    attempts: int
    is_settled: bool
    content: str
    linked: Sequence[LinkedMessage]
    last: str


@dataclass(frozen=True, slots=True)
class WrittenLink:
    number: int
    at: str
    seal: str
    items: Sequence[Written]
