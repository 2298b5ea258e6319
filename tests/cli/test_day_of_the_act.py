"""When `--on` is left out for what changes state, the day is asked for or shown, not assumed in silence."""

import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from every_command import AS_ELENA, BY_RITA, GOOD, NOW, OPINION, arguments_and_options, make_books

from command_line import Ran, twinflow
from prepared import Prepare
from twinflow import clock
from world import EXAMPLES

Run = Callable[..., Ran]
ACTS = sorted({given.command for given in arguments_and_options() if given.name == "--on"} - {"calendars check"})
"""Every command with a day of the act; `calendars check --on` changes nothing."""
SAID = ("The day of the act is Thursday, 12 March 2026, today at {office} ({zone}); --on names another one.").format(
    office="Municipality of Chihuahua, liaison office", zone="America/Chihuahua"
)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")
    (tmp_path / "answers").write_text("From ana\nFrom: ana@example.org\n\nPlease call me.\n", "ascii")
    return tmp_path


@pytest.fixture
def run(
    environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], prepare: Prepare
) -> Run:
    """Run `twinflow …` on 12 March 2026, nobody at a terminal."""
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def call(*arguments: str) -> Ran:
        return twinflow(monkeypatch, capsys, *arguments)

    prepare("day of the act", lambda: make_books(call, environment))
    return call


BY_SOMEBODY = {given.command for given in arguments_and_options() if given.name == "--as"}
READING = {
    *("agreements history", "rounds show", "deadlines explain", "workflows diagram", "workflows simulate"),
    *("outbox list", "outbox show", "bounces list", "bounces show", "incidents"),
    "agreements list",
    "agreements show",
    "agreements steps",
    "deadlines list",
    "notices list",
    "notices preview",
    "queue list",
}
DONE_IN_THE_BOOKS = {
    "agreements accept-move",
    "agreements confirm-correction",
    "agreements refuse-correction",
    "agreements confirm-term",
    "agreements correct",
    "agreements move",
    "agreements refuse-move",
    "bounces settle",
    "calendars apply",
    "clock confirm",
    "database accept-copy",
    "deadlines acknowledge",
    "deadlines snooze",
    "notices off",
    "notices on",
    "offices add",
    "offices change",
    "outbox cancel",
    "people accept",
    "people add",
    "people assign",
    "people away",
    "people change",
    "people decline",
    "people delegate",
    "people disable",
    "people enable",
    "people end",
    "people end-delegation",
    "people hand-over",
    "people import",
    "queue assign",
    "queue claim",
    "queue put-aside",
    "queue release",
    "queue take-back",
    "queue take-over",
    "workflows migrate apply",
}
"""What somebody does in twinflow itself: it has the day on which it is entered, and no other."""


def test_whatever_somebody_does_has_a_day_of_its_own_or_is_done_in_the_books() -> None:
    assert {"agreements advance", "agreements open", "deadlines pause", "deadlines confirm"} <= set(ACTS)
    assert BY_SOMEBODY - READING - set(ACTS) == DONE_IN_THE_BOOKS


@pytest.mark.parametrize("command", ACTS)
def test_where_nobody_can_be_asked_the_day_that_was_taken_is_said_also_where_the_act_is_refused(
    command: str, run: Run
) -> None:
    code, arguments = GOOD[command]
    done = run(*command.split(), *arguments)
    assert done.code == code
    assert done.err.splitlines()[0] == SAID


@pytest.mark.parametrize("command", ACTS)
def test_of_a_day_that_was_named_nothing_is_said(command: str, run: Run) -> None:
    code, arguments = GOOD[command]
    done = run(*command.split(), *arguments, "--on", "2026-03-12")
    assert done.code == code
    assert "day of the act" not in done.err


def test_json_has_the_day_and_what_was_said_of_it(run: Run) -> None:
    taken = run("deadlines", "pause", OPINION, *BY_RITA, "--json").json["day_of_the_act"]
    assert taken == {"on": "2026-03-12", "said": SAID}
    step = ("agreements", "advance", "MX-9", "issue_favourable_opinion", "--as", "rita", "--set", "opinion_number=1")
    assert run(*step, "--on", "2026-03-11", "--json").json["day_of_the_act"] == {"on": "2026-03-11", "said": ""}


def test_the_day_is_that_of_the_office_and_not_of_the_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 13, 3, tzinfo=UTC))
    assert run("deadlines", "pause", OPINION, *BY_RITA).err.splitlines()[0] == SAID


def test_it_is_said_in_the_language_of_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "es")
    said = run("deadlines", "pause", OPINION, *BY_RITA).err.splitlines()[0]
    assert said.startswith("El día del acto es el jueves 12 de marzo de 2026, hoy en Municipio de Chihuahua")


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_bars_an_act_of_before_is_named_with_the_commands_that_put_it_right_and_they_do(
    language: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINFLOW_LANGUAGE", language)
    step = ("agreements", "advance", "MX-9", "issue_favourable_opinion", "--as", "rita", "--set", "opinion_number=1")
    barred = run(*step, "--on", "2026-03-01")
    assert barred.code == 1
    printed = re.findall(r"twinflow (agreements correct .*)", barred.err)
    assert printed
    for command in printed:
        done = run(*shlex.split(command))
        assert done.code == 0, done.err
    assert run(*step, "--on", "2026-03-01").code == 0


# at a terminal


@pytest.fixture
def at_a_terminal(run: Run, environment: Path) -> Callable[..., tuple[int, str, str]]:
    """`twinflow agreements advance …` in a process of its own, with these answers typed: exit code, output, what was asked."""

    def call(*answers: str) -> tuple[int, str, str]:
        ours, theirs = pty.openpty()
        step = ("agreements", "advance", "MX-9", "withdraw", *AS_ELENA, "--reason", "no interest")
        program = [str(Path(sys.executable).with_name("twinflow")), *step]
        with subprocess.Popen(program, cwd=environment, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE) as child:
            os.close(theirs)
            os.write(ours, "".join(answers).encode())
            assert child.stdout is not None
            out = child.stdout.read().decode()
        asked = _all_of(ours)
        os.close(ours)
        return child.returncode, out, asked

    return call


def _all_of(terminal: int) -> str:
    read = b""
    while True:
        try:
            read += os.read(terminal, 4096)
        except OSError:  # everything was read and nobody writes any more
            return read.decode()


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_at_a_terminal_the_day_is_asked_for_and_enter_takes_today(at_a_terminal) -> None:
    today = clock.now().date().isoformat()
    code, out, asked = at_a_terminal("\n")
    assert code == 0, asked
    assert "On which day was it done? [" in asked
    assert "Today at Municipality of Chihuahua, liaison office (America/Chihuahua) it is " in asked
    assert out.startswith("MX-9: ")
    assert today[:4] in out


@ON_SQLITE
def test_at_a_terminal_another_day_is_taken_once_it_is_one(at_a_terminal) -> None:
    code, out, asked = at_a_terminal("yesterday\n", "2026-03-10\n")
    assert code == 0, asked
    assert asked.count("On which day was it done?") == 2
    assert "“yesterday”: " in asked
    assert "effective Tuesday, 10 March 2026" in out


@ON_SQLITE
def test_at_a_terminal_nothing_is_done_where_no_day_is_named(at_a_terminal, run: Run) -> None:
    code, out, asked = at_a_terminal("\x04")
    assert (code, out) == (2, "")
    assert "The day of the act was not named; nothing was done." in asked
    assert "opinion_requested" in run("agreements", "show", "MX-9", "--json").out
