"""A plain copy of an SQLite file that was in use, without the “-wal” beside it: marked while in use, known by the mark."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from twinflow.domain.clock.last_pass import instant_in_words
from twinflow.errors import EnvironmentFailed
from twinflow.sentences import Sentence
from twinflow.storage.live_file import beside, file_of, has_log, held, is_held, write_through
from twinflow.storage.unit_of_work import UnitOfWork


@contextmanager
def in_use(engine: Engine, now: datetime) -> Iterator[None]:
    """Mark the file of the database while this process has it in use; none where nothing can be written, or there is no file."""
    file = file_of(engine)
    with ExitStack() as kept:
        if file is not None:
            token = uuid.uuid4().hex
            with suppress(OSError, EnvironmentFailed):
                kept.enter_context(held(beside(file, token)))
                kept.callback(_unmark, engine, file, token)
                _mark(engine, token, now)
        yield


def _mark(engine: Engine, token: str, now: datetime) -> None:
    """In the file itself; then written once more, so that from here on the “-wal” is never empty."""
    with UnitOfWork(engine) as work:
        work.use_marks.add(token, now)
        work.commit()
    write_through(engine)
    with UnitOfWork(engine) as work:
        work.use_marks.remove([token])
        work.use_marks.add(token, now)
        work.commit()


def _unmark(engine: Engine, file: Path, token: str) -> None:
    """Where it cannot be done, it is as after a crash."""
    with suppress(OSError, EnvironmentFailed):
        _settled(engine, file, [token])
        write_through(engine)


def _settled(engine: Engine, file: Path, tokens: Sequence[str], short: Sequence[str] = ()) -> None:
    with UnitOfWork(engine) as work:
        work.use_marks.remove(tokens)
        work.use_marks.find_short(short)
        work.commit()
    for token in tokens:
        beside(file, token).unlink(missing_ok=True)


def settle(engine: Engine) -> tuple[Sentence, ...]:
    """Asked before anything else opens the file: whether it is a copy that is short, and nothing where it is not.

    Marks of what lives stay; those of what ended in a crash, or of a copy to which its log came along, are taken away.
    Raises EnvironmentFailed where the database does not answer.
    """
    file = file_of(engine)
    if file is None:
        return ()
    log_is_there = has_log(file)
    with UnitOfWork(engine, reading=True) as work:
        marks = work.use_marks.all()
    left = [each for each in marks if not each.is_short and not is_held(beside(file, each.token))]
    copied = [each for each in left if not log_is_there and not beside(file, each.token).exists()]
    if left:
        whole = [each.token for each in left if each not in copied]
        with suppress(OSError, EnvironmentFailed):  # where nothing can be written now, another start does it
            _settled(engine, file, whole, [each.token for each in copied])
    since = [each.since for each in (*copied, *(each for each in marks if each.is_short))]
    return (_short(file, max(since)),) if since else ()


def _short(file: Path, since: datetime) -> Sentence:
    return Sentence(
        "{file} was copied while it was in use, without the “-wal” beside it: what was written since {since} may be missing. "
        "Where there is no better copy, say so: “twinflow database accept-copy --as PERSON”.",
        {"file": str(file), "since": instant_in_words(since)},
    )
