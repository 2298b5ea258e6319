"""A restored or copied backup sends nothing until a person has confirmed it: what waits may have been sent already."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from twinflow.domain.mail.message import RESTORED
from twinflow.domain.mail.restored_backup import Standing, counted, standing
from twinflow.errors import EnvironmentFailed, Refused, Unreadable
from twinflow.sentences import Sentence
from twinflow.storage import state_file as beside
from twinflow.storage.restored_backup import Count, Waiting
from twinflow.storage.unit_of_work import UnitOfWork

HELD = {
    Standing.UNKNOWN: Sentence(
        "No mail is sent: mail of this database has been sent before, and not by this machine. "
        "It may be a restored backup or a copy."
    ),
    Standing.REWOUND: Sentence(
        "No mail is sent: this machine has sent mail that the database does not know of. It is a restored backup."
    ),
}


def may_send(engine: Engine, state_file: Path | None, now: datetime) -> Sentence | None:
    """Asked before messages are claimed: None to go ahead, else why nothing may be sent. `now` is in UTC.

    Where something is due, the pass is counted: in the database first, then in the file, before anything is sent; and once
    more when nothing is on its way any longer. A crash between the two leaves the file behind, which holds nothing back.
    Without a `state_file` mail is captured: nothing is held and nothing counted. Raises EnvironmentFailed if the database
    does not answer.
    """
    if state_file is None:
        return None
    try:
        with beside.locked(state_file):
            return _count_on(engine, state_file, now)
    except (OSError, Unreadable) as error:
        return _unusable(state_file, error)


def _count_on(engine: Engine, state_file: Path, now: datetime) -> Sentence | None:
    seen = beside.read(state_file)
    with UnitOfWork(engine) as work:
        present = work.restored_backup.current(held=True)
        found = _standing(present, seen)
        if found.is_held:
            return HELD[found]
        due, leased = work.restored_backup.has_due(now), work.restored_backup.has_leased()
        passes = counted(present.passes, due=due, leased=leased)
        if passes == present.passes:
            return None
        if found is Standing.NEW:  # before it counts: else a crash here would make it a database not known
            seen = {**seen, present.database: 0}
            beside.write(state_file, seen)
        work.restored_backup.count(passes)
        work.commit()
    beside.write(state_file, {**seen, present.database: passes})
    return None


def held(engine: Engine, state_file: Path | None) -> Sentence | None:
    """Why no mail leaves from here, None if it does. Only looks. Raises EnvironmentFailed if the database does not answer."""
    if state_file is None:
        return None
    try:
        seen = beside.read(state_file)  # first: the database never counts less than a file that was written after it
    except (OSError, Unreadable) as error:
        return _unusable(state_file, error)
    with UnitOfWork(engine, reading=True) as work:
        return HELD.get(_standing(work.restored_backup.current(), seen))


def waiting(engine: Engine) -> list[Waiting]:
    """What waits to be sent, by person."""
    with UnitOfWork(engine, reading=True) as work:
        return work.restored_backup.waiting()


def confirm(engine: Engine, state_file: Path, *, cancel: bool, now: datetime) -> int:
    """Mail may leave again: of what waits, all or, with `cancel`, nothing; how many messages that is.

    A database that was set back is from here on another one, so that neither the one it was taken from nor later backups
    of that pass for it. Raises Refused where nothing is held, EnvironmentFailed where the file cannot be used.
    """
    try:
        with beside.locked(state_file):
            seen = beside.read(state_file)
            with UnitOfWork(engine) as work:
                present = work.restored_backup.current(held=True)
                found = _standing(present, seen)
                if not found.is_held:
                    raise Refused("Nothing is held back: mail of this database leaves from here.")
                name = work.restored_backup.begin_anew() if found is Standing.REWOUND else present.database
                messages = sum(each.messages for each in work.restored_backup.waiting())
                if cancel:
                    work.restored_backup.cancel_waiting(RESTORED, now)
                passes = counted(present.passes, due=True, leased=False)
                work.restored_backup.count(passes)
                work.commit()
            beside.write(state_file, {**seen, name: passes})
    except (OSError, Unreadable) as error:
        raise EnvironmentFailed("{problem}", problem=_unusable(state_file, error)) from error
    return messages


def _standing(count: Count, seen: Mapping[str, int]) -> Standing:
    return standing(count.database, count.passes, seen)


def _unusable(state_file: Path, error: OSError | Unreadable) -> Sentence:
    why = error.message if isinstance(error, Unreadable) else error.strerror or str(error)
    return Sentence(
        "No mail is sent: the file {file}, by which a restored backup is noticed, cannot be used: {why}. "
        "Put it right, or move it away and confirm with “twinflow outbox confirm”.",
        {"file": str(state_file), "why": why},
    )
