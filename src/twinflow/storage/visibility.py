"""Whose case it is to see, as a WHERE: every list, count, page, feed and paper asks by it, and one case by the same."""

from collections.abc import Iterable
from dataclasses import asdict, fields

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, false, literal, or_, select, true
from sqlalchemy.dialects import postgresql

from twinflow.domain.people.viewer import Viewer
from twinflow.domain.people.visibility import SeenBy, Shown, also_of_the_kind, by_case, shows_to
from twinflow.domain.process.catalogue import Pin
from twinflow.storage.engine import upsert
from twinflow.storage.prepared import Prepared
from twinflow.storage.tables import AgreementRow, HistoryRow, OfficeRow, SeenByRow, table_of
from twinflow.storage.writes import Repository

AGREEMENT, HISTORY = table_of(AgreementRow), table_of(HistoryRow)
OFFICE, SEEN_BY = table_of(OfficeRow), table_of(SeenByRow)
SAID = ("agreement_id", *(each.name for each in fields(SeenBy)))
SHOW = Prepared(
    postgresql.insert(SEEN_BY)
    .values({name: bindparam(name, type_=SEEN_BY.c[name].type) for name in SAID})
    .on_conflict_do_nothing()
    .inline()
)
TO_BE_FOUND = SeenBy()
"""The mark of an upgrade: it shows the case to nobody."""


def visible(viewer: Viewer, *, one_by_one: bool = False) -> ColumnElement[bool]:
    """Which agreements the viewer sees: those of the own offices, and those that are shown to one of these, or to a role in it.

    `one_by_one`: they are followed in an order until there are enough. PostgreSQL would gather first whatever is shown to the
    role, which may be all there is; of each that it meets it is asked whether it is shown.
    """
    if viewer.sees_everything:
        return true()
    shown_to = [is_row(each) for each in shows_to(viewer)]
    if not shown_to:
        return false()
    rows = select(SEEN_BY.c.agreement_id).where(SEEN_BY.c.agreement_id == AGREEMENT.c.id, or_(*shown_to))
    shown = rows.correlate(AGREEMENT).limit(1).scalar_subquery().is_not(None) if one_by_one else rows.exists()
    return or_(AGREEMENT.c.office.in_(own_offices(viewer)), shown)


def visible_id(viewer: Viewer, agreement_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The same for a row that belongs to the agreement of that id."""
    if viewer.sees_everything:
        return true()
    return agreement_id.in_(select(AGREEMENT.c.id).where(visible(viewer)))


def own_offices(viewer: Viewer) -> list[str]:
    """The offices all of whose cases the viewer sees."""
    return sorted({each.office for each in by_case(viewer)})


def is_row(seen: SeenBy) -> ColumnElement[bool]:
    """Which rows of `seen_by` say this, of whichever case."""
    return and_(*(SEEN_BY.c[name] == value for name, value in asdict(seen).items()))


class Visibility(Repository):
    def may(self, viewer: Viewer, agreement_id: int) -> bool:
        """Whether the viewer sees the case: the same predicate for one row."""
        query = select(AGREEMENT.c.id).where(AGREEMENT.c.id == agreement_id, visible(viewer))
        return self._connection.scalar(query) is not None

    def show(self, agreement_id: int, seen: Iterable[SeenBy]) -> None:
        """Let them see the case from now on; nobody is ever taken out again."""
        rows = sorted(also_of_the_kind(seen))
        self._writes.add(SHOW, *({"agreement_id": agreement_id, **asdict(each)} for each in rows))

    def show_past(self, pin: Pin, past: Shown) -> None:
        """The same for the cases that go by a version, as their history says."""
        came = and_(HISTORY.c.agreement_id == AGREEMENT.c.id, HISTORY.c.to_state.in_(sorted(past.states)))
        if past.until is not None:
            came = and_(came, HISTORY.c.effective_on <= past.until)
        for role in (past.role, ""):
            rows = (
                select(AGREEMENT.c.id, literal(past.kind), literal(role), OFFICE.c.country, literal(""))
                .join(OFFICE, OFFICE.c.key == AGREEMENT.c.office)
                .where(AGREEMENT.c.process == pin.process, AGREEMENT.c.process_version == pin.version)
                .where(AGREEMENT.c.process_digest == pin.digest, OFFICE.c.kind != past.kind, exists().where(came))
            )
            statement = upsert(self._connection, SeenByRow).from_select(SAID, rows).on_conflict_do_nothing()
            self._connection.execute(statement)

    def is_to_be_found(self) -> bool:
        """Whether it is still to be found in the history of these books who sees what: their upgrade has left a mark."""
        return self._connection.scalar(select(SEEN_BY.c.agreement_id).where(is_row(TO_BE_FOUND)).limit(1)) is not None

    def is_found(self) -> None:
        self._connection.execute(delete(SEEN_BY).where(is_row(TO_BE_FOUND)))
