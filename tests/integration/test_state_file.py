"""The file beside the database: one writer at a time, old or new after a crash, and never a guess."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from twinflow.errors import Unreadable
from twinflow.storage import state_file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert state_file.read(file) == {}
    state_file.write(file, {"a": 1, "b": 20})
    state_file.write(file, {"a": 2, "b": 20})
    assert state_file.read(file) == {"a": 2, "b": 20}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


FOREIGN = [b"", b"{", b"[]", b"7", b"{}", b"\xff\xfe\x00"]
FOREIGN += [b'{"passes": 3}', b'{"passes": {"a": "3"}}', b'{"passes": {"a": true}}']


@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match="not as twinflow writes it"):
        state_file.read(file)


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.json"
    state_file.write(file, {"a": 1})

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("twinflow.storage.state_file.os.fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        state_file.write(file, {"a": 2})
    assert json.loads(file.read_text()) == {"passes": {"a": 1}}


def test_nobody_writes_over_what_another_has_written(tmp_path: Path) -> None:
    file = tmp_path / "state.json"

    def count_on(_: int) -> None:
        with state_file.locked(file):
            seen = state_file.read(file)
            state_file.write(file, {"a": seen.get("a", 0) + 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_on, range(20)))
    assert state_file.read(file) == {"a": 20}
