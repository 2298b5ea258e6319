"""Offices and people by command: who may be what, who acts for whom, and what is refused with one clear answer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from every_command import NOW

from command_line import Ran, twinflow
from twinflow import clock
from world import EXAMPLES

Run = Callable[..., Ran]
DECEMBER = ("--from", "2026-12-01", "--to", "2026-12-31", "--reason", "on leave")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str) -> Run:
    """Run `twinflow …` on 12 March 2026."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    return lambda *arguments: twinflow(monkeypatch, capsys, *arguments)


def entries(run: Run) -> int:
    return max(each["entry"]["number"] for each in run("people", "history", "--json").json)


def test_a_delegation_is_kept_shown_and_ended_with_the_role_it_rests_on(run: Run) -> None:
    given = run("people", "delegate", "elena", "david", "--role", "liaison", "--office", "chihuahua", *DECEMBER)
    assert given.code == 0, given
    assert "people.elena.delegates[1].until" in given.out
    assert "→ david" in run("people", "list").out
    assert run("people", "end", "elena", "liaison", "chihuahua", "--last-day", "2026-12-10").code == 0
    (elena,) = (each for each in run("people", "list", "--json").json if each["key"] == "elena")
    assert [each["to_day"] for each in elena["delegations"]] == ["2026-12-10"]
    assert "on leave" in run("people", "history").out
    assert run("people", "end-delegation", "elena", "david", "--last-day", "2026-11-30").code == 0
    assert "→ david" not in run("people", "list").out
    ended = run("people", "end-delegation", "elena", "david", "--last-day", "2026-11-30")
    assert (ended.code, ended.err.strip()) == (2, "elena delegates nothing to david after that day.")


def test_each_bad_change_is_one_clear_answer_and_changes_nothing(run: Run) -> None:
    assert run("people", "assign", "sergio", "administrator", "chihuahua").code == 0
    before = entries(run)
    office = ("--kind", "municipality", "--label-en", "Parral", "--label-es", "Parral", "--country", "MX")
    refused = {
        (2, "people.elena.delegates[1]: elena does not hold reviewer in chihuahua on Tuesday, 1 December 2026"): (
            *("people", "delegate", "elena", "david", "--role", "reviewer", "--office", "chihuahua"),
            *DECEMBER,
        ),
        (2, "nobody delegates to oneself"): ("people", "delegate", "elena", "elena", *DECEMBER),
        (2, "write both, or neither"): ("people", "delegate", "elena", "david", "--role", "liaison", *DECEMBER),
        (1, "nobody gives a role to themselves: sergio would be liaison in chihuahua."): (
            *("people", "assign", "sergio", "liaison", "chihuahua", "--as", "sergio"),
        ),
        (1, "elena is no administrator."): ("people", "assign", "david", "liaison", "chihuahua", "--as", "elena"),
        (1, "nobody would be administrator any more"): ("people", "disable", "sergio"),
        (1, "on Wednesday, 1 July 2026 nobody would be administrator"): (
            *("people", "end", "sergio", "administrator", "chihuahua", "--last-day", "2026-06-30"),
        ),
        (2, "offices.parral: time_zone: “Chihuahua”: there is no such time zone"): (
            "offices",
            "add",
            "parral",
            *office,
            "--time-zone",
            "Chihuahua",
        ),
        (2, "--time-zone"): ("offices", "add", "parral", *office),
    }
    for (code, said), arguments in refused.items():
        done = run(*arguments)
        assert (done.code, said in done.err) == (code, True), (done, said)
    assert entries(run) == before


def test_a_circle_is_refused_wherever_it_is_closed(run: Run, tmp_path: Path) -> None:
    assert run("people", "assign", "david", "liaison", "chihuahua").code == 0
    assert run("people", "delegate", "elena", "david", *DECEMBER).code == 0
    closed = run("people", "delegate", "david", "elena", *DECEMBER)
    assert (closed.code, "it goes round in a circle: " in closed.err) == (2, True)
    assert run("people", "delegate", "david", "elena", *DECEMBER, "--dry-run").code == 2


def test_a_file_declares_delegations_and_a_second_time_changes_nothing(run: Run, tmp_path: Path) -> None:
    file, text = tmp_path / "people.toml", (EXAMPLES / "demo" / "people.toml").read_text()
    declared = (
        '\n[[people.elena.delegates]]\nto = "david"\nfrom = 2026-12-01\nuntil = 2026-12-31\nreason = "on leave"\n'
    )
    file.write_text(text + declared)
    assert "people.elena.delegates[1].to" in run("people", "import", str(file), "--dry-run").out
    assert run("people", "import", str(file)).code == 0
    before = entries(run)
    assert run("people", "import", str(file)).out == "Nothing changes: it stands there already.\n"
    assert run("people", "end-delegation", "elena", "david", "--last-day", "2026-12-10").code == 0
    assert run("people", "import", str(file)).out == "Nothing changes: it stands there already.\n"
    assert entries(run) == before + 1
    file.write_text(text.replace('time_zone = "America/Guayaquil"\n', "", 1))
    zoneless = run("people", "import", str(file))
    assert (zoneless.code, "offices.cuenca.time_zone" in zoneless.err) == (2, True)


def test_an_office_asks_for_a_second_factor_until_a_command_says_otherwise_and_not_a_file(run: Run) -> None:
    place, file = "offices.chihuahua.second_factor", str(EXAMPLES / "demo" / "people.toml")
    assert place in run("offices", "change", "chihuahua", "--second-factor", "--dry-run").out
    assert run("offices", "change", "chihuahua", "--second-factor", "--reason", "ours").code == 0
    assert "Nothing changes" in run("people", "import", file).out
    (office,) = [each for each in run("offices", "list", "--json").json if each["key"] == "chihuahua"]
    assert office["second_factor"] is True
    assert run("offices", "change", "chihuahua", "--no-second-factor").code == 0
    assert place not in run("offices", "change", "chihuahua", "--no-second-factor", "--dry-run").out
    assert run("people", "history").out.count(place) == 2


def test_what_those_who_are_there_cannot_do_is_found_before_anybody_waits(run: Run) -> None:
    found = run("people", "check", "--json")
    assert found.code == 1
    before = {(each["office"], each["process"]) for each in found.json}
    assert ("chihuahua", "mx/twinning v3") not in before, sorted(before)
    assert run("people", "disable", "rita").code == 0
    after = [each for each in run("people", "check", "--json").json if each["office"] == "chihuahua"]
    assert any("reviewer" in each["why"] for each in after if each["process"].startswith("mx/twinning")), after
