"""When a message is tried again, for how long, and for whom: by a server that refuses it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faulty_server import Stage, at, faulty_server, says
from mailbag import NOW, PARTIES, REVIEWERS, by_recipient, fill, message_id, people_file, send_due

from builders import AT_PAGE
from smtp import RecordingServer, free_port
from twinflow.domain.agreement.agreement import Claim
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.mail.retries import PATIENCE, SPREAD, WAITS
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.mail import outbox
from world import World

MakeWorld = Callable[..., World]
MONDAY = datetime(2026, 3, 2, 18, tzinfo=UTC)


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
            built.add(outbox.message(world.engine, by_recipient(world)["bea"].id, viewer=OPERATOR)[1])
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
    open_agreement(down.engine, down.rulebook, down.people, new, actor="elena", door=AT_PAGE, now=MONDAY)
    for later in (23, 28, 31):
        sweep(down.engine, down.rulebook, down.people, MONDAY + timedelta(days=later))
    up = make_world(smtp.settings)
    up.now = MONDAY + timedelta(days=32)
    send_due(up)
    bodies = [message.get_body(("plain",)) for to, message in smtp.received if to == ["elena@chihuahua.example"]]
    lines = [line for body in bodies if body for line in body.get_content().splitlines()]
    told = [line for line in lines if "Solicitud de inscripción" in line]
    assert len(told) == 1
    assert "pasó la meta del miércoles 1 de abril de 2026, hace 2 días" in told[0]
