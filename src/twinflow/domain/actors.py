"""Who acts: a person in a role of an office from a day to a day, or the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from twinflow.domain.process import CLOCK, Label

LONGEST_CHAIN = 3
"""How many delegates in a row are asked."""


@dataclass(frozen=True, slots=True)
class Office:
    """A municipality, ministry or registry. `time_zone` is an IANA name, `country` an ISO 3166-1 alpha-2 code.

    `calendars` name its days off; without any, it works from Monday to Friday.
    """

    key: str
    kind: str
    label: Label
    country: str
    time_zone: str
    calendars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role in an office, from a day to a day (both included; None: open)."""

    role: str
    office: str
    from_day: date | None = None
    to_day: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Absence:
    """Days out of office, both included. `delegate` is the person who gets the mail meanwhile."""

    from_day: date
    to_day: date
    delegate: str

    def covers(self, day: date) -> bool:
        return self.from_day <= day <= self.to_day


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    name: str
    mail: str
    language: str
    assignments: tuple[Assignment, ...]
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as seen from one agreement: the roles held there on the day."""

    key: str
    roles: frozenset[str]


THE_CLOCK = Actor(CLOCK, frozenset({CLOCK}))


@dataclass(frozen=True, slots=True)
class Directory:
    """Offices and the people in them."""

    offices: Mapping[str, Office]
    people: Mapping[str, Person]

    def holders(self, role: str, office_kind: str, home_office: str, day: date) -> list[Person]:
        """Who holds `role` for an agreement kept by `home_office`, by key.

        A role of the home office's own kind is held there; a role of another kind (a ministry) in any office of that kind
        in the same country.
        """
        offices = self.offices_of(office_kind, home_office)
        return [
            person
            for person in sorted(self.people.values(), key=lambda person: person.key)
            if any(a.role == role and a.office in offices and a.holds_on(day) for a in person.assignments)
        ]

    def stand_in(self, person: str, day: date) -> str:
        """Who gets the mail of a person on the day: the first who is there, of the person and up to three delegates in a row.

        The person after all, if none of them is.
        """
        who = person
        for _ in range(LONGEST_CHAIN + 1):
            away = next((absence for absence in self.people[who].absences if absence.covers(day)), None)
            if away is None:
                return who
            who = away.delegate
        return person

    def offices_of(self, kind: str, home_office: str) -> frozenset[str]:
        """The offices of a kind that deal with the cases of `home_office`: itself, or those of its country."""
        home = self.offices[home_office]
        if kind == home.kind:
            return frozenset({home.key})
        return frozenset(o.key for o in self.offices.values() if o.kind == kind and o.country == home.country)
