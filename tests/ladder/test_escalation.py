"""Who hears of it when nobody acts: liaison, deputy, who is above them, and for law or contract the ministry or registry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from builders import MX, WORKFLOWS, agreement, definition, people, person, rulebook
from twinflow.definitions.scripts import read_script
from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus
from twinflow.domain.deadlines.warnings import levels
from twinflow.domain.people.people import Assignment, People
from twinflow.domain.process.definition import LIAISON, DeadlineRule, Nature, ProcessDefinition
from twinflow.services.clock.replaying import play

DEPUTY = "deputy"
PROCESSES = list(rulebook().catalogue)
ON_THE_LADDER = [
    pytest.param(process, rule, id=f"{process.key}: {rule.key}")
    for process in PROCESSES
    for rule in process.deadlines.values()
    if rule.escalate
]
CHANGED_ON = date(2026, 3, 2)


def kinds_of(process: ProcessDefinition, role: str) -> set[str]:
    return {office.kind for office in process.roles[role].offices}


def rungs(process: ProcessDefinition, rule: DeadlineRule, due_on: date) -> list[tuple[date, str]]:
    deadline = Deadline(rule.key, 1, due_on - timedelta(days=90), due_on, due_on, DeadlineStatus.OPEN)
    calendars = rulebook().calendars_of(process, rule)
    return [(at.on, at.level.to or LIAISON) for at in levels(replace(rule, warn=()), deadline, calendars)]


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.key)
def test_every_process_has_a_deputy_who_stands_in_for_the_liaison_in_the_same_office(process):
    assert process.roles[LIAISON].deputy == DEPUTY
    assert process.roles[DEPUTY].offices == process.roles[LIAISON].offices
    assert process.roles[DEPUTY].deputy is None


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.key)
def test_what_the_liaison_owes_goes_to_the_deputy_first_and_then_to_somebody_above(process):
    owed = [rule for rule in process.deadlines.values() if rule.late == LIAISON]
    assert [rule.key for rule in owed if [level.to for level in rule.escalate[:1]] != [DEPUTY]] == []
    assert [rule.key for rule in owed if len(rule.escalate) < len((DEPUTY, "above"))] == []


@pytest.mark.parametrize(("process", "rule"), ON_THE_LADDER)
@pytest.mark.parametrize("due_on", [date(2024, 12, 20), date(2025, 3, 31), date(2026, 5, 4)])
def test_the_rungs_come_one_after_the_other_each_to_somebody_else(process, rule, due_on):
    climbed = rungs(process, rule, due_on)
    told = [role for _, role in climbed]
    assert all(earlier < later for (earlier, _), (later, _) in pairwise([(due_on, LIAISON), *climbed]))
    assert len({*told, rule.late}) == len(told) + 1


@pytest.mark.parametrize(("process", "rule"), ON_THE_LADDER)
def test_another_institution_comes_last_and_only_for_what_law_or_contract_ask(process, rule):
    outside = [kinds_of(process, level.to) != kinds_of(process, LIAISON) for level in rule.escalate]
    assert outside == sorted(outside)
    assert sum(outside) <= 1
    if any(outside):
        assert rule.nature in {Nature.LEGAL, Nature.CONTRACTUAL}


def told_of_the_first_programme() -> Iterator[tuple[date, str]]:
    path = WORKFLOWS / "cases" / "mx" / "twinning" / "ladder.toml"
    replayed = play(rulebook(), read_script(path, rulebook().catalogue, path.name))
    assert replayed.problems == ()
    for alert in replayed.alerts:
        if str(alert.subject) == "deadline:first_programme":
            yield alert.on, alert.to


def test_four_people_are_told_of_one_deadline_on_four_days_in_the_order_of_the_ladder():
    first: dict[str, date] = {}
    for on, role in told_of_the_first_programme():
        first.setdefault(role, on)
    assert list(first.items()) == [
        ("liaison", date(2025, 3, 5)),
        ("deputy", date(2025, 4, 18)),
        ("supervisor", date(2025, 5, 4)),
        ("contact", date(2025, 6, 3)),
    ]


def with_a_deputy() -> People:
    """Lucía is liaison of Chihuahua until the day before the change of office; Diego is her deputy all the time."""
    known = {
        **people().people,
        "lucia": person("lucia", Assignment(LIAISON, "chihuahua", to_day=CHANGED_ON - timedelta(days=1))),
        "diego": person("diego", Assignment(DEPUTY, "chihuahua")),
    }
    return People(people().offices, known)


def roles_of(who: str, day: date) -> frozenset[str]:
    found = with_a_deputy()
    return found.actor(found.person(who), definition(MX), agreement().office, day).roles


def liaisons(found: People, day: date) -> list[str]:
    return [each.key for each in found.holders_for(definition(MX), LIAISON, agreement().office, day)]


def test_while_there_is_a_liaison_the_deputy_is_no_more_than_the_deputy():
    day = CHANGED_ON - timedelta(days=1)
    assert roles_of("diego", day) == {DEPUTY}
    assert roles_of("lucia", day) == {LIAISON}
    assert liaisons(with_a_deputy(), day) == ["lucia"]


def test_from_the_day_on_which_nobody_is_liaison_the_deputy_is_told_and_acts_as_liaison():
    assert roles_of("diego", CHANGED_ON) == {DEPUTY, LIAISON}
    assert roles_of("lucia", CHANGED_ON) == frozenset()
    assert liaisons(with_a_deputy(), CHANGED_ON) == ["diego"]


def test_where_there_is_no_deputy_either_nobody_gets_the_rights_of_the_liaison():
    found = with_a_deputy()
    others = {key: each for key, each in found.people.items() if key != "diego"}
    assert liaisons(People(found.offices, others), CHANGED_ON) == []


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.key)
def test_no_step_is_taken_in_the_role_of_the_deputy_itself(process):
    """The deputy acts as liaison or not at all: being told gives no rights."""
    assert [step.key for step in process.steps.values() if DEPUTY in step.by] == []
