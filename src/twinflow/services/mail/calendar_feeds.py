"""The private calendar feed of a person: made, listed, revoked, and read by whoever has its address."""

import hashlib
import logging
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Deadline
from twinflow.domain.alerts.recipients import NOBODYS
from twinflow.domain.calendar.dates import add_months
from twinflow.domain.mail.calendar_events import CalendarEvent, DatedAgreement, deadline_event, is_told, who_and_what
from twinflow.domain.people.people import People, Person
from twinflow.domain.people.viewer import Door, Viewer, viewer_of
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.errors import NotFound, Refused, UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.alerts.telling import hands_of
from twinflow.storage.failures import about
from twinflow.storage.feeds import Feed
from twinflow.storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

KEPT_MONTHS = 12
"""How long a feed keeps a date that is closed."""

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed that was just made: its token is known now and never again."""

    id: int
    token: str


def create(engine: Engine, people: People, person: str, now: datetime) -> NewFeed:
    """A feed more for the person; those of other devices go on. Raises NotFound."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with UnitOfWork(engine) as work:
        feed_id = work.feeds.add(people.person(person).key, _hash(token), now)
        work.commit()
    return NewFeed(feed_id, token)


def feeds(engine: Engine) -> list[Feed]:
    """Every feed there was, oldest first."""
    with UnitOfWork(engine, reading=True) as work:
        return work.feeds.all()


def revoke(engine: Engine, feed_id: int, now: datetime) -> tuple[Feed, bool]:
    """End a feed. The feed as it is now, and False if it was revoked before. Raises NotFound."""
    with UnitOfWork(engine) as work:
        if work.feeds.get(feed_id) is None:
            raise NotFound("There is no calendar feed {id}; see “twinflow feeds list”.", id=feed_id)
        done = work.feeds.revoke(feed_id, now)
        feed = work.feeds.get(feed_id)
        work.commit()
    assert feed is not None
    return feed, done


def reader(engine: Engine, people: People, token: str) -> Person:
    """Whose calendar it is. Raises NotFound for a token that never was, Refused for one that is none any more."""
    with UnitOfWork(engine, reading=True) as work:
        feed = work.feeds.by_hash(_hash(token))
    if feed is None:
        raise NotFound("There is no calendar at this address.")
    if feed.revoked_at is not None:
        raise Refused(
            "This calendar address was revoked on {day}. Remove it from your calendar, and ask for a new one if you need it.",
            day=feed.revoked_at.date(),
        )
    person = people.people.get(feed.person)
    if person is None:
        raise Refused("This calendar address belonged to somebody who is no longer among the people of this service.")
    return person


def dates_of(engine: Engine, rulebook: Rulebook, people: People, person: Person, now: datetime) -> list[CalendarEvent]:
    """The deadlines that the person is told of by a role held today: open ones, and those closed within a year."""
    offices = _offices(people, person, now)
    if not offices:
        return []
    with UnitOfWork(engine, reading=True) as work:
        agreements = work.feeds.dates(_as_who_reads(people, person, now), offices, add_months(now.date(), -KEPT_MONTHS))
        hands = hands_of(work, agreements)
    desk = _Desk(rulebook, people, now)
    found: list[CalendarEvent] = []
    for row, agreement in agreements.items():
        with _left_out(agreement):
            found += desk.told_to(person, agreement, hands.get(row, NOBODYS))
    return found


def events_of(
    work: UnitOfWork, rulebook: Rulebook, people: People, deadlines: Collection[tuple[int, str, int]], now: datetime
) -> dict[tuple[int, str, int], CalendarEvent]:
    """The events of deadlines (agreement's row, rule, occurrence), the same as in feeds; those that have no date are left out."""
    desk = _Desk(rulebook, people, now)
    found: dict[tuple[int, str, int], CalendarEvent] = {}
    for row, agreement in work.feeds.dates_of({row for row, _, _ in deadlines}).items():
        for deadline in agreement.deadlines:
            with _left_out(agreement):
                event = desk.event(agreement, deadline) if (row, *deadline.key) in deadlines else None
                if event is not None:
                    found[row, *deadline.key] = event
    return found


@contextmanager
def _left_out(agreement: DatedAgreement) -> Iterator[None]:
    """An agreement that cannot be read does not keep the dates of the others from anybody."""
    try:
        with about(agreement.head.reference):
            yield
    except UnreadableAgreement as error:
        log.warning("%s", error)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _offices(people: People, person: Person, now: datetime) -> set[str]:
    """The offices whose agreements the person, or somebody absent for whom they stand in, can hold a role for."""
    found = set()
    for home in people.offices:
        today = people.today(home, now)
        theirs = [
            held.office
            for one in people.people.values()
            if one.key == person.key or people.stand_in(one.key, today) == person.key
            for held in one.assignments
            if held.holds_on(today)
        ]
        if any(office in people.offices_of(people.offices[office].kind, home) for office in theirs):
            found.add(home)
    return found


def _as_who_reads(people: People, person: Person, now: datetime) -> Viewer:
    """The person with the roles held today, and with those of whom they stand in for, as their mail comes here meanwhile."""
    stood_in_for = (
        one.key
        for one in people.people.values()
        if any(people.stand_in(one.key, people.today(each.office, now)) == person.key for each in one.assignments)
    )
    held = (viewer_of(people, key, now, Door.LINK).held for key in {person.key, *stood_in_for})
    return Viewer(person.key, Door.LINK, frozenset().union(*held))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all deadlines of a rule have in common at an office. `today` is the date where the late office is."""

    today: date
    doing: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Makes events by the thousand: what depends on the rule and the office alone is found once."""

    rulebook: Rulebook
    people: People
    now: datetime
    shared: dict[tuple[str, str, str], _Shared] = field(default_factory=dict)
    told: dict[tuple[object, ...], bool] = field(default_factory=dict)

    def told_to(self, person: Person, agreement: DatedAgreement, hands: Mapping[str, str]) -> Iterator[CalendarEvent]:
        for deadline in agreement.deadlines:
            event = self.event(agreement, deadline)
            if event is not None and self._is_told(person, agreement, deadline, hands):
                yield event

    def event(self, agreement: DatedAgreement, deadline: Deadline) -> CalendarEvent | None:
        """None too where the only process file that had the deadline is gone."""
        definition, office = self._definition(agreement, deadline), agreement.head.office
        if deadline.rule not in definition.deadlines:
            return None
        key = (definition.digest, deadline.rule, office)
        if key not in self.shared:
            self.shared[key] = self._of_rule(definition, definition.deadlines[deadline.rule], office)
        shared = self.shared[key]
        return deadline_event(agreement, deadline, definition, today=shared.today, doing=shared.doing)

    def _definition(self, agreement: DatedAgreement, deadline: Deadline) -> ProcessDefinition:
        return self.rulebook.definition_then(agreement.head, agreement.migrations, deadline)

    def _of_rule(self, definition: ProcessDefinition, rule: DeadlineRule, office: str) -> _Shared:
        today = deadline_context(self.rulebook, self.people, definition, office, self.now).today_of(rule)
        return _Shared(today, who_and_what(self.rulebook, definition, rule))

    def _is_told(self, person: Person, agreement: DatedAgreement, deadline: Deadline, hands: Mapping[str, str]) -> bool:
        definition, office = self._definition(agreement, deadline), agreement.head.office
        key = (person.key, definition.digest, deadline.rule, office, frozenset(hands.items()))
        if key not in self.told:
            rule, today = definition.deadlines[deadline.rule], self.people.today(office, self.now)
            self.told[key] = is_told(self.people, person, definition, rule, office, today, hands)
        return self.told[key]
