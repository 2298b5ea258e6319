"""A date that rests on days which nobody has published yet is provisional, and says so wherever it is shown, in words."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from builders import draft_of
from command_line import Ran, twinflow
from prepared import Prepare
from signed_in import signed_in
from twinflow import bootstrap, clock
from twinflow.cli.output import jsonable
from twinflow.config import load_settings
from twinflow.language import day, say, short_day
from twinflow.sentences import ProvisionalDay, Sentence, as_it_stands
from twinflow.web.app import create_app
from world import EXAMPLES

NOW = datetime(2035, 3, 12, 18, tzinfo=UTC)
"""No calendar is filled in for this year."""
AS_ELENA = ("--as", "elena")
OPEN = ("--process", "mx/twinning", "--office", "chihuahua", *AS_ELENA, "--party", "Chihuahua/MX", "--party", "León/US")
TO_OPINION = ("approve_profile", "send_letter", "record_answer", "complete_draft", "request_opinion")
OPINION = "MX-9/opinion/1"
BY_RITA = ("--as", "rita", "--reason", "the translation is missing", "--paper", "DEP-12/35", "--on", "2035-03-12")
LANGUAGES = ("en", "es")
WORD = re.compile(r"\bprovisional\b", re.IGNORECASE)
"""The same in both languages."""

Run = Callable[..., Ran]


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path: Path) -> str:
    """What is written of a date is the same on both databases."""
    return f"sqlite:///{tmp_path / 'twinflow.db'}"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, database_url: str, prepare: Prepare) -> Run:
    """Run `twinflow …` in 2035, on the books of a case whose opinion was asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")

    def call(*arguments: str) -> Ran:
        return twinflow(monkeypatch, capsys, *arguments)

    def make() -> None:
        done = [call("agreements", "open", "MX-9", *OPEN, "--on", "2035-03-02")]
        as_elena = (*AS_ELENA, "--on", "2035-03-05")
        done += [call("agreements", "advance", "MX-9", step, *as_elena, *draft_of(step)) for step in TO_OPINION]
        assert {each.code for each in done} == {0}, done

    prepare("provisional dates", make)
    return call


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TWINFLOW_LANGUAGE", request.param)
    return str(request.param)


# how it is written, at one place


@pytest.mark.parametrize("code", LANGUAGES)
def test_whoever_writes_such_a_date_says_it(code: str) -> None:
    plain, provisional = date(2035, 3, 27), as_it_stands(date(2035, 3, 27), provisional=True)
    assert isinstance(provisional, ProvisionalDay)
    assert provisional == plain
    for write in (day, short_day, say):
        assert write(provisional, code) == f"{write(plain, code)} (provisional)"
    assert say(Sentence("{day} has passed", {"day": provisional}), code).count("(provisional)") == 1


def test_a_date_that_is_sure_is_written_as_ever() -> None:
    assert as_it_stands(date(2035, 3, 27), provisional=False) == date(2035, 3, 27)
    assert "provisional" not in day(as_it_stands(date(2035, 3, 27), provisional=False) or date.min, "en")
    assert as_it_stands(None, provisional=True) is None


# where it is written


COMMANDS: dict[str, tuple[str, ...]] = {
    "the list of agreements": ("agreements", "list"),
    "an agreement": ("agreements", "show", "MX-9"),
    "the list of deadlines": ("deadlines", "list"),
    "its ledger": ("deadlines", "explain", OPINION),
    "what an extension made of it": ("deadlines", "extend", OPINION, "5 business days", *BY_RITA),
    "what an acknowledgement leaves": ("deadlines", "acknowledge", OPINION, *AS_ELENA),
    "what a snooze leaves": (
        *("deadlines", "snooze", OPINION, *AS_ELENA),
        *("--until", "2035-03-14", "--reason", "on leave"),
    ),
    "what would come": ("workflows", "simulate", "MX-9", "--until", "2035-06-30"),
    "what a pass would do": ("tick", "--at", "2035-03-20T18:00+00:00"),
    "its picture in words": ("workflows", "diagram", "--agreement", "MX-9", "--format", "text"),
    "its picture": ("workflows", "diagram", "--agreement", "MX-9", "--format", "svg"),
    "its diagram": ("workflows", "diagram", "--agreement", "MX-9", "--format", "mermaid"),
    "what another calendar would make of it": ("calendars", "preview", "mx-ministry.toml"),
    "the preview of a notice": ("notices", "preview", "deadline-soon", "--agreement", "MX-9"),
    "a count without a case": (
        *("deadlines", "compute", "--from", "2035-03-12"),
        *("--length", "15 business days", "--calendar", "mx-ministry"),
    ),
}


@pytest.mark.parametrize("place", COMMANDS)
def test_the_command_line_says_it(run: Run, tmp_path: Path, language: str, place: str) -> None:
    with_a_day_more(tmp_path)
    done = run(*COMMANDS[place])
    assert done.code == 0, done
    assert WORD.search(done.out), done.out


JSON = [
    place for place, words in COMMANDS.items() if words[:2] not in {("workflows", "diagram"), ("notices", "preview")}
]


@pytest.mark.parametrize("place", JSON)
def test_json_says_it_beside_the_date(run: Run, tmp_path: Path, place: str) -> None:
    with_a_day_more(tmp_path)
    done = run(*COMMANDS[place], "--json")
    assert done.code == 0, done
    assert re.search(r'"(\w+_is_)?provisional": true', done.out), done.out


def test_json_has_no_such_key_beside_a_date_that_is_sure() -> None:
    assert "is_provisional" not in str(jsonable(Sentence("x"), "en"))


def test_the_history_says_it_of_a_date_that_still_is(run: Run, language: str) -> None:
    assert run("deadlines", "extend", OPINION, "5 business days", *BY_RITA).code == 0
    assert run("deadlines", "confirm", OPINION, "--as", "sergio", "--on", "2035-03-12").code == 0
    entries = [entry["text"] for entry in run("agreements", "history", "MX-9", "--json").json]
    assert [entry for entry in entries if WORD.search(entry)], (language, entries)


PAGES = ("/", "/agreements/MX-9", "/agreements/MX-9/deadlines/opinion/1", "/agreements/MX-9/picture")


@pytest.fixture
def browser(run: Run) -> Iterator[TestClient]:
    runtime = bootstrap.start(load_settings(None))
    with TestClient(create_app(runtime, lambda: NOW), base_url="http://127.0.0.1") as client:
        signed_in(client, runtime, NOW)
        yield client
    runtime.engine.dispose()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_the_pages_say_it(browser: TestClient, page: str, code: str) -> None:
    shown = browser.get(page, headers={"Accept-Language": code})
    assert shown.status_code == 200
    assert WORD.search(shown.text), page


def test_a_private_calendar_says_it(browser: TestClient, run: Run) -> None:
    address = run("feeds", "create", "elena").out
    found = re.search(r"/calendar/\S+\.ics", address)
    assert found is not None, address
    assert WORD.search(browser.get(found[0]).text)


def test_mail_says_it_in_subject_text_html_and_the_dates_that_go_with_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Elena reads Spanish, and Rita English; each is told of what is due, in a digest or at once."""
    for later in range(1, 30, 2):
        monkeypatch.setattr(clock, "now", lambda days=later: NOW + timedelta(days=days))
        assert run("tick").code == 0
    dated = [message for message in _captured(tmp_path / "captured-mail") if _calendar(message)]
    assert {message["Content-Language"] for message in dated} == set(LANGUAGES)
    for message in dated:
        text, html = (message.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert html is not None
        assert WORD.search(text.get_content()), text.get_content()
        assert WORD.search(html.get_content())
        assert WORD.search(_calendar(message).replace("\r\n ", ""))
    about_one_date = [message for message in dated if "2035" in message["Subject"]]
    assert about_one_date
    assert all(WORD.search(message["Subject"]) for message in about_one_date)


def _captured(folder: Path) -> list[EmailMessage]:
    parser = BytesParser(policy=policy.default)
    return [parser.parsebytes(file.read_bytes()) for file in sorted((folder / "new").iterdir())]


def _calendar(message: EmailMessage) -> str:
    return "".join(part.get_content() for part in message.walk() if part.get_content_type() == "text/calendar")


def with_a_day_more(folder: Path) -> None:
    """An edition of the ministry's calendar that is filled in for 2035, and by which the opinion is due a day later."""
    shipped = (EXAMPLES.parent / "workflows" / "calendars" / "mx-ministry.toml").read_text("utf-8")
    entry = '\n[[days]]\non = 2035-03-14\nlabel = { en = "x", es = "x" }\nsource = "x"\n'
    filled_in = re.sub(r"(?m)^last_year = \d+", "last_year = 2036", shipped)
    (folder / "mx-ministry.toml").write_text(filled_in + entry, "utf-8")
