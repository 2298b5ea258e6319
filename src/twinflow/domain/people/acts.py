"""Who may change offices and people: what stands in the way of an act, whatever is right about its outcome."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from twinflow.domain.people.changes import Line
from twinflow.domain.people.people import Assignment, Delegation, People
from twinflow.domain.people.viewer import ADMINISTRATOR
from twinflow.sentences import Sentence

OWN = ("away[", "delegates[")
"""What everybody says of themselves."""


def reasons_against(
    before: People, after: People, lines: Sequence[Line], person: str, today: date
) -> Iterator[Sentence]:
    """Why the change may not be made by the person (empty: the operator of the machine)."""
    if person:
        yield from _by_somebody(before, after, lines, person, today)
    yield from _without_administrator(before, after, today)


def _by_somebody(before: People, after: People, lines: Sequence[Line], person: str, today: date) -> Iterator[Sentence]:
    own = tuple(f"people.{person}.{part}" for part in OWN)
    others = any(not line.place.startswith(own) for line in lines)
    if others and not any(before.whose(person, ADMINISTRATOR, office, today) for office in before.offices):
        yield Sentence("{person} is no administrator.", {"person": person})
    for role, office in sorted(_new_roles_of(before, after, person)):
        values = {"person": person, "role": role, "office": office}
        yield Sentence("nobody gives a role to themselves: {person} would be {role} in {office}.", values)
    for giver in sorted(_new_givers_to(before, after, person)):
        yield Sentence(
            "nobody gives authority to themselves: {giver} delegates to {person}.", {"giver": giver, "person": person}
        )


def _new_roles_of(before: People, after: People, person: str) -> set[tuple[str, str]]:
    """The roles that the person would hold on a day on which they did not."""
    was = before.people[person].assignments if person in before.people else ()
    now = after.people[person].assignments if person in after.people else ()
    return {(each.role, each.office) for each in now if not any(_is_within(each, there) for there in was)}


def _is_within(role: Assignment, there: Assignment) -> bool:
    return (
        (role.role, role.office) == (there.role, there.office)
        and _first(there) <= _first(role)
        and _last(role) <= _last(there)
    )


def _new_givers_to(before: People, after: People, person: str) -> set[str]:
    def given(people: People, key: str) -> set[Delegation]:
        there = people.people[key].delegations if key in people.people else ()
        return {each for each in there if each.to == person and each.from_day <= each.to_day}

    def is_more(each: Delegation, was: set[Delegation]) -> bool:
        same = (there for there in was if (there.role, there.office) == (each.role, each.office))
        return not any(there.from_day <= each.from_day and each.to_day <= there.to_day for there in same)

    return {key for key in after.people if any(is_more(each, given(before, key)) for each in given(after, key))}


def _without_administrator(before: People, after: People, today: date) -> Iterator[Sentence]:
    """That on some day from today on nobody would be administrator, where somebody was to be."""
    was, now = list(_administrators(before)), list(_administrators(after))
    ends = (_last(each) for each in now if each.to_day is not None)
    days = sorted({today, *(end + timedelta(days=1) for end in ends), *map(_first, was)})
    for day in (each for each in days if each >= today):
        if any(each.holds_on(day) for each in was) and not any(each.holds_on(day) for each in now):
            yield Sentence(
                "on {day} nobody would be administrator any more; give the role to another first.", {"day": day}
            )
            return


def _administrators(people: People) -> Iterator[Assignment]:
    for person in people.people.values():
        if not person.disabled:
            yield from (each for each in person.assignments if each.role == ADMINISTRATOR)


def _first(role: Assignment) -> date:
    return role.from_day or date.min


def _last(role: Assignment) -> date:
    return role.to_day or date.max
