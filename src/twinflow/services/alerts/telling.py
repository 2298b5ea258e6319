"""Telling: the one place where alerts are written, with their entries of the history and the messages that carry them."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import Alerted, noted
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.alerts.alerts import about_moved
from twinflow.domain.alerts.recipients import NOBODYS, Audience, Recipient, audience_of
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.people.duties import in_hand
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import CLOCK
from twinflow.domain.rulebook import Rulebook
from twinflow.storage.alerts import NewAlert
from twinflow.storage.calendar_recount import OpenDeadline
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Reached:
    """Who was told now, and which of the roles nobody holds. `nobody`: no role is held at all, so nobody knows of it."""

    told: tuple[str, ...]
    vacant: tuple[str, ...]
    nobody: bool


def tell(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    agreement: Agreement,
    telling: Telling,
    now: datetime,
) -> Reached:
    """Tell everybody who is to be told and was not."""
    already = work.alerts.told(agreement_id, telling.subject, telling.occurrence)
    definition, today = rulebook.definition_of(agreement), people.today(agreement.office, now)
    hands = in_hand(agreement.history)
    audience = audience_of(people, definition, agreement.office, telling, today, already.people, hands)
    return write(work, rulebook, people, agreement_id, telling, audience, now)


def write(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    telling: Telling,
    audience: Audience,
    now: datetime,
) -> Reached:
    """Write what an audience that has been decided on is told of an agreement."""
    writing = _Writing(
        lambda alert: work.alerts.add(alert, [(agreement_id, telling.occurrence)]),
        lambda entry: work.history.add(agreement_id, entry),
    )
    return _write(work, rulebook, people, telling, audience, now, writing)


def tell_moved(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    agreement: Agreement,
    before: Deadline,
    cause: str,
    now: datetime,
) -> Reached | None:
    """Tell who is late and the liaison that a date has moved; None if it has not.

    `cause` is unique for the deadline (a change, an edition); the entry of the history that has it says from where to where.
    """
    after = next((deadline for deadline in agreement.deadlines if deadline.key == before.key), None)
    if after is None or after.due_on == before.due_on or not after.is_open:
        return None
    rule = rulebook.definition_of(agreement).deadlines[before.rule]
    telling = about_moved(rule, before.occurrence, cause, people.today(agreement.office, now))
    return tell(work, rulebook, people, agreement_id, agreement, telling, now)


def tell_all_moved(
    work: UnitOfWork, rulebook: Rulebook, people: People, moved: Sequence[OpenDeadline], cause: str, now: datetime
) -> frozenset[str]:
    """The same of many deadlines of one rule, process and office, which have moved by a `cause` that is new; who was told."""
    hands = hands_of(work, {row.agreement_id for row in moved})
    alike = defaultdict[frozenset[tuple[str, str]], list[OpenDeadline]](list)
    for row in moved:
        alike[frozenset(hands.get(row.agreement_id, NOBODYS).items())].append(row)
    told = (_tell_moved_alike(work, rulebook, people, rows, dict(by), cause, now) for by, rows in alike.items())
    return frozenset().union(*(reached.told for reached in told))


def _tell_moved_alike(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    moved: Sequence[OpenDeadline],
    hands: Mapping[str, str],
    cause: str,
    now: datetime,
) -> Reached:
    """Of those of which the same people have the duties in hand."""
    row = moved[0]
    definition = rulebook.pinned(row.process, row.process_version, row.process_digest)
    today = people.today(row.office, now)
    telling = about_moved(definition.deadlines[row.rule], row.occurrence, cause, today)
    audience = audience_of(people, definition, row.office, telling, today, (), hands)
    ids = [row.id for row in moved]
    writing = _Writing(
        lambda alert: work.alerts.add_about(alert, ids), lambda entry: work.history.add_about(entry, ids)
    )
    return _write(work, rulebook, people, telling, audience, now, writing)


def hands_of(work: UnitOfWork, agreements: Collection[int]) -> dict[int, Mapping[str, str]]:
    """Who has the duties of these agreements in hand, by role; without those in which nobody ever had one."""
    ids = work.duties.ever_taken(agreements)
    loaded = zip(ids, work.agreements.load(ids) if ids else (), strict=True)
    return {number: in_hand(each.history) for number, each in loaded if isinstance(each, Agreement)}


@dataclass(frozen=True, slots=True)
class _Writing:
    """Where alerts and entries go: to one agreement, or to those of many deadlines by one statement."""

    alert: Callable[[NewAlert], None]
    entry: Callable[[HistoryEntry], None]


def _write(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    telling: Telling,
    audience: Audience,
    now: datetime,
    writing: _Writing,
) -> Reached:
    """One alert and one entry for each reader. Where nobody holds a role, the history says so of what is told only once."""
    for reader in audience.recipients:
        writing.alert(
            NewAlert(
                outbox_id=_message(work, rulebook, people, reader.person, telling, now),
                notice=telling.notice,
                subject=telling.subject,
                level=telling.level,
                recipient=reader.person,
                stands_for=reader.stands_for,
                role=reader.role,
                effective_on=telling.effective_on,
                recorded_at=now,
                details=telling.details,
            )
        )
        writing.entry(_entry(telling, now, reader))
    if not telling.waits:
        for role in audience.vacant:
            writing.entry(_entry(telling, now, Recipient("", role), vacant=True))
    return Reached(tuple(reader.person for reader in audience.recipients), audience.vacant, audience.nobody)


def _message(work: UnitOfWork, rulebook: Rulebook, people: People, person: str, telling: Telling, now: datetime) -> int:
    """A message of its own for what is urgent, else the digest of the reader's next morning."""
    if telling.urgent:
        return work.outbox.add_message(person, uuid.uuid4().hex, now)
    opened = work.outbox.opened_digest(person)
    if opened is not None:
        return opened
    hours = rulebook.hours_at(people.office_of(people.person(person), now))
    return work.outbox.open_digest(person, uuid.uuid4().hex, now, hours)


def _entry(telling: Telling, now: datetime, reader: Recipient, *, vacant: bool = False) -> HistoryEntry:
    said = Alerted(
        telling.notice,
        telling.subject,
        telling.level,
        reader.role,
        reader.person,
        reader.stands_for,
        vacant=vacant,
        more=telling.details,
    )
    return noted(said, CLOCK, telling.effective_on, now)
