"""Cases with all that the clock has to know of them, as the books have them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from twinflow.domain.clock.day import InBooks
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import UnreadableAgreement
from twinflow.storage.snapshots import InRows
from twinflow.storage.unit_of_work import UnitOfWork


def in_books(work: UnitOfWork, rulebook: Rulebook, found: Sequence[InRows]) -> Iterator[InBooks | UnreadableAgreement]:
    """Each without the closed deadlines of earlier versions that its version does not have."""
    told = work.alerts.all_told([each.id for each in found])
    for each in found:
        agreement = each.agreement
        try:
            known = rulebook.definition_of(agreement).deadlines
        except UnreadableAgreement as error:
            yield error
            continue
        own = replace(
            agreement, deadlines=tuple(deadline for deadline in agreement.deadlines if deadline.rule in known)
        )
        yield InBooks(own, each.wake_on, told[each.id])
