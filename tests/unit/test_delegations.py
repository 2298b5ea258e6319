"""Who may act for whom: from a day to a day, of what is held, three in a row, without a circle."""

from dataclasses import replace
from datetime import date

import pytest

from builders import definition, office, person
from twinflow.domain.people.acts import reasons_against
from twinflow.domain.people.changes import lines_between
from twinflow.domain.people.delegations import mistaken_delegations, with_delegations_ended
from twinflow.domain.people.people import Assignment, Delegation, People

JUNE = (date(2026, 6, 1), date(2026, 6, 30))
DAY = date(2026, 6, 15)
LIAISON = Assignment("liaison", "leon")
OFFICES = {key: office(key, "municipality", "MX", "America/Mexico_City") for key in ("leon", "silao")}


def gives(to, role="liaison", days=JUNE, at="leon"):
    return Delegation(to, *days, "on leave", role, at if role else None)


def with_people(**held):
    """Each person with what they hold and what they give."""
    people = {}
    for key, each in held.items():
        there = person(key, *(a for a in each if isinstance(a, Assignment)))
        people[key] = replace(
            there, mail=f"{key}@leon.example", delegations=tuple(d for d in each if isinstance(d, Delegation))
        )
    return People(OFFICES, people)


def holders(people, day=DAY):
    return [each.key for each in people.holders("liaison", "municipality", "leon", day)]


def mistakes(people):
    return [(each.place, str(each.message)) for each in mistaken_delegations(people)]


def test_a_role_is_held_for_another_on_the_days_of_the_delegation_and_by_the_giver_too():
    people = with_people(ana=[LIAISON, gives("bea")], bea=[])
    assert holders(people) == ["ana", "bea"]
    assert holders(people, date(2026, 7, 1)) == ["ana"]
    assert holders(people, date(2026, 5, 31)) == ["ana"]
    assert mistakes(people) == []


def test_who_acts_says_for_whom_in_each_role_that_is_not_their_own():
    process = definition()
    people = with_people(ana=[LIAISON, gives("bea", role=None), gives("caro")], bea=[], caro=[LIAISON])
    bea, *others = (people.actor(people.people[key], process, "leon", DAY) for key in ("bea", "ana", "caro"))
    assert (bea.roles, bea.acts_for) == ({"liaison"}, {"liaison": "ana"})
    assert [each.acts_for for each in others] == [{}, {}]


def test_three_in_a_row_pass_a_role_on_and_a_fourth_is_refused():
    row = {"ana": [LIAISON, gives("bea")], "bea": [gives("caro", None)], "caro": [gives("dora")], "dora": []}
    three = with_people(**row)
    assert holders(three) == ["ana", "bea", "caro", "dora"]
    assert three.whose("dora", "liaison", "leon", DAY) == "ana"
    assert mistakes(three) == []
    four = with_people(**{**row, "dora": [gives("eva")], "eva": []})
    assert holders(four) == ["ana", "bea", "caro", "dora"]
    assert mistakes(four) == [
        ("people.ana.delegates[1]", "at most 3 delegate in a row: ana → bea → caro → dora → eva."),
    ]


def test_a_circle_is_refused_and_one_of_other_days_or_other_roles_is_none():
    both = with_people(ana=[LIAISON, gives("bea")], bea=[LIAISON, gives("ana")])
    assert ("people.ana.delegates[1]", "it goes round in a circle: ana → bea → ana.") in mistakes(both)
    in_july = gives("ana", days=(date(2026, 7, 1), date(2026, 7, 31)))
    assert mistakes(with_people(ana=[LIAISON, gives("bea")], bea=[LIAISON, in_july])) == []
    other = [Assignment("authority", "leon"), gives("ana", role="authority")]
    assert mistakes(with_people(ana=[LIAISON, gives("bea")], bea=other)) == []


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        (gives("ana"), "people.ana.delegates[1].to", "nobody delegates to oneself; name another person."),
        (gives("zoe"), "people.ana.delegates[1].to", "the person “zoe” does not exist"),
        (gives("bea", at="lima"), "people.ana.delegates[1].office", "the office “lima” does not exist"),
        (
            gives("bea", role="authority"),
            "people.ana.delegates[1]",
            "ana does not hold authority in leon on 2026-06-01",
        ),
        (gives("bea", at="silao"), "people.ana.delegates[1]", "ana does not hold liaison in silao on 2026-06-01"),
    ],
)
def test_what_cannot_be_delegated_is_one_answer_with_its_place(given, place, said):
    ((where, message),) = mistakes(with_people(ana=[LIAISON, given], bea=[]))
    assert where == place
    assert said in message


def test_who_holds_nothing_delegates_nothing():
    ((_, said),) = mistakes(with_people(ana=[gives("bea", role=None)], bea=[]))
    assert said == "ana holds no role on 2026-06-01; only what is held is delegated."


def test_ending_an_assignment_ends_what_was_delegated_from_it_all_along_the_row():
    before = with_people(ana=[LIAISON, gives("bea")], bea=[gives("caro")], caro=[])
    until = {"ana": replace(before.people["ana"], assignments=(replace(LIAISON, to_day=date(2026, 6, 10)),))}
    after = with_delegations_ended(before, replace(before, people={**before.people, **until}))
    assert {each.now for each in lines_between(before, after)} == {"2026-06-10"}
    assert holders(after, date(2026, 6, 10)) == ["ana", "bea", "caro"]
    assert holders(after, date(2026, 6, 11)) == []
    assert mistakes(after) == []


def test_an_assignment_that_ends_before_a_delegation_begins_leaves_it_without_a_day():
    before = with_people(ana=[LIAISON, gives("bea")], bea=[])
    until = {"ana": replace(before.people["ana"], assignments=(replace(LIAISON, to_day=date(2026, 5, 1)),))}
    after = with_delegations_ended(before, replace(before, people={**before.people, **until}))
    assert after.people["ana"].delegations[0].to_day == date(2026, 5, 31)
    assert mistakes(after) == []


def test_who_is_disabled_passes_nothing_on_and_gives_it_again_when_enabled():
    people = with_people(ana=[LIAISON, gives("bea")], bea=[])
    off = replace(people, people={**people.people, "ana": replace(people.people["ana"], disabled=True)})
    assert holders(with_delegations_ended(people, off)) == []
    assert with_delegations_ended(people, off) == off
    assert mistakes(off) == []


ADMIN = Assignment("administrator", "leon")


def against(before, after, by=""):
    return [str(each) for each in reasons_against(before, after, lines_between(before, after), by, DAY)]


def test_nobody_gives_a_role_or_authority_to_themselves():
    before = with_people(ana=[ADMIN], bea=[LIAISON])
    assert against(before, with_people(ana=[ADMIN, LIAISON], bea=[LIAISON]), "ana") == [
        "nobody gives a role to themselves: ana would be liaison in leon."
    ]
    assert against(before, with_people(ana=[ADMIN], bea=[LIAISON, gives("ana")]), "ana") == [
        "nobody gives authority to themselves: bea delegates to ana."
    ]
    assert against(before, with_people(ana=[ADMIN], bea=[LIAISON, LIAISON]), "ana") == []


def test_who_is_no_administrator_delegates_their_own_and_changes_nothing_else():
    before = with_people(ana=[ADMIN], bea=[LIAISON], caro=[])
    assert against(before, with_people(ana=[ADMIN], bea=[LIAISON, gives("caro")], caro=[]), "bea") == []
    assert against(before, with_people(ana=[ADMIN], bea=[LIAISON], caro=[LIAISON]), "bea") == [
        "bea is no administrator."
    ]


def test_the_last_administrator_is_neither_ended_nor_disabled_and_one_of_two_is():
    before = with_people(ana=[ADMIN], bea=[LIAISON])
    ended = with_people(ana=[replace(ADMIN, to_day=date(2026, 7, 31))], bea=[LIAISON])
    said = "on {} nobody would be administrator any more; give the role to another first."
    assert against(before, ended) == [said.format("2026-08-01")]
    off = replace(before, people={**before.people, "ana": replace(before.people["ana"], disabled=True)})
    assert against(before, off) == [said.format("2026-06-15")]
    two = with_people(ana=[ADMIN], bea=[ADMIN])
    assert against(two, with_people(ana=[replace(ADMIN, to_day=DAY)], bea=[ADMIN])) == []
    assert against(with_people(bea=[LIAISON]), with_people(bea=[])) == []
