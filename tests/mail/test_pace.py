"""At most so many messages a minute, evenly, over all connections together."""

import asyncio

import pytest

from twinflow.mail.mailer import Pace


def turns(per_minute: int, arrivals: list[float]) -> list[float]:
    """When each message may leave, in seconds; each begins at its arrival and nobody waits for another to end."""
    now = 0.0
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def run() -> list[float]:
        nonlocal now
        pace = Pace(per_minute, clock=lambda: now, sleep=sleep)  # type: ignore[arg-type]
        left = []
        for arrival in arrivals:
            now = arrival
            waited.clear()
            await pace.turn()
            left.append(arrival + sum(waited))
        return left

    return asyncio.run(run())


def test_messages_that_come_at_once_leave_evenly() -> None:
    assert turns(30, [0.0] * 5) == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600])
def test_no_minute_has_more_than_was_allowed(per_minute: int) -> None:
    left = turns(per_minute, [0.0] * (3 * per_minute))
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(left, left[per_minute:], strict=False))


def test_who_comes_after_a_pause_waits_for_nothing_and_saves_nothing_up() -> None:
    assert turns(60, [0.0, 100.0, 100.0, 100.5]) == [0, 100, 101, 102]


def test_no_limit_is_no_wait() -> None:
    assert turns(0, [0.0] * 100) == [0.0] * 100
