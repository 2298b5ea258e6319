"""Who holds a role, in which office, from which day to which day."""

from dataclasses import replace
from datetime import date
from itertools import product
from random import Random

import pytest

from builders import agreement, definition, office, people, person
from twinflow.domain.people.people import THE_CLOCK, Assignment, People
from twinflow.errors import NotFound

TODAY = date(2012, 6, 1)


def held_by(found):
    return [person.key for person in found]


@pytest.mark.parametrize(
    ("from_day", "to_day", "held"),
    [
        (None, None, True),
        (date(2012, 6, 1), None, True),
        (date(2012, 6, 2), None, False),
        (None, date(2012, 6, 1), True),
        (None, date(2012, 5, 31), False),
        (date(2012, 1, 1), date(2012, 12, 31), True),
    ],
)
def test_a_role_is_held_from_its_first_day_to_its_last_both_included(from_day, to_day, held):
    assert Assignment("liaison", "cuenca", from_day, to_day).holds_on(TODAY) is held


def test_a_role_of_the_home_office_is_held_there_and_not_in_another_municipality():
    found = people().holders
    assert held_by(found("authority", "municipality", "cuenca", TODAY)) == ["mateo"]
    assert held_by(found("authority", "municipality", "chihuahua", TODAY)) == []


def test_a_role_of_another_kind_of_office_is_held_in_the_same_country():
    found = people().holders
    assert held_by(found("reviewer", "ministry", "chihuahua", TODAY)) == ["ramon"]
    assert held_by(found("reviewer", "ministry", "cuenca", TODAY)) == []
    assert held_by(found("registrar", "registry", "cuenca", TODAY)) == ["regina"]


def test_several_holders_are_given_in_the_order_of_their_keys():
    offices = {"leon": office("leon", "municipality", "MX", "America/Mexico_City")}
    known = {key: person(key, Assignment("liaison", "leon")) for key in ("zoe", "ana", "luz")}
    assert held_by(People(offices, known).holders("liaison", "municipality", "leon", TODAY)) == [
        "ana",
        "luz",
        "zoe",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_who_holds_a_role_is_whoever_an_assignment_names_in_an_office_that_deals_with_the_case(seed):
    random = Random(seed)
    kinds, countries, roles = (
        ("municipality", "ministry", "registry"),
        ("MX", "EC"),
        ("liaison", "reviewer", "registrar"),
    )
    offices = {
        key: office(key, random.choice(kinds), random.choice(countries), "America/Mexico_City") for key in "abcdefgh"
    }
    days = (None, date(2012, 5, 31), TODAY, date(2012, 6, 2))
    known = {}
    for key in random.sample("klmnopqrst", 8):
        terms = [(random.choice(roles), random.choice([*offices]), *random.choices(days, k=2)) for _ in range(3)]
        known[key] = person(key, *(Assignment(*term) for term in terms))
    found = People(offices, known)
    for home, kind, role in product(offices.values(), kinds, roles):
        abroad = {o.key for o in offices.values() if o.kind == kind and o.country == home.country}
        dealing = {home.key} if kind == home.kind else abroad
        plainly = [
            key
            for key, who in sorted(known.items())
            if any(a.role == role and a.office in dealing and a.holds_on(TODAY) for a in who.assignments)
        ]
        assert found.offices_of(kind, home.key) == dealing
        assert held_by(found.holders(role, kind, home.key, TODAY)) == plainly


def test_after_a_change_of_office_the_successor_holds_the_role():
    offices = {"leon": office("leon", "municipality", "MX", "America/Mexico_City")}
    known = {
        "ana": person("ana", Assignment("liaison", "leon", None, date(2012, 10, 9))),
        "luz": person("luz", Assignment("liaison", "leon", date(2012, 10, 10), None)),
    }
    found = People(offices, known)
    assert held_by(found.holders("liaison", "municipality", "leon", date(2012, 10, 9))) == ["ana"]
    assert held_by(found.holders("liaison", "municipality", "leon", date(2012, 10, 10))) == ["luz"]


@pytest.mark.parametrize(
    ("key", "home", "roles"),
    [
        ("lucia", "chihuahua", {"liaison"}),
        ("ramon", "chihuahua", {"reviewer"}),
        ("ramon", "cuenca", set()),
        ("mateo", "chihuahua", set()),
        ("regina", "chihuahua", {"registrar"}),
    ],
)
def test_an_actor_has_the_roles_held_for_that_agreement_and_no_others(key, home, roles):
    case = replace(agreement(), office=home)
    actor = people().actor(people().person(key), definition(), case.office, TODAY)
    assert (actor.key, actor.roles) == (key, frozenset(roles))


def test_the_clock_holds_no_role_of_people():
    assert THE_CLOCK.roles == frozenset({"clock"})


def test_an_unknown_person_is_answered_with_those_there_are():
    with pytest.raises(NotFound, match="no person ines; there are lucia, mateo"):
        people().person("ines")
