"""Why this date: the ledger on the pages says what the command line and JSON say."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from test_frame import assert_well_built
from web_reading import Page

from builders import AT_PAGE, PAPERS
from signed_in import signed_in
from twinflow import bootstrap
from twinflow.bootstrap import Runtime
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.language import say, short_day
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.reading.explanations import explain
from twinflow.services.reading.ledger_in_words import Explained, explained
from twinflow.web.app import create_app
from twinflow.web.pages import agreements
from world import EXAMPLES, WITH_THE_PASS

NOW = datetime(2026, 3, 12, 18, tzinfo=UTC)
OPINION = DeadlineId("MX-9", "opinion", 1)
ADDRESS = "/agreements/MX-9/deadlines/opinion/1"
STEPS = ("approve_profile", "send_letter", "record_answer", "complete_draft", "request_opinion")


@pytest.fixture
def asked(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """A case whose opinion was asked for on 3 March 2026: 15 business days of the ministry."""
    settings = Settings(
        people_file=EXAMPLES / "demo" / "people.toml",
        database=DatabaseSettings(url=database_url),
        mail=MailSettings(capture_folder=tmp_path / "mail"),
        rhythm=WITH_THE_PASS,
    )
    runtime = bootstrap.start(settings)
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    day = datetime(2026, 3, 3, tzinfo=UTC).date()
    new = NewAgreement("MX-9", "mx/twinning", "chihuahua", "Chihuahua – Albuquerque", day, parties)
    open_agreement(runtime.engine, runtime.rulebook, runtime.people, new, actor="elena", door=AT_PAGE, now=NOW)
    for step in STEPS:
        command = StepCommand(step, day, records=PAPERS.get(step, {}))
        advance_agreement(
            runtime.engine, runtime.rulebook, runtime.people, "MX-9", command, person="elena", door=AT_PAGE, now=NOW
        )
    yield runtime
    runtime.engine.dispose()


@pytest.fixture
def look() -> Iterator[Callable[..., TestClient]]:
    """A browser on the pages, on 12 March 2026 unless told otherwise."""
    opened: list[TestClient] = []

    def open_browser(runtime: Runtime, language: str = "en", now: datetime = NOW) -> TestClient:
        app = create_app(runtime, lambda: now)
        opened.append(TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": language}))
        return signed_in(opened[-1], runtime, now)

    yield open_browser
    for client in opened:
        client.close()


def change(runtime: Runtime, kind: ChangeKind, person: str = "rita", **more: object) -> None:
    grounds = {"reason": "another authority <asked>", "paper": "DEP-12/26"}
    command = ChangeCommand(kind=kind, on=NOW.date(), **grounds, **more)
    change_deadline(
        runtime.engine, runtime.rulebook, runtime.people, OPINION, command, person=person, door=AT_PAGE, now=NOW
    )


def shown(runtime: Runtime) -> Explained:
    return explained(explain(runtime.engine, runtime.rulebook, runtime.people, OPINION, NOW, viewer=OPERATOR))


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_has_a_row_for_each_line_of_the_ledger(asked, look, language):
    change(asked, ChangeKind.PAUSE)
    page = Page(look(asked, language).get(ADDRESS).text)
    [reading] = shown(asked).readings
    lines = [
        " ".join(filter(None, (short_day(line.on, language), say(line.count, language), say(line.what, language))))
        for line in reading.lines
    ]
    assert page.rows[1 : len(lines) + 1] == lines
    for point in reading.summary:
        assert say(point.name, language) in page.text
        assert all(say(value, language) in page.text for value in point.values)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_built_for_everybody(asked, look, language):
    change(asked, ChangeKind.EXTEND, length=Length.parse("5 business days"))
    for address in (ADDRESS, "/agreements/MX-9"):
        assert_well_built(look(asked, language).get(address).text, language)


def test_the_ledger_is_on_the_page_of_the_agreement_too_behind_a_summary(asked, look):
    html = look(asked).get("/agreements/MX-9").text
    page = Page(html)
    assert len(page.all("details")) == len(page.all("summary")) == 1
    assert "Why this date? Opinion of the ministry, Wednesday, 25 March 2026" in page.text
    assert page.row("Wed 2026-03-25") == "Wed 2026-03-25 business day 15 Due date: counted"
    assert page.row("Tue 2026-03-03") == "Tue 2026-03-03 Start: the day of the event"
    assert {"href": ADDRESS} in page.all("a")


def test_a_long_ledger_has_a_page_of_its_own_only(asked, look, monkeypatch):
    monkeypatch.setattr(agreements, "LONGEST_PAGE", 10)
    page = Page(look(asked).get("/agreements/MX-9").text)
    assert page.all("details") == []
    assert "Opinion of the ministry, Wednesday, 25 March 2026: 23 lines, on a page of its own" in page.text
    assert len(Page(look(asked).get(ADDRESS).text).rows) == 24


def test_a_change_that_waits_is_shown_with_whom_it_waits_for(asked, look):
    change(asked, ChangeKind.EXTEND, length=Length.parse("5 business days"))
    page = Page(look(asked).get("/agreements/MX-9").text)
    assert "Changes to be confirmed: 1" in page.row("Opinion of the ministry")
    row = page.row("1 Thu 2026-03-12 rita extended by 5 business days")
    assert "reason: another authority <asked> paper: DEP-12/26" in row
    assert "waits for the confirmation of supervisor of the liaison" in row
    change(asked, ChangeKind.CONFIRM, "sergio")
    confirmed = Page(look(asked).get(ADDRESS).text)
    assert "confirmed by sergio on Thursday, 12 March 2026" in confirmed.row("1 Thu 2026-03-12")


def test_a_closed_deadline_keeps_its_page(asked, look):
    command = StepCommand("issue_favourable_opinion", NOW.date(), records={"opinion_number": "1"})
    advance_agreement(asked.engine, asked.rulebook, asked.people, "MX-9", command, person="rita", door=AT_PAGE, now=NOW)
    browser = look(asked)
    assert "Why this date? Opinion" not in Page(browser.get("/agreements/MX-9").text).text
    assert {"href": ADDRESS} in Page(browser.get("/agreements/MX-9").text).all("a")
    assert "Due date: counted" in Page(browser.get(ADDRESS).text).row("Wed 2026-03-25")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/agreements/MX-9/deadlines/opinion/2", "There is no deadline MX-9/opinion/2; there are: "),
        ("/agreements/MX-9/deadlines/opinion/x", "“MX-9/opinion/x” names no deadline"),
        ("/agreements/MX-9/deadlines/opinion/" + "9" * 5000, "names no deadline"),
        ("/agreements/NOPE/deadlines/opinion/1", "There is no agreement NOPE."),
    ],
)
def test_an_unknown_deadline_is_not_found(asked, look, address, words):
    response = look(asked).get(address)
    assert response.status_code == 404
    assert words in Page(response.text).text


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 3, 17, 18, tzinfo=UTC), "Open"),
        (datetime(2026, 3, 20, 18, tzinfo=UTC), "Soon"),
        (datetime(2026, 3, 25, 18, tzinfo=UTC), "Due today"),
        (datetime(2026, 3, 26, 18, tzinfo=UTC), "Target passed"),
        (datetime(2026, 6, 26, 18, tzinfo=UTC), "Target passed"),
    ],
)
def test_how_a_target_stands_is_said_in_a_word_and_never_overdue(asked, look, now, words):
    row = Page(look(asked, now=now).get("/agreements/MX-9").text).row("Opinion of the ministry")
    assert words in row
    assert "verdue" not in row


def test_each_reading_of_a_contradictory_term_has_its_ledger(browser):
    page = Page(browser.get("/agreements/CU-10/deadlines/first_programme/1").text)
    assert "Warnings go by Tuesday, 5 July 2011, lateness by Thursday, 4 August 2011." in page.text
    assert "Reading 1 of 2: 60 days" in page.text
    assert "Reading 2 of 2: 90 days" in page.text
    assert page.row("Tue 2011-07-05") == "Tue 2011-07-05 day 60 Due date: counted"
    assert page.row("Thu 2011-08-04") == "Thu 2011-08-04 day 90 Due date: counted"
