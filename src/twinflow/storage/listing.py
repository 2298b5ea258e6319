"""The list of agreements, page by page: whatever it is narrowed to, a page costs about what is on it.

The order is that of an index, in which what the list is narrowed to stands too. Only what an agreement may have several of
(words, countries) stands elsewhere: where few have the rarest of it, those few are put in order; else the index is followed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, and_, cast, exists, func, or_, select, tuple_, union_all

from twinflow.domain.agreement.listing import Filters, Position, words_asked
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.people.visibility import shows_to
from twinflow.domain.process.catalogue import Pin
from twinflow.domain.steps.doubts import Compared, pair
from twinflow.storage.readable import is_damaged
from twinflow.storage.tables import AgreementRow, PartyRow, WordRow, table_of
from twinflow.storage.visibility import SEEN_BY, is_row, own_offices, visible, visible_id
from twinflow.storage.writes import Repository

AGREEMENT, PARTY, WORD = table_of(AgreementRow), table_of(PartyRow), table_of(WordRow)
LATER, OWN = AGREEMENT.alias("later"), AGREEMENT.alias("own")
AFTER_ALL = "\U0010ffff"
"""No word goes on with this sign: between a beginning and the same with it is all that begins so."""
FEW, MOST_WORDS = 2_000, 10
OF_ONE_COMPARED = ("id", "reference", "title", "relationship", "process", "process_version", "process_digest", "state")


class Listing(Repository):
    def page(
        self, viewer: Viewer, filters: Filters, today: date, after: Position | None, at_once: int
    ) -> tuple[list[int], Position | None]:
        """The next agreements that the viewer sees, after a position (None: the beginning); and where the next page begins."""
        place = cast(AGREEMENT.c.next_on, Text).label("place")
        query = select(AGREEMENT.c.id, place, AGREEMENT.c.reference).where(*_own(filters, today))
        if after is not None:
            query = query.where(tuple_(AGREEMENT.c.next_on, AGREEMENT.c.reference) > (after.next_on, after.reference))
        query = query.where(*self._beside(list(_wanted(filters))), self._seen(viewer)).order_by(
            AGREEMENT.c.next_on, AGREEMENT.c.reference
        )
        rows = self._connection.execute(query.limit(at_once + 1)).all()
        shown = rows[:at_once]
        if len(rows) == len(shown):
            return [row.id for row in shown], None
        following = _position(shown[-1])
        if following is None:  # a page ends with a row whose place can be told
            return self.page(viewer, filters, today, after, 2 * at_once)
        return [row.id for row in shown], following

    def _seen(self, viewer: Viewer) -> ColumnElement[bool]:
        """What the viewer sees: where it is little, those few are put in order; else the index is followed."""
        shown = shows_to(viewer)
        if viewer.sees_everything or not shown:
            return visible(viewer)
        own = select(OWN.c.id).where(OWN.c.office.in_(own_offices(viewer)))
        others = select(SEEN_BY.c.agreement_id).where(or_(*map(is_row, shown)))
        if self._are_few(own) and self._are_few(others):
            return AGREEMENT.c.id.in_(union_all(own, others))
        return visible(viewer, one_by_one=True)

    def _are_few(self, query: Select[Any]) -> bool:
        found = select(func.count()).select_from(query.limit(FEW + 1).subquery())
        return int(self._connection.scalar(found) or 0) <= FEW

    def countries(self, viewer: Viewer) -> list[str]:
        """The countries of parties that are not our own side in what the viewer sees.

        Of everything: each the first in the index after the one before it.
        """
        if not viewer.sees_everything:
            query = select(PARTY.c.country).where(~PARTY.c.home, visible_id(viewer, PARTY.c.agreement_id)).distinct()
            return list(self._connection.scalars(query.order_by(PARTY.c.country)))
        first = select(func.min(PARTY.c.country)).where(~PARTY.c.home)
        found = select(first.scalar_subquery().label("country")).cte("found", recursive=True)
        following = first.where(PARTY.c.country > found.c.country).correlate(found).scalar_subquery()
        found = found.union_all(select(following).where(found.c.country.is_not(None)))
        return list(self._connection.scalars(select(found.c.country).where(found.c.country.is_not(None))))

    def compared(self, words: Iterable[str] = ()) -> Iterator[tuple[Compared, Pin, str]]:
        """Cases of their own that are found by all of the words, with what they go by and their states.

        Those that cannot be read, and those that were annulled, are left out.
        """
        has = [(WORD.c.agreement_id, WORD.c.word == word) for word in sorted(words)]
        own = (AGREEMENT.c[name] for name in OF_ONE_COMPARED)
        query = select(*own, PARTY.c.name.label("party"), PARTY.c.country).join(PARTY)
        query = query.where(AGREEMENT.c.parent_id.is_(None), AGREEMENT.c.annulled_on.is_(None), *self._beside(has))
        rows = self._connection.execute(query.order_by(AGREEMENT.c.id))
        for _, found in groupby(rows, key=lambda row: row.id):
            parties = list(found)
            one = parties[0]
            if not any(is_damaged(value) for row in parties for value in row):
                between = pair((row.party, row.country) for row in parties)
                pin = Pin(one.process, one.process_version, one.process_digest)
                yield Compared(one.reference, one.title, one.relationship, between), pin, one.state

    def _beside(
        self, wanted: Sequence[tuple[ColumnElement[Any], ColumnElement[bool]]]
    ) -> Iterator[ColumnElement[bool]]:
        """What narrows the list by rows of other tables: the column that says whose a row is, and the condition for it."""
        found = [self._few(owner, condition) for owner, condition in wanted]
        rarest = min((few for few in found if few is not None), key=len, default=None)
        if rarest is not None:
            yield AGREEMENT.c.id.in_(rarest)
        for (owner, condition), few in zip(wanted, found, strict=True):
            if rarest is None or few is not rarest:
                yield exists().where(owner == AGREEMENT.c.id, condition)

    def _few(self, owner: ColumnElement[Any], condition: ColumnElement[bool]) -> Sequence[int] | None:
        """Those of whom it holds; None where they are many."""
        found = self._connection.scalars(select(owner).where(condition).limit(FEW + 1)).all()
        return found if len(found) <= FEW else None


def _position(row: Row[Any]) -> Position | None:
    """None where the row's date, or its reference, cannot be read."""
    if is_damaged(row.reference):
        return None
    with suppress(ValueError):
        return Position(date.fromisoformat(str(row.place)), row.reference)
    return None


def _own(filters: Filters, today: date) -> Iterator[ColumnElement[bool]]:
    """What narrows the list by the agreement's own row."""
    if not filters.everything:
        yield AGREEMENT.c.parent_id.is_(None)
        yield AGREEMENT.c.annulled_on.is_(None)
        yield ~exists().where(
            LATER.c.relationship == AGREEMENT.c.relationship, LATER.c.generation > AGREEMENT.c.generation
        )
    if filters.process:
        yield AGREEMENT.c.process == filters.process
    if filters.state:
        yield AGREEMENT.c.state == filters.state
    if filters.office:
        yield AGREEMENT.c.office == filters.office
    if filters.due is not None:
        yield AGREEMENT.c.next_on <= filters.due.last_day(today)


def _wanted(filters: Filters) -> Iterator[tuple[ColumnElement[Any], ColumnElement[bool]]]:
    """The column that says whose a row is, and the condition for it."""
    for word in words_asked(filters.words)[:MOST_WORDS]:
        yield WORD.c.agreement_id, and_(WORD.c.word >= word, WORD.c.word < word + AFTER_ALL)
    if filters.country:
        yield PARTY.c.agreement_id, and_(PARTY.c.country == filters.country, ~PARTY.c.home)
