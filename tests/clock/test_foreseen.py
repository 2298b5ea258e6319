"""What `tick --at` shows of an instant to come is what a pass at that instant does, and nothing of it is written."""

from datetime import timedelta

import pytest
from office_clock import books_of

from prepared import Prepare
from twinflow import demo
from twinflow.services.clock.simulating import foresee
from twinflow.services.clock.sweep import sweep
from world import World


@pytest.mark.parametrize("days", [0, 12, 40, 400, 2500])
def test_a_pass_does_then_what_was_foreseen_of_it_and_foreseeing_writes_nothing(
    world: World, prepare: Prepare, days: int
) -> None:
    prepare("demo", lambda: demo.fill(world.runtime, lambda: world.now))
    at, before = world.now + timedelta(days=days), books_of(world.engine)
    foreseen = foresee(world.engine, world.rulebook, world.people, at)
    assert books_of(world.engine) == before
    done = sweep(world.engine, world.rulebook, world.people, at)
    assert (foreseen.alerts, sorted(foreseen.moved)) == (done.alerts, sorted(done.lapsed))
    assert foreseen.alerts > 0


def test_of_empty_books_nothing_is_foreseen(world: World) -> None:
    assert foresee(world.engine, world.rulebook, world.people, world.now).events == ()
