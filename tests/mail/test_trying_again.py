"""When a message is tried again, for how long, and for whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faulty_server import Stage, at, faulty_server, says
from hypothesis import given
from hypothesis import strategies as st
from mailbag import NOW, PARTIES, REVIEWERS, by_recipient, fill, message_id, people_file, send_due

from smtp import RecordingServer, free_port
from twinflow.domain.agreement import Claim
from twinflow.domain.dates import PartialDate
from twinflow.domain.letters import ClaimedMessage, MessageState
from twinflow.domain.retrying import PATIENCE, SPREAD, WAITS, after_failure
from twinflow.errors import MailFailed
from twinflow.services import outbox
from twinflow.services.agreements import NewAgreement, open_agreement
from twinflow.services.sweep import sweep
from world import World

MakeWorld = Callable[..., World]
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
    again = {after_failure(claimed(1, message_id(n)), FOR_NOW, MONDAY).next_attempt_at for n in range(100)}
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


def test_a_message_is_tried_for_72_hours_each_time_with_the_same_bytes_and_then_given_up(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    with faulty_server(at(Stage.DOT, says("451 later"), "bea")) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, REVIEWERS)
        tried_at, built = [], set()
        while by_recipient(world)["bea"].next_attempt_at:
            world.now = by_recipient(world)["bea"].next_attempt_at
            tried_at.append(world.now)
            send_due(world)
            built.add(outbox.content(world.engine, by_recipient(world)["bea"].id))
        assert tried_at[-1] >= NOW + PATIENCE > tried_at[-2]
        assert tried_at[-1] <= NOW + PATIENCE + WAITS[-1] * (1 + SPREAD)
        assert len(tried_at) == by_recipient(world)["bea"].attempts
        assert len(built) == 1
        assert by_recipient(world)["bea"].state == "failed"
        assert {n: times for n, times in server.copies_by_id.items() if int(n, 16) < 10} == {
            message_id(1): 1,
            message_id(3): 1,
        }, "the others have it once"

        outbox.retry(world.engine, by_recipient(world)["bea"].id, world.now)
        send_due(world)
        assert by_recipient(world)["bea"].state == "retrying", "tried anew, for 72 hours from now"
        assert by_recipient(world)["bea"].first_attempt_at == world.now
        server.fault = None
        world.now = by_recipient(world)["bea"].next_attempt_at
        send_due(world)
        assert by_recipient(world)["bea"].state == "accepted"


def test_nothing_is_tried_again_after_a_refusal_that_is_meant(make_world: MakeWorld, tmp_path: Path) -> None:
    with faulty_server(at(Stage.RCPT, says("550 no such person"), "bea")) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, REVIEWERS)
        send_due(world)
        send_due(world)  # the notices of it
        asked = server.reached[Stage.RCPT]
        for _ in range(20):
            world.now += timedelta(hours=6)
            send_due(world)
        assert server.reached[Stage.RCPT] == asked
        assert by_recipient(world)["bea"].attempts == 1


def test_a_digest_that_waited_for_its_server_says_each_thing_once_and_as_it_is_today(
    make_world: MakeWorld, smtp: RecordingServer
) -> None:
    down = make_world(smtp.settings.model_copy(update={"port": free_port()}))
    new = NewAgreement(
        "MX-1", "mx/twinning", "chihuahua", "x", MONDAY.date(), PARTIES, state="signed",
        facts={"signed_on": (Claim(PartialDate(2026, 3, 2), "the paper"),)},
    )  # fmt: skip
    open_agreement(down.engine, down.library, new, actor="elena", now=MONDAY)
    for later in (23, 28, 31):
        sweep(down.engine, down.library, MONDAY + timedelta(days=later))
    up = make_world(smtp.settings)
    up.now = MONDAY + timedelta(days=32)
    send_due(up)
    bodies = [message.get_body(("plain",)) for to, message in smtp.received if to == ["elena@chihuahua.example"]]
    lines = [line for body in bodies if body for line in body.get_content().splitlines()]
    told = [line for line in lines if "Solicitud de inscripción" in line]
    assert len(told) == 1
    assert "pasó la meta del miércoles 1 de abril de 2026, hace 2 días" in told[0]
