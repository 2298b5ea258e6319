"""The drill: books live, a backup is made while people write, it is put back, and everything up to the backup is there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from builders import AT_PAGE, MX, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.errors import Refused
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books import backup
from twinflow.services.books.checking import check
from twinflow.services.mail import restored_backup
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture
def lived(make_world: Callable[..., World]) -> World:
    world = make_world()
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    world.import_cuenca()
    world.tick()
    return world


def opened(world: World, number: int) -> None:
    new = new_case(f"MX-{number}", MX, "chihuahua", "one", world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def entries(world: World) -> list[tuple[object, ...]]:
    with world.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(text("SELECT id, agreement_id, seal FROM history ORDER BY id"))
        ]


def test_what_was_written_up_to_the_backup_is_there_and_nothing_leaves(
    lived: World, own_tools: Path, tmp_path: Path
) -> None:
    file, begun, enough = tmp_path / "the books' 30% of #1?.backup", Event(), Event()

    def write() -> None:
        for number in range(10_000):
            opened(lived, number)
            begun.set()
            if enough.is_set():
                return

    writer = Thread(target=write)
    writer.start()
    assert begun.wait(60)
    before = entries(lived)
    backup.back_up(lived.engine, file)
    enough.set()
    writer.join()
    opened(lived, 20_000)
    with pytest.raises(Refused, match="would be lost"):
        backup.put_back(lived.engine, file, replace=False)
    backup.put_back(lived.engine, file, replace=True)
    backup.hold_mail(lived.engine)
    there = entries(lived)
    assert there[: len(before)] == before
    with lived.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM agreement WHERE reference = 'MX-20000'")) == 0
    found = check(lived.engine, lived.rulebook, lived.people, lived.now)
    assert [str(each.sentence) for each in found.faults] == []
    assert found.entries == len(there)
    state_file = tmp_path / "mail-state.json"
    assert restored_backup.held(lived.engine, state_file) is not None
    assert restored_backup.may_send(lived.engine, state_file, lived.now + timedelta(days=1)) is not None
    restored_backup.confirm(lived.engine, state_file, cancel=False, now=lived.now)
    assert restored_backup.held(lived.engine, state_file) is None
