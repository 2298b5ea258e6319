"""Seals: each entry of a history rests on the one before, and what else an agreement holds has a digest.

Whoever alters, removes, adds or reorders what is written leaves seals that do not come out. A seal is over the text of the row
as it was written, so that it does not depend on what later versions make of it.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Self

from twinflow.domain.agreement.agreement import Claim, Party, PresentAgreement, Signature
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.dates import PartialDate
from twinflow.errors import BadInput

Written = Sequence[object]
"""What a row holds, column by column, as plain values."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the history of an agreement stands: the seal of its last entry, and how many there are."""

    seal: str = ""
    entries: int = 0

    def after(self, seals: Sequence[str]) -> Self:
        """Where it stands when these entries have followed."""
        return type(self)(seals[-1], self.entries + len(seals)) if seals else self

    @property
    def name(self) -> str:
        """How it is called where it is kept: its number and its seal."""
        return f"{self.entries}-{self.seal}"

    @property
    def short_name(self) -> str:
        return self.name[: len(f"{self.entries}-") + SHORT]

    def is_called(self, name: str) -> bool:
        """Whether it is the one that somebody has kept by either name."""
        return len(name) >= len(self.short_name) and self.name.startswith(name)


SHORT = 12
"""So many digits of a seal are read to others, or written down."""
NAME = re.compile(rf"[0-9]+-[0-9a-f]{{{SHORT},64}}")


def head_called(text: str) -> str:
    """The name of a head as somebody has copied it: spaces and capitals do not matter. Raises BadInput."""
    name = "".join(text.split()).lower()
    if not NAME.fullmatch(name):
        raise BadInput(
            "“{head}” is no head of the chain: that is a number, “-” and {count} digits or more of a seal, as digests have it.",
            head=text,
            count=SHORT,
        )
    return name


def sealed(previous: str, written: Written) -> str:
    """The seal of what was written after what has the seal `previous`, which is empty for the first."""
    return digest_of([previous, *written])


def seals_after(previous: str, entries: Iterable[Written]) -> list[str]:
    """The seals of entries that follow one another."""
    found = []
    for each in entries:
        previous = sealed(previous, each)
        found.append(previous)
    return found


def digest_of(value: object) -> str:
    """The digest of plain values: texts, numbers, lists of them, mappings by text."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def entry_written(entry: HistoryEntry) -> Written:
    """An entry as its row has it, in the order of `ENTRY`."""
    return (
        entry.kind.value,
        entry.actor,
        day_written(entry.effective_on),
        instant_written(entry.recorded_at),
        entry.step,
        entry.from_state,
        entry.to_state,
        entry.party,
        entry.written,
    )


ENTRY = ("kind", "actor", "effective_on", "recorded_at", "step", "from_state", "to_state", "party", "details")
HEAD = (
    "reference", "process", "process_version", "process_digest", "office", "title", "state", "version", "tracked_from",
    "origin", "note", "relationship", "generation",
)  # fmt: skip
"""The columns of an agreement that its content is over."""


def content_of(agreement: PresentAgreement) -> str:
    """The digest of what an agreement holds, deadlines and history apart."""
    head = [getattr(agreement, name) for name in HEAD]
    return content_written(
        [day_written(each) if isinstance(each, date) else each for each in head],
        agreement.parent,
        [party_written(each) for each in agreement.parties],
        [(name, str(term), term.source) for name, term in agreement.terms.items()],
        [claim_written(name, claim) for name, claims in agreement.facts.items() for claim in claims],
    )


def content_written(
    head: Written,
    parent: str | None,
    parties: Iterable[Written],
    terms: Iterable[Written],
    facts: Iterable[Written],
) -> str:
    """The same of rows: the claims of each fact in their order, all else by name. A part for each of `PARTS`."""
    lists = (sorted(map(list, rows), key=lambda row: str(row[0])) for rows in (parties, terms, facts))
    return ".".join(digest_of(part)[:DIGITS] for part in ([*head, parent], *lists))


PARTS = ("head", "parties", "terms", "facts")
DIGITS = 32
"""Of each part that many are kept."""


def party_written(party: Party) -> Written:
    signature = party.signature or Signature(PartialDate())
    signed = party.signature is not None
    return party.name, party.country, party.home, signed, str(signature.on), signature.capacity, signature.place


def claim_written(name: str, claim: Claim) -> Written:
    return name, str(claim.value), claim.source, claim.chosen


def day_written(day: date) -> str:
    return day.isoformat()


def instant_written(at: datetime) -> str:
    """An instant as SQLite keeps it, in UTC."""
    utc = at.astimezone(UTC) if at.tzinfo is not None else at
    return utc.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0")
