"""The books of before are those of `earlier`; backups are made by the programs of the server that the tests run."""

import sys
from pathlib import Path

import pytest

from postgres import _programs

sys.path.insert(0, str(Path(__file__).parents[1] / "earlier"))


@pytest.fixture
def own_tools(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client programs of the server that the tests run."""
    found = _programs(Path(), {})
    monkeypatch.setenv("PATH", str(found), prepend=":")
    return found
