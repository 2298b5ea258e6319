"""What a pass could not do is said as often as it begins and ends: in the log, in the books, on the pages of another process."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from signed_in import signed_in
from twinflow.domain.alerts.incident import LastPass, Part
from twinflow.domain.people.viewer import OPERATOR
from twinflow.mail.returned import Watched
from twinflow.sentences import Sentence
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.health import last_passes
from twinflow.services.mail.received import settle
from twinflow.web.app import create_app
from world import CUENCA, World

MakeWorld = Callable[..., World]
FULL = (CUENCA / "people.toml").read_text("utf-8")
VACANT = FULL.replace('role = "liaison"', 'role = "authority"').replace('role = "deputy"', 'role = "authority"')


def browser_of(world: World, language: str = "en") -> TestClient:
    """The pages of a process that makes no passes."""
    app = create_app(world.runtime, lambda: world.now)
    browser = TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": language})
    return signed_in(browser, world.runtime, world.now)


@pytest.fixture
def vacant(make_world: MakeWorld, tmp_path: Path) -> World:
    """The register of Cuenca where nobody is liaison officer."""
    (tmp_path / "people.toml").write_text(VACANT, "utf-8")
    world = make_world(people=tmp_path / "people.toml")
    world.import_cuenca()
    return world


def test_a_worker_says_that_nobody_holds_a_role_once_and_that_somebody_does(
    vacant: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker, said = vacant.worker, "CU-14: nobody is liaison officer; the alert waits."
    for _ in range(3):
        worker.sweep()
    assert caplog.text.count(said) == 1
    assert said in [str(each.sentence) for each in open_incidents(vacant.engine, viewer=OPERATOR).kept]
    with browser_of(vacant) as browser:
        count = len(open_incidents(vacant.engine, viewer=OPERATOR).kept)
        assert f"Incidents ({count})" in browser.get("/").text
        assert said in browser.get("/incidents").text
        assert said in browser.get("/agreements/CU-14").text
        assert said not in browser.get("/agreements/CU-11").text
    (tmp_path / "people.toml").write_text(FULL, "utf-8")
    vacant.declare(tmp_path / "people.toml")
    worker.sweep()
    assert f"no longer: {said}" in caplog.text
    assert open_incidents(vacant.engine, viewer=OPERATOR).kept == ()
    with browser_of(vacant) as browser:
        assert "There are no incidents." in browser.get("/incidents").text
        assert said not in browser.get("/agreements/CU-14").text


def test_what_is_damaged_among_the_files_is_an_incident_too(world: World) -> None:
    damaged = Sentence("{file} cannot be read: {why}.", {"file": "people.toml", "why": "it is empty"})
    replace(world.worker, damaged=(damaged,)).tick()
    (incident,) = open_incidents(world.engine, viewer=OPERATOR).kept
    assert (incident.part, incident.sentence) == (Part.FILES, damaged)
    world.tick()
    assert open_incidents(world.engine, viewer=OPERATOR).kept == ()


Spoil = Callable[[Path], object]


def make_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.fixture(params=["gone", "a folder", "a pipe", "a device", "garbage", "its folder is a file"])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Spoil]]:
    spoil: dict[str, Spoil] = {
        "gone": lambda path: path.unlink(missing_ok=True),
        "a folder": make_folder,
        "a pipe": lambda path: (path.unlink(missing_ok=True), os.mkfifo(path)),
        "a device": lambda path: (path.unlink(missing_ok=True), path.symlink_to("/dev/zero")),
        "garbage": lambda path: path.write_bytes(b"garbage\n\xff"),
        "its folder is a file": lambda path: (path.unlink(missing_ok=True), path.parent.rmdir(), path.parent.touch()),
    }
    (tmp_path / "returned").mkdir()
    return tmp_path / "returned" / "mbox", spoil[request.param]


@pytest.mark.parametrize("at_the_start", [True, False])
def test_a_mailbox_that_cannot_be_read_stops_neither_sweep_nor_mail_and_ends_when_it_is_back(
    cuenca: World, mailbox: tuple[Path, Spoil], caplog: pytest.LogCaptureFixture, *, at_the_start: bool
) -> None:
    path, spoil = mailbox
    worker = replace(cuenca.worker, mailbox=Watched(path))
    if not at_the_start:
        path.touch()
        worker.mail()
    spoil(path)
    done = worker.tick()
    assert (done.sweep.alerts, done.delivery.sent) == (9, 1)
    worker.mail()
    (incident,) = open_incidents(cuenca.engine, viewer=OPERATOR).kept
    assert str(path) in str(incident.sentence) or "The mailbox cannot be read" in str(incident.sentence)
    assert caplog.text.count(str(incident.sentence)) == 1
    put_right(path)
    worker.mail()
    assert open_incidents(cuenca.engine, viewer=OPERATOR).kept == ()
    assert f"no longer: {incident.sentence}" in caplog.text


def test_what_came_in_and_waits_for_a_person_is_logged_once(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = tmp_path / "box"
    box.write_bytes(b"From x\nSubject: Thank you\nFrom: ana@city.example\n\nWill do.\n")
    worker = replace(world.worker, mailbox=Watched(box))
    for _ in range(2):
        worker.mail()
    assert caplog.text.count("an answer: “Thank you” from ana@city.example.") == 1
    (incident,) = open_incidents(world.engine, viewer=OPERATOR).kept
    assert caplog.text.count(str(incident.sentence)) == 1
    settle(world.engine, world.people, 1, by="elena", now=world.now)
    worker.mail()
    assert open_incidents(world.engine, viewer=OPERATOR).kept == ()


def put_right(path: Path) -> None:
    if path.parent.is_file():
        path.parent.unlink()
    path.parent.mkdir(exist_ok=True)
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_bytes(b"")


def test_health_tells_when_the_last_pass_was_and_that_it_failed(cuenca: World) -> None:
    cuenca.tick()
    with browser_of(cuenca) as browser:
        at = cuenca.now.isoformat()
        well = {"at": at, "failed": False}
        assert browser.get("/healthz").json()["passes"] == {"sweep": well, "mail": well}
        broken = replace(cuenca.worker, rulebook=lambda: {}["gone"])
        with pytest.raises(KeyError):
            broken.sweep()
        response = browser.get("/healthz")
        assert response.status_code == 200, "the pages are well"
        assert response.json()["passes"] == {"sweep": {"at": at, "failed": True}, "mail": well}
        assert "The last sweep did not come to its end: KeyError" in browser.get("/incidents").text


def test_what_waits_at_the_mail_server_and_what_came_to_nobody_is_on_the_same_page(cuenca: World) -> None:
    cuenca.tick()
    with cuenca.engine.begin() as connection:
        why = """'["{server} takes no mail from us: {why}", {"server": "mail:25", "why": "it is down"}]'"""
        connection.execute(text(f"UPDATE outbox SET state = 'retrying', error = {why}"))
    with browser_of(cuenca) as browser:
        assert "Incidents (1)" in browser.get("/").text
        shown = browser.get("/incidents").text
        assert "Messages that wait for another try: 1" in shown
        assert "mail:25 takes no mail from us: it is down" in shown


def test_the_books_keep_a_pass_that_came_to_its_end(world: World) -> None:
    world.tick()
    well = LastPass(world.now, failed=False)
    assert last_passes(world.engine) == {Part.SWEEP: well, Part.MAIL: well}
