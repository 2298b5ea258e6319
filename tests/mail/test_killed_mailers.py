"""`kill -9` of mailers, three at a time: no message is lost, and what comes twice is marked."""

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock

import pytest
from faulty_server import Fault, FaultyServer, Moment, Stage, faulty_server
from mailbag import REVIEWERS, by_id, fill, people_file
from mailer_process import deliver

from how_many import SEED, many
from twinflow.domain.mail.message import WAITING, MessageState, OutboxMessage
from twinflow.domain.mail.retries import LEASE
from twinflow.worker.sending import FOR_EACH_CONNECTION
from world import World

MESSAGES = many(240, 3000)
ROUNDS = many(4, 25)
MAILERS = 3
CONNECTIONS = 2
MOST_MOMENTS = 400
"""A mailer is killed after at most so many steps of the conversations with the servers: in the midst of its batches."""
BEFORE_ANY_MESSAGE = {Stage.GREETING, Stage.EHLO}

FORKS = multiprocessing.get_context("forkserver")


@dataclass
class Killer:
    """Kills one of the mailers at each of some moments: the one that is speaking of a message when so many steps were taken.

    Each mailer has a server of its own, so that the server knows whom it speaks with.
    """

    chance: random.Random
    mailers: list[BaseProcess] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)
    seen: int = 0
    killed: int = 0
    one_at_a_time: Lock = field(default_factory=Lock)

    def plan(self, kills: int) -> None:
        self.seen, self.moments = 0, sorted(self.chance.randint(1, MOST_MOMENTS) for _ in range(kills))

    def fault_of(self, mailer: int) -> Fault:
        """Called by that mailer's server at each step, before it answers."""

        def fault(moment: Moment) -> None:
            with self.one_at_a_time:
                self.seen += 1
                due = self.moments and self.seen >= self.moments[0]
                if due and moment.stage not in BEFORE_ANY_MESSAGE and self.mailers[mailer].is_alive():
                    del self.moments[0]
                    self.mailers[mailer].kill()
                    self.killed += 1

        return fault


@pytest.fixture
def killer() -> Iterator[Killer]:
    FORKS.set_forkserver_preload(["twinflow.bootstrap", "twinflow.worker.sending"])
    found = Killer(random.Random(int(SEED)))
    yield found
    for mailer in found.mailers:
        mailer.kill()
        mailer.join()


def run_three(servers: list[FaultyServer], world: World, killer: Killer) -> None:
    """Three mailers begin; this ends when each of them has died or has nothing left to do."""
    settings = world.runtime.settings
    mails = [settings.mail.model_copy(update={"port": server.port}) for server in servers]
    each = [settings.model_copy(update={"mail": mail}) for mail in mails]
    killer.mailers = [FORKS.Process(target=deliver, args=(own, world.now)) for own in each]
    for mailer in killer.mailers:
        mailer.start()
    for mailer in killer.mailers:
        mailer.join()
        assert mailer.exitcode in {0, -9}


def test_killed_mailers_lose_nothing_and_mark_whatever_may_come_twice(
    make_world: Callable[..., World], tmp_path: Path, killer: Killer, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(faulty_server(killer.fault_of(mailer))) for mailer in range(MAILERS)]
        world = make_world(servers[0].settings(connections=CONNECTIONS), people_file(tmp_path))
        fill(world, [REVIEWERS[n % len(REVIEWERS)] for n in range(MESSAGES)])
        rounds = 0
        while any(message.state in WAITING for message in by_id(world).values()):
            killer.plan(MAILERS if rounds < ROUNDS else 0)
            run_three(servers, world, killer)
            world.now += LEASE + timedelta(minutes=1)
            rounds += 1
            assert rounds < ROUNDS + 5, "it comes to an end"
        copies = sum((server.copies_by_id for server in servers), Counter())
        judge(by_id(world), copies, killer.killed)
        with capsys.disabled():
            kind = world.engine.dialect.name
            print(f"\n{kind}: {figures(by_id(world), copies)}, {killer.killed} kills in {rounds} rounds")  # noqa: T201


def judge(books: dict[str, OutboxMessage], copies: Counter[str], kills: int) -> None:
    assert set(copies) == set(books), "nothing is lost"
    twice = {message_id for message_id, times in copies.items() if times > 1}
    marked = {message_id for message_id, message in books.items() if message.doubtful}
    assert twice <= marked
    assert {each for each, message in books.items() if message.state == MessageState.POSSIBLE_DUPLICATE} == marked
    assert {message.state for message in books.values()} <= {MessageState.ACCEPTED, MessageState.POSSIBLE_DUPLICATE}
    assert kills >= MAILERS, "in the first round each of them dies, as there is more to say than until the last moment"
    assert 0 < len(marked) <= kills * 2 * FOR_EACH_CONNECTION * CONNECTIONS, "the last two batches of each that died"


def figures(books: dict[str, OutboxMessage], copies: Counter[str]) -> str:
    twice = sum(1 for times in copies.values() if times > 1)
    marked = sum(1 for message in books.values() if message.doubtful)
    return f"{len(books)} messages, all delivered, {twice} twice, {marked} marked as possible duplicates"
