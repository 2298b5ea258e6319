"""One pass of everything, for `tick` and the timetable."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.library import Library
from twinflow.mail.post import Post
from twinflow.services.sweep import SweepResult, sweep
from twinflow.worker.sending import Delivery, Sender


@dataclass(frozen=True, slots=True)
class Pass:
    sweep: SweepResult
    delivery: Delivery


def tick(engine: Engine, library: Library, post: Post, clock: Callable[[], datetime]) -> Pass:
    """One pass: sweep, then send what is due. `clock` gives the present instant in UTC."""
    swept = sweep(engine, library, clock())
    return Pass(swept, send(engine, library, post, clock))


def send(
    engine: Engine,
    library: Library,
    post: Post,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> Delivery:
    """Send what is due. `clock` gives the present instant in UTC; `stopping` says when no more is to be begun."""
    return asyncio.run(Sender(engine, library, post, clock, stopping).deliver())
