"""The demonstration: the real register and a worked case of recent dates, with something soon and something overdue."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from how_many import many
from smtp import RecordingServer, free_port
from twinflow import bootstrap, demo, files
from twinflow.definitions.scripts import read_script
from twinflow.domain.agreement.agreement import Deadline
from twinflow.domain.people.viewer import OPERATOR
from twinflow.mail.inbox import CapturedMessage, capture_server, captured_messages
from twinflow.mail.loopback import listening_on
from twinflow.services.reading import agreements
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.worker.passes import Worker

YEAR = [date(2026, 11, 20) + timedelta(days=9 * n) for n in range(41)]
DAYS = YEAR[:: len(YEAR) // many(8, len(YEAR))]


@pytest.fixture
def shown(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[bootstrap.Runtime, datetime]]:
    """The demonstration as of a day, with its mail delivered by a real server."""
    day = getattr(request, "param", date(2026, 11, 20))
    now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    listener = listening_on(0)
    with capture_server(tmp_path / "mail", listener):
        runtime = bootstrap.start(demo.settings(tmp_path, 8000, listener.getsockname()[1], "en"))
        demo.fill(runtime, lambda: now)
        Worker(runtime.engine, lambda: runtime.rulebook, lambda: runtime.people, runtime.post, lambda: now).tick()
        yield runtime, now
        runtime.engine.dispose()


def messages(runtime: bootstrap.Runtime) -> dict[str, list[CapturedMessage]]:
    found: dict[str, list[CapturedMessage]] = {}
    for message in captured_messages(runtime.settings.mail.capture_folder):
        found.setdefault(message.recipient, []).append(message)
    return found


def test_the_worked_case_keeps_the_order_and_the_distances_of_the_true_file() -> None:
    rulebook = files.prove(demo.settings(Path(), 1, 1, "en"))
    script = read_script(demo.worked_case(), rulebook.catalogue)
    for today in YEAR:
        moved = demo.moved_to_recent_dates(script, today)
        distances = [(b.on - a.on, b.step) for a, b in zip(script.steps, moved.steps, strict=True)]
        assert len({distance for distance, _ in distances}) == 1
        assert 15 <= (today - moved.steps[-1].on).days <= 21
        assert [step.on.weekday() for step in moved.steps] == [step.on.weekday() for step in script.steps]


@pytest.mark.parametrize("shown", DAYS, indirect=True, ids=str)
def test_on_any_day_something_is_due_soon_something_is_overdue_and_both_are_in_the_inbox(
    shown: tuple[bootstrap.Runtime, datetime],
) -> None:
    runtime, now = shown
    with UnitOfWork(runtime.engine, reading=True) as work:
        case = work.agreements.get("DEMO-MX")
    open_ones: dict[str, Deadline] = {deadline.rule: deadline for deadline in case.deadlines if deadline.is_open}
    registration, programme = open_ones["registration"].due_on, open_ones["first_programme"].due_on
    assert registration is not None
    assert programme is not None
    assert now.date() <= registration <= now.date() + timedelta(days=28)
    assert programme < now.date()
    (digest,) = [m for m in messages(runtime)["Elena Enlace <elena@chihuahua.example>"] if "DEMO-MX" in m.subject]
    assert "Primer programa operativo anual: venció el" in digest.text
    assert "Inscripción en el registro: la meta es el" in digest.text


def test_the_case_says_that_its_dates_were_moved(shown: tuple[bootstrap.Runtime, datetime]) -> None:
    runtime, now = shown
    page = agreements.show_agreement(runtime.engine, runtime.rulebook, runtime.people, "DEMO-MX", now, viewer=OPERATOR)
    assert page.line.title == "Chihuahua – Albuquerque (2008; dates moved / fechas trasladadas)"
    assert page.line.state == "registration_requested"


def test_the_register_is_there_and_its_liaison_got_one_digest(shown: tuple[bootstrap.Runtime, datetime]) -> None:
    runtime, now = shown
    assert (
        len(list(agreements.each_agreement(runtime.engine, runtime.rulebook, runtime.people, now, viewer=OPERATOR)))
        == 39
    )
    assert len(messages(runtime)["Lucía Enlace <lucia@cuenca.example>"]) == 1


def test_the_command_serves_its_pages_on_loopback_and_ends_cleanly_on_a_signal() -> None:
    port = free_port()
    program = [Path(sys.executable).with_name("twinflow"), "demo", "--port", str(port)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        while not lines or "Stop with" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        with _patient(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        process.terminate()
        _, errors = process.communicate()
    printed = "".join(lines)
    assert "Imported agreements: dossiers: 26" in printed
    assert "Second pass: Alerts written: 0" in printed
    assert "Traceback" not in errors
    assert process.returncode == 0


def _patient(url: str) -> urllib.request.http.client.HTTPResponse:  # type: ignore[name-defined]
    """The answer, however long the server takes to listen."""
    while True:
        try:
            return urllib.request.urlopen(url)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise


def test_a_port_that_is_taken_is_said_and_exits_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        program = [Path(sys.executable).with_name("twinflow"), "demo", "--port", port]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"Port {port} cannot be used" in done.stderr


def test_the_demonstration_touches_neither_the_database_nor_the_mail_server_of_its_user(
    tmp_path: Path, smtp: RecordingServer
) -> None:
    own = tmp_path / "own.db"
    environment = {
        "PATH": os.environ["PATH"],
        "TWINFLOW_DATABASE__URL": f"sqlite:///{own}",
        "TWINFLOW_MAIL__HOST": "127.0.0.1",
        "TWINFLOW_MAIL__PORT": str(smtp.port),
        "TWINFLOW_MAIL__TLS": "none",
        "TWINFLOW_MAIL__SENDER": "own@test.example",
    }
    program = [Path(sys.executable).with_name("twinflow"), "demo", "--once", "--port", str(free_port())]
    done = subprocess.run(program, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not own.exists()
    assert smtp.received == []
