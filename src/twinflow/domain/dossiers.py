"""What a row of a municipality's own register says, ready to be taken into the books."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from twinflow.domain.agreement import Claim, Party, Term


@dataclass(frozen=True, slots=True)
class Dossier:
    """One text of one relationship. `row` is where it came from in the sheet, for messages only.

    `effective_on` is the day it came into its state, None where the sheet does not tell.
    """

    reference: str
    process: str
    office: str
    title: str
    state: str
    parties: tuple[Party, ...]
    terms: Mapping[str, Term]
    facts: Mapping[str, tuple[Claim, ...]]
    effective_on: date | None
    origin: str
    note: str
    relationship: str
    generation: int
    is_latest: bool
    row: int

    @property
    def digest(self) -> str:
        """SHA-256 of the content, wherever it stands in the sheet."""
        content = {**asdict(self), "row": 0}
        return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()
