"""docs/law.md says of every rule of the shipped files what it rests on, and says nothing that the files do not say."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from builders import WORKFLOWS
from twinflow.definitions.catalogue import process_files
from twinflow.domain.process.definition import DAYS

PAGE = (Path(__file__).parents[2] / "docs" / "law.md").read_text("utf-8")
NONE = "–"
ANYTHING = {"law", "text", "practice", "ours", "open"}
RESTS_ON = {"legal": {"law", "open"}, "contractual": {"text", "open"}, "target": {"ours"}, "": ANYTHING}
"""What a deadline of each nature may rest on; a rule without a nature on anything."""


class Rule(NamedTuple):
    """A rule as its file has it: `source` is empty where it cites none."""

    file: str
    name: str
    nature: str
    source: str


class Row(NamedTuple):
    """A rule as the page has it."""

    rule: Rule
    rests_on: str
    remark: str


def key(path: Path) -> str:
    return path.relative_to(WORKFLOWS).with_suffix("").as_posix()


FILES = {key(path): tomllib.loads(path.read_text("utf-8")) for path in process_files(WORKFLOWS)}


def cited(rule: dict[str, Any]) -> str:
    source = rule.get("source", "")
    return source["en"] if isinstance(source, dict) else source


def called(requirement: dict[str, Any]) -> str:
    """A requirement by its name and what it asks for."""
    if "child" in requirement:
        asked = f"{requirement['child']} {requirement['state']}"
        asked += f" since {requirement['since']}" if "since" in requirement else ""
    elif "steps" in requirement:
        asked = ", ".join(requirement["steps"])
    elif "round" in requirement:
        asked = requirement["round"]
    elif requirement["name"] in {"fact", "date_known", "checklist"}:
        asked = requirement.get("fact") or requirement["checklist"]
    else:
        asked = next(f"{day} {requirement[day]}" for day in ("fact", "deadline", "step") if day in requirement)
        asked += f", at least {requirement['at_least']}" if "at_least" in requirement else ""
    return f"{requirement['name']} {asked}"


def rules_of(file: str) -> Iterator[Rule]:
    tables = FILES[file]
    for name, step in tables.get("steps", {}).items():
        yield Rule(file, f"step {name}", "", cited(step))
        for requirement in step.get("requires", ()):
            yield Rule(file, f"requirement {name}: {called(requirement)}", "", cited(requirement) or cited(step))
    for name, deadline in tables.get("deadlines", {}).items():
        yield Rule(file, f"deadline {name}", deadline.get("nature", ""), cited(deadline))
    for kind in ("term", "gate", "round"):
        for name, rule in tables.get(f"{kind}s", {}).items():
            yield Rule(file, f"{kind} {name}", "", cited(rule))


def sections() -> dict[str, str]:
    """The page by process file and version, which stand in the heading."""
    found = re.split(r"(?m)^## (\S+), version (\d+)$", PAGE)[1:]
    return {f"{file} {version}": text for file, version, text in zip(found[::3], found[1::3], found[2::3], strict=True)}


def cells(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| object", "| words", "| process")):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def rows() -> Iterator[Row]:
    for heading, text in sections().items():
        for what, rests_on, source, remark in cells(text):
            object_and_nature = re.fullmatch(r"`([^`]+)`(?: \((\w+)\))?", what)
            assert object_and_nature is not None, what
            name, nature = object_and_nature.groups("")
            rule = Rule(heading.split()[0], name, nature, "" if source == NONE else source)
            yield Row(rule, rests_on, "" if remark == NONE else remark)


def bound_to_days(file: str) -> Iterator[tuple[str, str, str]]:
    """The steps of a file that have a first or a last day, or that the clock takes: step, day, and the rule with the source."""
    tables = FILES[file]
    for name, step in tables.get("steps", {}).items():
        for requirement in step.get("requires", ()):
            if requirement["name"] in DAYS:
                yield f"`{name}`", called(requirement), f"requirement {name}: {called(requirement)}"
    for name, deadline in tables.get("deadlines", {}).items():
        lapsing = deadline.get("on_lapse", ())
        for step in [lapsing] if isinstance(lapsing, str) else lapsing:
            yield f"`{step}`", f"the clock, when {name} has passed", f"deadline {name}"


ROWS = list(rows())
WORDS = {words: "law" if kind == "bylaw" else kind for words, _, kind in cells(PAGE.split("\n## ")[2])}
"""The words by which files name their sources, and what kind of source each is."""


def kind_of(source: str) -> str:
    """The kind of the source that is named first; a target, or nothing, is ours."""
    if not source or source.startswith("target:"):
        return "ours"
    named = [(source.index(words), kind) for words, kind in WORDS.items() if words in source]
    return min(named)[1] if named else "unknown"


def test_every_file_has_its_table_under_its_version():
    assert set(sections()) == {f"{file} {tables['process']['version']}" for file, tables in FILES.items()}


@pytest.mark.parametrize("file", FILES)
def test_every_rule_has_its_row_with_its_source_and_no_row_is_without_its_rule(file):
    assert [row.rule for row in ROWS if row.rule.file == file] == list(rules_of(file))


@pytest.mark.parametrize("file", FILES)
def test_a_row_rests_on_what_its_source_is_or_is_open(file):
    wrong = [row for row in ROWS if row.rule.file == file and row.rests_on not in {kind_of(row.rule.source), "open"}]
    assert wrong == []


def test_the_page_tells_file_by_file_which_steps_go_by_days_and_why_none_does():
    (text,) = [part for part in PAGE.split("\n## ") if part.startswith("Steps that go by days")]
    told = list(cells(text))
    rests_on = {(row.rule.file, row.rule.name): row.rests_on for row in ROWS}
    wanted = []
    for file in FILES:
        bound = [[f"`{file}`", step, day, rests_on[file, rule]] for step, day, rule in bound_to_days(file)]
        wanted += bound or [[f"`{file}`", NONE, NONE, NONE]]
    assert [row[:4] for row in told] == wanted
    assert [row for row in told if (row[1] == NONE) is (row[4] == NONE)] == []


def test_what_is_open_says_what_is_open():
    assert [row.rule for row in ROWS if row.rests_on == "open" and not row.remark] == []


def test_only_what_rests_on_law_is_legal_and_on_a_text_contractual_and_no_target_has_either_behind_it():
    assert [row for row in ROWS if row.rests_on not in RESTS_ON[row.rule.nature]] == []


SHORT = {
    "Legge 131/2003": "Legge 5 giugno 2003, n. 131",
    "Act of 2020": "Foreign Relations (State and Territory Arrangements) Act 2020",
    "Bylaw of León": "Reglamento del Consejo de Ciudades Hermanas",
    "bylaw of León": "Reglamento del Consejo de Ciudades Hermanas",
    "Internal regulation of San Luis Potosí": "Reglamento interno del municipio de San Luis Potosí",
}
"""What a law is called in the rules of a file, and in its list of laws."""


def laws_of(file: str) -> str:
    """The laws that the file names in its list, and those of the file that it rests on."""
    process = FILES[file]["process"]
    above = process.get("extends", {}).get("process")
    return " ".join(process["law"]) + (laws_of(above) if above else "")


def test_what_a_law_asks_is_of_a_law_that_the_file_names_in_its_list():
    laws = [words for words, kind in WORDS.items() if kind == "law"]
    strange = [
        row
        for row in ROWS
        if row.rests_on == "law"
        and not any(words in row.rule.source and SHORT.get(words, words) in laws_of(row.rule.file) for words in laws)
    ]
    assert strange == []


def test_that_nothing_is_put_to_work_before_the_registration_is_ours():
    """Signature puts the model agreement into force, and no law forbids to begin."""
    (registration,) = [row for row in ROWS if row.rule.name == "gate registration"]
    assert (registration.rests_on, registration.rule.file) == ("ours", "mx/twinning")


def test_every_word_for_a_source_is_one_that_a_file_uses():
    assert [words for words in WORDS if not any(words in row.rule.source for row in ROWS)] == []
