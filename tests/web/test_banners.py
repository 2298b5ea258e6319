"""What stands above every page: a rehearsal, a backup that is held, messages that reached nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_frame import assert_well_built
from web_reading import Page

from twinflow.bootstrap import Runtime
from twinflow.config import MailSettings
from twinflow.domain.clock.last_pass import LONGEST_GAP
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register
from twinflow.services.clock import last_pass
from twinflow.services.mail import restored_backup
from twinflow.storage import state_file
from world import CUENCA, TODAY


def sending(runtime: Runtime, tmp_path, **mail: str) -> Runtime:
    """The same with a mail server."""
    values = {"host": "mail.cuenca.example", "sender": "twinflow@cuenca.example", **mail}
    given = MailSettings(state_file=tmp_path / "state.json", capture_folder=tmp_path / "mail", **values)
    settings = runtime.settings.model_copy(update={"mail": given})
    sending = replace(runtime, settings=settings)
    sending.post = replace(runtime.post, state_file=given.state_file)
    return sending


def test_a_rehearsal_says_on_every_page_where_all_mail_goes(empty, browse, tmp_path):
    browser = browse(sending(empty, tmp_path, redirect_all_to="rehearsal@cuenca.example"))
    for address in ("/", "/inbox", "/nope"):
        text = Page(browser.get(address).text).text
        assert "Rehearsal. All mail goes to rehearsal@cuenca.example and to nobody else." in text


def test_what_is_captured_goes_nowhere_even_if_it_is_redirected(empty, browse, tmp_path):
    runtime = sending(empty, tmp_path, redirect_all_to="rehearsal@cuenca.example", host="")
    text = Page(browse(runtime).get("/").text).text
    assert "No mail server is set." in text
    assert "Rehearsal." not in text


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_backup_that_is_held_says_what_to_do(empty, browse, tmp_path, language):
    runtime = sending(empty, tmp_path)
    assert restored_backup.may_send(runtime.engine, runtime.state_file, TODAY) is None
    browser = browse(runtime, language=language)
    assert "twinflow outbox confirm" not in browser.get("/").text
    state_file.write(runtime.state_file, dict.fromkeys(state_file.read(runtime.state_file), 7))
    html = browser.get("/").text
    assert_well_built(html, language)
    text = Page(html).text
    said = {"en": "this machine has sent mail that the database does not know of", "es": "No se envía correo"}
    assert [words for words in (said[language], "--send", "--cancel") if words not in text] == []
    restored_backup.confirm(runtime.engine, runtime.state_file, cancel=False, now=TODAY)
    assert "twinflow outbox confirm" not in browser.get("/").text


def test_a_state_file_that_cannot_be_read_breaks_no_page(empty, browse, tmp_path):
    runtime = sending(empty, tmp_path)
    runtime.state_file.write_text("{}")
    response = browse(runtime).get("/")
    assert response.status_code == 200
    assert "by which a restored backup is noticed, cannot be used" in Page(response.text).text


@pytest.mark.parametrize("language", ["es", "en"])
def test_while_no_pass_believes_the_clock_pages_are_served_and_say_so(empty, browse, language):
    browser = browse(empty, language=language)
    assert browser.get("/healthz").json()["clock"] == "ok"
    last_pass.begin(empty.engine, TODAY - timedelta(days=60), LONGEST_GAP)
    response = browser.get("/")
    assert response.status_code == 200
    assert_well_built(response.text, language)
    assert f"60 {'días después' if language == 'es' else 'days later'}" in Page(response.text).text
    assert "twinflow clock confirm" in Page(browser.get("/inbox").text).text
    health = browser.get("/healthz")
    assert (health.status_code, health.json()["clock"]) == (200, "to be confirmed")
    last_pass.confirm(empty.engine, empty.rulebook, empty.people, person="lucia", now=TODAY, longest_gap=LONGEST_GAP)
    assert "twinflow clock confirm" not in browser.get("/").text
    assert browser.get("/healthz").json()["clock"] == "ok"


def test_entries_of_days_to_come_stand_above_every_page(empty, browse):
    sheet = (CUENCA / "agreements.csv", CUENCA / "agreements.map.toml")
    tomorrow = TODAY + timedelta(days=1)
    last_pass.begin(empty.engine, TODAY, LONGEST_GAP)
    dossiers = read_register(*sheet, empty.rulebook, empty.people, tomorrow)
    import_register(empty.engine, empty.rulebook, empty.people, dossiers, now=tomorrow)
    browser = browse(empty)
    for address in ("/", "/inbox", "/agreements/CU-02"):
        assert "Entries recorded later than now: " in Page(browser.get(address).text).text
    assert browser.get("/healthz").json()["clock"] == "entries later than now"
