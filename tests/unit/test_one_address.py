"""Two keys of one human are found by mail address, without regard to case."""

from dataclasses import replace
from datetime import date

import pytest

from builders import MX, agreement, calendars, definition, people
from twinflow.definitions.people import kept_people, people_of
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.people.people import Actor, Assignment, People, Person, one_address
from twinflow.domain.process.definition import Requirement
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.requirements import unmet
from twinflow.errors import BadInput
from twinflow.language import say

FILE = """
[offices.chihuahua]
kind = "municipality"
label = { en = "Chihuahua", es = "Chihuahua" }
country = "MX"
time_zone = "America/Chihuahua"

[people.elena]
name = "Elena Enlace"
mail = "elena@chihuahua.example"
roles = [{ role = "liaison", office = "chihuahua" }]

[people.elena2]
name = "Elena Enlace"
mail = "MAIL"
roles = [{ role = "deputy", office = "chihuahua" }]
"""
SAME = ["elena@chihuahua.example", "Elena@Chihuahua.example", "ELENA@CHIHUAHUA.EXAMPLE"]
OTHERS = ["e.lena@chihuahua.example", "elena+2@chihuahua.example", "elena@leon.example", "helena@chihuahua.example"]


@pytest.mark.parametrize("mail", SAME)
def test_two_people_with_one_address_are_refused_with_both_places_named(mail):
    with pytest.raises(BadInput) as refused:
        people_of(FILE.replace("MAIL", mail), "people.toml")
    (problem,) = refused.value.problems
    assert problem.place == "people.toml: people.elena2.mail"
    assert "people.elena.mail" in say(problem.message, "en")


@pytest.mark.parametrize("mail", OTHERS)
def test_other_addresses_are_other_people(mail):
    assert set(people_of(FILE.replace("MAIL", mail), "people.toml").people) == {"elena", "elena2"}


@pytest.mark.parametrize("mail", [" Elena@Chihuahua.Example", "elena@chihuahua.example."])
def test_case_space_around_it_and_a_full_stop_at_its_end_make_no_other_address(mail):
    assert one_address(mail) == "elena@chihuahua.example"


def taken_by(key: str, actor: Actor):
    """What stands in the way of the second step where the first was taken under the key."""
    case = agreement(MX, state="opinion_requested")
    entry = HistoryEntry(EntryKind.STEP, key, date(2026, 3, 2), case.history[0].recorded_at, step="request_opinion")
    asked = Requirement("another_person_than", steps=("request_opinion",))
    attempt = Attempt(
        replace(case, history=(*case.history, entry)), definition(MX), actor, date(2026, 3, 3), calendars()
    )
    return unmet(attempt, asked)


def test_four_eyes_hold_over_two_keys_of_one_address_even_where_an_old_file_has_them():
    kept = kept_people(FILE.replace("MAIL", "Elena@Chihuahua.example"), "people.toml")
    second = kept.actor(kept.people["elena2"], definition(MX), "chihuahua", date(2026, 3, 3))
    assert second.is_called("elena")
    assert taken_by("elena", second) is not None
    assert taken_by("david", second) is None


def test_people_without_an_address_are_not_one_human():
    office = people().offices["chihuahua"]
    nameless = {key: Person(key, key, "", "en", (Assignment("liaison", office.key),)) for key in ("ana", "eva")}
    known = People({office.key: office}, nameless)
    assert known.actor(nameless["ana"], definition(MX), office.key, date(2026, 3, 3)).also == frozenset()
