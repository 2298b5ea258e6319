"""`twinflow workflows diff`: processes by key, version and file, in three forms and two languages."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import TINY, edited, write_workflows
from command_line import twinflow

LONGER = (
    ('version = 1\nkind = "twinning"', 'version = 2\nkind = "twinning"'),
    ('length = "10 days"', 'length = "15 business days"'),
    (', "then every 5 days"', ""),
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys) -> Run:
    """Run `twinflow workflows diff …` where the tiny process has two versions; the exit code and what is printed."""
    folder = write_workflows(tmp_path / "workflows")
    write_workflows(folder, edited(TINY, *LONGER), name="tiny.v2.toml")
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(folder))
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        return twinflow(monkeypatch, capsys, "workflows", "diff", *arguments)

    return call


def test_two_versions_are_told_apart_in_words(run: Run) -> None:
    code, out, _ = run("tiny@1", "tiny")
    assert code == 1
    assert out.splitlines() == [
        "From tiny v1 to tiny v2: differences: 2",
        "",
        "Deadlines",
        "  Changed: the deadline “Answer” (answer): length: from 10 days from “Asked” to 15 business days from “Asked”",
        "",
        "Levels",
        "  Removed: the warning of “Answer”: then every 5 days",
    ]


def test_the_newest_version_and_its_number_are_the_same(run: Run) -> None:
    assert run("tiny", "tiny@2") == (0, "tiny v2 and tiny v2 say the same.\n", "")


def test_a_file_that_is_not_in_use_can_be_compared(run: Run, tmp_path: Path) -> None:
    draft = tmp_path / "draft.toml"
    draft.write_text(edited(TINY, ('en = "Finish"', 'en = "End_it"')), "utf-8")
    code, out, _ = run("tiny@1", "draft.toml", "--format", "markdown")
    assert code == 1
    assert out.splitlines() == [
        "# From tiny v1 to tiny v1: differences: 1",
        "",
        "## Steps",
        "",
        "- Changed: the step “End\\_it” (finish): label: from “Finish” / “Terminar” to “End\\_it” / “Terminar”",
    ]


def test_as_json_every_difference_has_its_parts(run: Run) -> None:
    code, out, _ = run("tiny@2", "tiny@1", "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert (found["from"], found["to"]) == ("tiny v2", "tiny v1")
    assert [(each["difference"], each["table"], each["key"]) for each in found["changes"]] == [
        ("changed", "deadlines", "answer"),
        ("added", "levels", "answer: every 5 days"),
    ]
    assert json.loads(run("tiny", "tiny", "--format", "json")[1])["changes"] == []


def test_in_spanish_it_is_said_in_spanish(run: Run, monkeypatch) -> None:
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "es")
    _, out, _ = run("tiny@1", "tiny@2")
    assert "Plazos" in out
    assert "Changed" not in out
    assert "the deadline" not in out


def test_what_cannot_be_compared_is_said(run: Run, tmp_path: Path) -> None:
    assert run("tiny@one", "tiny")[0] == 2
    assert "a version is written like mx/twinning@1" in run("tiny@one", "tiny")[2]
    assert "There is no process tiny version 3." in run("tiny@3", "tiny")[2]
    assert "There is no process large; there are tiny." in run("large", "tiny")[2]
    assert "missing.toml cannot be read" in run("missing.toml", "tiny")[2]
    (tmp_path / "wrong.toml").write_text(edited(TINY, ('to = "asked"', 'to = "asekd"')), "utf-8")
    code, _, err = run("tiny", "wrong.toml")
    assert code == 2
    assert "wrong.toml: steps.ask.to" in err


def test_a_reader_learns_that_silence_decides_in_either_language(run: Run, tmp_path: Path, monkeypatch) -> None:
    silence = """[deadlines.silence]
runs_from = { step = "ask" }
length = "15 business days"
nature = "legal"
late = "liaison"
met_by = ["finish"]
on_lapse = "finish"
article = { en = "Law, art. 9", es = "Ley, art. 9" }
source = "law"
label = { en = "Silence", es = "Silencio" }
[deadlines.answer]"""
    by_clock = ('to = "done"\nby = ["liaison"]', 'to = "done"\nby = ["liaison", "clock"]')
    (tmp_path / "draft.toml").write_text(edited(TINY, by_clock, ("[deadlines.answer]", silence)), "utf-8")
    _, out, err = run("tiny@1", "draft.toml")
    assert err == ""
    assert out.splitlines()[5:] == [
        "Deadlines",
        "  Added: the deadline “Silence” (silence)",
        "      15 business days from the step “Ask”",
        "      nature: legal",
        "      late when it passes: liaison officer",
        "      met by: “Finish”",
        "      what the clock does when it passes: Finish",
        "      silence decides under: Law, art. 9",
        "      on a day off: following",
        "      source: law",
    ]
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "es")
    out = run("tiny@1", "draft.toml")[1]
    assert "      lo que hace el reloj al vencer: Terminar\n      el silencio decide según: Ley, art. 9\n" in out
