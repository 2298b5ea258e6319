"""The timetable only wakes the work: at once, never twice at a time, and a failure does not stop it."""

from datetime import UTC, datetime
from threading import Event

import pytest

from twinflow.domain.alerts.incident import LastPass, Part
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import EnvironmentFailed
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.health import last_passes
from twinflow.worker import timetable
from twinflow.worker.passes import Worker
from world import World


def now() -> datetime:
    return datetime.now(UTC)


def test_the_first_pass_runs_at_once_and_leaving_waits_for_it() -> None:
    begun, may_end, ended = Event(), Event(), Event()

    def job() -> None:
        begun.set()
        may_end.wait()
        ended.set()

    with timetable.running([(60, job)], now):
        assert begun.wait(30)
        may_end.set()
    assert ended.is_set()


@pytest.mark.parametrize(
    "error", [EnvironmentFailed("The database does not answer: {why}.", why="gone"), KeyError("gone")]
)
def test_a_pass_that_fails_is_said_once_and_the_next_one_runs(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    errors: list[Exception] = [error, error]

    def rulebook() -> Rulebook:
        if errors:
            raise errors.pop()
        return world.rulebook

    worker = Worker(world.engine, rulebook, lambda: world.people, world.runtime.post, lambda: world.now)
    said = "The last sweep did not come to its end: "
    timetable.guarded(worker.sweep)
    (kept,) = open_incidents(world.engine, viewer=OPERATOR).kept
    assert (str(kept.sentence).startswith(said), kept.since) == (True, world.now)
    assert last_passes(world.engine) == {Part.SWEEP: LastPass(world.now, failed=True)}
    timetable.guarded(worker.sweep)
    assert caplog.text.count(said) == 1
    timetable.guarded(worker.sweep)
    assert f"no longer: {said}" in caplog.text
    assert open_incidents(world.engine, viewer=OPERATOR).kept == ()
    assert last_passes(world.engine) == {Part.SWEEP: LastPass(world.now, failed=False)}


def test_a_sweep_goes_by_the_calendars_in_use_when_it_begins(world: World) -> None:
    asked: list[str] = []

    def rulebook() -> Rulebook:
        asked.append("rulebook")
        return world.rulebook

    def refresh() -> None:
        asked.append("refresh")

    Worker(world.engine, rulebook, lambda: world.people, world.runtime.post, lambda: world.now, refresh=refresh).sweep()
    assert asked == ["refresh", "rulebook"]
