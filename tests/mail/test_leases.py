"""Leases, and the one window in which a message may come twice: between the server's answer and our commit."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from faulty_server import Stage, at, faulty_server, says
from mailbag import REVIEWERS, by_recipient, fill, people_file, send_due
from sqlalchemy.exc import OperationalError

from smtp import RecordingServer
from twinflow.domain.mail.message import ClaimedMessage, MessageState, Settlement
from twinflow.domain.mail.retries import LEASE
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.mail import outbox
from world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def world(make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path) -> World:
    """Three messages that wait for a server that does its duty."""
    found = make_world(smtp.settings, people_file(tmp_path))
    fill(found, REVIEWERS)
    return found


def claim(world: World) -> list[ClaimedMessage]:
    return outbox.claim_batch(world.engine, world.rulebook, world.people, world.now, 10)


def settle(world: World, claimed: list[ClaimedMessage], state: MessageState) -> None:
    done = [Settlement(message, state, sent_to="somebody@sre.example") for message in claimed]
    outbox.settle(world.engine, done, world.now)


def states(world: World) -> set[str]:
    return {message.state for message in by_recipient(world).values()}


def test_nobody_else_gets_a_message_until_its_lease_ends(world: World) -> None:
    assert len(claim(world)) == 3
    world.now += LEASE - timedelta(seconds=1)
    assert claim(world) == []
    world.now += timedelta(seconds=1)
    assert len(claim(world)) == 3


def test_a_message_that_was_never_built_cannot_have_arrived(world: World) -> None:
    claim(world)
    world.now += LEASE
    assert [message.doubtful for message in claim(world)] == [False] * 3


def test_what_the_server_refused_in_the_open_cannot_have_arrived(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path
) -> None:
    smtp.answer_to_data = lambda: "451 later"
    world = make_world(smtp.settings, people_file(tmp_path))
    fill(world, REVIEWERS)
    send_due(world)
    world.now += timedelta(minutes=2)
    assert [message.doubtful for message in claim(world)] == [False] * 3
    world.now += LEASE
    assert [message.doubtful for message in claim(world)] == [True] * 3, "the mailer that died may have sent it"


@pytest.mark.parametrize("state", [MessageState.ACCEPTED, MessageState.FAILED, MessageState.DROPPED])
def test_a_mailer_whose_lease_has_ended_settles_nothing(world: World, state: MessageState) -> None:
    late = claim(world)
    world.now += LEASE
    now_of_another = claim(world)
    before = outbox.messages(world.engine, viewer=OPERATOR)
    settle(world, late, state)
    assert outbox.messages(world.engine, viewer=OPERATOR) == before, "not a row more, not a word else"
    settle(world, now_of_another, MessageState.ACCEPTED)
    assert states(world) == {"accepted"}


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.DROPPED])
def test_nobody_takes_back_what_was_settled(world: World, state: MessageState) -> None:
    claimed = claim(world)
    settle(world, claimed, MessageState.ACCEPTED)
    before = outbox.messages(world.engine, viewer=OPERATOR)
    settle(world, claimed, state)
    assert outbox.messages(world.engine, viewer=OPERATOR) == before


def test_a_crash_between_the_answer_and_our_commit_is_the_possible_duplicate(
    world: World, smtp: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def crash(*_: object) -> None:
            raise OperationalError("UPDATE outbox", {}, Exception("the database went away"))

        broken.setattr(outbox, "settle", crash)
        with pytest.raises(OperationalError):
            send_due(world)
    assert len(smtp.received) == 3
    assert states(world) == {"leased"}
    assert send_due(world).sent == 0, "the lease keeps it"
    world.now += LEASE
    assert send_due(world).sent == 3
    assert states(world) == {"possible duplicate"}
    assert len(smtp.received) == 6
    first, second = smtp.received[:3], smtp.received[3:]
    assert sorted(m.as_bytes() for _, m in first) == sorted(m.as_bytes() for _, m in second), "the very same bytes"


def test_a_crash_before_anything_left_makes_no_duplicate_of_what_was_not_built(
    world: World, smtp: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def crash(*_: object) -> None:
            raise OperationalError("UPDATE outbox", {}, Exception("the database went away"))

        broken.setattr(outbox, "keep_content", crash)
        with pytest.raises(OperationalError):
            send_due(world)
    assert smtp.received == []
    world.now += LEASE
    assert send_due(world).sent == 3
    assert states(world) == {"accepted"}
    assert len(smtp.received) == 3


def test_a_message_in_doubt_stays_so_whatever_comes_after(make_world: MakeWorld, tmp_path: Path) -> None:
    with faulty_server(at(Stage.DOT, says("354 what"), "bea")) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, REVIEWERS)
        send_due(world)
        server.fault = at(Stage.RCPT, says("450 later"), "bea")
        world.now += timedelta(minutes=2)
        send_due(world)
        assert by_recipient(world)["bea"].doubtful
        server.fault = None
        world.now += timedelta(minutes=10)
        send_due(world)
        assert by_recipient(world)["bea"].state == "possible duplicate"
