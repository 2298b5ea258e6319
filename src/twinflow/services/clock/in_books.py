"""Cases with all that the clock has to know of them, as the books have them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from twinflow.domain.clock.day import InBooks
from twinflow.domain.rulebook import Rulebook
from twinflow.storage.snapshots import InRows
from twinflow.storage.unit_of_work import UnitOfWork


def in_books(work: UnitOfWork, rulebook: Rulebook, found: Sequence[InRows]) -> Iterator[tuple[int, InBooks]]:
    """Each with its row, without the closed deadlines of earlier versions that its version does not have."""
    told = work.alerts.all_told([each.id for each in found])
    for number, agreement, wake_on in found:
        known = rulebook.definition_of(agreement).deadlines
        own = replace(agreement, deadlines=tuple(each for each in agreement.deadlines if each.rule in known))
        yield number, InBooks(own, wake_on, told[number])
