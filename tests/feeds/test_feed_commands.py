"""`twinflow feeds` as a person uses it."""

import re
from collections.abc import Callable

import pytest

from command_line import twinflow
from world import EXAMPLES


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, database_url: str) -> Callable[..., tuple[int, str, str]]:
    """Run `twinflow feeds …` in an empty folder, on either database: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_BASE_URL", "https://twinflow.example/")

    def call(*arguments: str) -> tuple[int, str, str]:
        return twinflow(monkeypatch, capsys, "feeds", *arguments)

    return call


def test_a_feed_is_created_listed_and_revoked(run) -> None:
    code, out, _ = run("create", "elena")
    address, note = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"https://twinflow\.example/calendar/[\w-]{43}\.ics", address)
    assert "whoever has it can read the dates" in note
    _, listed, _ = run("list")
    assert "elena" in listed
    assert address.rpartition("/")[2] not in listed
    assert run("revoke", "1")[:2] == (0, "Calendar feed 1 of elena is revoked.\n")
    code, out, _ = run("revoke", "1")
    assert code == 0
    assert re.fullmatch(r"Calendar feed 1 of elena was revoked already, on \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n", out)


def test_a_second_feed_leaves_the_first_as_it_is(run) -> None:
    first, second = run("create", "elena")[1], run("create", "elena")[1]
    assert first.splitlines()[0] != second.splitlines()[0]
    _, listed, _ = run("list", "--json")
    assert listed.count('"revoked_at": null') == 2


def test_a_person_or_a_feed_that_is_not_there_is_named(run) -> None:
    code, out, errors = run("create", "nobody")
    assert (code, out) == (2, "")
    assert "There is no person nobody" in errors
    code, _, errors = run("revoke", "7")
    assert (code, errors) == (2, "There is no calendar feed 7; see “twinflow feeds list”.\n")
