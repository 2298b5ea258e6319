"""Which agreements wait for a role, asked of the rows alone."""

from collections.abc import Collection, Mapping

from sqlalchemy import and_, false, or_, select

from twinflow.domain.agreement.history import EntryKind
from twinflow.storage.history import HISTORY, in_the_hands_of
from twinflow.storage.snapshots import AGREEMENT
from twinflow.storage.writes import Repository

BEGUN = [
    each.value
    for each in (
        EntryKind.ACKNOWLEDGED,
        EntryKind.DRAFT,
        EntryKind.CONSULTATION,
        EntryKind.CORRECTED,
        EntryKind.CHANGE,
    )
]
"""What leaves something open for whoever did it."""

ASKED = [EntryKind.CONSULTATION.value, EntryKind.CORRECTED.value, EntryKind.CHANGE.value]
"""What may wait for somebody of a role."""


class Duties(Repository):
    def ever_taken(self, among: Collection[int] | None = None) -> list[int]:
        """The agreements, all or some of these, in which somebody ever had a duty in hand."""
        query = select(HISTORY.c.agreement_id).where(HISTORY.c.kind == EntryKind.DUTY.value).distinct()
        found = sorted(self._connection.scalars(query))
        return found if among is None else [each for each in found if each in among]

    def asked_to_move(self) -> list[int]:
        """The agreements that another office was ever asked to keep."""
        query = select(HISTORY.c.agreement_id).where(HISTORY.c.kind == EntryKind.MOVE.value).distinct()
        return sorted(self._connection.scalars(query))

    def touching(self, people: Collection[str], opened: Collection[str], deciding: Collection[str]) -> list[int]:
        """The agreements in which one of the people may have something open: what they have in hand, what was handed over to
        them, what they asked or acknowledged, or a round opened by one of these steps, where one of the states decides.
        """
        row, wanted = HISTORY.c, sorted(people)
        own = row.actor.in_(wanted) & row.kind.in_(BEGUN)
        deciders = select(AGREEMENT.c.id).where(AGREEMENT.c.state.in_(sorted(deciding)))
        rounds = and_(row.actor.in_(wanted), row.step.in_(sorted(opened)), row.agreement_id.in_(deciders))
        query = select(row.agreement_id).where(or_(in_the_hands_of(wanted), own, rounds)).distinct()
        return sorted(self._connection.scalars(query))

    def asked_of_roles(self) -> list[int]:
        """The agreements in which something may wait for a role: a date, or what was asked of it."""
        row = AGREEMENT.c
        asked = select(HISTORY.c.agreement_id).where(HISTORY.c.kind.in_(ASKED))
        query = select(row.id).where(row.annulled_on.is_(None), or_(row.next_on.is_not(None), row.id.in_(asked)))
        return sorted(each for each in self._connection.scalars(query) if each)

    def waiting(self, asked: Mapping[tuple[str, ...], Mapping[str, Collection[str]]], most: int) -> list[int]:
        """The first `most` agreements, soonest first, kept by one of the offices and in one of the states of their process.

        `asked` has by offices the states of each process, by the digest of its version.
        """
        row = AGREEMENT.c
        wanted = []
        for offices, states in asked.items():
            here = [
                and_(row.process_digest == digest, row.state.in_(sorted(among))) for digest, among in states.items()
            ]
            wanted.append(and_(row.office.in_(offices), or_(false(), *here)))
        query = select(row.id).where(or_(false(), *wanted), row.annulled_on.is_(None))
        return [
            each for each in self._connection.scalars(query.order_by(row.next_on, row.reference).limit(most)) if each
        ]
