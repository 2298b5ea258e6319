"""What could not be done and is still open: kept by every pass, shown by every page and command, wherever the pass was made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.alerts.incident import Incident, Part, Trouble
from twinflow.domain.mail.message import INCIDENTS, MessageState, OutboxMessage
from twinflow.domain.people.viewer import Viewer
from twinflow.storage.unit_of_work import UnitOfWork

WHOLE = "whole"
"""The key of the incident that a part of a pass has failed as a whole."""


@dataclass(frozen=True, slots=True)
class OpenIncidents:
    """What passes could not do, the oldest first; by reason, messages that were not delivered and that wait for another try."""

    kept: tuple[Incident, ...]
    undelivered: tuple[tuple[OutboxMessage, ...], ...]
    retrying: tuple[tuple[OutboxMessage, ...], ...]


def keep(engine: Engine, part: Part, found: Mapping[Part, Sequence[Trouble]], now: datetime) -> None:
    """A pass has ended, and this is all that it has found."""
    with UnitOfWork(engine) as work:
        work.incidents.end_pass(part, now, failed=False)
        for each, troubles in found.items():
            work.incidents.keep(each, troubles, now)
        work.commit()


def keep_failed(engine: Engine, part: Part, failed: Trouble, now: datetime) -> None:
    """A pass has failed as a whole: what was open before stays open."""
    with UnitOfWork(engine) as work:
        work.incidents.end_pass(part, now, failed=True)
        work.incidents.add(part, failed, now)
        work.commit()


def open_incidents(engine: Engine, *, viewer: Viewer) -> OpenIncidents:
    """Without those about an agreement that the viewer does not see; messages are shown to whom they go, not what they tell."""
    with UnitOfWork(engine, reading=True) as work:
        kept = work.incidents.all(viewer)
        lost, waiting = work.outbox.messages(INCIDENTS), work.outbox.messages([MessageState.RETRYING])
    return OpenIncidents(tuple(kept), _by_reason(lost), _by_reason(waiting))


def of_agreement(engine: Engine, reference: str, *, viewer: Viewer) -> list[Incident]:
    """Those about an agreement; none of one that the viewer does not see."""
    with UnitOfWork(engine, reading=True) as work:
        return work.incidents.of(reference) if work.agreements.sees(viewer, reference) else []


def count(engine: Engine, *, viewer: Viewer) -> int:
    """How many the viewer sees open; messages that wait for another try for the same reason are one."""
    with UnitOfWork(engine, reading=True) as work:
        return work.incidents.count(viewer)


def _by_reason(messages: Iterable[OutboxMessage]) -> tuple[tuple[OutboxMessage, ...], ...]:
    found: dict[str, list[OutboxMessage]] = {}
    for message in messages:
        found.setdefault(str(message.error), []).append(message)
    return tuple(map(tuple, found.values()))
