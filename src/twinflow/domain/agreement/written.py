"""What rows hold, as it is proved: an agreement with its history, its alerts and what the chain has of it; a message; a link."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
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
class WrittenPeopleEntry:
    """An entry of the history of offices and people: number, by whom, reason, when, lines; and the seal it was written with."""

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
    """A message with the digest of what it was made with, of what it says and of how it was settled; `last` is as what the last
    link has it. Instants are texts (UTC).

    `told` are the agreements (by row) that it tells of, each with when the last of that was found; `cancelled_in` those whose
    history says that it was cancelled, `not_delivered_in` the same of it having reached nobody, and when that was put on record.
    """

    id: int
    message_id: str
    recipient: str
    digest: bool
    state: str
    attempts: int
    first_attempt_at: str | None
    next_attempt_at: str | None
    settled_at: str | None
    incident_at: str | None
    doubtful: bool
    error: str
    sent_to: str
    is_built: bool
    content: str
    linked: Sequence[LinkedMessage]
    last: str
    told: Mapping[int, str]
    cancelled_in: AbstractSet[int]
    not_delivered_in: AbstractSet[tuple[int, str]]
    ahead: Sequence[tuple[str, str]]
    """From when to when (UTC) a clock had gone ahead until somebody set it right."""


@dataclass(frozen=True, slots=True)
class WrittenLink:
    number: int
    at: str
    seal: str
    items: Sequence[Written]
