"""What is wrong with offices and people as they are to be, said where it stands: `offices.leon.calendars[2]`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from twinflow.domain.calendar.business_days import Calendar, Calendars
from twinflow.domain.people.delegations import mistaken_delegations
from twinflow.domain.people.people import Assignment, People, Person
from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR, SUPERVISOR
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.text import problems_of_text

OF_NO_PROCESS = (ADMINISTRATOR, AUDITOR, SUPERVISOR)
"""Roles that are held in any office, whatever the processes say."""


def mistakes_among(people: People) -> tuple[Problem, ...]:
    """What contradicts itself, whatever the processes and calendars say."""
    return (
        *_unknown_offices(people),
        *_shared_addresses(people),
        *_mistaken_absences(people),
        *mistaken_delegations(people),
        *problems_of_text(people),
    )


def unknown_roles(people: People, processes: Iterable[ProcessDefinition]) -> Iterator[Problem]:
    """Roles that no process knows in an office of that kind: nobody would ever be asked for them."""
    known = {
        (role.key, office.kind) for process in processes for role in process.roles.values() for office in role.offices
    }
    for person, number, a in _assignments(people):
        kind = people.offices[a.office].kind if a.office in people.offices else None
        if kind is not None and a.role not in OF_NO_PROCESS and (a.role, kind) not in known:
            there = {*OF_NO_PROCESS, *(role for role, office in known if office == kind)}
            yield Problem(
                f"people.{person.key}.roles[{number}].role", unknown_name(Sentence("the role"), a.role, there)
            )


def useless_calendars(people: People, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
    """Calendars of an office that do not exist, or that together leave no day on which mail may go to it."""
    for office in people.offices.values():
        where = f"offices.{office.key}.calendars"
        known = [calendars[key] for key in office.calendars if key in calendars]
        for number, key in enumerate(office.calendars, start=1):
            if key not in calendars:
                yield Problem(f"{where}[{number}]", unknown_name(Sentence("the calendar"), key, calendars))
        if not Calendars(tuple(known)).has_business_days:
            yield Problem(where, Sentence("together these calendars have no business day at all; leave one out."))


def _assignments(people: People) -> Iterator[tuple[Person, int, Assignment]]:
    for person in people.people.values():
        for number, assignment in enumerate(person.assignments, start=1):
            yield person, number, assignment


def _unknown_offices(people: People) -> Iterator[Problem]:
    for person, number, a in _assignments(people):
        if a.office not in people.offices:
            unknown = unknown_name(Sentence("the office"), a.office, people.offices)
            yield Problem(f"people.{person.key}.roles[{number}].office", unknown)


def _shared_addresses(people: People) -> Iterator[Problem]:
    """Two keys with one mail address, however it is written: one human could be the second person of their own act."""
    first: dict[str, str] = {}
    for key, person in people.people.items():
        other = first.setdefault(person.address, key)
        if other != key:
            values = {"other": f"people.{other}.mail", "mail": people.people[other].mail}
            message = Sentence("the address of {other} too ({mail}): each person has an address of their own.", values)
            yield Problem(f"people.{key}.mail", message)


def _mistaken_absences(people: People) -> Iterator[Problem]:
    """Absences whose mail would go to nobody, back to the absent, round in a circle, or to two people at once."""
    for key, person in people.people.items():
        for number, away in enumerate(person.absences, start=1):
            where = f"people.{key}.away[{number}]"
            if away.delegate not in people.people:
                yield Problem(f"{where}.delegate", unknown_name(Sentence("the person"), away.delegate, people.people))
            elif away.delegate == key:
                yield Problem(f"{where}.delegate", Sentence("nobody stands in for oneself; name another person."))
            elif circle := _circle(people, key, away.from_day):
                values = {"day": away.from_day, "people": " → ".join(circle)}
                yield Problem(where, Sentence("on {day} mail would go round in a circle: {people}.", values))
            for other, earlier in enumerate(person.absences[: number - 1], start=1):
                if away.from_day <= earlier.to_day and earlier.from_day <= away.to_day:
                    yield Problem(where, Sentence("it overlaps with absence {number}.", {"number": other}))


def _circle(people: People, key: str, day: date) -> list[str]:
    """The way of somebody's mail on a day, where it comes back. Every circle closes on the first day of one of its absences."""
    way = [key]
    while away := next((a for a in people.people[way[-1]].absences if a.covers(day)), None):
        way.append(away.delegate)
        if away.delegate == key:
            return way
        if away.delegate not in people.people or away.delegate in way[:-1]:
            break
    return []
