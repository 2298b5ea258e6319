"""What may be delegated, and when a delegation ends because what was delegated is held no more.

Whether somebody is disabled makes no difference here: they hold nothing meanwhile, and what they gave is theirs again with them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from twinflow.domain.people.people import LONGEST_CHAIN, Delegation, People, Person
from twinflow.sentences import Problem, Sentence, unknown_name

ONE_DAY = timedelta(days=1)


def mistaken_delegations(people: People) -> Iterator[Problem]:
    """Delegations of what is not held, to nobody, to oneself, round in a circle, or through too many hands."""
    enabled = _all_enabled(people)
    for person in people.people.values():
        for number, given in enumerate(person.delegations, start=1):
            if given.from_day <= given.to_day:
                yield from _mistaken(enabled, person, given, f"people.{person.key}.delegates[{number}]")


def _mistaken(people: People, person: Person, given: Delegation, place: str) -> Iterator[Problem]:
    if given.to not in people.people:
        yield Problem(f"{place}.to", unknown_name(Sentence("the person"), given.to, people.people))
    elif given.to == person.key:
        yield Problem(f"{place}.to", Sentence("nobody delegates to oneself; name another person."))
    elif given.office is not None and given.office not in people.offices:
        yield Problem(f"{place}.office", unknown_name(Sentence("the office"), given.office, people.offices))
    elif not _is_held(people, person.key, given, given.from_day):
        yield Problem(place, _not_held(person, given))
    else:
        yield from _too_far(people, person.key, given, place)


def _not_held(person: Person, given: Delegation) -> Sentence:
    values = {"person": person.key, "day": given.from_day, "role": given.role, "office": given.office}
    if given.role is None:
        return Sentence("{person} holds no role on {day}; only what is held is delegated.", values)
    return Sentence("{person} does not hold {role} in {office} on {day}; only what is held is delegated.", values)


def _too_far(people: People, key: str, given: Delegation, place: str) -> Iterator[Problem]:
    """That a way from here comes back, or goes through too many hands; one of each is said."""
    ways = list(_ways(people, [key, given.to], given))
    circle = next((way for way in ways if way[-1] == key), None)
    if circle is not None:
        yield Problem(place, Sentence("it goes round in a circle: {people}.", {"people": " → ".join(circle)}))
        return
    long = next((way for way in ways if len(way) > LONGEST_CHAIN + 1), None)
    if long is not None:
        values = {"people": " → ".join(long), "most": LONGEST_CHAIN}
        yield Problem(place, Sentence("at most {most} delegate in a row: {people}.", values))


def _ways(people: People, way: list[str], given: Delegation) -> Iterator[list[str]]:
    """Every way on which a role is passed on, for as long as all delegations hold on one day and of one role."""
    yield way
    if len(way) > LONGEST_CHAIN + 1 or way[-1] in way[:-1] or way[-1] not in people.people:
        return
    for following in people.people[way[-1]].delegations:
        both = _together(given, following)
        if both is not None:
            yield from _ways(people, [*way, following.to], both)


def _together(one: Delegation, other: Delegation) -> Delegation | None:
    """What both pass on, on the days of both; None where there is nothing of the kind."""
    first, last = max(one.from_day, other.from_day), min(one.to_day, other.to_day)
    roles = {(each.role, each.office) for each in (one, other) if each.role is not None}
    if first > last or len(roles) > 1:
        return None
    role, office = next(iter(roles), (None, None))
    return Delegation(other.to, first, last, other.reason, role, office)


def with_delegations_ended(before: People, after: People) -> People:
    """After a change, with each delegation ended on the last day on which what it passes on is held.

    One that is new and begins on a day on which nothing of it is held is left for `mistaken_delegations`.
    """
    for _ in range(LONGEST_CHAIN):  # what ends one may end the next in the row
        enabled = _all_enabled(after)
        people = {key: _with_ended(before, enabled, person) for key, person in after.people.items()}
        after = replace(after, people=people)
    return after


def ended_by_hand_over(people: People, giver: str, successor: str, last: date) -> People:
    """Without what the giver delegates after the day `last`, but to the successor, who may hold by it what is handed over."""
    person = people.people[giver]
    delegations = tuple(each if each.to == successor else until(each, last) for each in person.delegations)
    return replace(people, people={**people.people, giver: replace(person, delegations=delegations)})


def until(given: Delegation, last: date) -> Delegation:
    """The delegation, ended on a day; one that was to begin later never holds."""
    return given if given.to_day <= last else replace(given, to_day=max(last, given.from_day - ONE_DAY))


def _with_ended(before: People, after: People, person: Person) -> Person:
    was = before.people[person.key].delegations if person.key in before.people else ()
    return replace(
        person,
        delegations=tuple(
            _ended(after, person.key, given, was=number < len(was) and was[number].from_day == given.from_day)
            for number, given in enumerate(person.delegations)
        ),
    )


def _ended(people: People, key: str, given: Delegation, *, was: bool) -> Delegation:
    for day in _days_to_look_at(people, given):
        if not _is_held(people, key, given, day):
            return given if day == given.from_day and not was else replace(given, to_day=day - ONE_DAY)
    return given


def _days_to_look_at(people: People, given: Delegation) -> list[date]:
    """The first day, and each after one on which something ends, soonest first."""
    everybody = people.people.values()
    ends = [
        *(each.to_day for person in everybody for each in person.assignments),
        *(each.to_day for person in everybody for each in person.delegations),
    ]
    after = {end + ONE_DAY for end in ends if end is not None and end < date.max}
    return sorted({day for day in (given.from_day, *after) if given.covers(day)})


def _is_held(people: People, key: str, given: Delegation, day: date) -> bool:
    return any(
        people.whose(key, each.role, each.office, day) is not None
        for person in people.people.values()
        for each in person.assignments
        if given.passes_on(each.role, each.office)
    )


def _all_enabled(people: People) -> People:
    return replace(people, people={key: replace(each, disabled=False) for key, each in people.people.items()})
