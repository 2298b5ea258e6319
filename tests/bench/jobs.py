"""Work that is done after the commit, on PostgreSQL, beside procrastinate.

Ours: a step that tells somebody, and its message claimed, written, sent to a server that does nothing, and settled. Theirs:
a job that does nothing deferred, and done. Both wait for the disk before they answer, one after the other; what is done
afterwards is done by four at a time.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bench.books import start_at
from bench.driver import timed
from bench.mail import by_outbox, sink
from bench.peers import peer
from bench.rows import NOT_INSTALLED, Row, in_turns, per_second
from bench.steps import fill, names, take_all
from postgres import DURABLE, named, postgres_server

AT_A_TIME = 4


def rows(jobs: int = 100, rounds: int = 5) -> list[Row]:
    references = names(jobs * rounds)
    with TemporaryDirectory() as name, postgres_server(DURABLE) as url:
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE procrastinate"))
        admin.dispose()
        fill(start_at(url, Path(name)), references)
        runtime = start_at(url, Path(name))
        take_all(runtime, references, ["complete_draft"])
        theirs_at = make_url(named(url, "procrastinate")).set(drivername="postgresql")

        def told(number: int, port: int) -> float:
            some = references[number * jobs : (number + 1) * jobs]
            return timed(lambda: take_all(runtime, some, ["request_opinion"])) + by_outbox(runtime, port, AT_A_TIME)

        with (
            sink() as port,
            peer(
                "peer_procrastinate.py", theirs_at.render_as_string(hide_password=False), jobs, AT_A_TIME
            ) as procrastinate,
        ):
            ours, theirs = in_turns(
                rounds, lambda number: told(number, port), lambda _number: procrastinate() if procrastinate else 0
            )
        runtime.engine.dispose()
    return [
        Row(
            what="steps that tell somebody, with the message delivered, on PostgreSQL",
            unit="a second",
            ours=per_second(jobs, ours),
            peer=per_second(jobs, theirs) if procrastinate else (),
            against="procrastinate, empty jobs" if procrastinate else f"procrastinate {NOT_INSTALLED}",
        )
    ]
