"""What was said of a deadline's warnings: asked for on the command line, and shown there and on the page."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk, march
from fastapi.testclient import TestClient

from builders import noon
from signed_in import signed_in
from twinflow import clock
from twinflow.cli.app import main
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.reading import agreements, deadlines
from twinflow.web.app import create_app

ID = "T-1/answer/1"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    desk: Desk,
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`twinflow …` over the books of the desk, on 3 March 2026."""
    monkeypatch.setattr(clock, "now", lambda: noon(march(3)))
    environment = {
        "DATABASE__URL": database_url,
        "PEOPLE_FILE": str(tmp_path / "people.toml"),
        "WORKFLOWS_FOLDER": str(tmp_path / "workflows"),
        "MAIL__STATE_FILE": str(tmp_path / "mail-state.json"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"TWINFLOW_{name}", value)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["twinflow", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        code = stop.value.code or 0
        assert isinstance(code, int)
        return code, printed.out, printed.err

    return call


def test_both_are_said_on_the_command_line_and_listed_there(run: Run) -> None:
    assert run("deadlines", "acknowledge", ID, "--as", "elena", "--note", "the lawyers have it") == (
        0,
        "T-1/answer/1: elena has it. Nothing is escalated any more; the date stays: Thursday, 12 March 2026.\n",
        "",
    )
    snoozed = run("deadlines", "snooze", ID, "--as", "elena", "--until", "2026-03-10", "--reason", "travel", "--json")
    assert (snoozed[0], json.loads(snoozed[1])) == (
        0,
        {
            "id": ID,
            "label": {"en": "Answer", "es": "Respuesta"},
            "person": "elena",
            "due_on": "2026-03-12",
            "until": "2026-03-10",
        },
    )
    (listed,) = json.loads(run("deadlines", "list", "--json")[1])
    assert listed["acknowledged"] == {"by": "elena", "on": "2026-03-03", "note": "the lawyers have it"}
    assert listed["snoozed"] == [{"by": "elena", "on": "2026-03-03", "until": "2026-03-10", "reason": "travel"}]
    shown = json.loads(run("agreements", "show", "T-1", "--json")[1])
    assert [line["acknowledged"] for line in shown["deadlines"]] == [listed["acknowledged"]]
    words = " ".join(run("deadlines", "list")[1].split())
    assert "acknowledged by elena" in words
    assert "elena is told nothing before" in words
    history = [entry["text"] for entry in json.loads(run("agreements", "history", "T-1", "--json")[1])]
    assert {
        "Answer (Thursday, 12 March 2026): acknowledged; the lawyers have it",
        "Answer (Thursday, 12 March 2026): own notices held until Tuesday, 10 March 2026; reason: travel",
    } <= set(history)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("acknowledge", "T-1/answer", "--as", "elena"), 2, "names no deadline"),
        (("acknowledge", ID, "--as", "elna"), 2, "There is no person elna"),
        (("snooze", ID, "--as", "elena", "--until", "March"), 2, "--until “March”"),
        (("snooze", ID, "--as", "elena", "--until", ""), 2, "--until: nothing stands there"),
        (("snooze", ID, "--as", "elena", "--until", "2026-03-10"), 1, "Give the reason."),
        (("snooze", ID, "--as", "elena", "--until", "2026-03-12", "--reason", "x"), 1, "12 March 2026 is not before its date"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_what_would_be_right(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    answered, out, err = run("deadlines", *arguments)
    assert (answered, out) == (code, "")
    assert words in err


IN_ENGLISH = ("Acknowledged by elena on Tue", "Snoozed eva is told nothing before Mon")
IN_SPANISH = ("Atendido por elena el mar", "Avisos aplazados eva no recibe avisos antes del lun")


@pytest.mark.parametrize(("language", "expected"), [("en", IN_ENGLISH), ("es", IN_SPANISH)])
def test_the_page_says_it_in_words(desk: Desk, language: str, expected: tuple[str, ...]) -> None:
    desk.staff({"elena": "liaison", "eva": "liaison"})
    desk.acknowledge(march(3), note="the lawyers have it")
    desk.snooze(march(3), march(9), "eva", "she <b>travels</b>")
    words = read(desk, 8, language)
    for each in (*expected, "the lawyers have it", "she <b>travels</b>"):
        assert each in words
    assert expected[1] not in read(desk, 9, language), "on that day it is over"


def read(desk: Desk, day: int, language: str) -> str:
    """The words of the agreement's page on a day, with what was escaped in it."""
    app = create_app(desk.world.runtime, lambda: noon(march(day)), demo=False)
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": language}) as client:
        signed_in(client, desk.world.runtime, noon(march(day)))
        page = client.get("/agreements/T-1").text
    table = page[page.index("deadlines-caption") : page.index("</table>")]
    text = re.sub(r"<[^>]+>|[✓‖]", " ", table)
    return re.sub(r"\s+", " ", text).replace("&lt;", "<").replace("&gt;", ">")


def test_what_counts_no_more_is_not_shown(desk: Desk) -> None:
    desk.acknowledge(march(3))
    desk.snooze(march(3), march(9))
    desk.extend(march(4), "1 day")
    (line,) = deadlines.list_deadlines(desk.engine, desk.rulebook, desk.people, noon(march(4)), viewer=OPERATOR).lines
    assert (line.acknowledged, line.snoozed) == (None, ())
    desk.acknowledge(march(5))
    desk.finish(march(6))
    page = agreements.show_agreement(desk.engine, desk.rulebook, desk.people, "T-1", noon(march(6)), viewer=OPERATOR)
    assert [(line.status, line.acknowledged) for line in page.deadlines] == [("met", None)]
