"""What the time of an answer tells: of an address with an account beside one without, of a case that is there beside none.

Each is asked many times in turns; the median of one may differ from that of the other by a tenth. Every try is of another address
on the network and another minute, so that no limit answers in their place.
"""

import statistics
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import start_at
from bench.driver import timed
from bench.rows import Bar, Row, in_turns
from bench.steps import NOW, fill
from postgres import DURABLE, postgres_server
from twinflow.bootstrap import Runtime
from twinflow.domain.people.viewer import Door, viewer_of
from twinflow.errors import NotFound, Refused
from twinflow.services.accounts import passwords, signing_in
from twinflow.services.accounts.signing_in import Client
from twinflow.services.reading.agreements import show_agreement

TRIES = 25
HAS_ONE, HAS_NONE = "elena", "nobody@chihuahua.example"
CASE, NO_CASE, BLIND = "MX-1", "MX-9", "lucia"
Ask = Callable[[int, bool], object]


def ways(runtime: Runtime) -> dict[str, Ask]:
    """How something is asked for, the number of the try given, and whether it is there."""
    engine, people = runtime.engine, runtime.people
    viewer = viewer_of(people, BLIND, NOW, Door.PAGE)
    mail = {True: people.person(HAS_ONE).mail, False: HAS_NONE}

    def sign_in(number: int, there: bool) -> None:
        at = NOW + timedelta(hours=number)
        signing_in.sign_in(
            engine, people, mail[there], "wrong words of four", Client(f"198.51.100.{number}", "bench"), at
        )

    def reset(number: int, there: bool) -> None:
        at = NOW + timedelta(hours=2 * number)
        passwords.ask_for_reset(engine, mail[there], Client(f"198.51.100.{number}", "bench"), at)

    def look(_number: int, there: bool) -> None:
        show_agreement(engine, runtime.rulebook, people, CASE if there else NO_CASE, NOW, viewer=viewer)

    return {"a wrong password": sign_in, "a forgotten one": reset, "a case that is not seen": look}


def median_of(ask: Ask, tries: int, round_of: int, *, there: bool) -> float:
    """Seconds."""

    def once(number: int) -> Callable[[], None]:
        def asked() -> None:
            with suppress(Refused, NotFound):
                ask(number, there)

        return asked

    return statistics.median(timed(once(round_of * tries + number)) for number in range(tries))


def read(url: str, folder: Path, database: str, rounds: int, tries: int) -> Iterator[Row]:
    runtime = start_at(url, folder)
    fill(runtime, [CASE])
    token = passwords.invite(runtime.engine, runtime.people, HAS_ONE, NOW, by_mail=False)
    passwords.set_password(runtime.engine, runtime.people, token, "four words of nobody else", NOW)
    for name, ask in ways(runtime).items():
        ours, peer = in_turns(
            rounds,
            lambda number, a=ask: 1000 * median_of(a, tries, number, there=True),
            lambda number, a=ask: 1000 * median_of(a, tries, number, there=False),
        )
        for what, mine, other in ((f"{name}, of what is there", ours, peer), (f"{name}, of what is not", peer, ours)):
            yield Row(what=f"{what}, {database}", unit="ms", ours=mine, peer=other, against="the other", bar=Bar(1.1))
    runtime.engine.dispose()


def rows(rounds: int = 9, tries: int = TRIES) -> list[Row]:
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        file = Path(name) / "books.db"
        return [
            *read(f"sqlite:///{file}", file.parent, "SQLite", rounds, tries),
            *read(url, file.parent, "PostgreSQL", rounds, tries),
        ]
