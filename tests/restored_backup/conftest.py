"""Machines: the same database, each with a state file of its own; and backups of the database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from restoring import Backup

from smtp import RecordingServer
from tiny_world import tiny_world
from world import World

Machine = Callable[..., World]


@pytest.fixture
def machine(database_url: str, smtp: RecordingServer, tmp_path: Path) -> Iterator[Machine]:
    """A machine that sends by the SMTP server; its name is that of its state file. Or it captures."""
    with ExitStack() as machines:

        def start(name: str = "one", *, captures: bool = False) -> World:
            folder = tmp_path / uuid4().hex
            folder.mkdir()
            mail = smtp.settings.model_copy(update={"state_file": tmp_path / f"{name}.json"})
            if captures:
                mail = mail.model_copy(update={"host": "", "capture_folder": folder / "mail"})
            return machines.enter_context(tiny_world(database_url, folder, mail=mail))

        yield start


@pytest.fixture
def back_up(database_url: str, tmp_path: Path) -> Iterator[Callable[[], Backup]]:
    """Make a backup; nobody may be connected."""
    made: list[Backup] = []

    def back_up() -> Backup:
        made.append(Backup(database_url, tmp_path))
        return made[-1]

    yield back_up
    for backup in made:
        backup.discard()
