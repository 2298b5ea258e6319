"""Change offices and people, with an entry of what stands otherwise since; or see what a change would do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.people.changes import Line, PeopleEntry, lines_between
from twinflow.domain.people.mistakes import last_administrator, mistakes_among
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
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
    engine: Engine, rulebook: Rulebook, change: Change, *, by: str, reason: str, now: datetime
) -> PeopleEntry | None:
    """The entry of the change; None where it changes nothing.

    `by` says who does it, `now` is the instant (UTC). Raises BadInput with everything that the change makes wrong, and
    StaleAgreement where somebody else changed people meanwhile.
    """
    with UnitOfWork(engine) as work:
        before = work.people.all()
        after = change(before)
        lines = _lines(rulebook, before, after)
        if not lines:
            return None
        entry = PeopleEntry(before.entries + 1, by, reason, lines)
        work.people.write(before, after)
        work.people.add_entry(entry, now)
        for person in after.people.values():
            if person.disabled and not before.is_disabled(person.key):
                work.accounts.end_sessions(person.key, now)
        work.commit()
    return entry


def rehearse(engine: Engine, rulebook: Rulebook, change: Change) -> tuple[Line, ...]:
    """What the change would do; writes nothing. Raises as `change_people`."""
    with UnitOfWork(engine, reading=True) as work:
        before = work.people.all()
        return _lines(rulebook, before, change(before))


def history(engine: Engine) -> list[RecordedEntry]:
    """What was changed about offices and people, the oldest first."""
    with UnitOfWork(engine, reading=True) as work:
        return [RecordedEntry(entry, at) for entry, at in work.people.history()]


def _lines(rulebook: Rulebook, before: People, after: People) -> tuple[Line, ...]:
    """Raises BadInput for what is wrong after and was not before: what files or books of before left wrong bars nothing else."""
    wrong = _mistakes(rulebook, before)
    problems = tuple(each for each in _mistakes(rulebook, after) if each not in wrong) + last_administrator(
        before, after
    )
    if problems:
        raise BadInput("The change cannot be made; nothing was done.", problems)
    return lines_between(before, after)


def _mistakes(rulebook: Rulebook, people: People) -> tuple[Problem, ...]:
    among = mistakes_among(people)
    return (*among, *rulebook.mistakes_of(people))
