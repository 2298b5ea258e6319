"""The list of agreements, page by page: whatever it is narrowed to, a page costs about what is on it.

The order is that of an index, in which what the list is narrowed to stands too. Only what an agreement may have several of
(words, countries) stands elsewhere: where few have the rarest of it, those few are put in order; else the index is followed.
For whoever does not see everything an index has that order within each office and role by which they see some, and the first of
each are taken.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import date
from functools import cache
from itertools import compress, groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    exists,
    func,
    select,
    true,
    tuple_,
    union,
    union_all,
)

from twinflow.domain.agreement.listing import Filters, Position, words_asked
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.people.visibility import SeenBy, shows_to
from twinflow.domain.process.catalogue import Pin
from twinflow.domain.steps.doubts import Compared, pair
from twinflow.storage.prepared import Prepared
from twinflow.storage.readable import is_damaged
from twinflow.storage.tables import AgreementRow, PartyRow, WordRow, table_of
from twinflow.storage.visibility import SEEN_BY, is_row, own_offices, visible
from twinflow.storage.writes import Repository

AGREEMENT, PARTY, WORD = table_of(AgreementRow), table_of(PartyRow), table_of(WordRow)
LATER = AGREEMENT.alias("later")
AFTER_ALL = "\U0010ffff"
"""No word goes on with this sign: between a beginning and the same with it is all that begins so."""
FEW, MOST_WORDS = 2_000, 10
OF_ONE_COMPARED = ("id", "reference", "title", "relationship", "process", "process_version", "process_digest", "state")
ONE_A_RELATIONSHIP = (
    AGREEMENT.c.parent_id.is_(None),
    AGREEMENT.c.annulled_on.is_(None),
    ~exists().where(LATER.c.relationship == AGREEMENT.c.relationship, LATER.c.generation > AGREEMENT.c.generation),
)
IN_ORDER = ("next_on", "reference")
Wanted = tuple[ColumnElement[Any], ColumnElement[bool]]
"""A column that says whose a row is, and the condition for it."""


class Way(NamedTuple):
    """How agreements are followed in the order of lists: the column that says whose a row is, and which rows."""

    number: Column[Any]
    which: ColumnElement[bool]

    def of(self, name: str) -> Column[Any]:
        return self.number.table.c[name]


class Listing(Repository):
    def page(
        self, viewer: Viewer, filters: Filters, today: date, after: Position | None, at_once: int
    ) -> tuple[list[int], Position | None]:
        """The next agreements that the viewer sees, after a position (None: the beginning); and where the next page begins."""
        few, others = self._rarest(list(_wanted(filters)))
        is_short = few is not None or filters.office  # of each it can be asked whether it is seen
        ways = [Way(AGREEMENT.c.id, visible(viewer, one_by_one=True))] if is_short else self._ways(viewer)
        most: BindParameter[Any] = bindparam("most", at_once + 1, literal_execute=True)  # so that it is planned for few
        firsts = [
            _in_order(way, after).where(*_has(way, few, others), *_own(way, filters, today)).limit(most) for way in ways
        ]
        rows = self._connection.execute(_together(firsts).limit(most)).all() if firsts else []
        shown = rows[:at_once]
        if len(rows) == len(shown):
            return [row.id for row in shown], None
        following = _position(shown[-1])
        if following is None:  # a page ends with a row whose place can be told
            return self.page(viewer, filters, today, after, 2 * at_once)
        return [row.id for row in shown], following

    def _ways(self, viewer: Viewer) -> list[Way]:
        """Each by an index in the order of lists, together to all that the viewer sees, without those that lead to nothing."""
        if viewer.sees_everything:
            return [Way(AGREEMENT.c.id, true())]
        offices, shown = own_offices(viewer), shows_to(viewer)
        if not shown:
            return []
        values = {f"office_{n}": office for n, office in enumerate(offices)}
        values |= {f"{name}_of_{n}": value for n, each in enumerate(shown) for name, value in asdict(each).items()}
        ((*leads,),) = _leads(len(offices), len(shown)).rows(self._connection, values)
        ways = [Way(AGREEMENT.c.id, AGREEMENT.c.office == office) for office in compress(offices, leads)]
        ways += (Way(SEEN_BY.c.agreement_id, is_row(each)) for each in compress(shown, leads[len(offices) :]))
        return ways

    def countries(self, viewer: Viewer) -> list[str]:
        """The countries of parties that are not our own side in what the viewer sees.

        Of what is little: those of each case. Of more: each the first in the index after the one before it, and for each it is
        asked whether they see a case with it.
        """
        if not viewer.sees_everything:
            ways = self._ways(viewer)
            if not ways:
                return []
            if all(self._few(*way) is not None for way in ways):
                cases = [select(way.number).where(way.which) for way in ways]
                query = select(PARTY.c.country).where(~PARTY.c.home, PARTY.c.agreement_id.in_(union_all(*cases)))
                return list(self._connection.scalars(query.distinct().order_by(PARTY.c.country)))
        first = select(func.min(PARTY.c.country)).where(~PARTY.c.home)
        found = select(first.scalar_subquery().label("country")).cte("found", recursive=True)
        following = first.where(PARTY.c.country > found.c.country).correlate(found).scalar_subquery()
        found = found.union_all(select(following).where(found.c.country.is_not(None)))
        query = select(found.c.country).where(found.c.country.is_not(None))
        if not viewer.sees_everything:
            case = select(PARTY.c.agreement_id).join(AGREEMENT).where(PARTY.c.country == found.c.country, ~PARTY.c.home)
            seen = case.where(visible(viewer, one_by_one=True)).order_by(PARTY.c.agreement_id).limit(1)
            query = query.where(seen.correlate(found).scalar_subquery().is_not(None))
        return list(self._connection.scalars(query))

    def compared(self, viewer: Viewer, words: Iterable[str] = ()) -> Iterator[tuple[Compared, Pin, str]]:
        """Cases of their own that the viewer sees and that are found by all of the words, with what they go by and their states.

        Those that cannot be read, and those that were annulled, are left out.
        """
        has = [(WORD.c.agreement_id, WORD.c.word == word) for word in sorted(words)]
        own = (AGREEMENT.c[name] for name in OF_ONE_COMPARED)
        query = select(*own, PARTY.c.name.label("party"), PARTY.c.country).join(PARTY)
        few, others = self._rarest(has)
        query = query.where(AGREEMENT.c.parent_id.is_(None), AGREEMENT.c.annulled_on.is_(None), visible(viewer))
        query = query.where(*_has(Way(AGREEMENT.c.id, true()), few, others))
        rows = self._connection.execute(query.order_by(AGREEMENT.c.id))
        for _, found in groupby(rows, key=lambda row: row.id):
            parties = list(found)
            one = parties[0]
            if not any(is_damaged(value) for row in parties for value in row):
                between = pair((row.party, row.country) for row in parties)
                pin = Pin(one.process, one.process_version, one.process_digest)
                yield Compared(one.reference, one.title, one.relationship, between), pin, one.state

    def _rarest(self, wanted: Sequence[Wanted]) -> tuple[Sequence[int] | None, list[Wanted]]:
        """The agreements that have the rarest of it, None where they are many; and what else is wanted."""
        found = [self._few(owner, condition) for owner, condition in wanted]
        rarest = min((few for few in found if few is not None), key=len, default=None)
        return rarest, [each for each, few in zip(wanted, found, strict=True) if rarest is None or few is not rarest]

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


@cache
def _leads(offices: int, shown: int) -> Prepared:
    """Whether there is a case of each of so many offices, and of each of so much that shows cases.

    The first in order is asked for: to find any, PostgreSQL would look through the rows of a table.
    """
    ways = [Way(AGREEMENT.c.id, AGREEMENT.c.office == bindparam(f"office_{n}")) for n in range(offices)]
    for n in range(shown):
        values = (SEEN_BY.c[each.name] == bindparam(f"{each.name}_of_{n}") for each in fields(SeenBy))
        ways.append(Way(SEEN_BY.c.agreement_id, and_(*values)))
    firsts = (select(func.min(way.of("next_on"))).where(way.which).scalar_subquery() for way in ways)
    return Prepared(select(*(first.is_not(None) for first in firsts)))


def _has(way: Way, few: Sequence[int] | None, wanted: Iterable[Wanted]) -> Iterator[ColumnElement[bool]]:
    """What narrows a list by rows of other tables."""
    if few is not None:
        yield way.number.in_(few)
    for owner, condition in wanted:
        yield exists().where(owner == way.number, condition)


def _in_order(way: Way, after: Position | None) -> Select[Any]:
    """The agreements on a way in the order of the list, after a position."""
    place = [way.of(name) for name in IN_ORDER]
    query = select(AGREEMENT.c.id, *place).where(way.which).order_by(*place)
    if way.number.table is not AGREEMENT:
        query = query.join_from(way.number.table, AGREEMENT)
    return query if after is None else query.where(tuple_(*place) > (after.next_on, after.reference))


def _together(firsts: Sequence[Select[Any]]) -> Select[Any]:
    """The first of all of them in the order of the list, each once."""
    number, next_on, reference = columns = [column(name, AGREEMENT.c[name].type) for name in ("id", *IN_ORDER)]
    found = union(*(select(*columns).select_from(first.subquery()) for first in firsts)).subquery()
    query = select(number, cast(next_on, Text).label("place"), reference).select_from(found)
    return query.order_by(next_on, reference)


def _own(way: Way, filters: Filters, today: date) -> Iterator[ColumnElement[bool]]:
    """What narrows the list by the agreement's own row, or by what stands of it on the way."""
    if not filters.everything:
        yield from ONE_A_RELATIONSHIP
    if filters.process:
        yield way.of("process") == filters.process
    if filters.state:
        yield way.of("state") == filters.state
    if filters.office:
        yield AGREEMENT.c.office == filters.office
    if filters.due is not None:
        yield way.of("next_on") <= filters.due.last_day(today)


def _wanted(filters: Filters) -> Iterator[Wanted]:
    """The column that says whose a row is, and the condition for it."""
    for word in words_asked(filters.words)[:MOST_WORDS]:
        yield WORD.c.agreement_id, and_(WORD.c.word >= word, WORD.c.word < word + AFTER_ALL)
    if filters.country:
        yield PARTY.c.agreement_id, and_(PARTY.c.country == filters.country, ~PARTY.c.home)
