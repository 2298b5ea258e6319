"""`outbox confirm`, and what the commands say in a rehearsal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import twinflow
from smtp import RecordingServer, free_port
from world import CUENCA, EXAMPLES

Run = Callable[..., tuple[int, str, str]]
TO_ONE = {"TWINFLOW_MAIL__REDIRECT_ALL_TO": "rehearsal@cuenca.example"}


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database_url: str,
    smtp: RecordingServer,
) -> Run:
    """Run `twinflow …` in an empty folder, on either database, with an SMTP server: exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "PEOPLE_FILE": str(EXAMPLES / "demo" / "people.toml"),
        "DATABASE__URL": database_url,
        "RHYTHM__DIGEST": "each pass",
        "MAIL__HOST": "127.0.0.1",
        "MAIL__PORT": str(smtp.port),
        "MAIL__TLS": "none",
        "MAIL__SENDER": "twinflow@test.example",
        "MAIL__STATE_FILE": str(tmp_path / "state.json"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"TWINFLOW_{name}", value)

    def call(*arguments: str, **environment: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return twinflow(patch, capsys, *arguments)

    return call


@pytest.fixture
def held(run: Run, tmp_path: Path) -> Run:
    """A database that this machine does not know, with one message that waits: its server was down."""
    assert (
        run("agreements", "import", str(CUENCA / "agreements.csv"), "--map", str(CUENCA / "agreements.map.toml"))[0]
        == 0
    )
    assert run("tick", TWINFLOW_MAIL__PORT=str(free_port()))[0] == 3
    (tmp_path / "state.json").unlink()
    return run


def test_a_pass_that_is_held_fails_like_any_part_of_the_environment(held: Run, smtp: RecordingServer) -> None:
    code, out, err = held("tick")
    assert code == 3
    assert "messages sent: 0" in out
    assert "  ! No mail is sent: mail of this database has been sent before, and not by this machine." in err
    assert smtp.received == []


def test_without_an_option_it_shows_what_waits_for_whom_since_when(held: Run) -> None:
    code, out, _ = held("outbox", "confirm")
    assert code == 0
    assert out.startswith("No mail is sent: mail of this database has been sent before")
    assert [word for word in ("lucia", " 1 ", " UTC ") if word not in out] == []
    assert "twinflow outbox confirm --send" in out
    assert "twinflow outbox confirm --cancel" in out


def test_what_was_cancelled_is_listed_with_its_reason(held: Run) -> None:
    assert held("outbox", "confirm", "--cancel") == (0, "Confirmed; messages cancelled: 1.\n", "")
    [message] = json.loads(held("outbox", "list", "--json")[1])
    assert (message["state"], message["error"]) == (
        "cancelled",
        "restored backup: the database that is lost has sent it",
    )
    assert held("tick")[0] == 0


def test_what_was_confirmed_leaves(held: Run) -> None:
    assert held("outbox", "confirm", "--send") == (0, "Confirmed; messages that leave: 1.\n", "")
    assert held("outbox", "confirm")[1].startswith("Nothing is held back")
    assert held("tick")[0] == 0


def test_it_speaks_spanish(held: Run) -> None:
    out = held("outbox", "confirm", TWINFLOW_LANGUAGE="es")[1]
    assert "No se envía correo" in out
    assert "Messages" not in out


def test_there_is_nothing_to_confirm_twice(run: Run) -> None:
    code, _, error = run("outbox", "confirm", "--cancel")
    assert (code, error) == (1, "Nothing is held back: mail of this database leaves from here.\n")


def test_it_is_either_sent_or_cancelled(run: Run) -> None:
    code, _, error = run("outbox", "confirm", "--cancel", "--send")
    assert (code, error) == (2, "Of --send and --cancel only one can be meant.\n")


@pytest.mark.parametrize("options", [(), ("--send",), ("--cancel",)])
def test_where_mail_is_captured_there_is_nothing_to_confirm(run: Run, options: tuple[str, ...]) -> None:
    code, out, _ = run("outbox", "confirm", *options, TWINFLOW_MAIL__HOST="")
    assert (code, out) == (0, "Mail is captured: nothing leaves, and there is nothing to confirm.\n")


def test_in_a_rehearsal_every_message_goes_to_one_address_and_still_says_whom_it_was_for(
    run: Run, smtp: RecordingServer
) -> None:
    run("agreements", "import", str(CUENCA / "agreements.csv"), "--map", str(CUENCA / "agreements.map.toml"))
    code, _, said = run("tick", **TO_ONE)
    assert (code, said) == (0, "Rehearsal: all mail goes to rehearsal@cuenca.example and to nobody else.\n")
    [(recipients, message)] = smtp.received
    assert recipients == ["rehearsal@cuenca.example"]
    assert "lucia@cuenca.example" in message["To"]
    [listed] = json.loads(run("outbox", "list", "--json")[1])
    assert listed["sent_to"] == "rehearsal@cuenca.example"


def test_redirected_or_not_captured_mail_does_not_leave(run: Run, smtp: RecordingServer) -> None:
    run("agreements", "import", str(CUENCA / "agreements.csv"), "--map", str(CUENCA / "agreements.map.toml"))
    code, out, said = run("tick", **TO_ONE, TWINFLOW_MAIL__HOST="")
    assert (code, said) == (0, "")
    assert "messages sent: 1" in out
    assert smtp.received == []
