"""A desk on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, a_desk


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(database_url, tmp_path) as found:
        yield found
