"""`twinflow workflows`: diagram, replay and check."""

import re
from pathlib import Path

import pytest

from twinflow import bootstrap
from twinflow.config import Settings
from twinflow.definitions.scripts import read_script
from twinflow.domain.diagram import mermaid
from twinflow.errors import BadInput, Refused
from twinflow.services.replay import Replay, replay
from world import EXAMPLES

CHIHUAHUA = EXAMPLES / "chihuahua-albuquerque.toml"


@pytest.fixture(scope="module")
def library():
    return bootstrap.load_library(Settings())


@pytest.fixture(scope="module")
def replayed(library) -> Replay:
    return replay(library, read_script(CHIHUAHUA, library.catalogue))


def test_the_true_file_takes_each_step_on_its_day(replayed: Replay) -> None:
    assert [(step.on.isoformat(), step.step, step.state) for step in replayed.steps] == [
        ("2008-02-18", "complete_draft", "drafting"),
        ("2008-02-18", "request_opinion", "opinion_requested"),
        ("2008-03-05", "issue_favourable_opinion_with_changes", "opinion_favourable"),
        ("2008-03-10", "sign", "partly_signed"),
        ("2008-03-10", "sign", "signed"),
        ("2008-07-31", "request_registration", "registration_requested"),
    ]


def test_the_alerts_say_that_the_signed_text_was_not_yet_registered(replayed: Replay) -> None:
    told = [
        (alert.on.isoformat(), alert.notice, alert.level, alert.to)
        for alert in replayed.alerts
        if alert.subject == "deadline:registration_request"
    ]
    assert told == [
        ("2008-04-02", "deadline-soon", "7 days before", "liaison"),
        ("2008-04-10", "deadline-overdue", "1 day after", "liaison"),
        ("2008-05-10", "deadline-overdue", "every 30 days #1", "liaison"),
        ("2008-06-08", "deadline-overdue", "60 days after to supervisor", "supervisor"),
        ("2008-06-09", "deadline-overdue", "every 30 days #2", "liaison"),
        ("2008-07-09", "deadline-overdue", "every 30 days #3", "liaison"),
    ]


def test_a_target_of_fifteen_business_days_warned_of_the_opinion_before_it_came(replayed: Replay) -> None:
    told = [(a.on.isoformat(), a.to) for a in replayed.alerts if a.subject == "deadline:opinion"]
    assert told == [("2008-03-03", "liaison"), ("2008-03-03", "reviewer")]


def test_a_script_whose_step_is_refused_says_why(library, tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text(CHIHUAHUA.read_text("utf-8").replace('by = "reviewer"', 'by = "liaison"'), "utf-8")
    with pytest.raises(Refused) as refusal:
        replay(library, read_script(file, library.catalogue))
    assert any("reviewer of the ministry" in str(reason) for reason in refusal.value.reasons)


def test_a_script_that_expects_an_alert_that_does_not_come_fails(library, tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text(CHIHUAHUA.read_text("utf-8").replace("on = 2008-06-08", "on = 2008-06-07"), "utf-8")
    with pytest.raises(BadInput) as mistake:
        replay(library, read_script(file, library.catalogue))
    assert "no alert about registration_request went to supervisor" in str(mistake.value.problems[0])


def test_a_script_with_misspelt_names_says_all_of_them(library, tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    text = (
        CHIHUAHUA.read_text("utf-8")
        .replace('"request_opinion"', '"request_opinon"')
        .replace('to = "supervisor"', 'to = "boss"')
    )
    file.write_text(text, "utf-8")
    with pytest.raises(BadInput) as mistake:
        read_script(file, library.catalogue)
    assert [problem.place for problem in mistake.value.problems] == [
        "script.toml: steps[2].step",
        "script.toml: alerts[3].to",
    ]


@pytest.mark.parametrize("key", ["mx/twinning", "ec/agreement", "annual-programme"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_edges_of_the_diagram_are_the_edges_of_the_file(library, key: str, language: str) -> None:
    process = library.catalogue.versions(key)[-1]
    drawn = re.findall(r"^    (\w+) --> (\w+) : ", mermaid(process, language), re.MULTILINE)
    edges = [(s, d.state) for step in process.steps.values() for s in step.sources for d in step.to]
    assert sorted(drawn) == sorted(edges)
