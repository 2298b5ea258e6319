"""The timetable only wakes the work: at once, never twice at a time, and a failure does not stop it."""

from datetime import UTC, datetime
from threading import Event

from twinflow.domain.rulebook import Rulebook
from twinflow.errors import EnvironmentFailed
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


def test_a_pass_that_fails_is_reported_and_the_next_one_runs(caplog) -> None:
    def job() -> None:
        raise EnvironmentFailed("The database does not answer: {why}.", why="gone")

    timetable.guarded(job)
    assert "The database does not answer: gone." in caplog.text


def test_a_sweep_goes_by_the_calendars_in_use_when_it_begins(world: World) -> None:
    asked: list[str] = []

    def rulebook() -> Rulebook:
        asked.append("rulebook")
        return world.rulebook

    def refresh() -> None:
        asked.append("refresh")

    Worker(world.engine, rulebook, world.people, world.runtime.post, lambda: world.now, refresh=refresh).sweep()
    assert asked == ["refresh", "rulebook"]
