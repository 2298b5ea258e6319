"""The shipped cases: every one is as it says, and together they exercise every shipped process wholly."""

from functools import cache
from pathlib import Path

import pytest

from builders import WORKFLOWS, rulebook
from twinflow.definitions.catalogue import process_files
from twinflow.definitions.scripts import read_script
from twinflow.domain.clock.coverage import coverage_of
from twinflow.domain.clock.scripted_case import Script
from twinflow.services.clock.replaying import Replay, play

CASES = sorted((WORKFLOWS / "cases").rglob("*.toml"))


def name(path: Path) -> str:
    return path.relative_to(WORKFLOWS).with_suffix("").as_posix()


@cache
def script(path: Path) -> Script:
    return read_script(path, rulebook().catalogue, name(path))


@cache
def played(path: Path) -> Replay:
    return play(rulebook(), script(path))


@pytest.mark.parametrize("path", CASES, ids=name)
def test_the_case_is_as_it_says(path: Path) -> None:
    assert [str(problem) for problem in played(path).problems] == []


@pytest.mark.parametrize("path", process_files(WORKFLOWS), ids=name)
def test_the_cases_exercise_all_of_the_process(path: Path) -> None:
    key = name(path).partition(".v")[0]
    told = [path for path in CASES if any(case.process == key for case in script(path).cases)]
    agreements = [agreement for path in told for agreement in played(path).cases]
    missing = {
        definition.name: coverage_of(definition, rulebook().catalogue, agreements).missing
        for definition in rulebook().catalogue.versions(key)
    }
    assert missing == dict.fromkeys(missing, ())


def test_there_are_cases_and_they_come_from_somewhere() -> None:
    assert CASES
    assert all(script(path).source for path in CASES)
