"""A page of the file that a disk has damaged is found by the check, whatever stood on it, and said wherever it is in the way."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command_line import twinflow
from world import CUENCA, EXAMPLES

REGISTER = ("agreements", "import", str(CUENCA / "agreements.csv"), "--map", str(CUENCA / "agreements.map.toml"))
TABLES = ("agreement", "alembic_version", "calendar", "history", "kept_file", "process_version", "use_mark")


def test_a_damaged_page_is_a_finding_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", f"sqlite:///{tmp_path / 'books.db'}")
    assert twinflow(monkeypatch, capsys, *REGISTER, "--despite", "they are ours").code == 0
    whole = (tmp_path / "books.db").read_bytes()
    for table in TABLES:
        (tmp_path / "books.db").write_bytes(damaged(whole, table, tmp_path / "books.db"))
        checked = twinflow(monkeypatch, capsys, "database", "check")
        assert checked.code == 1, (table, checked.err)
        assert "the file of the database is damaged: " in checked.out, table
        assert table == "alembic_version" or f"the table {table} cannot be read" in checked.out, table
        in_json = twinflow(monkeypatch, capsys, "database", "check", "--json")
        assert in_json.code == 1
        assert any("the file of the database is damaged" in str(each) for each in in_json.json["checked"]["faults"])
    listed = twinflow(monkeypatch, capsys, "agreements", "list")
    assert (listed.code, "The database is damaged: " in listed.err) == (3, True), listed.err


def damaged(whole: bytes, table: str, file: Path) -> bytes:
    """The file with the first page of a table overwritten."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as books:
        (page,) = books.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = books.execute("PRAGMA page_size").fetchone()
    return whole[: (page - 1) * size] + b"\xff" * size + whole[page * size :]
