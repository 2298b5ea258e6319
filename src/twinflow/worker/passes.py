"""What a pass of the clock is: a half that looks for what is due, and one for mail, in and out.

`tick` makes both in order; where they run by themselves, each has an interval of its own. One instant of the clock is taken
for each part, so that a long pass does not go by the hour at which it began.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Engine

from twinflow.domain.clock.last_pass import LONGEST_GAP, Standing
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.mail.post import Post
from twinflow.mail.returned import Mailbox
from twinflow.sentences import Sentence
from twinflow.services.clock import last_pass
from twinflow.services.clock.sweep import SweepResult, sweep
from twinflow.worker.returns import NOTHING_READ, Reading, read_mailbox
from twinflow.worker.sending import Delivery, Sender

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pass:
    """What the sweep did, what was read of mail that came back, and what was sent. `clock` is what is to be said of it."""

    sweep: SweepResult
    returned: Reading
    delivery: Delivery
    clock: tuple[Sentence, ...] = ()


class _SaidOnce:
    """What is the same pass after pass is logged once, and again when it changes or another day comes."""

    def __init__(self) -> None:
        self._last: object = None
        self._lock = Lock()

    def warn(self, standing: Standing, now: datetime) -> None:
        last = standing.doubt.last if standing.doubt is not None else None
        what = (last, standing.later, now.date())
        with self._lock:
            is_new, self._last = what != self._last, what
        if is_new:
            for sentence in standing.sentences:
                log.warning("%s", sentence)


@dataclass(frozen=True, slots=True)
class Worker:
    """What makes the passes. `clock` gives the present instant in UTC; mail comes back to `mailbox`, if anywhere.

    `rulebook` gives the definitions, which `refresh` brings to the calendars in use; `stopping` says when no more mail is to
    be begun. Whatever part of a pass comes longer than `longest_gap` after the last one, or before it, raises ClockDoubted
    and does nothing.
    """

    engine: Engine
    rulebook: Callable[[], Rulebook]
    people: People
    post: Post
    clock: Callable[[], datetime]
    mailbox: Mailbox | None = None
    refresh: Callable[[], object] = lambda: None
    stopping: Callable[[], bool] = lambda: False
    longest_gap: timedelta = LONGEST_GAP
    _said: _SaidOnce = field(default_factory=_SaidOnce)

    def tick(self) -> Pass:
        """A whole pass."""
        now, standing = self._begun()
        swept = self._sweep(now)
        now, _ = self._begun()
        return Pass(swept, *self._mail(now), standing.sentences)

    def sweep(self) -> SweepResult:
        """Tell what is due and not told, and take the steps that dates take."""
        now, _ = self._begun()
        return self._sweep(now)

    def mail(self) -> tuple[Reading, Delivery]:
        """Read what came back, then send what waits: also what there is to tell of what came back."""
        now, _ = self._begun()
        return self._mail(now)

    def _begun(self) -> tuple[datetime, Standing]:
        """The instant of a part of a pass, put on record, and what is to be said of the clock. Raises ClockDoubted."""
        now = self.clock()
        standing = last_pass.begin(self.engine, now, self.longest_gap)
        self._said.warn(standing, now)
        standing.check()
        return now, standing

    def _sweep(self, now: datetime) -> SweepResult:
        self.refresh()
        return sweep(self.engine, self.rulebook(), self.people, now)

    def _mail(self, now: datetime) -> tuple[Reading, Delivery]:
        returned = NOTHING_READ
        if self.mailbox is not None:
            returned = read_mailbox(self.engine, self.rulebook(), self.people, self.mailbox, now)
        sender = Sender(self.engine, self.rulebook(), self.people, self.post, self.clock, self.stopping)
        return returned, asyncio.run(sender.deliver())
