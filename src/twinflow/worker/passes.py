"""What a pass of the clock is: a half that looks for what is due, and one for mail, in and out.

`tick` makes both in order; where they run by themselves, each has an interval of its own. One instant of the clock is taken
for each part, so that a long pass does not go by the hour at which it began.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.mail.post import Post
from twinflow.mail.returned import Mailbox
from twinflow.services.clock.sweep import SweepResult, sweep
from twinflow.worker.returns import NOTHING_READ, Reading, read_mailbox
from twinflow.worker.sending import Delivery, Sender


@dataclass(frozen=True, slots=True)
class Pass:
    """What the sweep did, what was read of mail that came back, and what was sent."""

    sweep: SweepResult
    returned: Reading
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Worker:
    """What makes the passes. `clock` gives the present instant in UTC; mail comes back to `mailbox`, if anywhere.

    `rulebook` gives the definitions, which `refresh` brings to the calendars in use; `stopping` says when no more mail is to
    be begun.
    """

    engine: Engine
    rulebook: Callable[[], Rulebook]
    people: People
    post: Post
    clock: Callable[[], datetime]
    mailbox: Mailbox | None = None
    refresh: Callable[[], object] = lambda: None
    stopping: Callable[[], bool] = lambda: False

    def tick(self) -> Pass:
        """A whole pass."""
        return Pass(self.sweep(), *self.mail())

    def sweep(self) -> SweepResult:
        """Tell what is due and not told, and take the steps that dates take."""
        self.refresh()
        return sweep(self.engine, self.rulebook(), self.people, self.clock())

    def mail(self) -> tuple[Reading, Delivery]:
        """Read what came back, then send what waits: also what there is to tell of what came back."""
        returned = NOTHING_READ
        if self.mailbox is not None:
            returned = read_mailbox(self.engine, self.rulebook(), self.people, self.mailbox, self.clock())
        sender = Sender(self.engine, self.rulebook(), self.people, self.post, self.clock, self.stopping)
        return returned, asyncio.run(sender.deliver())
