"""Offices and people as rows, and the history of what was changed about them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, inspect
from sqlmodel import SQLModel, col, select

from twinflow.domain.agreement.seals import instant_written, sealed
from twinflow.domain.people.changes import Line, PeopleEntry
from twinflow.domain.people.people import (
    Absence,
    Assignment,
    Delegation,
    Office,
    People,
    Person,
    people_without_gaps,
)
from twinflow.sentences import Sentence
from twinflow.storage.engine import upsert
from twinflow.storage.failures import is_of_a_row, one_by_one
from twinflow.storage.readable import is_damaged
from twinflow.storage.tables import (
    AbsenceRow,
    AssignmentRow,
    DelegationRow,
    OfficeRow,
    PeopleEntryRow,
    PersonRow,
    table_of,
)
from twinflow.storage.writes import Repository


class PeopleRows(Repository):
    def are_there(self) -> bool:
        """Whether the books have any; in tables of before there is nothing of the kind."""
        return inspect(self._connection).has_table(PeopleEntryRow.__tablename__) and self.entries() > 0

    def entries(self) -> int:
        """How many entries their history has."""
        return int(self._connection.scalar(select(func.max(PeopleEntryRow.number))) or 0)

    def all(self, revision: str | None = None) -> People:
        """Everybody, and every office, by key; without what cannot be read, which is named.

        `revision` is that of the tables where they are of before, as a start reads them.
        """
        entries = self.entries()
        unreadable: list[Sentence] = []
        roles: defaultdict[str, list[Assignment]] = defaultdict(list)
        for row in self._in_order(AssignmentRow, unreadable):
            roles[row.person].append(Assignment(row.role, row.office, row.from_day, row.to_day))
        absences: defaultdict[str, list[Absence]] = defaultdict(list)
        for row in self._in_order(AbsenceRow, unreadable):
            absences[row.person].append(Absence(row.from_day, row.to_day, row.delegate))
        given: defaultdict[str, list[Delegation]] = defaultdict(list)
        for row in self._in_order(DelegationRow, unreadable):
            given[row.person].append(
                Delegation(row.delegate, row.from_day, row.to_day, row.reason, row.role, row.office)
            )
        offices = {
            row.key: Office(
                row.key,
                row.kind,
                row.label,
                row.country,
                row.time_zone,
                tuple(row.calendars),
                row.city,
                getattr(row, "second_factor", False),
            )
            for row in self._in_order(OfficeRow, unreadable, _later_than(revision))
        }
        people = {
            row.key: Person(
                row.key,
                row.name,
                row.mail,
                row.language,
                tuple(roles[row.key]),
                tuple(absences[row.key]),
                row.disabled,
                tuple(given[row.key]),
            )
            for row in self._in_order(PersonRow, unreadable)
        }
        return people_without_gaps(People(offices, people, entries, tuple(unreadable)))

    def _in_order(
        self, row: type[SQLModel], unreadable: list[Sentence], later: frozenset[str] = frozenset()
    ) -> Sequence[Any]:
        """The rows that can be read, without the columns that came `later`; what is to be said of others goes to `unreadable`."""
        table = table_of(row)
        columns = [each for each in table.columns if each.name not in later]
        ordered = select(*columns).order_by(*table.primary_key.columns)

        def read(places: Sequence[int]) -> Sequence[Any]:
            return self._whole(ordered.offset(places[0]).limit(len(places)))

        def failed(place: int, _error: Exception) -> None:
            values = {"table": table.name, "number": place + 1}
            unreadable.append(Sentence("Row {number} of {table} cannot be read, and is left out.", values))

        try:
            return self._whole(ordered)
        except Exception as error:
            if not is_of_a_row(error):
                raise
        count = int(self._connection.scalar(select(func.count()).select_from(table)) or 0)
        return [row for row in one_by_one(read, range(count), failed) if row is not None]

    def _whole(self, query: Select[Any]) -> Sequence[Any]:
        """Raises ValueError for what is no text."""
        rows = self._connection.execute(query).all()
        if any(is_damaged(value) for row in rows for value in row):
            raise ValueError
        return rows

    def write(self, before: People, after: People) -> None:
        """Every office and person that differs. What is there is replaced, and nothing is removed."""
        offices = [office for key, office in after.offices.items() if before.offices.get(key) != office]
        people = [person for key, person in after.people.items() if before.people.get(key) != person]
        self._put(OfficeRow, [_of_office(office) for office in offices])
        self._put(PersonRow, [_of_person(person) for person in people])
        self._put(AssignmentRow, [row for person in people for row in _of_assignments(person)])
        self._put(AbsenceRow, [row for person in people for row in _of_absences(person)])
        self._put(DelegationRow, [row for person in people for row in _of_delegations(person)])

    def _put(self, row: type[SQLModel], values: Sequence[dict[str, object]]) -> None:
        if not values:
            return
        keys = [column.name for column in table_of(row).primary_key.columns]
        statement = upsert(self._connection, row)
        others = {name: statement.excluded[name] for name in values[0] if name not in keys}
        self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), values)

    def add_entry(self, entry: PeopleEntry, now: datetime) -> None:
        """Raises StaleAgreement where another transaction has written the entry of that number first."""
        before = select(PeopleEntryRow.seal).where(col(PeopleEntryRow.number) == entry.number - 1)
        lines = [[line.place, line.was, line.now] for line in entry.lines]
        written = [entry.number, entry.by, entry.reason, instant_written(now), lines]
        values = {"number": entry.number, "by": entry.by, "reason": entry.reason, "recorded_at": now, "lines": lines}
        seal = sealed(self._connection.scalar(before) or "", written)
        self._connection.execute(insert(PeopleEntryRow).values(**values, seal=seal))

    def history(self) -> list[tuple[PeopleEntry, datetime]]:
        """Each entry with when it was recorded (UTC), the oldest first."""
        found = self._connection.execute(table_of(PeopleEntryRow).select().order_by(col(PeopleEntryRow.number)))
        return [
            (PeopleEntry(row.number, row.by, row.reason, tuple(Line(*line) for line in row.lines)), row.recorded_at)
            for row in found
        ]


def _later_than(revision: str | None) -> frozenset[str]:
    """The columns of offices that tables of the revision do not have yet."""
    return frozenset({"second_factor"} if revision is not None and revision < "0020" else ())


def _of_office(office: Office) -> dict[str, object]:
    return {
        "key": office.key,
        "kind": office.kind,
        "label": dict(office.label),
        "country": office.country,
        "time_zone": office.time_zone,
        "calendars": list(office.calendars),
        "city": office.city,
        "second_factor": office.second_factor,
    }


def _of_person(person: Person) -> dict[str, object]:
    return {
        "key": person.key,
        "name": person.name,
        "mail": person.mail,
        "language": person.language,
        "disabled": person.disabled,
    }


def _of_assignments(person: Person) -> Iterable[dict[str, object]]:
    for number, a in enumerate(person.assignments, start=1):
        days = {"from_day": a.from_day, "to_day": a.to_day}
        yield {"person": person.key, "number": number, "role": a.role, "office": a.office, **days}


def _of_absences(person: Person) -> Iterable[dict[str, object]]:
    for number, a in enumerate(person.absences, start=1):
        days = {"from_day": a.from_day, "to_day": a.to_day}
        yield {"person": person.key, "number": number, "delegate": a.delegate, **days}


def _of_delegations(person: Person) -> Iterable[dict[str, object]]:
    for number, given in enumerate(person.delegations, start=1):
        days = {"from_day": given.from_day, "to_day": given.to_day}
        what = {"role": given.role, "office": given.office, "reason": given.reason}
        yield {"person": person.key, "number": number, "delegate": given.to, **what, **days}
