"""Change offices and people, with an entry of what stands otherwise since; or see what a change would do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.people.acts import reasons_against
from twinflow.domain.people.changes import Line, PeopleEntry, lines_between
from twinflow.domain.people.delegations import with_delegations_ended
from twinflow.domain.people.mistakes import mistakes_among
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, Refused
from twinflow.sentences import Problem
from twinflow.storage.unit_of_work import UnitOfWork

Change = Callable[[People], People]
"""Offices and people as they are to be, from those that are there. Raises what stands in the way."""


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """An entry with the instant (UTC) at which it was recorded."""

    entry: PeopleEntry
    recorded_at: datetime


def change_people(
    engine: Engine, rulebook: Rulebook, change: Change, *, by: str, reason: str, now: datetime, person: str = ""
) -> PeopleEntry | None:
    """The entry of the change; None where it changes nothing.

    `by` says who does it, `person` is their key where they act as one of the people, `now` is the instant (UTC). Raises
    BadInput with everything that the change makes wrong, Refused with every reason for which they may not make it, and
    StaleAgreement where somebody else changed people meanwhile.
    """
    with UnitOfWork(engine) as work:
        entry = change_in(work, rulebook, change, by=by, reason=reason, now=now, person=person)
        if entry is not None:
            work.commit()
    return entry


def change_in(
    work: UnitOfWork, rulebook: Rulebook, change: Change, *, by: str, reason: str, now: datetime, person: str = ""
) -> PeopleEntry | None:
    """The same within a transaction."""
    before = work.people.all()
    after = with_delegations_ended(before, change(before))
    lines = _lines(rulebook, before, after, person, now)
    if not lines:
        return None
    entry = PeopleEntry(before.entries + 1, by, reason, lines)
    work.people.write(before, after)
    work.people.add_entry(entry, now)
    for each in after.people.values():
        if each.disabled and not before.is_disabled(each.key):
            work.accounts.end_sessions(each.key, now)
    return entry


def rehearse(
    engine: Engine, rulebook: Rulebook, change: Change, *, now: datetime, person: str = ""
) -> tuple[Line, ...]:
    """What the change would do; writes nothing. Raises as `change_people`."""
    with UnitOfWork(engine, reading=True) as work:
        before = work.people.all()
        return _lines(rulebook, before, with_delegations_ended(before, change(before)), person, now)


def history(engine: Engine) -> list[RecordedEntry]:
    """What was changed about offices and people, the oldest first."""
    with UnitOfWork(engine, reading=True) as work:
        return [RecordedEntry(entry, at) for entry, at in work.people.history()]


def _lines(rulebook: Rulebook, before: People, after: People, person: str, now: datetime) -> tuple[Line, ...]:
    """Raises BadInput for what is wrong after and was not before: what files or books of before left wrong bars nothing else.

    Raises Refused for what the person may not do.
    """
    wrong = _mistakes(rulebook, before)
    problems = tuple(each for each in _mistakes(rulebook, after) if each not in wrong)
    if problems:
        raise BadInput("The change cannot be made; nothing was done.", problems)
    lines = lines_between(before, after)
    acting = before.person(person).key if person else ""
    reasons = tuple(reasons_against(before, after, lines, acting, now.date()))
    if reasons:
        raise Refused("The change cannot be made; nothing was done.", reasons)
    return lines


def _mistakes(rulebook: Rulebook, people: People) -> tuple[Problem, ...]:
    among = mistakes_among(people)
    return (*among, *rulebook.mistakes_of(people))
