"""A mailer in a process of its own, to be killed: one pass of sending, at an instant that is given."""

import asyncio
from datetime import datetime

from twinflow import bootstrap
from twinflow.config import Settings
from twinflow.worker.sending import Sender


def deliver(settings: Settings, now: datetime) -> None:
    runtime = bootstrap.start(settings)
    asyncio.run(Sender(runtime.engine, runtime.rulebook, runtime.people, runtime.post, lambda: now).deliver())
