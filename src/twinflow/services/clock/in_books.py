"""A case with all that the clock has to know of it, as the books have it."""

from dataclasses import replace

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.clock.day import InBooks
from twinflow.domain.rulebook import Rulebook
from twinflow.storage.unit_of_work import UnitOfWork


def in_books(work: UnitOfWork, rulebook: Rulebook, agreement_id: int, agreement: Agreement) -> InBooks:
    """Without the closed deadlines of earlier versions that its version does not have."""
    known = rulebook.definition_of(agreement).deadlines
    agreement = replace(agreement, deadlines=tuple(each for each in agreement.deadlines if each.rule in known))
    return InBooks(
        agreement=agreement,
        wake_on=work.deadlines.wake_days(agreement_id),
        derive_on=work.agreements.derive_on(agreement_id),
        findings=tuple(work.findings.all(agreement_id)),
        told=work.alerts.all_told(agreement_id),
    )
