"""The port, over real SMTP and LMTP: a message is taken when what it changes is committed, else it stays where it is."""

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from returned_mail import dsn, mail
from sent_message import Sent

from smtp import free_port
from twinflow.domain.clock.last_pass import LONGEST_GAP
from twinflow.domain.mail.message import MessageState
from twinflow.domain.mail.received import ReceivedKind
from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import EnvironmentFailed
from twinflow.mail.returned import SIZE_LIMIT, Answer, returns_server
from twinflow.services.clock import last_pass
from twinflow.services.mail.received import received_message, received_messages
from twinflow.worker.returns import listening

CLIENTS = {"lmtp": smtplib.LMTP, "smtp": smtplib.SMTP}


@contextmanager
def port_of(sent: Sent, protocol: str) -> Iterator[smtplib.SMTP]:
    """A conversation with the port."""
    world, port = sent.world, free_port()
    with (
        listening(world.engine, lambda: world.rulebook, world.people, lambda: world.now, port, lmtp=protocol == "lmtp"),
        CLIENTS[protocol]("127.0.0.1", port) as client,
    ):
        yield client


def deliver(client: smtplib.SMTP, content: bytes, to: str = "bounces@city.example.net") -> tuple[int, bytes]:
    """What is answered to the message, sent from nobody as reports are."""
    client.ehlo_or_helo_if_needed()
    client.mail("")
    client.rcpt(to)
    return client.data(content)


@pytest.mark.parametrize("protocol", sorted(CLIENTS))
def test_a_report_is_taken_by_either_protocol_and_twice_changes_nothing_more(sent: Sent, protocol: str) -> None:
    with port_of(sent, protocol) as client:
        assert deliver(client, sent.mail("postfix-failed"))[0] == 250
        assert sent.state == MessageState.BOUNCED, "committed before it was answered"
        after = sent.everything()
        assert deliver(client, sent.mail("postfix-failed"))[0] == 250
        assert sent.everything() == after


def test_the_return_path_names_the_message(sent: Sent) -> None:
    with port_of(sent, "lmtp") as client:
        assert deliver(client, dsn(returned=""), sent.return_path)[0] == 250
    assert sent.state == MessageState.BOUNCED


def test_a_report_that_came_by_no_return_path_is_taken_kept_and_changes_nothing(sent: Sent) -> None:
    with port_of(sent, "smtp") as client:
        assert deliver(client, mail("postfix-failed", sent.token))[0] == 250
    assert sent.state == MessageState.ACCEPTED
    (line,) = received_messages(sent.world.engine, viewer=OPERATOR)
    assert (line.message.kind, line.message.about) == (ReceivedKind.UNPROVEN, sent.id)


def test_what_changes_nothing_is_taken(sent: Sent) -> None:
    before = sent.everything()
    with port_of(sent, "lmtp") as client:
        for name in ("postfix-delayed", "out-of-office-exchange", "out-of-office-vacation", "read-receipt"):
            assert deliver(client, sent.mail(name), "any.body+at-all@anywhere.example")[0] == 250
        assert deliver(client, mail("postfix-failed", "f" * 32))[0] == 250
    assert sent.everything() == before


def test_what_a_person_answers_is_taken_and_kept_whole(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    answer = mail("human-answer-through-a-list", sent.token).replace(b"\n", b"\r\n") + b"x" * 900 + b"\r\n"
    with port_of(sent, "smtp") as client:
        assert deliver(client, answer)[0] == 250
    (line,) = received_messages(sent.world.engine, viewer=OPERATOR)
    assert received_message(sent.world.engine, line.message.id, viewer=OPERATOR)[1] == answer
    assert (line.message.kind, line.message.whole, line.agreements) == (ReceivedKind.ANSWER, True, ("MX-1",))
    assert any("an answer: “Re: Programa” from Ana Gil <ana@example.org>" in each for each in caplog.messages)


def test_what_is_neither_a_report_nor_from_anybody_is_refused(sent: Sent) -> None:
    with port_of(sent, "smtp") as client:
        refused = deliver(client, b"\x00\xff" * 5_000)
        assert deliver(client, sent.mail("postfix-failed"))[0] == 250, "and the next is taken"
    assert refused == (554, b"5.6.0 Neither a delivery report nor anybody's answer")
    assert received_messages(sent.world.engine, viewer=OPERATOR) == []


def test_while_the_database_fails_the_mail_server_keeps_the_report(sent: Sent) -> None:
    report = sent.mail("postfix-failed")
    with port_of(sent, "lmtp") as client:
        with sent.world.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE outbox RENAME TO outbox_away")
        assert deliver(client, report)[0] == 451
        with sent.world.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE outbox_away RENAME TO outbox")
        assert sent.state == MessageState.ACCEPTED
        assert deliver(client, report)[0] == 250
    assert sent.state == MessageState.BOUNCED


def test_a_report_that_is_faster_than_our_books_is_brought_again_later(queued: Sent) -> None:
    queued.attempt(None)
    with port_of(queued, "lmtp") as client:
        assert deliver(client, queued.mail("postfix-failed"))[0] == 451


@contextmanager
def answering(take: Callable[[bytes, object], Answer], *, lmtp: bool = False) -> Iterator[int]:
    port = free_port()
    with returns_server(take, port, lmtp=lmtp):
        yield port


def test_whatever_goes_wrong_the_mail_server_keeps_the_report() -> None:
    def broken(_content: bytes, _addresses: object) -> Answer:
        raise ZeroDivisionError

    with answering(broken) as port, smtplib.SMTP("127.0.0.1", port) as client:
        assert deliver(client, b"x")[0] == 451


def test_in_lmtp_each_recipient_has_an_answer() -> None:
    with answering(lambda *_: Answer.TAKEN, lmtp=True) as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("")
        for name in ("a", "b", "c"):
            client.rcpt(f"{name}@example.net")
        assert client.data(b"x")[0] == 250
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]
        assert client.noop()[0] == 250


def test_a_message_that_is_too_large_is_refused_and_long_lines_are_not() -> None:
    taken: list[int] = []

    def take(content: bytes, _addresses: object) -> Answer:
        taken.append(len(content))
        return Answer.TAKEN

    with answering(take) as port, smtplib.SMTP("127.0.0.1", port) as client:
        assert deliver(client, (b"x" * 900 + b"\r\n") * (SIZE_LIMIT // 902 + 1))[0] == 552
        assert deliver(client, b"y" * 20_000 + b"\r\n")[0] == 250
    assert taken == [20_002]


def test_it_listens_on_loopback_alone() -> None:
    with answering(lambda *_: Answer.TAKEN) as port, socket.socket() as other:
        other.bind(("127.0.0.2", port))  # fails where the port is taken on every address


def test_a_port_that_is_taken_is_said() -> None:
    with answering(lambda *_: Answer.TAKEN) as port:
        second = returns_server(lambda *_: Answer.TAKEN, port, lmtp=True)
        with pytest.raises(EnvironmentFailed) as refused:
            second.__enter__()
    assert str(refused.value) == f"Port {port} cannot be used: Address already in use."


def test_a_port_is_free_again_when_its_block_ends() -> None:
    port = free_port()
    for _ in range(2):
        with returns_server(lambda *_: Answer.TAKEN, port, lmtp=False), smtplib.SMTP("127.0.0.1", port) as client:
            assert deliver(client, b"x")[0] == 250


def test_while_no_pass_would_believe_the_clock_reports_wait_at_the_mail_server(sent: Sent) -> None:
    last_pass.begin(sent.world.engine, sent.world.now, LONGEST_GAP)
    with port_of(sent, "lmtp") as client:
        sent.world.now += timedelta(days=60)
        assert deliver(client, sent.mail("postfix-failed"))[0] // 100 == 4
        assert sent.state == MessageState.ACCEPTED
        sent.world.now -= timedelta(days=60)
        assert deliver(client, sent.mail("postfix-failed"))[0] == 250
        assert sent.state == MessageState.BOUNCED
