"""The queue and the hand-over by command: what is shown, and the list on paper."""

from collections.abc import Callable
from pathlib import Path

import pytest
from every_command import NOW, make_books

from command_line import Ran, twinflow
from prepared import Prepare
from twinflow import clock
from world import EXAMPLES

Run = Callable[..., Ran]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database_url: str,
    prepare: Prepare,
) -> Run:
    """Run `twinflow …` on 12 March 2026."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")
    (tmp_path / "answers").write_text("From ana\nFrom: ana@example.org\n\nPlease call me.\n", "ascii")

    def call(*arguments: str) -> Ran:
        return twinflow(monkeypatch, capsys, *arguments)

    prepare("queue commands", lambda: make_books(call, tmp_path))
    return call


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_duty_goes_from_hand_to_hand_and_the_history_and_the_paper_say_so(run: Run, tmp_path: Path) -> None:
    assert "MX-9" in run("queue", "list", "--as", "rita").out
    assert run("queue", "claim", "MX-9", "--as", "rita").out == "MX-9: rita has it in hand.\n"
    again = run("queue", "claim", "MX-9", "--as", "rita")
    assert (again.code, "rita has it in hand since Thursday, 12 March 2026." in again.err) == (1, True)
    assert run("people", "add", "nora", "--name", "Nora R.", "--mail", "nora@sre.example").code == 0
    assert run("people", "assign", "nora", "reviewer", "sre").code == 0
    refused = run("people", "hand-over", "rita", "elena", "--as", "rita", "--paper", "list.html")
    assert (refused.code, "elena is not" in refused.err, (tmp_path / "list.html").exists()) == (1, True, False)
    given = run(
        "people", "hand-over", "rita", "nora", "--as", "rita", "--reason", "she <leaves>", "--paper", "list.html"
    )
    assert "Handed over to nora: 1" in given.out
    paper = (tmp_path / "list.html").read_text("utf-8")
    written = (
        "Rita Reviewer",
        "Nora R.",
        "12 de marzo de 2026",
        "Thursday, 12 March 2026",
        "she &lt;leaves&gt;",
        "MX-9",
    )
    assert [each for each in written if each not in paper] == [], "in the language of each of the two"
    assert "Accepted by nora: 1" in run("people", "accept", "MX-9", "--as", "nora").out
    history = run("agreements", "history", "MX-9").out
    assert "handed over by rita to nora" in " ".join(history.split())
    aside = run("queue", "put-aside", "MX-9", "--as", "nora", "--until", "2026-03-20", "--reason", "a paper is to come")
    assert aside.out == "MX-9: put aside by nora until Friday, 20 March 2026.\n"
    assert run("queue", "list", "--as", "rita").out == "Nothing waits.\nPut aside: 1\n"
    assert run("queue", "take-back", "MX-9", "--as", "nora").code == 0
    assert run("queue", "release", "MX-9", "--as", "nora").out == "MX-9 waits for everybody of the role.\n"
