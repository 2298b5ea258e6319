"""`notices`: what there is, how it would read for whom, and what a person does not want by mail."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from command_line import twinflow
from twinflow import clock
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.storage.tables import AlertRow, HistoryRow, OutboxRow
from world import EXAMPLES, World

REGISTERED = "agreement-registered"
MARCH = datetime(2026, 3, 2, 18, tzinfo=UTC)
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
HOLDERS = {"liaison": "elena", "reviewer": "rita", "registrar": "ramon", "supervisor": "sergio", "deputy": "david"}
"""Of the roles of the Mexican case, in the people of the demonstration."""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str) -> Run:
    """Run `twinflow notices …` with the people of the demonstration, on either database: exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setattr(clock, "now", lambda: MARCH)

    def call(*arguments: str, person: str | None = "lucia", language: str = "en") -> tuple[int, str, str]:
        monkeypatch.setenv("TWINFLOW_LANGUAGE", language)
        reader = ["--as", person] if person is not None else []
        return twinflow(monkeypatch, capsys, "notices", *arguments, *reader)

    return call


@pytest.fixture
def drafted(world: World) -> World:
    """A Mexican case whose draft is ready to be sent for opinion."""
    new = NewAgreement("MX-1", "mx/twinning", "chihuahua", "Here – There", MARCH.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", now=MARCH)
    return world


def test_an_optional_notice_is_switched_off_and_on_as_often_as_wanted(run: Run) -> None:
    for _ in range(2):
        code, out, _ = run("off", REGISTERED)
        assert (code, out.endswith("is switched off for lucia.\n")) == (0, True)
    assert run("on", REGISTERED)[1].endswith("is switched on for lucia.\n")


def test_a_mandatory_one_is_refused_with_its_reason(run: Run) -> None:
    code, _, error = run("off", "deadline-soon")
    assert code == 1
    assert "cannot be switched off. Deadlines bind the office that acts" in error


def test_an_unknown_notice_or_person_is_told_what_there_is(run: Run) -> None:
    assert run("off", "agreement-registred")[::2] == (
        2,
        "There is no notice agreement-registred; there are agreement-registered, agreement-renewed, agreement-ended.\n",
    )
    code, _, error = run("on", "xyz")
    assert code == 2
    assert "deadline-soon" in error
    assert run("off", REGISTERED, person="nobody")[0] == 2


# The list


def test_the_list_says_of_every_notice_whether_it_can_be_switched_off_and_why(run: Run) -> None:
    run("off", REGISTERED)
    code, out, _ = run("list", "--json")
    listed = {each["notice"]["key"]: each for each in json.loads(out)}
    assert (code, set(listed)) == (
        0,
        {path.name for path in (EXAMPLES.parent / "notifications").iterdir() if path.is_dir()} - {"_base"},
    )
    assert {key for key, each in listed.items() if each["off"]} == {REGISTERED}
    assert {key for key, each in listed.items() if each["notice"]["optional"]} == {
        REGISTERED,
        "agreement-renewed",
        "agreement-ended",
    }
    assert all(
        each["notice"][name][language]
        for each in listed.values()
        for name in ("label", "because")
        for language in ("en", "es")
    )
    assert not any(each["off"] for each in json.loads(run("list", "--json", person=None)[1]))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Deadline that has passed", "always sent", "optional", "switched off")),
        ("es", ("Plazo vencido", "siempre", "opcional", "desactivado")),
    ],
)
def test_the_list_is_in_the_language_of_the_settings(run: Run, language: str, words: tuple[str, ...]) -> None:
    run("off", REGISTERED)
    out = run("list", language=language)[1]
    assert all(word in out for word in words)


def test_the_list_of_somebody_who_is_not_there_says_who_there_is(run: Run) -> None:
    code, _, error = run("list", person="nobody")
    assert (code, "elena" in error) == (2, True)


# The preview


def test_a_real_occasion_is_told_as_it_would_leave(run: Run, drafted: World) -> None:
    drafted.now = MARCH
    code, out, _ = run("preview", "deadline-soon", "--agreement", "MX-1", person=None)
    head, _, body = out.partition("\n\n")
    if "example" in head:
        head, _, body = body.partition("\n\n")
    assert code == 0
    assert head.startswith("Subject: MX-1: ")
    assert "To: Elena Enlace <elena@chihuahua.example>" in head
    assert body.startswith("Elena Enlace:\n")
    assert "de 2026, en " in body


@pytest.mark.parametrize(("role", "person"), HOLDERS.items())
def test_anybody_may_see_how_a_notice_reads_and_nothing_is_sent_or_kept(
    run: Run, drafted: World, role: str, person: str
) -> None:
    reader, before = drafted.people.person(person), _books(drafted)
    for notice in ("deadline-overdue", "change-to-confirm", "date-missing", "your-turn"):
        code, out, _ = run("preview", notice, "--agreement", "MX-1", person=person)
        assert (code, f"To: {reader.name} <{reader.mail}>" in out) == (0, True)
        assert "MX-1 · Here – There" in out
    assert _books(drafted) == before
    assert not list((Path.cwd() / "mail").glob("*"))


def _books(world: World) -> list[int]:
    with world.engine.connect() as connection:
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (OutboxRow, AlertRow, HistoryRow)
        ]


def test_an_example_says_that_it_is_one_in_the_language_of_the_settings(run: Run, drafted: World) -> None:
    for language, words in (("en", "the occasion is an example"), ("es", "la ocasión es un ejemplo")):
        assert words in run("preview", "undelivered", "--agreement", "MX-1", language=language)[1]


def test_the_html_is_the_page_alone(run: Run, drafted: World) -> None:
    code, out, _ = run("preview", "undelivered", "--agreement", "MX-1", "--html")
    assert (code, out.startswith('<!doctype html>\n<html lang="es">')) == (0, True)


def test_optional_mail_is_shown_with_its_way_out(run: Run, drafted: World) -> None:
    out = run("preview", REGISTERED, "--agreement", "MX-1")[1]
    assert "\nList-Unsubscribe: <http" in out
    assert "Dejar de recibir correos como este:\n" in out


@pytest.mark.parametrize(
    ("arguments", "person", "code", "words"),
    [
        (("deadline-sone", "MX-1"), None, 2, "There is no notice deadline-sone; there are agreement-ended, "),
        (("deadline-soon", "MX-2"), None, 2, "MX-2"),
        (("deadline-soon", "MX-1"), "nobody", 2, "There is no person nobody; there are "),
        (
            ("silence-decided", "MX-1"),
            None,
            1,
            "Nothing in the process of MX-1 is ever told by the notice silence-decided.",
        ),
    ],
)
def test_what_cannot_be_shown_says_why(
    run: Run, drafted: World, arguments: tuple[str, str], person: str | None, code: int, words: str
) -> None:
    notice, reference = arguments
    found, out, error = run("preview", notice, "--agreement", reference, person=person)
    assert (found, out) == (code, "")
    assert words in error
    assert len(error.splitlines()) == 1


def test_where_nobody_holds_the_role_a_reader_is_to_be_named(
    run: Run, drafted: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = twinflow(monkeypatch, capsys, "people", "end", "rita", "reviewer", "sre", "--last-day", "2026-03-01")
    assert ended[0] == 0, ended
    code, out, error = run("preview", "opinion-requested", "--agreement", "MX-1", person=None)
    assert (code, out, error) == (1, "", "Nobody is reviewer of the ministry; name a reader with --as.\n")
    assert run("preview", "opinion-requested", "--agreement", "MX-1", person="rita")[0] == 0
