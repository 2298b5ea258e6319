"""An opening that is corrected from the command line, with what belongs to the case: real files, one database."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import Ran, twinflow
from world import EXAMPLES

MORE = """
[offices.delicias]
kind = "municipality"
label = { en = "Delicias", es = "Delicias" }
country = "MX"
time_zone = "America/Chihuahua"
[offices.parral]
kind = "municipality"
label = { en = "Parral", es = "Parral" }
country = "MX"
time_zone = "America/Chihuahua"
[people.nora]
name = "Nora"
mail = "nora@delicias.example"
language = "es"
roles = [{ role = "liaison", office = "delicias" }]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys) -> Callable[..., Ran]:
    """Run `twinflow …` with an agreement, CH-1, and its annual programme, CH-1-P."""
    monkeypatch.chdir(tmp_path)
    people = (EXAMPLES / "demo" / "people.toml").read_text("utf-8")
    (tmp_path / "people.toml").write_text(people + MORE, "utf-8")
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", "people.toml")
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", f"sqlite:///{tmp_path / 'books.db'}")
    monkeypatch.setenv("TWINFLOW_MAIL__SENDER", "twinflow@test.example")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def call(*arguments: str) -> Ran:
        return twinflow(monkeypatch, capsys, *arguments)

    by = ("--as", "elena", "--on", "2026-03-02")
    agreement = ("agreements", "open", "CH-1", "--process", "mx/twinning", "--office", "chihuahua", *by)
    programme = ("agreements", "open", "CH-1-P", "--process", "annual-programme", "--office", "chihuahua", *by)
    opened = call(*agreement, "--party", "Chihuahua/MX", "--party", "Alburquerque/US")
    assert opened.code == 0, opened.err
    opened = call(*programme, "--parent", "CH-1")
    assert opened.code == 0, opened.err
    return call


def correct(run: Callable[..., Ran], reference: str, *asked: str, person: str = "elena") -> Ran:
    options = [word for each in asked for word in ("--set", each)]
    despite = ("--despite", "we keep it for them")
    return run("agreements", "correct", reference, "1", *options, "--as", person, "--reason", "mistyped", *despite)


def shown(run: Callable[..., Ran], reference: str) -> dict[str, Any]:
    return run("agreements", "show", reference, "--json").json


def kept_by(run: Callable[..., Ran], office: str) -> list[str]:
    return [line["reference"] for line in run("agreements", "list", "--office", office, "--json").json]


def test_what_belongs_to_a_corrected_agreement_is_named_with_the_command_that_corrects_it(run) -> None:
    alone = correct(run, "CH-1-P", "office=delicias")
    assert (alone.code, "CH-1 is kept by another office: chihuahua." in alone.err) == (1, True), alone.err
    alone = correct(run, "CH-1-P", "party.Alburquerque=Albuquerque")
    assert (alone.code, "It is Alburquerque in CH-1, and not Albuquerque" in alone.err) == (1, True), alone.err
    done = correct(run, "CH-1", "office=delicias", "party.Alburquerque=Albuquerque")
    assert done.code == 0, done.err
    line = next(line for line in done.out.splitlines() if line.startswith("CH-1-P belongs to it"))
    _, _, command = line.partition("twinflow ")
    again = run(*shlex.split(command))
    assert again.code == 0, again.err
    assert correct(run, "CH-1-P", "note=kept by both", person="nora").code == 0, "it is hers now"
    assert [party["name"] for party in shown(run, "CH-1-P")["parties"]] == ["Chihuahua", "Albuquerque"]
    silent = correct(run, "CH-1", "note=by letter", person="nora")
    assert (silent.code, "belongs" in silent.out) == (0, False)


def test_an_office_where_nobody_could_correct_it_again_is_refused(run) -> None:
    refused = correct(run, "CH-1", "office=parral")
    assert (refused.code, "of parral: nobody could correct it again." in refused.err) == (1, True), refused.err
    assert correct(run, "CH-1", "office=delicias").code == 0
    assert correct(run, "CH-1", "office=chihuahua", person="nora").code == 0


def test_an_office_takes_back_what_it_gave_away_and_asks_for_it_where_somebody_has_gone_on_with_it(run) -> None:
    assert correct(run, "CH-1", "office=delicias").code == 0
    more = correct(run, "CH-1", "office=chihuahua", "note=ours")
    assert (more.code, "elena is not liaison officer here." in more.err) == (1, True), "only what they had corrected"
    assert correct(run, "CH-1", "office=chihuahua").code == 0, "nobody has gone on with it"
    other = correct(run, "CH-1", "office=delicias", person="nora")
    assert (other.code, "nora is not liaison officer here." in other.err) == (1, True)

    assert correct(run, "CH-1", "office=delicias").code == 0
    assert correct(run, "CH-1", "note=seen", person="nora").code == 0
    asked = correct(run, "CH-1", "office=chihuahua")
    assert (asked.code, "liaison officer" in asked.out) == (0, True), asked.err
    confirm = ("agreements", "confirm-correction", "CH-1", "6")
    assert " ".join(confirm) in asked.out
    assert kept_by(run, "delicias") == ["CH-1"]
    assert run(*confirm, "--as", "elena").code == 1
    assert run(*confirm, "--as", "nora").code == 0
    assert kept_by(run, "delicias") == []
    assert kept_by(run, "chihuahua") == ["CH-1"]


def test_a_country_is_read_as_the_opening_reads_it(run) -> None:
    refused = correct(run, "CH-1", "country.Alburquerque=Narnia")
    assert (refused.code, "no such country" in refused.err) == (2, True), refused.err
    assert correct(run, "CH-1", "country.Alburquerque=España").code == 0
    assert {party["country"] for party in shown(run, "CH-1")["parties"]} == {"MX", "ES"}


def test_a_title_that_is_taken_out_is_that_of_the_parties(run) -> None:
    assert correct(run, "CH-1", "title=Sister cities").code == 0
    assert correct(run, "CH-1", "title=").code == 0
    assert shown(run, "CH-1")["line"]["title"] == "Chihuahua – Alburquerque"
