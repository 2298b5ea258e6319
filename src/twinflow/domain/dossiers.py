"""What a row of a municipality's own register says, ready to be taken into the books."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
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
        """SHA-256 of what the sheet says, wherever it stands in it."""
        content = {
            "reference": self.reference,
            "state": self.state,
            "parties": [(p.name, p.country, str(p.signature.on) if p.signature else None) for p in self.parties],
            "terms": {name: str(term) for name, term in self.terms.items()},
            "facts": {
                name: [(str(claim.value), claim.source, claim.chosen) for claim in claims]
                for name, claims in self.facts.items()
            },
            "origin": self.origin,
            "note": self.note,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
