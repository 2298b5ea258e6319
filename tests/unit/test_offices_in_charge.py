"""Roles whose office changed with time, and deputies who stand in."""

from datetime import date

import pytest

from builders import agreement, office, person, tiny_process
from twinflow.domain.people.people import Assignment, People
from twinflow.domain.process.definition import ProcessDefinition

DATED = ('office = "municipality"\nlabel = { en = "liaison officer"',
         ('office = "municipality"\nlabel = { en = "liaison officer", es = "enlace" }\n[visibility.ministry]\nfrom = ["open"]\n'
         '[visibility.secretariat]\nfrom = ["open"]\n[roles.registrar]\n'
         'office = [{ kind = "secretariat", to = 2016-12-31 }, { kind = "ministry", from = 2017-01-01 }]\n'
         'deputy = "substitute"\nlabel = { en = "registrar", es = "registrador" }\n[roles.substitute]\n'
         'office = "ministry"\nlabel = { en = "substitute"'))  # fmt: skip


@pytest.fixture
def process(tmp_path) -> ProcessDefinition:
    return tiny_process(tmp_path, DATED)


@pytest.fixture
def people() -> People:
    offices = [
        office("chihuahua", "municipality", "MX", "America/Chihuahua"),
        office("teseic", "secretariat", "MX", "America/Mexico_City"),
        office("sre", "ministry", "MX", "America/Mexico_City"),
    ]
    known = [
        person("ana", Assignment("registrar", "teseic")),
        person("bea", Assignment("registrar", "sre", date(2018, 1, 1), date(2019, 12, 31))),
        person("sol", Assignment("substitute", "sre")),
    ]
    return People({o.key: o for o in offices}, {p.key: p for p in known})


def held(people: People, process: ProcessDefinition, day: date) -> list[str]:
    return [who.key for who in people.holders_for(process, "registrar", agreement(process).office, day)]


def test_the_office_in_charge_on_the_day_is_asked(people, process):
    assert held(people, process, date(2016, 12, 31)) == ["ana"]
    assert held(people, process, date(2018, 6, 1)) == ["bea"]


def test_while_nobody_holds_a_role_its_deputy_stands_in(people, process):
    assert held(people, process, date(2017, 1, 1)) == ["sol"]
    assert held(people, process, date(2020, 1, 1)) == ["sol"]


def test_a_deputy_acts_in_the_role_only_while_standing_in(people, process):
    roles = [
        people.actor(people.person("sol"), process, agreement(process).office, day).roles
        for day in (date(2018, 6, 1), date(2020, 1, 1))
    ]
    assert roles == [{"substitute"}, {"substitute", "registrar"}]
