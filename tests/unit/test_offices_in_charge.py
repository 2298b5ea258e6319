"""Roles whose office changed with time, and deputies who stand in."""

from dataclasses import replace
from datetime import date

import pytest

from builders import agreement, library, office, person, tiny_process
from twinflow.domain.actors import Assignment, Directory
from twinflow.domain.library import Library

DATED = ('office = "municipality"\nlabel = { en = "liaison officer"',
         ('office = "municipality"\nlabel = { en = "liaison officer", es = "enlace" }\n[roles.registrar]\n'
         'office = [{ kind = "secretariat", to = 2016-12-31 }, { kind = "ministry", from = 2017-01-01 }]\n'
         'deputy = "substitute"\nlabel = { en = "registrar", es = "registrador" }\n[roles.substitute]\n'
         'office = "ministry"\nlabel = { en = "substitute"'))  # fmt: skip


@pytest.fixture
def dated(tmp_path) -> Library:
    process = tiny_process(tmp_path, DATED)
    offices = [
        office("chihuahua", "municipality", "MX", "America/Chihuahua"),
        office("teseic", "secretariat", "MX", "America/Mexico_City"),
        office("sre", "ministry", "MX", "America/Mexico_City"),
    ]
    people = [
        person("ana", Assignment("registrar", "teseic")),
        person("bea", Assignment("registrar", "sre", date(2018, 1, 1), date(2019, 12, 31))),
        person("sol", Assignment("substitute", "sre")),
    ]
    catalogue = replace(library().catalogue, definitions={(process.key, process.version): process})
    return replace(
        library(), catalogue=catalogue, directory=Directory({o.key: o for o in offices}, {p.key: p for p in people})
    )


def held(found: Library, day: date) -> list[str]:
    process = found.catalogue.version("tiny", 1)
    return [who.key for who in found.holders(process, "registrar", agreement(process), day)]


def test_the_office_in_charge_on_the_day_is_asked(dated):
    assert held(dated, date(2016, 12, 31)) == ["ana"]
    assert held(dated, date(2018, 6, 1)) == ["bea"]


def test_while_nobody_holds_a_role_its_deputy_stands_in(dated):
    assert held(dated, date(2017, 1, 1)) == ["sol"]
    assert held(dated, date(2020, 1, 1)) == ["sol"]


def test_a_deputy_acts_in_the_role_only_while_standing_in(dated):
    process = dated.catalogue.version("tiny", 1)
    roles = [
        dated.actor(dated.person("sol"), process, agreement(process), day).roles
        for day in (date(2018, 6, 1), date(2020, 1, 1))
    ]
    assert roles == [{"substitute"}, {"substitute", "registrar"}]
