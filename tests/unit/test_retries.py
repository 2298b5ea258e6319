"""How long a message is tried: the wait after each attempt, the 72 hours and the six attempts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinflow.domain.mail.message import ClaimedMessage, MessageState
from twinflow.domain.mail.retries import PATIENCE, SPREAD, WAITS, after_failure
from twinflow.errors import MailFailed

MONDAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
FOR_NOW = MailFailed("451 later")
FOR_GOOD = MailFailed("550 no", permanent=True)


def claimed(attempts: int, token: str = "a") -> ClaimedMessage:
    return ClaimedMessage(
        id=1,
        message_id=token,
        recipient="ana",
        digest=False,
        attempts=attempts,
        created_at=MONDAY - timedelta(days=30),
        first_attempt_at=MONDAY,
        lease_until=MONDAY + timedelta(minutes=10),
        doubtful=False,
        content=b"",
    )


@given(
    st.timedeltas(timedelta(0), PATIENCE - timedelta(seconds=1)), st.text("0123456789abcdef", min_size=32, max_size=32)
)
def test_every_wait_is_longer_than_it_was_tried_so_far_or_the_longest_and_at_most_a_quarter_more(
    tried_for: timedelta, token: str
) -> None:
    now = MONDAY + tried_for
    settled = after_failure(claimed(3, token), FOR_NOW, now)
    wait = min((wait for wait in WAITS if wait > tried_for), default=WAITS[-1])
    assert settled.next_attempt_at is not None
    assert wait <= settled.next_attempt_at - now <= wait * (1 + SPREAD)


def test_waits_grow() -> None:
    assert list(WAITS) == sorted(set(WAITS))


def test_what_failed_together_does_not_come_back_together() -> None:
    again = {after_failure(claimed(1, f"{n:032x}"), FOR_NOW, MONDAY).next_attempt_at for n in range(100)}
    assert len(again) == 100
    waits = sorted((at - MONDAY) / WAITS[0] - 1 for at in again if at is not None)
    assert waits[10] < SPREAD / 4 < SPREAD * 3 / 4 < waits[-10], "spread over the whole quarter"


@pytest.mark.parametrize(
    ("failure", "later", "state"),
    [
        (FOR_NOW, timedelta(0), MessageState.RETRYING),
        (FOR_NOW, PATIENCE - timedelta(seconds=1), MessageState.RETRYING),
        (FOR_NOW, PATIENCE, MessageState.FAILED),
        (FOR_GOOD, timedelta(0), MessageState.FAILED),
    ],
)
def test_patience_is_counted_from_the_first_attempt_and_a_refusal_that_is_meant_ends_it(
    failure: MailFailed, later: timedelta, state: MessageState
) -> None:
    settled = after_failure(claimed(len(WAITS) + 1), failure, MONDAY + later)
    assert (settled.state, settled.next_attempt_at is None) == (state, state is MessageState.FAILED)


@pytest.mark.parametrize(
    ("attempts", "later", "state"),
    [
        (5, PATIENCE, MessageState.RETRYING),
        (5, PATIENCE + timedelta(days=30), MessageState.RETRYING),
        (6, PATIENCE - timedelta(seconds=1), MessageState.RETRYING),
        (60, PATIENCE - timedelta(seconds=1), MessageState.RETRYING),
        (6, PATIENCE, MessageState.FAILED),
        (7, PATIENCE, MessageState.FAILED),
    ],
)
def test_a_message_is_tried_again_after_72_hours_and_five_attempts_and_given_up_after_six(
    attempts: int, later: timedelta, state: MessageState
) -> None:
    settled = after_failure(claimed(attempts), FOR_NOW, MONDAY + later)
    assert (settled.state, settled.next_attempt_at is None) == (state, state is MessageState.FAILED)


def test_patience_is_72_hours_and_the_waits_are_those_that_are_documented() -> None:
    assert timedelta(hours=72) == PATIENCE
    assert [wait.total_seconds() / 60 for wait in WAITS] == [1, 5, 30, 120, 360]


def test_hours_in_which_nobody_tried_give_no_message_up() -> None:
    after_a_long_weekend = after_failure(claimed(2), FOR_NOW, MONDAY + PATIENCE + timedelta(hours=1))
    assert after_a_long_weekend.state is MessageState.RETRYING


@pytest.mark.parametrize("doubtful", [True, False])
@pytest.mark.parametrize("permanent", [True, False])
def test_what_was_said_and_whether_it_may_have_arrived_is_kept(permanent: bool, doubtful: bool) -> None:
    tried = claimed(1)
    failure = MailFailed("{server} said no", permanent=permanent, doubtful=doubtful, server="a")
    settled = after_failure(tried, failure, MONDAY)
    assert settled.claimed is tried
    assert str(settled.error) == "a said no"
    assert settled.doubtful is doubtful


def test_each_attempt_of_a_message_waits_another_while() -> None:
    waits = {after_failure(claimed(attempt), FOR_NOW, MONDAY).next_attempt_at for attempt in range(1, 6)}
    assert len(waits) == 5


@pytest.mark.parametrize(
    ("tried_for", "wait"),
    [
        (timedelta(seconds=59), WAITS[0]),
        (timedelta(minutes=1), WAITS[1]),
        (timedelta(minutes=5), WAITS[2]),
        (timedelta(minutes=30), WAITS[3]),
        (timedelta(hours=2), WAITS[4]),
        (timedelta(hours=6), WAITS[4]),
    ],
)
def test_the_wait_is_the_first_that_is_longer_than_it_was_tried_so_far(tried_for: timedelta, wait: timedelta) -> None:
    now = MONDAY + tried_for
    again = after_failure(claimed(1), FOR_NOW, now).next_attempt_at
    assert again is not None
    assert wait <= again - now <= wait * (1 + SPREAD)
