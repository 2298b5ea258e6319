"""What a pass of the clock is: a half that looks for what is due, and one for mail, in and out.

`tick` makes both in order; where they run by themselves, each has an interval of its own. One instant of the clock is taken
for each part, so that a long pass does not go by the hour at which it began.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Engine

from twinflow.domain.alerts.incident import Part, Trouble
from twinflow.domain.clock.last_pass import LONGEST_GAP, Standing
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import ClockDoubted, TwinflowError, of_the_system, reason
from twinflow.mail.post import Post
from twinflow.mail.returned import Mailbox
from twinflow.sentences import Sentence
from twinflow.services.accounts.clearing import clear_away
from twinflow.services.alerts.open_incidents import WHOLE, keep, keep_failed
from twinflow.services.clock import last_pass
from twinflow.services.clock.links import carry_on
from twinflow.services.clock.sweep import SweepResult, sweep
from twinflow.services.mail import received
from twinflow.services.people.handing_over import left_behind
from twinflow.worker.returns import NOTHING_READ, Reading, log_problems, read_mailbox
from twinflow.worker.said import Said
from twinflow.worker.sending import Delivery, Sender

log = logging.getLogger(__name__)

FAILED = {
    Part.SWEEP: Sentence("The last sweep did not come to its end: {why}"),
    Part.MAIL: Sentence("The last pass of mail did not come to its end: {why}"),
}


@dataclass(frozen=True, slots=True)
class Pass:
    """What the sweep did, what was read of mail that came back, and what was sent. `clock` is what is to be said of it."""

    sweep: SweepResult
    returned: Reading
    delivery: Delivery
    clock: tuple[Sentence, ...] = ()


class _SaidOfTheClock:
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

    `rulebook` gives the definitions and `people` who is there, which `refresh` brings to what is in use; `stopping` says when
    no more mail is to be begun; `damaged` is what was wrong with the files at the start. What a pass could not do is logged,
    and kept in the books until one can. Whatever part of a pass comes longer than `longest_gap` after the last one, or before
    it, raises ClockDoubted and does nothing.
    """

    engine: Engine
    rulebook: Callable[[], Rulebook]
    people: Callable[[], People]
    post: Post
    clock: Callable[[], datetime]
    mailbox: Mailbox | None = None
    refresh: Callable[[], object] = lambda: None
    stopping: Callable[[], bool] = lambda: False
    damaged: Sequence[Sentence] = ()
    said: Said = field(default_factory=Said)
    longest_gap: timedelta = LONGEST_GAP
    _of_the_clock: _SaidOfTheClock = field(default_factory=_SaidOfTheClock)

    def tick(self) -> Pass:
        """A whole pass."""
        swept, standing = self._swept()
        return Pass(swept, *self.mail(), standing.sentences)

    def sweep(self) -> SweepResult:
        """Tell what is due and not told, and take the steps that dates take. Raises EnvironmentFailed."""
        return self._swept()[0]

    def _swept(self) -> tuple[SweepResult, Standing]:
        with self._pass(Part.SWEEP) as found:
            now, standing = self._begun()
            self.refresh()
            rulebook, people = self.rulebook(), self.people()
            swept = sweep(self.engine, rulebook, people, now)
            carry_on(self.engine, now)
            clear_away(self.engine, now)
            left = left_behind(self.engine, rulebook, people)
            found[Part.SWEEP] = [*swept.problems, *left]
            found[Part.FILES] = [Trouble(str(each), each) for each in self.damaged]
        return swept, standing

    def mail(self) -> tuple[Reading, Delivery]:
        """Read what came back, then send what waits: also what there is to tell of what came back. Raises EnvironmentFailed."""
        with self._pass(Part.MAIL) as found:
            now, _ = self._begun()
            self.refresh()
            returned = NOTHING_READ
            if self.mailbox is not None:
                returned = read_mailbox(self.engine, self.rulebook(), self.people(), self.mailbox, now)
                log_problems(returned)
            sender = Sender(self.engine, self.rulebook(), self.people(), self.post, self.clock, self.stopping)
            with asyncio.Runner() as runner:
                delivery = runner.run(sender.deliver())
            found[Part.MAIL] = [*returned.troubles, *received.waiting(self.engine), *delivery.troubles]
        return returned, delivery

    def _begun(self) -> tuple[datetime, Standing]:
        """The instant of a part of a pass, put on record, and what is to be said of the clock. Raises ClockDoubted."""
        now = self.clock()
        standing = last_pass.begin(self.engine, now, self.longest_gap)
        self._of_the_clock.warn(standing, now)
        standing.check()
        return now, standing

    @contextmanager
    def _pass(self, part: Part) -> Iterator[dict[Part, Sequence[Trouble]]]:
        """Part of a pass, which puts into what it is given all that it could not do. Whatever ends it early is kept as well."""
        found: dict[Part, Sequence[Trouble]] = {}
        try:
            yield found
        except ClockDoubted:
            raise  # nothing is written by a clock that is not believed
        except Exception as raised:
            error = of_the_system(raised) if isinstance(raised, OSError) else raised
            failed = Trouble(WHOLE, replace(FAILED[part], values={"why": reason(error)}))
            self.said.add(part, failed, None if isinstance(error, TwinflowError) else error)
            with suppress(TwinflowError):  # the books may be what has failed
                keep_failed(self.engine, part, failed, self.clock())
            if error is raised:
                raise
            raise error from raised
        for each, troubles in found.items():
            self.said.keep(each, troubles)
        keep(self.engine, part, found, self.clock())
