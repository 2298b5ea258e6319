"""Mail that comes in: a report that is proven changes what it reports, the rest is kept whole until a person has looked at it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.mail.delivery_reports import Report, ReportKind
from twinflow.domain.mail.received import Received, ReceivedKind
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound, Refused
from twinflow.sentences import Sentence
from twinflow.services.agreements.acting import as_viewer
from twinflow.services.mail.bounces import Outcome, named, proven, take_report
from twinflow.storage.unit_of_work import UnitOfWork

MOST_SAID = 50
"""Of so many the agreements say it; the list has all."""

WHAT = {
    ReceivedKind.ANSWER: Sentence("answer of a person"),
    ReceivedKind.UNPROVEN: Sentence("report that nothing proves"),
    ReceivedKind.OTHER: Sentence("not understood"),
}


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """A message that came in, with the agreements of the message that it says it is about."""

    message: Received
    agreements: tuple[str, ...]

    @property
    def what(self) -> Sentence:
        return WHAT[self.message.kind]

    @property
    def about(self) -> Sentence:
        """What it is about, in words."""
        if self.message.about is None:
            return Sentence("–")
        values = {"id": self.message.about, "agreements": ", ".join(self.agreements) or "–"}
        return Sentence("message {id} ({agreements})", values)


def take_mail(
    engine: Engine, rulebook: Rulebook, people: People, report: Report, content: bytes, now: datetime, *, whole: bool
) -> Outcome:
    """Do what a report says, or keep the message. `whole`: `content` is all of it. Raises EnvironmentFailed."""
    outcome = take_report(engine, rulebook, people, report, now)
    kind = _kind(report, outcome)
    if kind is not None:
        with UnitOfWork(engine) as work:
            message = proven(work, report)
            about = message.id if message else named(work, report)
            new = Received(0, kind, now, report.sender, report.subject, about, whole, None, "")
            work.received.keep(new, content)
            work.commit()
    return outcome


def keep_not_understood(engine: Engine, report: Report, content: bytes, now: datetime, *, whole: bool) -> None:
    """Keep a message with which nothing else can be done. Raises EnvironmentFailed."""
    with UnitOfWork(engine) as work:
        new = Received(0, ReceivedKind.OTHER, now, report.sender, report.subject, None, whole, None, "")
        work.received.keep(new, content)
        work.commit()


def _kind(report: Report, outcome: Outcome) -> ReceivedKind | None:
    """As what it is kept; None where nobody has to look at it."""
    if outcome is Outcome.UNPROVEN:
        return ReceivedKind.UNPROVEN
    return {ReportKind.ANSWER: ReceivedKind.ANSWER, ReportKind.OTHER: ReceivedKind.OTHER}.get(report.kind)


def return_key(engine: Engine) -> str:
    """The secret by which return paths are known."""
    with UnitOfWork(engine, reading=True) as work:
        return work.received.return_key()


def received_messages(engine: Engine, *, viewer: Viewer) -> list[ReceivedLine]:
    """All that came in and was kept, the newest first, without what is about an agreement that the viewer does not see."""
    with UnitOfWork(engine, reading=True) as work:
        lines = [_line(work, each) for each in work.received.all()]
        return [line for line in lines if _is_seen(work, viewer, line)]


def received_message(engine: Engine, received_id: int, *, viewer: Viewer) -> tuple[ReceivedLine, bytes]:
    """One of them, and its bytes. Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        line = _line(work, work.received.one(received_id))
        if not _is_seen(work, viewer, line):
            raise NotFound("There is no received message {id}.", id=received_id)
        return line, work.received.content(received_id)


def settle(engine: Engine, people: People, received_id: int, *, by: str, now: datetime) -> None:
    """Somebody has looked at it; it stays kept. Raises NotFound, and Refused where somebody has before."""
    person = people.person(by)
    with UnitOfWork(engine) as work:
        found = work.received.one(received_id)
        if not _is_seen(work, as_viewer(people, person, now), _line(work, found)):
            raise NotFound("There is no received message {id}.", id=received_id)
        if not work.received.settle(received_id, person.key, now):
            raise Refused("{person} has settled message {id} before.", person=found.settled_by, id=received_id)
        work.commit()


def waiting(engine: Engine) -> list[Trouble]:
    """What is to be said while some wait for a person: of each agreement what came in about it, and how many there are."""
    with UnitOfWork(engine, reading=True) as work:
        lines = [_line(work, each) for each in work.received.all(waiting=True)]
    said = Sentence(
        "Mail that came in waits for a person: {count}; see “twinflow bounces list”.", {"count": len(lines)}
    )
    own = [_about(line, reference) for line in lines[:MOST_SAID] for reference in line.agreements]
    return [Trouble("received", said), *own] if lines else []


def _about(line: ReceivedLine, reference: str) -> Trouble:
    values = {"what": line.what, "sender": line.message.sender, "subject": line.message.subject, "id": line.message.id}
    said = Sentence("Came in: {what} from {sender}: “{subject}”; see “twinflow bounces show {id}”.", values)
    return Trouble(f"received/{line.message.id}/{reference}", said, reference)


def _is_seen(work: UnitOfWork, viewer: Viewer, line: ReceivedLine) -> bool:
    return all(work.agreements.sees(viewer, reference) for reference in line.agreements)


def _line(work: UnitOfWork, message: Received) -> ReceivedLine:
    told = work.alerts.agreements_of(message.about) if message.about is not None else []
    heads = work.agreements.heads([agreement_id for agreement_id, _ in told])
    return ReceivedLine(message, tuple(sorted({head.reference for head in heads})))
