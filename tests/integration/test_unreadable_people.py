"""Whom the books name so that it cannot be read is left out and named; all others go on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from twinflow import bootstrap
from twinflow.bootstrap import Runtime
from world import World

NO_DAY = {"sqlite": "zzz", "postgresql": "infinity"}


@contextmanager
def started_after(world: World, statement: str) -> Iterator[Runtime]:
    with world.engine.begin() as connection:
        connection.execute(text(statement.replace("DAY", NO_DAY[world.engine.dialect.name])))
    runtime = bootstrap.start(world.runtime.settings)
    try:
        yield runtime
    finally:
        runtime.engine.dispose()


def test_a_role_whose_days_cannot_be_read_is_not_held_and_is_named(world: World) -> None:
    with started_after(world, "UPDATE assignment SET from_day = 'DAY' WHERE person = 'rita'") as runtime:
        assert runtime.people.person("rita").assignments == ()
        assert runtime.people.person("elena") == world.people.person("elena")
        assert [each for each in map(str, runtime.troubles) if "of assignment cannot be read" in each]


def test_an_absence_whose_days_cannot_be_read_is_none_and_is_named(world: World) -> None:
    statement = "INSERT INTO absence VALUES ('elena', 1, 'DAY', '2026-12-31', 'rita')"
    with started_after(world, statement) as runtime:
        assert runtime.people.people == world.people.people
        assert [each for each in map(str, runtime.troubles) if "of absence cannot be read" in each]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_person_who_cannot_be_read_is_left_out(world: World) -> None:
    with started_after(world, "UPDATE person SET mail = CAST(x'FF' AS TEXT) WHERE key = 'rita'") as runtime:
        assert runtime.people.people.keys() == world.people.people.keys() - {"rita"}
        assert [each for each in map(str, runtime.troubles) if "of person cannot be read" in each]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_with_an_office_that_cannot_be_read_the_roles_in_it_are_left_out(world: World) -> None:
    with started_after(world, "UPDATE office SET calendars = 'zzz' WHERE key = 'sre'") as runtime:
        assert runtime.people.person("rita").assignments == ()
        assert runtime.people.person("elena") == world.people.person("elena")
        assert [each for each in map(str, runtime.troubles) if "of office cannot be read" in each]
