"""`twinflow bounces read`, and the mailbox and the port of the settings."""

import json
import smtplib
from collections.abc import Callable
from pathlib import Path

import pytest
from returned_mail import names
from sent_message import Sent

from command_line import twinflow
from smtp import free_port
from twinflow.cli.bounces import port_of
from twinflow.cli.context import Cli
from twinflow.config import BounceSettings
from twinflow.domain.mail.message import MessageState
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.alerts.open_incidents import open_incidents


@pytest.fixture
def run(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run `twinflow …` on the world of the message: exit code, output, errors."""
    settings = sent.world.runtime.settings
    monkeypatch.chdir(settings.people_file.parent)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(settings.people_file))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(settings.workflows_folder))
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")

    def call(*arguments: str, **environment: str) -> tuple[int, str, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return twinflow(monkeypatch, capsys, *arguments)

    return call


@pytest.fixture
def box(sent: Sent, tmp_path: Path) -> Path:
    """A Maildir with every message of the folder."""
    folder = tmp_path / "returned"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    for name in names():
        (folder / "new" / name).write_bytes(sent.mail(name))
    return folder


def test_a_mailbox_is_read_and_what_was_in_it_is_counted(run, box: Path, sent: Sent) -> None:
    code, out, err = run("bounces", "read", str(box))
    assert code == 0
    assert sent.state == MessageState.BOUNCED
    rows = [[cell.strip() for cell in line.split("│")[1:3]] for line in out.splitlines() if line.startswith("│")]
    assert rows == [
        ["not delivered (hard bounce)", "12"],
        ["– recorded now", "1"],
        ["– nothing new", "11"],
        ["– proven by nothing", "0"],
        ["– to be looked at again", "0"],
        ["delayed", "1"],
        ["delivered", "1"],
        ["automatic answer", "4"],
        ["answer of a person", "2"],
        ["not understood", "0"],
    ]
    assert "! new/human-answer: an answer: “Re: CU-01: something is due”" in err
    code, out, _ = run("bounces", "read", str(box), "--json")
    assert code == 0
    said = json.loads(out)
    assert said["hard"] == {"bounced": 0, "no change": 12, "unproven": 0, "waiting": 0}
    assert said["kinds"] == {"hard": 12, "delayed": 1, "delivered": 1, "auto-reply": 4, "answer": 2, "other": 0}
    assert len(said["messages"]) == len(names())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mailbox_of_which_something_stays_unread_ends_with_3_and_says_what(run, box: Path, sent: Sent) -> None:
    with sent.world.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON received BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    for told in (run("bounces", "read", str(box)), run("bounces", "read", str(box), "--json")):
        assert told[0] == 3
        assert "human-answer: cannot be recorded: " in told[2] + told[1]


def test_what_is_no_mailbox_is_said(run, tmp_path: Path) -> None:
    code, out, err = run("bounces", "read", str(tmp_path / "nowhere"))
    assert (code, out) == (2, "")
    assert "There is no mailbox" in err


def test_each_pass_reads_the_mailbox_of_the_settings(run, box: Path, sent: Sent) -> None:
    code, _, err = run("tick", TWINFLOW_BOUNCES__MAILBOX=str(box))
    assert code == 0
    assert sent.state == MessageState.BOUNCED
    assert "an answer" in err
    assert "Mail that came in waits for a person: 2" in run("incidents")[1]


def test_what_came_in_is_listed_shown_written_out_and_settled(run, box: Path, sent: Sent, tmp_path: Path) -> None:
    run("bounces", "read", str(box))
    listed = json.loads(run("bounces", "list", "--json")[1])
    assert {(each["message"]["kind"], each["message"]["about"]) for each in listed} == {("answer", sent.id)}
    number = next(str(each["message"]["id"]) for each in listed if each["message"]["subject"] == "Re: Programa")
    assert "Ana Gil <ana@example.org>" in run("bounces", "list")[1]
    shown = run("bounces", "show", number)[1]
    assert "What it is: answer of a person" in shown
    assert f"About: message {sent.id} (MX-1)" in shown
    assert "The mayor cannot sign on Friday, please call me." in shown
    assert run("bounces", "show", number, "--output", str(tmp_path / "answer.eml"))[0] == 0
    assert (tmp_path / "answer.eml").read_bytes() == sent.mail("human-answer-through-a-list")
    assert run("bounces", "settle", number, "--as", "elena")[:2] == (0, f"Message {number} is settled.\n")
    assert run("bounces", "settle", number, "--as", "elena")[0] == 1
    assert run("bounces", "show", "99")[0] == 2
    assert "respuesta de una persona" in run("bounces", "list", TWINFLOW_LANGUAGE="es")[1]


def test_a_mailbox_of_the_settings_that_is_none_is_said_and_the_pass_is_made(run, tmp_path: Path, sent: Sent) -> None:
    code, out, err = run("tick", TWINFLOW_BOUNCES__MAILBOX=str(tmp_path / "nowhere"))
    assert code == 3
    assert "There is no mailbox" in err
    assert "Alerts written: " in out
    (incident,) = open_incidents(sent.world.engine, viewer=OPERATOR).kept
    assert "There is no mailbox" in str(incident.sentence)


@pytest.mark.parametrize(("protocol", "client"), [("lmtp", smtplib.LMTP), ("smtp", smtplib.SMTP)])
def test_the_port_of_the_settings_is_open_while_the_worker_runs(
    sent: Sent, protocol: str, client: type[smtplib.SMTP]
) -> None:
    runtime, port = sent.world.runtime, free_port()
    bounces = BounceSettings.model_validate({"port": port, "protocol": protocol})
    runtime.settings = runtime.settings.model_copy(update={"bounces": bounces})
    with port_of(Cli(None), runtime), client("127.0.0.1", port) as conversation:
        conversation.sendmail("", ["bounces@city.example.net"], sent.mail("postfix-failed"))
    assert sent.state == MessageState.BOUNCED


def test_without_a_port_in_the_settings_none_is_opened(sent: Sent) -> None:
    with port_of(Cli(None), sent.world.runtime) as nothing:
        assert nothing is None
