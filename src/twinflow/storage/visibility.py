"""Whose case it is to see, as a WHERE: every list, count, page, feed and paper asks by it, and one case by the same."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, delete, exists, false, literal, or_, select, true
from sqlalchemy.dialects import postgresql

from twinflow.domain.people.viewer import ADMINISTRATOR, Held, Viewer
from twinflow.domain.people.visibility import OF_THE_WHOLE_KIND, SeenBy, Shown
from twinflow.domain.process.catalogue import Pin
from twinflow.storage.engine import upsert
from twinflow.storage.prepared import Prepared, values_given
from twinflow.storage.tables import AgreementRow, HistoryRow, OfficeRow, SeenByRow, table_of
from twinflow.storage.writes import Repository

AGREEMENT, HISTORY = table_of(AgreementRow), table_of(HistoryRow)
OFFICE, SEEN_BY = table_of(OfficeRow), table_of(SeenByRow)
SHOW = Prepared(postgresql.insert(SEEN_BY).values(values_given(SeenByRow)).on_conflict_do_nothing().inline())


def visible(viewer: Viewer, *, one_by_one: bool = False) -> ColumnElement[bool]:
    """Which agreements the viewer sees: those of the own offices, and those that have come to a role held in another one.

    `one_by_one`: they are followed in an order until there are enough. PostgreSQL would gather first whatever is shown to the
    role, which may be all there is; of each that it meets it is asked whether it is shown.
    """
    if viewer.sees_everything:
        return true()
    held = by_case(viewer)
    if not held:
        return false()
    rows = select(SEEN_BY.c.agreement_id).where(SEEN_BY.c.agreement_id == AGREEMENT.c.id, shown_to(held))
    shown = rows.correlate(AGREEMENT).limit(1).scalar_subquery().is_not(None) if one_by_one else rows.exists()
    return or_(AGREEMENT.c.office.in_(own_offices(viewer)), shown)


def visible_id(viewer: Viewer, agreement_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The same for a row that belongs to the agreement of that id."""
    if viewer.sees_everything:
        return true()
    return agreement_id.in_(select(AGREEMENT.c.id).where(visible(viewer)))


def by_case(viewer: Viewer) -> list[Held]:
    """The roles by which cases are seen, in a fixed order: an administrator sees people and offices alone."""
    held = (each for each in viewer.held if each.role != ADMINISTRATOR)
    return sorted(held, key=lambda each: (each.kind, each.country, each.role, each.office))


def own_offices(viewer: Viewer) -> list[str]:
    """The offices all of whose cases the viewer sees."""
    return sorted({each.office for each in by_case(viewer)})


def shown_to(held: Iterable[Held]) -> ColumnElement[bool]:
    """Which rows of `seen_by` show a case to somebody with these roles."""
    return or_(*dict.fromkeys(_shown_to(each) for each in held))


def _shown_to(held: Held) -> ColumnElement[bool]:
    offices = and_(SEEN_BY.c.kind == held.kind, SEEN_BY.c.country == held.country)
    return offices if held.role in OF_THE_WHOLE_KIND else and_(offices, SEEN_BY.c.role == held.role)


class Visibility(Repository):
    def may(self, viewer: Viewer, agreement_id: int) -> bool:
        """Whether the viewer sees the case: the same predicate for one row."""
        query = select(AGREEMENT.c.id).where(AGREEMENT.c.id == agreement_id, visible(viewer))
        return self._connection.scalar(query) is not None

    def show(self, agreement_id: int, seen: Iterable[SeenBy]) -> None:
        """Let them see the case from now on; nobody is ever taken out again."""
        rows = ((each.kind, each.role, each.country) for each in seen)
        self._writes.add(
            SHOW,
            *(
                {"agreement_id": agreement_id, "kind": kind, "role": role, "country": country}
                for kind, role, country in sorted(rows)
            ),
        )

    def show_past(self, pin: Pin, past: Shown) -> None:
        """The same for the cases that go by a version, as their history says."""
        came = and_(HISTORY.c.agreement_id == AGREEMENT.c.id, HISTORY.c.to_state.in_(sorted(past.states)))
        if past.until is not None:
            came = and_(came, HISTORY.c.effective_on <= past.until)
        rows = (
            select(AGREEMENT.c.id, literal(past.kind), literal(past.role), OFFICE.c.country)
            .join(OFFICE, OFFICE.c.key == AGREEMENT.c.office)
            .where(AGREEMENT.c.process == pin.process, AGREEMENT.c.process_version == pin.version)
            .where(AGREEMENT.c.process_digest == pin.digest, OFFICE.c.kind != past.kind, exists().where(came))
        )
        statement = upsert(self._connection, SeenByRow).from_select(["agreement_id", "kind", "role", "country"], rows)
        self._connection.execute(statement.on_conflict_do_nothing())

    def is_to_be_found(self) -> bool:
        """Whether it is still to be found in the history of these books who sees what: their upgrade has left a mark."""
        return self._connection.scalar(select(SEEN_BY.c.agreement_id).where(SEEN_BY.c.kind == "").limit(1)) is not None

    def is_found(self) -> None:
        self._connection.execute(delete(SEEN_BY).where(SEEN_BY.c.kind == ""))
