"""A backup of the books, and what becomes of them when it is put back: nothing leaves until a person has confirmed it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from twinflow.errors import EnvironmentFailed, Refused
from twinflow.storage import backup
from twinflow.storage.database import check_not_newer
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Held:
    """How much a database holds."""

    agreements: int
    entries: int


def back_up(engine: Engine, file: Path) -> None:
    """Write a backup while the books are in use. Raises BadInput, EnvironmentFailed."""
    with UnitOfWork(engine, reading=True) as work:
        if work.revision is None:
            raise EnvironmentFailed("There are no books in the database.")
        check_not_newer(work.revision)
    backup.write(engine, file)


def put_back(engine: Engine, file: Path, *, replace: bool) -> None:
    """Put a backup into the database, brought to this version, or leave the database as it is.

    Raises BadInput for what is no backup; Refused where there are books and they are not to be replaced, or are in use;
    EnvironmentFailed.
    """
    contents = backup.look(engine, file)
    lost = held(engine)
    if lost.entries and not replace:
        raise Refused(
            "There are books in the database already, which would be lost (agreements: {agreements}, entries: {entries}); "
            "with --replace the backup takes their place.",
            agreements=lost.agreements,
            entries=lost.entries,
        )
    engine.dispose()
    backup.put_back(engine, file, contents)


def held(engine: Engine) -> Held:
    with UnitOfWork(engine, reading=True) as work:
        return Held(*work.books.count()) if work.revision is not None else Held(0, 0)


def hold_mail(engine: Engine) -> None:
    """Let the database be one from which mail has been sent, and not by any machine that is known."""
    with UnitOfWork(engine) as work:
        work.restored_backup.hold()
        work.commit()
