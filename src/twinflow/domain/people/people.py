"""Who acts: a person in a role of an office from a day to a day, or the clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from itertools import chain
from zoneinfo import ZoneInfo

from twinflow.domain.agreement.history import Way
from twinflow.domain.process.definition import CLOCK, LIAISON, Label, ProcessDefinition, Role
from twinflow.errors import NotFound, Unreadable
from twinflow.sentences import Sentence
from twinflow.text import composed

LONGEST_CHAIN = 3
"""How many delegates in a row are asked."""


@dataclass(frozen=True, slots=True)
class Office:
    """A municipality, ministry or registry. `time_zone` is an IANA name, `country` an ISO 3166-1 alpha-2 code.

    `calendars` name its days off; without any, it works from Monday to Friday. `city` is what its own party is called, where
    the key does not say it.
    """

    key: str
    kind: str
    label: Label
    country: str
    time_zone: str
    calendars: tuple[str, ...] = ()
    city: str = ""


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
    disabled: bool = False
    """Holds no role and gets no mail; stays, as histories name them."""

    @property
    def address(self) -> str:
        """The mail address as addresses are compared (`one_address`)."""
        return one_address(self.mail)


def one_address(mail: str) -> str:
    """The same for every spelling of an address: without case, space around it, or a full stop at its end.

    Nothing else is taken away: whether `a.b@` or `a+b@` is the mailbox of `ab@` only their server knows.
    """
    return mail.strip().rstrip(".").casefold()


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as seen from one agreement: the roles held there on the day.

    `also` are other keys with the same mail address: books and files of before may know one human by two. `acts_for` has, by
    role, for whom a delegation lets them exercise it. `way` is how they come to act; None for the clock, and for what was done
    before it was kept.
    """

    key: str
    roles: frozenset[str]
    also: frozenset[str] = frozenset()
    acts_for: Mapping[str, str] = field(default_factory=dict, hash=False)
    way: Way | None = None

    def is_called(self, key: str) -> bool:
        """Whether who acted under the key is the same human."""
        return key == self.key or key in self.also

    def way_in(self, roles: Iterable[str]) -> Way | None:
        """The way in which they do what one of these roles allows: their own before one of somebody else, the liaison's first."""
        if self.way is None or self.way.role:
            return self.way
        held = sorted(self.roles & set(roles), key=lambda role: (role in self.acts_for, role != LIAISON, role))
        role = held[0] if held else ""
        return replace(self.way, role=role, acts_for=self.acts_for.get(role, ""))


THE_CLOCK = Actor(CLOCK, frozenset({CLOCK}))


@dataclass(frozen=True)
class People:
    """Offices and the people in them, with tables of both by what is asked of them."""

    offices: Mapping[str, Office]
    people: Mapping[str, Person]
    entries: int = 0
    """How many changes of them the books know: 0 where they come from a file."""
    unreadable: tuple[Sentence, ...] = ()
    """What is to be said of those of whom the books hold what cannot be read."""

    def person(self, key: str) -> Person:
        """Whoever has the key, however its letters are written. Raises NotFound, naming who there is."""
        if key in self.people:
            return self.people[key]
        for known, person in self.people.items():
            if composed(known) == composed(key):
                return person
        raise NotFound("There is no person {person}; there are {people}.", person=key, people=sorted(self.people))

    def reader(self, key: str) -> Person:
        """The person as somebody whom mail may go to. Raises NotFound."""
        person = self.person(key)
        if person.disabled:
            raise NotFound("{person} is disabled and gets no mail.", person=key)
        return person

    def today(self, office: str, now: datetime) -> date:
        """The date at the office, at the instant `now`. Raises Unreadable for an office of which the books know alone."""
        if office not in self.offices:
            raise Unreadable("the people file has no office {office}", office=office)
        return now.astimezone(ZoneInfo(self.offices[office].time_zone)).date()

    def instant(self, office: str, on: date, hour: time) -> datetime:
        """The instant (UTC) at which it is that day and hour at the office."""
        return datetime.combine(on, hour, ZoneInfo(self.offices[office].time_zone)).astimezone(UTC)

    def hour(self, office: str, instant: datetime) -> time:
        """The hour of an instant (UTC) at the office."""
        return instant.astimezone(ZoneInfo(self.offices[office].time_zone)).time()

    def zone_of(self, role: Role, office: str, day: date) -> ZoneInfo:
        """The time zone in which a role is held for a case kept by `office`; of several offices the first by key."""
        kind = role.office_on(day)
        offices = sorted(self.offices_of(kind, office)) if kind else []
        return ZoneInfo(self.offices[offices[0] if offices else office].time_zone)

    def office_of(self, person: Person, now: datetime) -> Office:
        """The office whose hours the person keeps, at the instant `now`.

        Of several offices it is the first in the order of their roles where one is held that day; where none is held, the first.
        Who is named without any role is taken to work in the first office of the file.
        """
        offices = [(self.offices[a.office], a) for a in person.assignments]
        held = (office for office, a in offices if a.holds_on(self.today(office.key, now)))
        named = (office for office, _ in offices)
        return next(chain(held, named, self.offices.values()))

    def actor(
        self, person: Person, definition: ProcessDefinition, office: str, day: date, way: Way | None = None
    ) -> Actor:
        """The person with the roles they hold for cases of `office` on the day, as they come to act."""
        own = {assignment.role for assignment in person.assignments}
        possible = (key for key, role in definition.roles.items() if key in own or role.deputy is not None)
        held = (role for role in possible if person in self.holders_for(definition, role, office, day))
        return Actor(person.key, frozenset(held), self.sharing(person), way=way)

    def holders_for(self, definition: ProcessDefinition, role: str, office: str, day: date) -> list[Person]:
        """Who holds the role for cases of `office` on the day, in the office then in charge; else who holds its deputy's."""
        wanted: str | None = role
        seen: set[str] = set()
        while wanted is not None and wanted not in seen:
            seen.add(wanted)
            rule = definition.roles[wanted]
            kind = rule.office_on(day)
            found = self.holders(wanted, kind, office, day) if kind else []
            if found:
                return found
            wanted = rule.deputy
        return []

    def holders(self, role: str, office_kind: str, home_office: str, day: date) -> list[Person]:
        """Who holds `role` for an agreement kept by `home_office`, by key.

        A role of the home office's own kind is held there; a role of another kind (a ministry) in any office of that kind
        in the same country.
        """
        offices = self.offices_of(office_kind, home_office)
        return [
            person
            for person in self._by_role.get(role, ())
            if any(a.role == role and a.office in offices and a.holds_on(day) for a in person.assignments)
        ]

    def stand_in(self, person: str, day: date) -> str:
        """Who gets the mail of a person on the day: the first who is there, of the person and up to three delegates in a row.

        The person after all, if none of them is, or the delegate is disabled.
        """
        who = person
        for _ in range(LONGEST_CHAIN + 1):
            away = next((absence for absence in self.people[who].absences if absence.covers(day)), None)
            if self.people[who].disabled:
                break
            if away is None:
                return who
            who = away.delegate
        return person

    def offices_of(self, kind: str, home_office: str) -> frozenset[str]:
        """The offices of a kind that deal with the cases of `home_office`: itself, or those of its country."""
        home = self.offices[home_office]
        if kind == home.kind:
            return frozenset({home.key})
        return self._by_kind_and_country.get((kind, home.country), frozenset())

    def sharing(self, person: Person) -> frozenset[str]:
        """The other keys with the address of the person."""
        return self._by_address.get(person.address, frozenset()) - {person.key}

    @cached_property
    def _by_address(self) -> Mapping[str, frozenset[str]]:
        """The keys of each address."""
        found: dict[str, set[str]] = {}
        for person in self.people.values():
            if person.address:
                found.setdefault(person.address, set()).add(person.key)
        return {address: frozenset(keys) for address, keys in found.items()}

    @cached_property
    def _by_role(self) -> Mapping[str, Sequence[Person]]:
        """Who is ever assigned each role, in the order of their keys."""
        found: dict[str, list[Person]] = {}
        in_office = (person for person in self.people.values() if not person.disabled)
        for person in sorted(in_office, key=lambda person: person.key):
            for role in {assignment.role for assignment in person.assignments}:
                found.setdefault(role, []).append(person)
        return found

    @cached_property
    def _by_kind_and_country(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The keys of the offices of each kind in each country."""
        found: dict[tuple[str, str], set[str]] = {}
        for office in self.offices.values():
            found.setdefault((office.kind, office.country), set()).add(office.key)
        return {where: frozenset(keys) for where, keys in found.items()}


NOBODY = People({}, {})
"""Before the first office and the first person."""


def people_without_gaps(people: People) -> People:
    """Without the roles in offices, and the absences to delegates, that are not there."""

    def whole(person: Person) -> Person:
        roles = tuple(each for each in person.assignments if each.office in people.offices)
        absences = tuple(each for each in person.absences if each.delegate in people.people)
        return replace(person, assignments=roles, absences=absences)

    if not people.unreadable:
        return people
    return replace(people, people={key: whole(person) for key, person in people.people.items()})
