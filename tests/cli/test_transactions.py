"""What a command costs: start-up reads once, and the door asks the service once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from builders import draft_of
from command_line import Ran, twinflow
from statements import Transaction, watched
from world import EXAMPLES

CASE = (
    "agreements", "open", "MX-9", "--process", "mx/twinning", "--office", "chihuahua", "--as", "elena",
    "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--on", "2026-03-02", "--term", "validity=3 years",
)  # fmt: skip


@pytest.fixture
def twin(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Callable[..., Ran]:
    """Run `twinflow …` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")

    def call(*arguments: str) -> Ran:
        done = twinflow(monkeypatch, capsys, *arguments)
        assert done.code == 0, done.err
        return done

    return call


def costs(twin: Callable[..., Ran], *arguments: str) -> list[Transaction]:
    """The transactions of a command, but for the one by which SQLite is asked who has the file in use."""
    with watched() as found:
        twin(*arguments)
    return [each for each in found if not any("use_mark" in statement for statement in each.statements)]


def advance(step: str, person: str = "elena", *more: str) -> tuple[str, ...]:
    return ("agreements", "advance", "MX-9", step, "--as", person, "--on", "2026-03-05", *more)


def test_a_step_costs_one_transaction_and_one_load_and_start_up_one_that_only_reads(twin) -> None:
    twin(*CASE)
    start_up, step = costs(twin, *advance("approve_profile", "elena", "--at", "09:30"))
    assert (start_up.reading, start_up.loads, len(start_up.statements)) == (True, 0, 16)
    beside_locks = [each for each in step.statements if not each.endswith("FOR NO KEY UPDATE")]
    assert (step.reading, step.loads, len(beside_locks)) == (False, 1, 5)


def test_only_the_json_of_a_step_reads_again_since_it_is_the_whole_page(twin) -> None:
    twin(*CASE)
    _, step, page = costs(twin, *advance("approve_profile", "elena", "--json"))
    assert (step.reading, page.reading) == (False, True)


def test_the_first_start_writes_the_calendars_down_and_the_next_one_only_reads(twin) -> None:
    reading, calendars, opening = costs(twin, *CASE)
    assert [each.reading for each in (reading, calendars, opening)] == [True, False, False]
    assert any("INSERT INTO calendar" in each for each in calendars.statements)
    assert [each.reading for each in costs(twin, "agreements", "list")] == [True, True]


def test_every_other_command_costs_one_transaction(twin) -> None:
    twin(*CASE)
    for step in ("approve_profile", "send_letter", "record_answer", "complete_draft", "request_opinion"):
        twin(*advance(step, "elena", *draft_of(step)))
    twin("tick")
    opinion, grounds = "MX-9/opinion/1", ("--reason", "flood", "--paper", "OF-1")
    reading = [
        ("agreements", "list"),
        ("agreements", "show", "MX-9"),
        ("agreements", "steps", "MX-9", "--as", "elena"),
        ("agreements", "history", "MX-9"),
        ("deadlines", "list"),
        ("deadlines", "explain", opinion),
        ("outbox", "list"),
        ("outbox", "show", "1"),
        ("workflows", "simulate", "MX-9", "--until", "2030-01-01"),
        ("feeds", "list"),
    ]
    writing = [
        ("deadlines", "acknowledge", opinion, "--as", "rita"),
        ("deadlines", "pause", opinion, "--as", "rita", "--on", "2026-03-05", *grounds),
        ("feeds", "create", "elena"),
        ("agreements", "move", "MX-9", "--to", "cuenca", "--as", "sergio", "--reason", "it is theirs"),
        ("agreements", "refuse-move", "MX-9", "--as", "sofia", "--reason", "it is not"),
        advance("issue_favourable_opinion", "rita", "--set", "opinion_number=1"),
    ]
    for command in (*reading, *writing):
        found = costs(twin, *command)
        assert [each.reading for each in found] == [True, command in reading], command
