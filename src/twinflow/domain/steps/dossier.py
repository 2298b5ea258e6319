"""What a row of a municipality's own register says, ready to be taken into the books."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.agreement import Claim, Party, Term
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.well_known_facts import IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON
from twinflow.domain.steps.opening import NewAgreement, problems_of_opening
from twinflow.sentences import Problem


@dataclass(frozen=True, slots=True)
class Dossier:
    """One text of one relationship. `row` is where it came from in the sheet, for messages only.

    `effective_on` is the day it came into its state, None where the sheet does not tell; `by_day` is as in `Began`.
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
    by_day: tuple[str, ...] = ()

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
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def facts_of_signature(signed_on: PartialDate) -> dict[str, PartialDate]:
    """What a sheet's day of signature says of a text that all parties have signed; a whole day puts it into force as well."""
    names = [SIGNED_ON] if signed_on.as_date is None else [SIGNED_ON, IN_FORCE_ON, TERM_STARTS_ON]
    return dict.fromkeys(names, signed_on)


def case_of(dossier: Dossier, catalogue: Catalogue, today: date) -> tuple[NewAgreement, ProcessDefinition]:
    """The case that a dossier opens, and its version of the process: the first one for what is older than all of them.

    Where the sheet does not tell the day it came into its state, that is `today`, at the office.
    """
    since = dossier.effective_on or today
    first = catalogue.versions(dossier.process)[0]
    new = NewAgreement(
        reference=dossier.reference,
        process=dossier.process,
        office=dossier.office,
        title=dossier.title,
        opened_on=since,
        parties=dossier.parties,
        state=dossier.state,
        terms=dossier.terms,
        facts=dossier.facts,
        origin=dossier.origin,
        note=dossier.note,
        kind=EntryKind.IMPORTED,
        relationship=dossier.relationship,
        generation=dossier.generation,
        by_day=dossier.by_day,
    )
    return new, catalogue.in_force_on(dossier.process, max(since, first.in_force_from))


def problems_of_dossier(dossier: Dossier, catalogue: Catalogue, today: date) -> Iterator[Problem]:
    """Everything for which the dossier cannot be taken over `today` (at the office), each at its field."""
    new, definition = case_of(dossier, catalogue, today)
    yield from problems_of_opening(new, definition, today)
