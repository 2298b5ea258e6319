"""`twinflow workflows simulate`: of a process that nobody uses yet, and of a running agreement."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command_line import Ran, twinflow
from twinflow import clock
from world import EXAMPLES

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


Run = Callable[..., Ran]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch, capsys) -> Run:
    """Run `twinflow workflows simulate …` in an empty folder, without people or database, on 23 November 2026."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def call(*arguments: str, language: str = "en") -> Ran:
        monkeypatch.setenv("TWINFLOW_LANGUAGE", language)
        return twinflow(monkeypatch, capsys, "workflows", "simulate", *arguments)

    return call


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Run:
    """Run `twinflow …` with people, on either database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    return lambda *arguments: twinflow(monkeypatch, capsys, *arguments)


OPINION = ("--process", "mx/twinning", "--from", "2026-03-02", "--step", "request_opinion=2026-03-02")


def test_a_process_alone_is_shown_with_roles_and_days_of_the_week(alone: Run) -> None:
    done = alone(*OPINION, "--until", "2026-04-30")
    assert done.code == 0
    for words in (
        "Wed 2026-03-25",
        "Opinion of the ministry: its day has passed",
        "reviewer of the ministry",
        "1 business day after",
    ):
        assert words in done.out
    assert "mx/twinning, if nobody acts: “Opinion requested” on Monday, 2 March 2026" in done.out
    assert not Path("twinflow.db").exists()


def test_it_speaks_spanish(alone: Run) -> None:
    done = alone(*OPINION, "--until", "2026-04-30", language="es")
    for words in (
        "Día",
        "Quién",
        "Nivel",
        "mié 2026-03-25",
        "Dictamen de procedencia: ya pasó su día",
        "si nadie actúa",
    ):
        assert words in done.out


def test_without_a_last_day_it_is_ten_years(alone: Run) -> None:
    signed = ("--process", "mx/twinning", "--state", "in_force", "--fact", "signed_on=2026-01-10", "--json")
    assert alone(*signed).json["ends_in"] == "in_force", "a term that no text states ends nothing"
    done = alone(*signed, "--term", "validity=5 years")
    assert (done.json["start"], done.json["until"]) == ("2026-11-23", "2036-11-23")
    assert done.json["ends_in"] == "expired"
    assert [event["state"] for event in done.json["events"] if event["kind"] == "step"] == ["expired"]


def test_every_mistake_is_said_at_once_with_its_option(alone: Run) -> None:
    done = alone(
        "--process", "mx/twinning", "--until", "soon", "--fact", "signed_on=2026-13-40", "--term", "validity=long"
    )
    assert done.code == 2
    assert [line.split(":")[0].removeprefix("  - ") for line in done.err.splitlines()[1:]] == [
        "--until",
        "--fact signed_on",
        "--term validity",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name either an agreement or, with --process, a process"),
        (("A-1", "--process", "mx/twinning"), "name either an agreement or, with --process, a process"),
        (("A-1", "--state", "in_force"), "--state: it goes with --process"),
        (("--process", "mx/twining"), "There is no process mx/twining"),
        (("--process", "mx/twinning", "--state", "in_forse"), "did you mean “in_force”?"),
    ],
)
def test_what_cannot_be_meant_is_bad_input(alone: Run, arguments: tuple[str, ...], said: str) -> None:
    done = alone(*arguments)
    assert done.code == 2
    assert said in done.err


def test_a_running_agreement_is_simulated_from_now_and_nothing_is_written(run: Run) -> None:
    opening = ("--process", "mx/twinning", "--office", "chihuahua", "--as", "elena", "--state", "in_force")
    parties = ("--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--set", "signed_on=2026-11-02")
    assert run("agreements", "open", "MX-9", *opening, *parties, "--on", "2026-11-02").code == 0
    before = run("agreements", "history", "MX-9", "--json").json
    done = run("workflows", "simulate", "MX-9", "--until", "2027-12-31", "--json")
    assert done.code == 0
    assert {event["reference"] for event in done.json["events"]} == {"MX-9"}
    assert "elena" in {told["person"] for event in done.json["events"] for told in event["told"]}
    assert "elena (liaison officer)" in run("workflows", "simulate", "MX-9", "--until", "2027-12-31").out
    assert run("agreements", "history", "MX-9", "--json").json == before


def test_an_agreement_that_is_not_there_is_bad_input(run: Run) -> None:
    done = run("workflows", "simulate", "MX-1", "--until", "2027-12-31")
    assert (done.code, done.err.strip()) == (2, "There is no agreement MX-1.")


def test_what_was_annulled_is_called_so_wherever_it_is_read_and_nothing_comes_of_it(run: Run, monkeypatch) -> None:
    party = ("--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--as", "elena", "--on", "2026-11-20")
    assert run("agreements", "open", "MX-1", "--process", "mx/twinning", "--office", "chihuahua", *party).code == 0
    done = run("agreements", "correct", "MX-1", "1", "--annul", "--as", "elena", "--reason", "opened twice")
    assert done.code == 0
    for language, said, short in (
        ("en", "MX-1.annulled was annulled on Monday, 23 November 2026: nothing comes of it.", "annulled"),
        ("es", "MX-1.annulled se anuló el lunes 23 de noviembre de 2026: nada sale de él.", "anulado"),
    ):
        monkeypatch.setenv("TWINFLOW_LANGUAGE", language)
        simulated = run("workflows", "simulate", "MX-1.annulled")
        assert (simulated.code, simulated.out) == (0, f"{said}\n")
        assert short in run("agreements", "show", "MX-1.annulled").out
        drawn = run("workflows", "diagram", "--agreement", "MX-1.annulled").out
        assert short in drawn.lower()
    shown = run("agreements", "show", "MX-1.annulled", "--json").json
    assert (shown["next_steps"], shown["waits_for"], shown["line"]["in_force"]) == ([], {}, False)
    assert run("workflows", "simulate", "MX-1.annulled", "--json").json["annulled_on"] == "2026-11-23"
    assert run("agreements", "list", "--json").json == []
    assert run("deadlines", "list", "--json").json == []
