"""Steps that go by days, and a step that ends a case, as a person takes them: real files, both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from builders import write_workflows
from command_line import Ran, twinflow
from ending import ENDING
from mail_reading import text_of
from tiny_world import OFFICE, PERSON
from twinflow.language import day

TODAY = datetime.now(UTC).date()
NOTICED = TODAY - timedelta(days=3)
ENDS = NOTICED + timedelta(days=60)
"""When a notice of sixty days has run, which began three days ago."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Callable[..., Ran]:
    """Run `twinflow …` with a case that is in force since ten days ago."""
    monkeypatch.chdir(tmp_path)
    office = OFFICE.format(key="chihuahua", kind="municipality", zone="UTC", calendar="mx-labour")
    person = PERSON.format(key="elena", role="liaison", office="chihuahua")
    (tmp_path / "people.toml").write_text(office + person, "utf-8")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", "people.toml")
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv(
        "TWINFLOW_WORKFLOWS_FOLDER", str(write_workflows(tmp_path / "files", ENDING, name="ending.toml"))
    )
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")
    monkeypatch.setenv("TWINFLOW_MAIL__SENDER", "twinflow@test.example")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def call(*arguments: str) -> Ran:
        return twinflow(monkeypatch, capsys, *arguments)

    opened = call(
        "agreements", "open", "E-1", "--process", "ending", "--office", "chihuahua", "--as", "elena",
        "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--on", str(TODAY - timedelta(days=10)),
        "--term", "notice_period=60 days",
    )  # fmt: skip
    assert opened.code == 0, opened.err
    return call


def advance(run: Callable[..., Ran], step: str, *more: str) -> Ran:
    return run("agreements", "advance", "E-1", step, "--as", "elena", *more)


def cells(run: Callable[..., Ran]) -> dict[str, dict[str, list[str]]]:
    return {line["key"]: line for line in run("agreements", "steps", "E-1", "--as", "elena", "--json").json}


def test_a_termination_is_not_completed_before_its_notice_has_run_and_steps_says_from_when(run) -> None:
    assert advance(run, "denounce", "--on", str(NOTICED)).code == 0
    early = advance(run, "complete", "--on", str(TODAY))
    assert early.code == 1
    assert f"possible from {day(ENDS, 'en')} on, the date of “End of the notice”." in early.err
    (reason,) = cells(run)["complete"]["reasons"]
    assert f"possible from {day(ENDS, 'en')} on" in reason
    assert f"possible from {day(ENDS, 'en')} on" in run("agreements", "steps", "E-1", "--as", "elena").out


def test_a_step_that_ends_the_case_names_what_is_still_open_before_and_after_and_in_the_mail(run) -> None:
    meeting = {"meeting_on": str(TODAY + timedelta(days=2))}
    summoned = TODAY - timedelta(days=2)
    assert advance(run, "convene", "--on", str(summoned), "--set", f"meeting_on={meeting['meeting_on']}").code == 0
    due = day(summoned + timedelta(days=30), "en")
    assert cells(run)["dissolve"]["leaves_open"] == [f"Minutes of the meeting (due {due})"]
    assert cells(run)["denounce"]["leaves_open"] == []
    shown = run("agreements", "steps", "E-1", "--as", "elena").out
    assert f"possible; still open with it: Minutes of the meeting (due {due})" in shown
    done = advance(run, "dissolve", "--on", str(TODAY - timedelta(days=1)))
    assert done.code == 0, done.err
    assert f"Still open with it: Minutes of the meeting (due {due})." in done.out
    assert f"still open with it: Minutes of the meeting (due {due})" in run("agreements", "history", "E-1").out
    entries = run("agreements", "show", "E-1", "--json").json["timeline"]
    assert any("still open with it: Minutes of the meeting" in entry["text"] for entry in entries)
    assert run("tick").code == 0
    (file,) = (Path.cwd() / "captured-mail" / "new").iterdir()
    mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    spanish = day(summoned + timedelta(days=30), "es")
    assert f"Queda abierto con ello: Acta de la sesión (vence el {spanish})." in text_of(mail, "plain")
