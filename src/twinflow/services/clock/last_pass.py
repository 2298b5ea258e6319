"""A pass believes the machine's clock only from where the last one was; a person confirms a clock that has jumped."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain.calendar.business_days import ONE_DAY
from twinflow.domain.clock.last_pass import TOLERANCE, Doubt, LastPass, Standing, doubt_of, may_confirm
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.mail.planned_anew import Planned, planned_anew
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import CLOCK_VIEWER
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import Refused
from twinflow.storage.clock import Confirmation
from twinflow.storage.unit_of_work import UnitOfWork

NAMED = 5
"""How many agreements with entries of days to come are named."""


def begin(engine: Engine, now: datetime, longest_gap: timedelta) -> Standing:
    """Put a pass at the instant `now` (UTC) on record before it does anything; what is to be said of the clock.

    Where a person has to confirm the clock first nothing is written. Of a pass that is killed its instant stays, as what it has
    done stays.
    """
    with UnitOfWork(engine) as work:
        standing = _standing(work, now, longest_gap, held=True)
        if standing.doubt is None:
            work.clock.begin(now)
            work.commit()
    return standing


def look(engine: Engine, now: datetime, longest_gap: timedelta) -> Standing:
    """What a pass would find at the instant `now` (UTC). Only looks."""
    with UnitOfWork(engine, reading=True) as work:
        return _standing(work, now, longest_gap)


def confirm(
    engine: Engine, rulebook: Rulebook, people: People, *, person: str, now: datetime, longest_gap: timedelta
) -> Doubt:
    """A person says that it is `now` (UTC): passes go on from there. What was doubted.

    Where the clock went back, or may have, what the passes ahead of it have planned is planned anew, the next sweep derives
    every date, and what is still to be sent of days to come is told on its day. What has left and which steps were taken stays.
    Raises NotFound, or Refused.
    """
    who = people.person(person)
    if not may_confirm(people, who, now):
        raise Refused("{person} cannot confirm the clock: that is for a liaison officer.", person=who.name)
    with UnitOfWork(engine) as work:
        doubt = _standing(work, now, longest_gap, held=True).doubt
        if doubt is None:
            raise Refused("There is nothing to confirm: the clock is believed.")
        work.clock.confirm(Confirmation(person, now, doubt.last.at or now))
        if doubt.went_back:
            work.agreements.keep(work.agreements.all_ids(CLOCK_VIEWER))
            work.deadlines.look_at_all()
            _plan_mail_anew(work, rulebook, people, now)
        work.commit()
    return doubt


def confirmations(engine: Engine) -> list[Confirmation]:
    """Who has confirmed the clock, oldest first."""
    with UnitOfWork(engine, reading=True) as work:
        return work.clock.confirmations()


def is_demonstration(engine: Engine) -> bool:
    """Whether any clock is believed over these books."""
    with UnitOfWork(engine, reading=True) as work:
        return work.clock.is_demonstration()


def mark_demonstration(engine: Engine) -> None:
    """These books are a demonstration's: whoever shows it plays with the clock."""
    with UnitOfWork(engine) as work:
        work.clock.mark_demonstration()
        work.commit()


def _standing(work: UnitOfWork, now: datetime, longest_gap: timedelta, *, held: bool = False) -> Standing:
    later = work.history.later_than(now + TOLERANCE, NAMED)
    last = _last_pass(work, held=held)
    doubt = None if work.clock.is_demonstration() else doubt_of(last, now, longest_gap)
    return Standing(doubt, later)


def _last_pass(work: UnitOfWork, *, held: bool) -> LastPass | None:
    """The last pass; of books in which no pass is kept, the newest entry: it cannot have been later."""
    last = work.clock.last_pass(held=held)
    if last is not None:
        return last
    newest = work.history.newest_at()
    return LastPass(newest, kept=False) if newest is not None else None


def _plan_mail_anew(work: UnitOfWork, rulebook: Rulebook, people: People, now: datetime) -> None:
    work.outbox.hold_digests()
    work.alerts.release_to_come(latest_day(now))
    work.outbox.drop_empty(now)
    by_reader: dict[str, list[Planned]] = defaultdict(list)
    for each in work.outbox.planned_beyond(now, (now - 2 * ONE_DAY).date()):  # a morning that is over everywhere
        by_reader[each.recipient].append(each)
    for reader, messages in by_reader.items():
        person = people.people.get(reader)
        hours = rulebook.hours_at(people.office_of(person, now)) if person is not None else None
        work.outbox.plan(list(planned_anew(messages, hours, now)))
