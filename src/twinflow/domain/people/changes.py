"""What a change makes of offices and people, line by line, as its history keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from twinflow.domain.people.people import Assignment, Delegation, Office, People, Person

NOTHING = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that stands otherwise: `place` is `people.ana.roles[2].to`; `was` and `now` are empty where there is nothing."""

    place: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class PeopleEntry:
    """An entry of the history of offices and people. `by` is who did it."""

    number: int
    by: str
    reason: str
    lines: tuple[Line, ...]


def lines_between(before: People, after: People) -> tuple[Line, ...]:
    """What stands otherwise after than before, in the order in which it stands there."""
    was, now = as_written(before), as_written(after)
    places = [*now, *(place for place in was if place not in now)]
    return tuple(
        Line(place, was.get(place, NOTHING), now.get(place, NOTHING))
        for place in places
        if was.get(place, NOTHING) != now.get(place, NOTHING)
    )


def written_after(lines: Sequence[Line], before: Mapping[str, str]) -> dict[str, str]:
    """What stands where, once these lines are taken over."""
    after = {**before, **{line.place: line.now for line in lines}}
    return {place: value for place, value in after.items() if value != NOTHING}


def as_written(people: People) -> dict[str, str]:
    """Everything that stands there, by its place; what is empty is left out."""
    lines = (
        *(line for office in people.offices.values() for line in _of_office(office)),
        *(line for person in people.people.values() for line in _of_person(person)),
    )
    return {place: value for place, value in lines if value != NOTHING}


def _of_office(office: Office) -> Iterator[tuple[str, str]]:
    place = f"offices.{office.key}"
    yield f"{place}.kind", office.kind
    yield from ((f"{place}.label.{language}", text) for language, text in office.label.items())
    yield f"{place}.country", office.country
    yield f"{place}.time_zone", office.time_zone
    yield f"{place}.calendars", ", ".join(office.calendars)
    yield f"{place}.city", office.city
    yield f"{place}.second_factor", "yes" if office.second_factor else NOTHING


def _of_person(person: Person) -> Iterator[tuple[str, str]]:
    place = f"people.{person.key}"
    yield f"{place}.name", person.name
    yield f"{place}.mail", person.mail
    yield f"{place}.language", person.language
    yield f"{place}.disabled", "yes" if person.disabled else NOTHING
    for number, role in enumerate(person.assignments, start=1):
        yield from _of_assignment(f"{place}.roles[{number}]", role)
    for number, away in enumerate(person.absences, start=1):
        yield f"{place}.away[{number}].from", away.from_day.isoformat()
        yield f"{place}.away[{number}].to", away.to_day.isoformat()
        yield f"{place}.away[{number}].delegate", away.delegate
    for number, given in enumerate(person.delegations, start=1):
        yield from _of_delegation(f"{place}.delegates[{number}]", given)


def _of_assignment(place: str, role: Assignment) -> Iterator[tuple[str, str]]:
    yield f"{place}.role", role.role
    yield f"{place}.office", role.office
    yield f"{place}.from", _day(role.from_day)
    yield f"{place}.to", _day(role.to_day)


def _of_delegation(place: str, given: Delegation) -> Iterator[tuple[str, str]]:
    yield f"{place}.to", given.to
    yield f"{place}.role", given.role or NOTHING
    yield f"{place}.office", given.office or NOTHING
    yield f"{place}.from", given.from_day.isoformat()
    yield f"{place}.until", given.to_day.isoformat()
    yield f"{place}.reason", given.reason


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else NOTHING
