"""`twinflow calendars`: list, propose and check, as a person runs them; no database is needed."""

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import WORKFLOWS
from command_line import Ran, twinflow

TODAY = "2026-11-20"


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys) -> Callable[..., Ran]:
    """Run `twinflow calendars …` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, **environment: str) -> Ran:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return twinflow(monkeypatch, capsys, "calendars", *arguments)

    return call


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped workflows, to be spoilt."""
    shutil.copytree(WORKFLOWS, tmp_path / "workflows")
    return tmp_path / "workflows"


def spoil(workflows: Path, old: str, new: str, name: str = "mx-labour.toml") -> None:
    file = workflows / "calendars" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


# List


def test_list_tells_how_many_days_are_still_proposed(run) -> None:
    (labour,) = [line for line in run("list", "--json").json if line["key"] == "mx-labour"]
    assert (labour["days"], labour["proposed"]) == (158, 158)
    assert "158" in run("list").out


def test_a_day_that_was_checked_is_proposed_no_more(run, copied: Path) -> None:
    spoil(copied, "proposed = true\n", "")
    lines = run("list", "--json", TWINFLOW_WORKFLOWS_FOLDER=str(copied)).json
    assert [line["proposed"] for line in lines if line["key"] == "mx-labour"] == [157]


# Propose


def test_propose_prints_toml_entries(run) -> None:
    done = run("propose", "MX", "2027")
    days = tomllib.loads(done.out)["days"]
    assert done.code == 0
    assert [day["on"].isoformat() for day in days][:2] == ["2027-01-01", "2027-02-01"]
    assert all(day["proposed"] and "to be checked against the gazette" in day["source"] for day in days)


def test_propose_beside_a_calendar_says_that_nothing_differs(run) -> None:
    done = run("propose", "MX", "2027", "--calendar", "mx-labour")
    assert (done.code, done.out) == (
        0,
        "# Nothing differs: mx-labour has in 2027 the days that the library has for MX.\n",
    )


def test_propose_beside_a_calendar_prints_what_is_missing_and_then_what_the_library_does_not_have(run) -> None:
    done = run("propose", "EC", "2018", "--calendar", "ec-public")
    entries, comments = done.out.split("# Days of ec-public in 2018 that the library does not have for EC:")
    assert "on = 2018-10-09" in entries
    assert "#   2018-11-01 Independence of Cuenca (moved from Saturday 3 November 2018): " in comments
    assert len(tomllib.loads(done.out)["days"]) == entries.count("[[days]]")


def test_propose_says_when_the_library_has_no_day(run) -> None:
    done = run("propose", "SV", "1950")
    assert (done.code, done.out) == (0, "# The library has no day of 1950 for SV.\n")


def test_propose_passes_on_what_the_library_warns_of(run) -> None:
    done = run("propose", "IN", "1999")
    assert "# The library says: " in done.out
    assert done.err == ""


def test_propose_as_json_holds_the_same_entries(run) -> None:
    shown = run("propose", "EC", "2018", "--calendar", "ec-public", "--json").json
    assert shown["country"] == "EC"
    assert [day["on"] for day in shown["unknown"]] == ["2018-11-01", "2018-12-24", "2018-12-31"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("propose", "Mexcio", "2027"), "near it are MX (Mexico)."),
        (("propose", "MX", "1899"), "The year 1899 is outside the years 1900 to 2100."),
        (("propose", "MX", "2027", "--calendar", "mx-labor"), "There is no calendar mx-labor"),
        (("check", "nowhere"), "nowhere cannot be read"),
        (("check", "--on", "31/12/2026"), "--on “31/12/2026”"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_2(run, arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert (done.code, done.out, words in done.err) == (2, "", True), done.err


# Check


def test_check_finds_nothing_in_the_shipped_calendars(run) -> None:
    done = run("check", "--on", TODAY)
    assert (done.code, done.err) == (0, "")
    assert "Calendars: 9; nothing is to be put right on Friday, 20 November 2026." in done.out
    assert run("check", "--on", TODAY, "--json").json == []


def test_check_prints_every_finding_with_its_place_and_exits_2(run, copied: Path) -> None:
    spoil(copied, "last_year = 2027", "last_year = 2029", "it-public.toml")
    spoil(copied, "on = 2007-01-01", "on = 2006-01-01")
    done = run("check", str(copied), "--on", TODAY)
    assert (done.code, done.out) == (2, "")
    assert "Calendars: 9; to be put right: 3." in done.err
    assert "workflows/calendars/it-public.toml: 2028: no day is entered for this year" in done.err
    assert "workflows/calendars/it-public.toml: 2029: no day is entered for this year" in done.err
    assert "workflows/calendars/mx-labour.toml: days[9]: Sunday, 1 January 2006 is entered twice." in done.err


def test_check_takes_the_folder_of_the_calendars_too(run, copied: Path) -> None:
    assert run("check", str(copied / "calendars"), "--on", TODAY).code == 0


def test_check_takes_the_folder_of_the_settings(run, copied: Path) -> None:
    spoil(copied, 'key = "mx-labour"', 'key = "mx-work"')
    done = run("check", "--on", TODAY, TWINFLOW_WORKFLOWS_FOLDER=str(copied))
    assert (done.code, "the key must be the file's name" in done.err) == (2, True)


def test_check_tells_a_year_ahead_that_the_calendars_run_out(run) -> None:
    done = run("check", "--on", "2027-01-01")
    assert done.code == 2
    assert done.err.count("enter those of 2028, then set last_year to it.") == 9


def test_check_as_json_lists_the_findings_and_exits_2(run) -> None:
    done = run("check", "--on", "2027-01-01", "--json")
    assert (done.code, done.err) == (2, "")
    assert done.json[0]["place"] == "workflows/calendars/au-public.toml: calendar.last_year"


def test_process_files_without_a_folder_of_calendars_are_not_taken_for_calendars(
    run: Callable[..., Ran], copied: Path
) -> None:
    shutil.rmtree(copied / "calendars")
    missing = Path("workflows") / "calendars"
    assert run("check", "workflows") == (2, "", f"There is no folder {missing}.\n")
    assert run("check", TWINFLOW_WORKFLOWS_FOLDER="workflows") == (2, "", f"There is no folder {missing}.\n")


def test_a_folder_of_calendars_alone_is_checked(run: Callable[..., Ran], copied: Path) -> None:
    assert run("check", str(copied / "calendars"), "--on", TODAY).code == 0
