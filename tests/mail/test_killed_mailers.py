"""`kill -9` of mailers, three at a time: no message is lost, and what comes twice is marked."""

import multiprocessing
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from faulty_server import FaultyServer, Moment, faulty_server
from mailbag import REVIEWERS, by_id, fill, people_file
from mailer_process import deliver

from how_many import SEED, many
from twinflow.domain.mail.message import WAITING, MessageState
from twinflow.domain.mail.retries import LEASE
from twinflow.worker.sending import FOR_EACH_CONNECTION
from world import World

MESSAGES = many(240, 3000)
ROUNDS = many(4, 25)
MAILERS = 3
CONNECTIONS = 2
MOST_MOMENTS = 400
"""A mailer is killed after at most so many steps of the conversations with the server: in the midst of its batches."""

FORKS = multiprocessing.get_context("forkserver")


@dataclass
class Killer:
    """Kills one of the mailers at each of some moments: when the server has come to that many steps in all."""

    chance: random.Random
    mailers: list[multiprocessing.Process] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)
    seen: int = 0
    killed: int = 0

    def plan(self, kills: int) -> None:
        self.seen, self.moments = 0, sorted(self.chance.randint(1, MOST_MOMENTS) for _ in range(kills))

    def fault(self, _: Moment) -> None:
        """Called by the server at each step, before it answers."""
        self.seen += 1
        while self.moments and self.seen >= self.moments[0]:
            del self.moments[0]
            alive = [mailer for mailer in self.mailers if mailer.is_alive()]
            if alive:
                self.chance.choice(alive).kill()
                self.killed += 1


@pytest.fixture
def killer() -> Iterator[Killer]:
    FORKS.set_forkserver_preload(["twinflow.bootstrap", "twinflow.worker.sending"])
    found = Killer(random.Random(int(SEED)))
    yield found
    for mailer in found.mailers:
        mailer.kill()
        mailer.join()


def run_three(world: World, killer: Killer) -> None:
    """Three mailers begin; this ends when each of them has died or has nothing left to do."""
    settings = world.runtime.settings
    killer.mailers = [FORKS.Process(target=deliver, args=(settings, world.now)) for _ in range(MAILERS)]
    for mailer in killer.mailers:
        mailer.start()
    for mailer in killer.mailers:
        mailer.join()
        assert mailer.exitcode in {0, -9}


def test_killed_mailers_lose_nothing_and_mark_whatever_may_come_twice(
    make_world: Callable[..., World], tmp_path: Path, killer: Killer, capsys: pytest.CaptureFixture[str]
) -> None:
    with faulty_server(killer.fault) as server:
        world = make_world(server.settings(connections=CONNECTIONS), people_file(tmp_path))
        fill(world, [REVIEWERS[n % len(REVIEWERS)] for n in range(MESSAGES)])
        rounds = 0
        while any(message.state in WAITING for message in by_id(world).values()):
            killer.plan(MAILERS if rounds < ROUNDS else 0)
            run_three(world, killer)
            world.now += LEASE + timedelta(minutes=1)
            rounds += 1
            assert rounds < ROUNDS + 5, "it comes to an end"
        judge(world, server, killer.killed)
        with capsys.disabled():
            print(f"\n{world.engine.dialect.name}: {figures(world, server)}, {killer.killed} kills in {rounds} rounds")  # noqa: T201


def judge(world: World, server: FaultyServer, kills: int) -> None:
    books, copies = by_id(world), server.copies_by_id
    assert set(copies) == set(books), "nothing is lost"
    twice = {message_id for message_id, times in copies.items() if times > 1}
    marked = {message_id for message_id, message in books.items() if message.doubtful}
    assert twice <= marked
    assert {each for each, message in books.items() if message.state == MessageState.POSSIBLE_DUPLICATE} == marked
    assert {message.state for message in books.values()} <= {MessageState.ACCEPTED, MessageState.POSSIBLE_DUPLICATE}
    assert kills >= ROUNDS
    assert 0 < len(marked) <= kills * 2 * FOR_EACH_CONNECTION * CONNECTIONS, "the last two batches of each that died"


def figures(world: World, server: FaultyServer) -> str:
    twice = sum(1 for times in server.copies_by_id.values() if times > 1)
    marked = sum(1 for message in by_id(world).values() if message.doubtful)
    return f"{len(by_id(world))} messages, all delivered, {twice} twice, {marked} marked as possible duplicates"
