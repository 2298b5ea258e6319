"""`twinflow workflows migrate`: a plan drafted, looked at and applied, as a person does it from the command line."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from builders import TINY, edited, write_workflows
from command_line import Ran, twinflow
from prepared import Prepare
from tiny_world import OFFICE, PERSON
from twinflow import clock
from twinflow.cli import output

NOW = datetime(2026, 4, 6, 18, tzinfo=UTC)
PAUSABLE = (
    'label = { en = "Answer", es = "Respuesta" }\n',
    'label = { en = "Answer", es = "Respuesta" }\n[deadlines.answer.pause]\nby = ["liaison"]\nsource = "test"\n',
)
FIRST = edited(TINY, ('length = "10 days"', 'length = "30 business days"'), PAUSABLE)
SECOND = edited(
    FIRST.replace('"asked"', '"inquired"').replace("states.asked", "states.inquired"),
    ("version = 1", "version = 2"),
    ('length = "30 business days"', 'length = "40 business days"'),
)
ROOM = 100
"""Columns of a usual terminal."""


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Run:
    """Run `twinflow …` on Monday 6 April 2026, on either database."""
    people = OFFICE.format(key="chihuahua", kind="municipality", zone="America/Chihuahua", calendar="mx-labour")
    people += PERSON.format(key="elena", role="liaison", office="chihuahua")
    (tmp_path / "people.toml").write_text(people, "utf-8")
    write_workflows(tmp_path / "workflows", FIRST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(output, "Console", lambda **_: Console(width=ROOM, markup=False, highlight=False))
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(tmp_path / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(tmp_path / "workflows"))

    def call(*arguments: str, **environment: str) -> Ran:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return twinflow(monkeypatch, capsys, *arguments)

    return call


@pytest.fixture
def books(run: Run, prepare: Prepare, tmp_path: Path) -> Run:
    """T-1 and T-2 asked on 9 March, T-2 paused, T-3 still open; then a second version of the file."""
    prepare("T-1 to T-3", lambda: open_three(run))
    (tmp_path / "workflows" / "tiny.v2.toml").write_text(SECOND, "utf-8")
    return run


def open_three(run: Run) -> None:
    for reference, other in (("T-1", "Albuquerque"), ("T-2", "El Paso"), ("T-3", "Tucson")):
        opened = run(
            "agreements", "open", reference, "--process", "tiny", "--office", "chihuahua", "--as", "elena",
            "--party", "Chihuahua/MX", "--party", f"{other}/US", "--on", "2026-03-09",
        )  # fmt: skip
        assert opened.code == 0, opened.err
    for reference in ("T-1", "T-2"):
        assert run("agreements", "advance", reference, "ask", "--as", "elena", "--on", "2026-03-09").code == 0
    grounds = ("--as", "elena", "--on", "2026-03-20", "--reason", "flood", "--paper", "OF-1")
    assert run("deadlines", "pause", "T-2/answer/1", *grounds).code == 0


def a_plan(run: Run, *edits: tuple[str, str]) -> str:
    drafted = run("workflows", "migrate", "plan", "tiny@1", "tiny@2", "--output", "plan.toml")
    assert drafted.code == 0, drafted.err
    whole = edited(
        Path("plan.toml").read_text("utf-8"), ('"?"', '"inquired"'), ('reason = ""', 'reason = "circular 4"')
    )
    Path("plan.toml").write_text(edited(whole, *edits), "utf-8")
    return "plan.toml"


def apply(run: Run, *more: str, person: str = "elena", **environment: str) -> Ran:
    return run("workflows", "migrate", "apply", "plan.toml", "--as", person, *more, **environment)


def test_a_plan_is_drafted_with_how_many_agreements_it_is_about(books: Run) -> None:
    drafted = books("workflows", "migrate", "plan", "tiny@1", "tiny@2")
    assert drafted.code == 0, drafted.err
    for line in ('from_process = "tiny@1"', 'to_process = "tiny@2"', 'asked = "?"', 'answer = "keep-due"'):
        assert line in drafted.out.splitlines()
    assert drafted.out.splitlines()[-4:-1] == [
        "│ open  │ Open    │ 1          │ open    │",
        "│ asked │ Asked   │ 2          │ ?       │",
        "│ done  │ Done    │ 0          │ done    │",
    ]
    assert books("workflows", "migrate", "plan", "tiny@1", "tiny", "--json").json == {
        "from": "tiny v1",
        "to": "tiny v2",
        "states": {"open": "open", "asked": None, "done": "done"},
        "deadlines": {"answer": "keep-due"},
        "steps": {},
        "agreements": {"asked": 2, "open": 1},
    }


def test_a_plan_that_somebody_worked_on_is_not_written_over(books: Run) -> None:
    a_plan(books)
    again = books("workflows", "migrate", "plan", "tiny@1", "tiny@2", "--output", "plan.toml")
    assert (again.code, again.err) == (2, "plan.toml cannot be written: File exists.\n")
    assert "circular 4" in Path("plan.toml").read_text("utf-8")


def test_a_dry_run_shows_each_agreement_and_writes_nothing(books: Run) -> None:
    a_plan(books, ('answer = "keep-due"', 'answer = "recompute"'))
    tried = apply(books, "--dry-run")
    assert tried.code == 0, tried.err
    assert "Answer: Tue 2026-04-21 → Wed 2026-05-06" in " ".join(tried.out.split())
    assert tried.out.endswith("Would be moved: 3; would stay: 0. Nothing was written.\n")
    assert max(map(len, tried.out.splitlines())) <= ROOM
    assert books("agreements", "show", "T-1", "--json").json["process_version"] == 1
    assert books("deadlines", "list", "--json").json[0]["due_on"] == "2026-04-21"


def test_a_dry_run_says_which_dates_are_provisional(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_2035 = ("T-4", "--process", "tiny", "--office", "chihuahua", "--as", "elena", "--on", "2035-03-09")
    monkeypatch.setattr(clock, "now", lambda: datetime(2035, 3, 12, 18, tzinfo=UTC))
    opened = run("agreements", "open", *in_2035, "--party", "Chihuahua/MX", "--party", "Albuquerque/US")
    asked = run("agreements", "advance", "T-4", "ask", "--as", "elena", "--on", "2035-03-09")
    assert (opened.code, asked.code) == (0, 0), (opened, asked)
    (tmp_path / "workflows" / "tiny.v2.toml").write_text(SECOND, "utf-8")
    a_plan(run, ('answer = "keep-due"', 'answer = "recompute"'))
    shown = " ".join(apply(run, "--dry-run").out.replace("│", " ").split())
    assert "Fri 2035-04-20 (provisional) → Fri 2035-05-04 (provisional)" in shown


def test_applied_each_is_moved_or_stays_with_its_reason_and_the_rest_may_follow(books: Run) -> None:
    a_plan(books)
    done = apply(books)
    assert done.code == 1, "somebody has to look at what stays"
    assert "“Answer” is paused, so it cannot keep-due; resume it or recompute." in " ".join(
        " ".join(line.rpartition("│")[0].rpartition("│")[2].split()) for line in done.out.splitlines()
    )
    assert done.out.endswith("Moved: 2; stayed: 1.\n")
    assert books("deadlines", "resume", "T-2/answer/1", "--as", "elena", "--on", "2026-04-06").code == 0
    again = apply(books, "--json")
    assert again.code == 0, again.err
    (result,) = again.json
    assert (result["reference"], result["before"], result["after"]) == ("T-2", "asked", "inquired")
    assert (result["dates"][0]["before"], result["reasons"]) == (result["dates"][0]["after"], [])
    nobody = apply(books)
    assert (nobody.code, nobody.out) == (0, "No agreement runs on tiny v1.\n")
    assert books("workflows", "migrate", "plan", "tiny@1", "tiny@2").out.endswith("No agreement runs on tiny v1.\n")


def test_afterwards_the_ledger_and_the_page_say_so(books: Run) -> None:
    sentence = "The process has another version since Monday, 6 April 2026; the date of before was kept."
    a_plan(books)
    apply(books)
    told = books("deadlines", "explain", "T-1/answer/1")
    assert told.code == 0, told.err
    assert sentence in told.out.splitlines()
    assert books("deadlines", "explain", "T-1/answer/1", "--json").json["carried"] == sentence
    assert "Moved from tiny v1 to tiny v2: circular 4" in books("agreements", "show", "T-1", "--json").out
    assert books("agreements", "list").code == 0
    assert books("deadlines", "list", "--all").code == 0


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_person_nobody_knows_migrates_nothing(books: Run, more: tuple[str, ...]) -> None:
    a_plan(books)
    done = apply(books, *more, person="nobody")
    assert (done.code, done.err) == (2, "There is no person nobody; there are elena.\n")


def test_a_plan_with_mistakes_is_answered_with_all_of_them(books: Run) -> None:
    books("workflows", "migrate", "plan", "tiny@1", "tiny@2", "--output", "plan.toml")
    done = apply(books)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "plan.toml has mistakes.",
        "  - plan.toml: states: “asked” is missing: say which state it becomes.",
        "  - plan.toml: reason: say why; it stays in the history of each agreement.",
    ]


def test_a_plan_that_is_not_there_and_a_version_that_is_not_there_are_named(books: Run) -> None:
    missing = apply(books)
    assert (missing.code, missing.err) == (2, "plan.toml cannot be read: No such file or directory.\n")
    unknown = books("workflows", "migrate", "plan", "tiny@1", "tiny@7")
    assert (unknown.code, unknown.err) == (2, "There is no process tiny version 7.\n")
