"""A machine whose clock jumps, at the command line: `tick`, `tick --at`, `clock show` and `clock confirm`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command_line import Ran, twinflow
from twinflow import clock
from twinflow.services.clock import last_pass
from twinflow.storage.engine import make_engine
from world import EXAMPLES

Run = Callable[..., Ran]
CASE = (
    "agreements", "open", "MX-1", "--process", "mx/twinning", "--office", "chihuahua", "--as", "elena", "--on", "2024-08-31",
    "--state", "in_force", "--set", "in_force_on=2024-08-31", "--set", "term_starts_on=2024-08-31",
    "--set", "signed_on=2024-08-31", "--term", "validity=5 years", "--term", "first_programme=60 days",
    "--term", "evaluation_period=1 year", "--party", "Chihuahua/MX", "--party", "Tulsa/US",
)  # fmt: skip
RIGHT, AHEAD, YEARS_AHEAD = (f"{day}T15:00+00:00" for day in ("2026-11-30", "2026-12-29", "2032-01-01"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Run:
    """Run `twinflow …` in an empty folder while the machine says that it is `now`, on either database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)

    def call(*arguments: str, now: str = RIGHT, language: str = "en") -> Ran:
        monkeypatch.setenv("TWINFLOW_LANGUAGE", language)
        monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(now).astimezone(UTC))
        return twinflow(monkeypatch, capsys, *arguments)

    return call


@pytest.fixture
def swept(run: Run) -> Run:
    """The same, once a case was opened and a pass was made."""
    assert run(*CASE).code == 0
    assert run("tick").code == 0
    return run


def shown(run: Run) -> list[object]:
    """What the books have of the case, and of mail."""
    return [run(*command, "--json").json for command in (("agreements", "show", "MX-1"), ("outbox", "list"))]


def test_a_pass_with_the_clock_years_ahead_is_refused_and_the_case_stays_as_it_was(swept: Run) -> None:
    before = shown(swept)
    done = swept("tick", now=YEARS_AHEAD)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(
        "The last pass was at 2026-11-30 15:00 UTC, and now it is 2032-01-01 15:00 UTC, 1858 days later. "
    )
    assert done.err.count("\n") == 1
    assert shown(swept) == before
    assert swept("tick").code == 0


def test_it_is_said_in_spanish_too(swept: Run) -> None:
    done = swept("tick", now=YEARS_AHEAD, language="es")
    assert done.err.startswith(
        "La última pasada fue el 2026-11-30 15:00 UTC, y ahora es 2032-01-01 15:00 UTC, 1858 días después."
    )


def test_a_tick_at_an_instant_to_come_shows_what_would_happen_and_writes_nothing(swept: Run) -> None:
    before = shown(swept)
    done = swept("tick", "--at", YEARS_AHEAD)
    assert done.code == 0
    assert "The term runs out → Expired" in done.out
    assert "2032-01-01 15:00 UTC is still to come: nothing was written and no mail was sent." in done.out
    assert done.out.rstrip().endswith("agreements moved by the calendar: MX-1.")
    events = swept("tick", "--at", YEARS_AHEAD, "--json").json["events"]
    assert ("step", "expire", "2029-08-31") in [(each["kind"], each["step"], each["effective_on"]) for each in events]
    assert shown(swept) == before
    done = swept("tick")
    assert (done.code, done.err) == (0, ""), "and it was no pass"


def test_over_the_books_of_a_demonstration_it_is_done(swept: Run, database_url: str) -> None:
    engine = make_engine(database_url)
    last_pass.mark_demonstration(engine)
    engine.dispose()
    done = swept("tick", "--at", YEARS_AHEAD)
    assert "agreements moved by the calendar: MX-1;" in done.out
    assert swept("agreements", "show", "MX-1", "--json").json["line"]["state"] == "expired"


def test_a_tick_at_an_instant_before_the_last_pass_is_refused_like_a_clock_that_went_back(swept: Run) -> None:
    done = swept("tick", "--at", "2026-11-29T15:00+00:00")
    assert (done.code, "24 hours earlier: the clock went back" in done.err) == (1, True)


def test_a_person_confirms_and_passes_go_on_and_say_what_is_of_days_to_come(swept: Run) -> None:
    assert swept("tick", now=AHEAD).code == 0
    refused = swept("tick")
    assert (refused.code, "29 days earlier: the clock went back" in refused.err) == (1, True)
    assert "29 days earlier" in swept("clock", "show").out
    done = swept("clock", "confirm", "--as", "elena")
    assert done.out.startswith("Confirmed: it is 2026-11-30 15:00 UTC. Passes go on from here.\n")
    done = swept("tick")
    assert done.code == 0
    assert done.err == "  ! Entries recorded later than now: 1, the latest at 2026-12-29 15:00 UTC, of MX-1.\n"
    assert len(swept("tick", "--json").json["clock"]) == 1
    (kept,) = swept("clock", "show", "--json").json["confirmed"]
    assert (kept["person"], kept["confirmed_at"][:10], kept["last_at"][:10]) == ("elena", "2026-11-30", "2026-12-29")
    assert "Confirmed by" in swept("clock", "show").out


@pytest.mark.parametrize(
    ("person", "now", "code", "words"),
    [
        ("rita", YEARS_AHEAD, 1, "Rita Reviewer cannot confirm the clock: that is for a liaison officer."),
        ("nobody", YEARS_AHEAD, 2, "There is no person nobody"),
        ("elena", RIGHT, 1, "There is nothing to confirm: the clock is believed."),
    ],
)
def test_not_everybody_can_confirm_and_not_without_need(
    swept: Run, person: str, now: str, code: int, words: str
) -> None:
    done = swept("clock", "confirm", "--as", person, now=now)
    assert (done.code, words in done.err) == (code, True), done.err


def test_a_step_taken_before_the_last_entry_of_its_case_says_so(swept: Run) -> None:
    step = ("agreements", "advance", "MX-1")
    done = swept(*step, "start_evaluation", "--as", "elena", "--on", "2026-11-29", now=AHEAD)
    assert (done.code, done.err) == (0, "")
    done = swept(*step, "record_evaluation", "--as", "elena")
    said = "Entries recorded later than now: 1, the latest at 2026-12-29 15:00 UTC, of MX-1."
    assert (done.code, done.err.splitlines()[1:]) == (0, [f"  ! {said}"]), "after the day that was taken"


def test_a_mailbox_is_not_read_by_hand_either(swept: Run, tmp_path: Path) -> None:
    (tmp_path / "box").write_text("From x\nSubject: a report\n\nof something\n\n")
    assert swept("bounces", "read", "box", now=YEARS_AHEAD).code == 1
    assert swept("bounces", "read", "box").code == 0


@pytest.mark.parametrize("year", ["0001", "2101"])
@pytest.mark.parametrize(
    "command",
    [
        ("tick",),
        ("clock", "show"),
        ("clock", "confirm", "--as", "elena"),
        ("agreements", "list"),
        ("agreements", "show", "MX-1"),
        ("agreements", "open", "MX-2", *CASE[3:]),
        ("deadlines", "list"),
        ("workflows", "simulate", "MX-1"),
        ("workflows", "simulate", "--process", "mx/twinning"),
        ("notices", "preview", "due-soon", "--agreement", "MX-1"),
    ],
    ids=" ".join,
)
def test_by_a_clock_that_no_calendar_reaches_nothing_is_done(swept: Run, command: tuple[str, ...], year: str) -> None:
    before = shown(swept)
    done = swept(*command, now=f"{year}-06-01T12:00+00:00")
    assert (done.code, done.out) == (3, ""), done
    assert done.err == (
        f"The clock of this machine says {year}-06-01 12:00 UTC; no year but one between 1800 and 2100 can be right. "
        "Nothing was done.\n"
    )
    assert shown(swept) == before


def test_by_such_a_clock_not_even_tables_are_made(run: Run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert run("tick", now="2200-06-01T12:00+00:00").code == 3
    assert not (tmp_path / "new.db").exists()
