"""A message that a mail server has accepted, on either database, and what has come of it since."""

from dataclasses import dataclass
from datetime import timedelta

from returned_mail import OFFICER, mail

from twinflow.domain.mail.delivery_reports import Report
from twinflow.domain.mail.message import MessageState, OutboxMessage, Settlement
from twinflow.domain.mail.return_path import return_tag
from twinflow.domain.people.viewer import OPERATOR
from twinflow.mail.reports import read_report
from twinflow.mail.returned import Mailbox
from twinflow.services.mail import outbox
from twinflow.services.mail.bounces import Outcome, take_report
from twinflow.services.mail.received import return_key
from twinflow.worker.returns import Reading, read_mailbox
from world import World


@dataclass
class Sent:
    """One of two liaison officers of an office is told of a step: the message goes to `OFFICER`."""

    world: World
    id: int

    @property
    def message(self) -> OutboxMessage:
        (found,) = [each for each in outbox.messages(self.world.engine, viewer=OPERATOR) if each.id == self.id]
        return found

    @property
    def token(self) -> str:
        return self.message.message_id

    @property
    def state(self) -> str:
        return self.message.state

    def everything(self) -> list[OutboxMessage]:
        return outbox.messages(self.world.engine, viewer=OPERATOR)

    @property
    def return_path(self) -> str:
        """The address that this message, and no other, has for its reports."""
        tag = return_tag(return_key(self.world.engine), self.id, self.token)
        return f"bounces+{tag}@city.example.net"

    def mail(self, name: str) -> bytes:
        """A message of the folder about this one, as it comes into a mailbox by the way of its return path."""
        return f"Delivered-To: {self.return_path}\n".encode() + mail(name, self.token)

    def take(self, report: Report | bytes) -> Outcome:
        """It came to the return path."""
        found = read_report(report, [self.return_path]) if isinstance(report, bytes) else report
        return take_report(self.world.engine, self.world.rulebook, self.world.people, found, self.world.now)

    def read(self, mailbox: Mailbox) -> Reading:
        return read_mailbox(self.world.engine, self.world.rulebook, self.world.people, mailbox, self.world.now)

    def attempt(self, state: MessageState | None, *, doubtful: bool = False) -> None:
        """Try to send it: what comes of the attempt, None while it goes on."""
        claimed = outbox.claim_batch(self.world.engine, self.world.rulebook, self.world.people, self.world.now, 100)
        (mine,) = [each for each in claimed if each.id == self.id]
        if state is not None:
            again = self.world.now + timedelta(minutes=1) if state is MessageState.RETRYING else None
            done = Settlement(mine, state, sent_to=OFFICER, doubtful=doubtful, next_attempt_at=again)
            outbox.settle(self.world.engine, [done], self.world.now)
