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
"""How many in a row stand in for one another, or pass a role on."""


@dataclass(frozen=True, slots=True)
class Office:
    """A municipality, ministry or registry. `time_zone` is an IANA name, `country` an ISO 3166-1 alpha-2 code.

    `calendars` name its days off; without any, it works from Monday to Friday. `city` is what its own party is called, where
    the key does not say it. `second_factor`: whoever holds a role there signs in with one.
    """

    key: str
    kind: str
    label: Label
    country: str
    time_zone: str
    calendars: tuple[str, ...] = ()
    city: str = ""
    second_factor: bool = False


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
class Delegation:
    """Authority given to another person on days, both included: for one role in an office, or for all that one holds (None).

    It holds on a day on which the role is held by whoever gives it. One that ends before it begins never held.
    """

    to: str
    from_day: date
    to_day: date
    reason: str
    role: str | None = None
    office: str | None = None

    def covers(self, day: date) -> bool:
        return self.from_day <= day <= self.to_day

    def passes_on(self, role: str, office: str) -> bool:
        return self.role is None or (self.role, self.office) == (role, office)


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
    delegations: tuple[Delegation, ...] = ()
    """What the person gives to others."""

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
    before it was kept. `shared` has the keys of each human known by several, whoever that is;
    `givers` are those who have delegated anything to them that day, in whatever role, directly or through others.
    """

    key: str
    roles: frozenset[str]
    also: frozenset[str] = frozenset()
    acts_for: Mapping[str, str] = field(default_factory=dict, hash=False)
    way: Way | None = None
    shared: frozenset[frozenset[str]] = frozenset()
    givers: frozenset[str] = frozenset()

    def is_called(self, key: str) -> bool:
        """Whether who acted under the key is the same human."""
        return key == self.key or key in self.also

    def stands_in_for(self, key: str) -> bool:
        """Whether a delegation lets them act for the human who has the key."""
        return any(self.is_one(key, each) for each in self.givers.union(self.acts_for.values()))

    def is_one(self, key: str, other: str) -> bool:
        """Whether two keys are those of one human."""
        return key == other or any({key, other} <= keys for keys in self.shared)

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
        """The person with the roles they hold for cases of `office` on the day, and for whom where they were delegated, as they
        come to act.
        """
        possible = (
            key for key, role in definition.roles.items() if role.deputy or person in self._by_role.get(key, ())
        )
        whose = {role: self._holding(definition, role, office, day).get(person.key) for role in possible}
        held = {role: holder for role, holder in whose.items() if holder is not None}
        acts_for = {role: holder for role, holder in held.items() if holder != person.key}
        givers = self._givers_to(person.key, day)
        return Actor(person.key, frozenset(held), self.sharing(person), acts_for, way, self.shared, givers)

    def holders_for(self, definition: ProcessDefinition, role: str, office: str, day: date) -> list[Person]:
        """Who holds the role for cases of `office` on the day, in the office then in charge; else who holds its deputy's.

        Also those to whom it was delegated. A role of no process is held in the office that keeps the case.
        """
        return [self.people[key] for key in self._holding(definition, role, office, day)]

    def _holding(self, definition: ProcessDefinition, role: str, office: str, day: date) -> Mapping[str, str]:
        """The same by key, each with the person whose role it is."""
        wanted: str | None = role
        seen: set[str] = set()
        while wanted is not None and wanted not in seen:
            seen.add(wanted)
            rule = definition.roles.get(wanted)
            kind = rule.office_on(day) if rule is not None else self.offices[office].kind
            found = self._holders(wanted, self.in_charge(definition, kind, office), day) if kind else {}
            if found:
                return found
            wanted = rule.deputy if rule is not None else None
        return {}

    def holders(self, role: str, office_kind: str, home_office: str, day: date) -> list[Person]:
        """Who holds `role` for an agreement kept by `home_office`, by key.

        A role of the home office's own kind is held there; a role of another kind (a ministry) in any office of that kind
        in the same country.
        """
        return [self.people[key] for key in self._holders(role, self.offices_of(office_kind, home_office), day)]

    def _holders(self, role: str, offices: Iterable[str], day: date) -> Mapping[str, str]:
        """Who holds the role in one of the offices on the day, each with the person whose role it is."""
        among = sorted(offices)
        found = ((person.key, self._holder(person.key, role, among, day)) for person in self._by_role.get(role, ()))
        return {key: holder for key, holder in found if holder is not None}

    def _holder(self, key: str, role: str, offices: Sequence[str], day: date) -> str | None:
        whose = (self.whose(key, role, office, day) for office in offices)
        return min((holder for holder in whose if holder is not None), key=lambda holder: holder != key, default=None)

    def whose(self, key: str, role: str, office: str, day: date) -> str | None:
        """For whom somebody holds the role in the office on the day: themselves, or who delegated theirs; None: not at all."""
        passing = {key}
        for _ in range(LONGEST_CHAIN + 1):
            passing = {each for each in passing if each in self.people and not self.people[each].disabled}
            for each in sorted(passing):
                if any((a.role, a.office) == (role, office) and a.holds_on(day) for a in self.people[each].assignments):
                    return each
            passing = {
                giver
                for each in passing
                for giver, given in self._given_to.get(each, ())
                if given.covers(day) and given.passes_on(role, office)
            }
            if not passing:
                break
        return None

    def roles_on(self, key: str, now: datetime) -> frozenset[tuple[str, str]]:
        """The roles and offices that somebody holds at the instant `now` (UTC), by the date at each office; also for others."""
        found = {
            (a.role, a.office) for a in chain.from_iterable(self.people[each].assignments for each in self._above(key))
        }
        return frozenset(
            (role, office)
            for role, office in found
            if self.whose(key, role, office, self.today(office, now)) is not None
        )

    def _givers_to(self, key: str, day: date) -> frozenset[str]:
        """All whose delegations of the day come as far as to the person."""
        found = {key}
        for _ in range(LONGEST_CHAIN):
            given = (each for key in found for each in self._given_to.get(key, ()))
            found = found | {giver for giver, delegation in given if delegation.covers(day)}
        return frozenset(found - {key})

    def is_there(self, key: str, day: date) -> bool:
        """Whether somebody is known and holds any role on the day, their own or one that was delegated to them."""
        above = self._above(key) if key in self.people else ()
        held = chain.from_iterable(self.people[each].assignments for each in above)
        return any(self.whose(key, each.role, each.office, day) is not None for each in held)

    def _above(self, key: str) -> frozenset[str]:
        """The person, and all whose roles were ever delegated as far as to them."""
        found = {key}
        for _ in range(LONGEST_CHAIN):
            found |= {giver for each in found for giver, _ in self._given_to.get(each, ())}
        return frozenset(found)

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

    def in_charge(self, definition: ProcessDefinition, kind: str, office: str) -> frozenset[str]:
        """The offices of a kind that deal with a case of the process, which `office` keeps.

        Where a case lies in an office that may not keep it, those that may are all strangers to it: their roles are held there.
        """
        keeps = definition.home_kinds
        is_astray = self.offices[office].kind not in keeps
        return frozenset({office}) if is_astray and kind in keeps else self.offices_of(kind, office)

    def is_disabled(self, key: str) -> bool:
        return key in self.people and self.people[key].disabled

    def of_address(self, address: str) -> Person | None:
        """Who has the mail address, written as `one_address` has it; None where nobody has, or two keys of before share it."""
        keys = self._by_address.get(address, frozenset())
        return self.people[next(iter(keys))] if len(keys) == 1 else None

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
    def shared(self) -> frozenset[frozenset[str]]:
        """The keys of each human who has several, as they have one address."""
        return frozenset(keys for keys in self._by_address.values() if len(keys) > 1)

    @cached_property
    def _by_role(self) -> Mapping[str, Sequence[Person]]:
        """Who is ever given each role, in the order of their keys."""
        found: dict[str, list[Person]] = {}
        in_office = (person for person in self.people.values() if not person.disabled)
        for person in sorted(in_office, key=lambda person: person.key):
            for role in {each.role for giver in self._above(person.key) for each in self.people[giver].assignments}:
                found.setdefault(role, []).append(person)
        return found

    @cached_property
    def _given_to(self) -> Mapping[str, Sequence[tuple[str, Delegation]]]:
        """What is delegated to each person, and by whom."""
        found: dict[str, list[tuple[str, Delegation]]] = {}
        for giver in self.people.values():
            for given in giver.delegations:
                found.setdefault(given.to, []).append((giver.key, given))
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
    """Without the roles in offices, and the absences and delegations to people, that are not there."""

    def whole(person: Person) -> Person:
        roles = tuple(each for each in person.assignments if each.office in people.offices)
        absences = tuple(each for each in person.absences if each.delegate in people.people)
        given = tuple(each for each in person.delegations if each.to in people.people)
        return replace(person, assignments=roles, absences=absences, delegations=given)

    if not people.unreadable:
        return people
    return replace(people, people={key: whole(person) for key, person in people.people.items()})
