"""An office whose clock jumps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office_clock import PEOPLE, SUPERVISOR, Office

from smtp import RecordingServer
from tiny_world import tiny_world
from world import EACH_MORNING


@pytest.fixture
def office(database_url: str, tmp_path: Path, smtp: RecordingServer) -> Iterator[Office]:
    edits = ("[states.open]", SUPERVISOR)
    with tiny_world(database_url, tmp_path, edits, people=PEOPLE, mail=smtp.settings, rhythm=EACH_MORNING) as world:
        yield Office(world, smtp)
