"""Whom the envelope names: the one address of a rehearsal, and where bounces come. What is in it arrives as it was written."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from mailbag import REVIEWERS, by_recipient, fill, message_id, people_file, send_due
from pydantic import ValidationError

from smtp import RecordingServer
from twinflow.config import MailSettings
from twinflow.domain.mail.return_path import return_tag
from twinflow.mail.mailer import SmtpMailer, Tls
from twinflow.services.mail.received import return_key
from world import World

MakeWorld = Callable[..., World]


def sent(make_world: MakeWorld, smtp: RecordingServer, folder: Path, **changes: object) -> World:
    world = make_world(smtp.settings.model_copy(update=changes), people_file(folder))
    fill(world, REVIEWERS)
    assert send_due(world).sent == 3
    return world


def test_in_a_rehearsal_everything_goes_to_one_address_and_the_books_say_so(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path
) -> None:
    world = sent(make_world, smtp, tmp_path, redirect_all_to="rehearsal@test.example")
    assert [to for to, _ in smtp.received] == [["rehearsal@test.example"]] * 3
    assert {message["To"].addresses[0].addr_spec for _, message in smtp.received} == {
        f"{who}@sre.example" for who in REVIEWERS
    }, "the message itself is as it will be"
    assert {message.sent_to for message in by_recipient(world).values()} == {"rehearsal@test.example"}


def test_the_books_say_which_address_a_message_went_to(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path
) -> None:
    books = by_recipient(sent(make_world, smtp, tmp_path))
    assert {who: message.sent_to for who, message in books.items()} == {who: f"{who}@sre.example" for who in REVIEWERS}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "twinflow@test.example"),
        ({"return_path": "bounces@test.example", "return_path_tag": False}, "bounces@test.example"),
    ],
)
def test_bounces_come_where_the_settings_say(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path, changes: dict[str, object], expected: str
) -> None:
    sent(make_world, smtp, tmp_path, **changes)
    assert smtp.senders == [expected] * 3


def test_each_message_has_a_return_path_of_its_own_that_no_message_id_tells(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path
) -> None:
    world = sent(make_world, smtp, tmp_path, return_path="bounces@test.example")
    key = return_key(world.engine)
    tags = [return_tag(key, each.id, each.message_id) for each in by_recipient(world).values()]
    assert sorted(smtp.senders) == sorted(f"bounces+{tag}@test.example" for tag in tags)
    assert not any(message_id(number) in sender for number in (1, 2, 3) for sender in smtp.senders)


@pytest.mark.parametrize("address", ["ana@ñandú.example", "josé@test.example", "ana@test.example\r\nDATA", "ana"])
@pytest.mark.parametrize("setting", ["redirect_all_to", "return_path", "sender"])
def test_an_address_that_no_envelope_can_hold_is_refused_at_the_start(setting: str, address: str) -> None:
    with pytest.raises(ValidationError, match=setting):
        MailSettings.model_validate({setting: address})


LINES = b".first\r\n..two\r\n.\r\n.\r\na dot. in.side\r\n.last\r\n"


def test_a_line_that_begins_with_a_dot_arrives_with_it(smtp: RecordingServer) -> None:
    """The end of a message is a dot alone, so SMTP takes one away from each (RFC 5321, 4.5.2)."""

    async def send() -> None:
        async with SmtpMailer("127.0.0.1", smtp.port, Tls.NONE).connect() as (connection,):
            for body in (LINES, b"the next\r\n"):
                await connection.send("us@test.example", "ana@test.example", b"Subject: x\r\n\r\n" + body)

    asyncio.run(send())
    assert [message.get_payload() for _, message in smtp.received] == [LINES.decode(), "the next\r\n"]
