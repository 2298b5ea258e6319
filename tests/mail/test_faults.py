"""Mail servers that fail: what reached whom, counted at the server; what the books say of it; what is tried again and when."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from faulty_server import (
    Fault,
    FaultyServer,
    Moment,
    Stage,
    at,
    both,
    drips,
    faulty_server,
    is_silent,
    keeps,
    leaves,
    leaves_halfway,
    says,
    says_and_leaves,
)
from mailbag import REVIEWERS, by_recipient, fill, is_of_the_bag, people_file, send_due

from smtp import free_port
from twinflow.domain.mail.retries import SPREAD, WAITS
from world import World

ALL = frozenset(REVIEWERS)
BEA = frozenset({"bea"})
PATIENCE_IN_TESTS = 0.5
"""Seconds to wait for an answer that will not come."""


@dataclass(frozen=True)
class Case:
    """What one pass leaves behind. `retrying`: of whom nothing is known to have arrived; `kept`: who has a copy nonetheless.

    `failed`: given up. `doubtful`: handed over, and the answer lost. Everybody else has the message, once.
    """

    name: str
    fault: Fault
    retrying: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    why: str = ""
    timeout: float = 10


def nobody(name: str, fault: Fault, why: str = "", timeout: float = 10) -> Case:
    """The server takes no part: everything waits."""
    return Case(name, fault, retrying=ALL, why=why or "takes no mail from us", timeout=timeout)


def bea(name: str, fault: Fault, why: str = "", timeout: float = 10) -> Case:
    """One of three waits."""
    return Case(name, fault, retrying=BEA, why=why, timeout=timeout)


def refused(name: str, fault: Fault, why: str) -> Case:
    """One of three is refused for good."""
    return Case(name, fault, failed=BEA, why=why)


def in_doubt(name: str, fault: Fault, timeout: float = 10, *, kept: bool) -> Case:
    """The answer about one of three is lost."""
    return Case(
        name, fault, retrying=BEA, doubtful=BEA, kept=BEA if kept else frozenset(), why="broke", timeout=timeout
    )


def one_a_connection(moment: Moment) -> Callable[..., object] | None:
    too_many = moment.stage is Stage.MAIL and moment.messages >= 1
    return says_and_leaves("421 4.4.2 one message a connection") if too_many else None


NEVER = PATIENCE_IN_TESTS
ENDLESS = says(b"2" * 100_000)
NONSENSE = says(b"\x00\xff\xfe\x1b[2J OK\r\n")
CASES = [
    # the server takes no part
    nobody("421 at the greeting", at(Stage.GREETING, says_and_leaves("421 busy")), "421"),
    nobody("554 at the greeting", at(Stage.GREETING, says_and_leaves("554 no mail here")), "554"),
    nobody("no greeting", at(Stage.GREETING, is_silent), timeout=NEVER),
    nobody("a greeting byte by byte", at(Stage.GREETING, drips), timeout=NEVER),
    nobody("gone before the greeting", at(Stage.GREETING, leaves)),
    nobody("nonsense for a greeting", at(Stage.GREETING, NONSENSE)),
    nobody("a greeting without end", at(Stage.GREETING, ENDLESS)),
    nobody("550 to every hello", at(Stage.EHLO, says("550 who are you")), "550"),
    nobody("no answer to the hello", at(Stage.EHLO, is_silent), timeout=NEVER),
    nobody("nonsense for a hello", at(Stage.EHLO, NONSENSE)),
    nobody("421 to every sender", at(Stage.MAIL, says_and_leaves("421 later")), "421"),
    nobody("451 to every sender", at(Stage.MAIL, says("451 later")), "451"),
    nobody("550 to every sender", at(Stage.MAIL, says("550 not from you")), "550"),
    nobody("gone at every sender", at(Stage.MAIL, leaves)),
    nobody("530 to every recipient", at(Stage.RCPT, says("530 5.7.0 log in first")), "530"),
    # one recipient of three, for now
    bea("421 for one", at(Stage.RCPT, says_and_leaves("421 later"), "bea"), "421"),
    bea("450 for one", at(Stage.RCPT, says("450 mailbox busy"), "bea"), "450 mailbox busy"),
    bea("452 in two lines", at(Stage.RCPT, says("452-full\r\n452 come back"), "bea"), "452 full come back"),
    bea("421 to the content of one", at(Stage.DATA, says_and_leaves("421 later"), "bea"), "421"),
    bea("451 to the content of one", at(Stage.DATA, says("451 later"), "bea"), "451 later"),
    bea("421 after the last dot", at(Stage.DOT, says_and_leaves("421 later"), "bea"), "421"),
    bea("451 after the last dot", at(Stage.DOT, says("451 later"), "bea"), "451 later"),
    # one of three, for good
    refused("550 for one", at(Stage.RCPT, says("550 no such person"), "bea"), "550 no such person"),
    refused(
        "550 in the words of Latin-1", at(Stage.RCPT, says(b"550 direcci\xf3n \x00 no v\xe1lida\r\n"), "bea"), "550"
    ),
    refused("554 to the content of one", at(Stage.DATA, says("554 no"), "bea"), "554 no"),
    refused("550 after the last dot", at(Stage.DOT, says("550 looks like spam"), "bea"), "550 looks like spam"),
    # broken before the message was handed over
    bea("gone at one recipient", at(Stage.RCPT, leaves, "bea"), "broke"),
    bea("gone before the content", at(Stage.DATA, leaves, "bea"), "broke"),
    bea("no answer about one recipient", at(Stage.RCPT, is_silent, "bea"), "broke", NEVER),
    bea("byte by byte about one recipient", at(Stage.RCPT, drips, "bea"), "broke", NEVER),
    bea("no answer before the content", at(Stage.DATA, is_silent, "bea"), "broke", NEVER),
    bea("nonsense about one recipient", at(Stage.RCPT, NONSENSE, "bea"), "broke"),
    bea("an answer without end", at(Stage.RCPT, ENDLESS, "bea"), "broke"),
    bea("a number that is none of SMTP", at(Stage.RCPT, says("777 yes"), "bea"), "broke"),
    bea("250 where 354 is meant", at(Stage.DATA, says("250 OK"), "bea"), "broke"),
    bea("354 where 250 is meant", at(Stage.RCPT, says("354 go on"), "bea"), "broke"),
    bea(
        "an answer to nothing, and then a refusal",
        both(at(Stage.DATA, says("354 go on\r\n250 kept"), "bea"), at(Stage.DOT, says("451 later"), "bea")),
    ),
    # broken afterwards
    in_doubt("gone while reading", at(Stage.CONTENT, leaves_halfway, "bea"), kept=False),
    in_doubt("gone after the last dot, not kept", at(Stage.DOT, leaves, "bea"), kept=False),
    in_doubt("gone after the last dot, kept", at(Stage.DOT, keeps(leaves), "bea"), kept=True),
    in_doubt("no answer to the last dot, kept", at(Stage.DOT, keeps(is_silent), "bea"), NEVER, kept=True),
    in_doubt("byte by byte after the last dot, kept", at(Stage.DOT, keeps(drips), "bea"), NEVER, kept=True),
    in_doubt("nonsense after the last dot, kept", at(Stage.DOT, keeps(NONSENSE), "bea"), kept=True),
    in_doubt("354 after the last dot, kept", at(Stage.DOT, keeps(says("354 go on")), "bea"), kept=True),
    # nothing wrong with these
    Case("251 for one: it is forwarded", at(Stage.RCPT, says("251 will forward"), "bea")),
    Case("several lines of good news", at(Stage.DOT, keeps(says("250-kept\r\n250-for\r\n250 you")))),
    Case("gone after every message", at(Stage.DOT, keeps(says_and_leaves("250 kept")))),
    Case("421 after the first message", one_a_connection),
]


def copies(server: FaultyServer) -> dict[str, int]:
    """How many of the messages about one and the same thing each person has; notices of incidents do not count."""
    return dict(Counter(who.partition("@")[0] for who, message_id in server.kept if is_of_the_bag(message_id)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_reached_whom_is_known_and_the_rest_is_sent_again(
    make_world: Callable[..., World], tmp_path: Path, case: Case
) -> None:
    with faulty_server(case.fault) as server:
        world = make_world(server.settings(timeout_seconds=case.timeout), people_file(tmp_path))
        fill(world, REVIEWERS)
        first = send_due(world)

        told = ALL - case.retrying - case.failed
        assert copies(server) == dict.fromkeys(told | case.kept, 1)
        books = by_recipient(world)
        expected = {
            **dict.fromkeys(told, "accepted"),
            **dict.fromkeys(case.retrying, "retrying"),
            **dict.fromkeys(case.failed, "failed"),
        }
        assert {who: message.state for who, message in books.items()} == expected
        assert {who for who, message in books.items() if message.doubtful} == case.doubtful
        assert (first.sent, bool(first.failures)) == (len(told), told != ALL)
        assert case.why in " ".join(str(failure) for failure in first.failures)
        for who in case.retrying:
            waited = books[who].next_attempt_at - world.now
            assert WAITS[0] <= waited <= WAITS[0] * (1 + SPREAD)
        before = copies(server)

        server.fault = None
        assert send_due(world).failures == ()
        assert copies(server) == before, "nothing is due yet but the notices of what was given up"
        world.now += timedelta(minutes=2)
        send_due(world)

        books = by_recipient(world)
        ended = {
            **dict.fromkeys(ALL, "accepted"),
            **dict.fromkeys(case.doubtful, "possible duplicate"),
            **dict.fromkeys(case.failed, "failed"),
        }
        assert {who: message.state for who, message in books.items()} == ended
        assert copies(server) == {**dict.fromkeys(ALL - case.failed, 1), **dict.fromkeys(case.kept, 2)}
        assert {message_id for message_id, times in server.copies_by_id.items() if times > 1} == {
            books[who].message_id for who in case.kept
        }
        world.now += timedelta(days=1)
        assert send_due(world).sent == 0


def test_what_some_connections_are_not_granted_is_delivered_over_the_others(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    def two_are_enough(moment: Moment) -> Callable[..., object] | None:
        too_many = moment.stage is Stage.GREETING and moment.connection > 2
        return says_and_leaves("421 too many connections") if too_many else None

    with faulty_server(two_are_enough) as server:
        world = make_world(server.settings(connections=5), people_file(tmp_path))
        fill(world, REVIEWERS * 8)
        done = send_due(world)
        assert (done.sent, done.failures, done.waiting) == (24, (), 0)
        assert copies(server) == dict.fromkeys(REVIEWERS, 8)
        assert set(server.copies_by_id.values()) == {1}


def test_a_server_that_breaks_off_again_and_again_is_left_alone_until_the_next_pass(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    with faulty_server(at(Stage.RCPT, leaves)) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, REVIEWERS * 20)
        done = send_due(world)
        assert (done.sent, done.waiting) == (0, 60)
        assert server.connections == 2
        server.fault = None
        world.now += timedelta(minutes=2)
        assert send_due(world).sent == 60
        assert set(server.copies_by_id.values()) == {1}


@pytest.mark.parametrize(
    "mistyped", [{}, {"host": "mail..city.example"}, {"host": f"{64 * 'a'}.example"}, {"host": "nowhere.invalid"}]
)
def test_a_server_that_is_down_or_cannot_be_found_loses_nothing(
    make_world: Callable[..., World], tmp_path: Path, mistyped: dict[str, str]
) -> None:
    with faulty_server() as server:
        settings = server.settings()
        wrong = settings.model_copy(update={"port": free_port(), **mistyped})
        down = make_world(wrong, people_file(tmp_path))
        fill(down, REVIEWERS)
        done = send_due(down)
        assert (done.sent, done.waiting) == (0, 3)
        assert "takes no mail from us" in str(done.failures[0])
        up = make_world(server.settings(), people_file(tmp_path))
        up.now = down.now
        assert send_due(up).sent == 0, "not before the first wait is over"
        up.now += timedelta(minutes=2)
        assert send_due(up).sent == 3
        assert copies(server) == dict.fromkeys(REVIEWERS, 1)
        assert not any(message.doubtful for message in by_recipient(up).values())
