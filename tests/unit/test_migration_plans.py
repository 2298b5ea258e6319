"""Plans of migration: what is drafted from names, and every mistake in a plan at once, each with its place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from builders import NOTIFICATIONS, TINY, edited, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.migrations import plan_text, read_plan
from twinflow.domain.agreement.entries import Policy
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.steps.migration import draft
from twinflow.errors import BadInput

MORE = """label = { en = "Answer", es = "Respuesta" }
[deadlines.follow]
runs_from = { deadline = "answer" }
length = "3 days"
direction = "backward"
duty = false
nature = "contractual"
source = "test"
label = { en = "Follow", es = "Sigue" }
[deadlines.yearly]
runs_from = { fact = "asked_on" }
length = "1 year"
nature = "contractual"
late = "liaison"
met_by = ["finish"]
warn = ["1 day after"]
source = "test"
label = { en = "Yearly", es = "Anual" }
[deadlines.gone]
runs_from = { fact = "asked_on" }
length = "9 days"
nature = "contractual"
late = "liaison"
met_by = ["finish"]
warn = ["1 day after"]
source = "test"
label = { en = "Gone", es = "Ido" }
"""
FIRST = edited(TINY, ('label = { en = "Answer", es = "Respuesta" }\n', MORE))
SECOND = edited(
    FIRST.partition("[deadlines.gone]")[0].replace('"asked"', '"inquired"').replace("states.asked", "states.inquired"),
    ("version = 1", "version = 2"),
    ('length = "1 year"', 'length = "1 year"\nrecurs = true'),
)
GOOD: Mapping[str, Mapping[str, str]] = {
    "states": {"open": "open", "asked": "inquired", "done": "done"},
    "deadlines": {"answer": "keep-due", "follow": "recompute"},
    "steps": {},
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    folder = write_workflows(tmp_path / "workflows", FIRST)
    write_workflows(folder, SECOND, name="tiny.v2.toml")
    return read_rulebook(folder, NOTIFICATIONS).catalogue


def written(folder: Path, head: str = "", **tables: Mapping[str, str]) -> Path:
    path = folder / "plan.toml"
    head = head or 'from_process = "tiny@1"\nto_process = "tiny@2"\nreason = "circular 4"\n'
    lines = [head]
    for name, table in {**GOOD, **tables}.items():
        lines += [f"[{name}]", *(f'{key} = "{value}"' for key, value in table.items())]
    path.write_text("\n".join(lines), "utf-8")
    return path


def problems(path: Path, catalogue: Catalogue) -> list[str]:
    with pytest.raises(BadInput) as error:
        read_plan(path, catalogue)
    return [str(problem) for problem in error.value.problems] or [str(error.value)]


def test_a_draft_keeps_what_people_were_told_and_leaves_open_what_names_do_not_tell(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    drafted = draft(catalogue.version("tiny", 1), catalogue.version("tiny", 2))
    assert drafted.states == {"open": "open", "done": "done"}
    assert drafted.deadlines == {
        "answer": Policy.KEEP_DUE,
        "follow": Policy.RECOMPUTE,
        "yearly": Policy.KEEP_DUE,
    }
    (tmp_path / "plan.toml").write_text(plan_text(drafted), "utf-8")
    assert problems(tmp_path / "plan.toml", catalogue) == [
        "plan.toml: states: “asked” is missing: say which state it becomes.",
        "plan.toml: deadlines.yearly: it recurs in one version and not in the other: give it another name there.",
        "plan.toml: reason: say why; it stays in the history of each agreement.",
    ]


def test_every_mistake_is_named_at_once_with_its_place(catalogue: Catalogue, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'from_process = "tiny@1"\nto_process = "tiny@2"\nreason = " "\n',
        states={"open": "nowhere", "done": "inquired", "unknown": "open"},
        deadlines={"follow": "keep-due", "gone": "keep-due", "nothing": "recompute", "yearly": "recompute"},
        steps={"ask": "beg", "none": "ask"},
    )
    assert problems(path, catalogue) == [
        "plan.toml: states.open: “nowhere” is no state of the new version; it has: open, inquired, done.",
        "plan.toml: states: “asked” is missing: say which state it becomes.",
        "plan.toml: states.done: a state becomes one that is as final, and as signed, as it was.",
        "plan.toml: states.unknown: there is nothing of this name to migrate.",
        "plan.toml: steps.none: there is nothing of this name to migrate.",
        "plan.toml: deadlines.gone: there is nothing of this name to migrate.",
        "plan.toml: deadlines.nothing: there is nothing of this name to migrate.",
        "plan.toml: steps: “beg” is no step of the new version.",
        "plan.toml: deadlines: “answer” is missing: choose one of keep-due, keep-remaining, recompute.",
        "plan.toml: deadlines.follow: it follows another date or is a given one, so there is nothing to keep: recompute.",
        "plan.toml: deadlines.yearly: it recurs in one version and not in the other: give it another name there.",
        "plan.toml: reason: say why; it stays in the history of each agreement.",
    ]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (("tiny@1", "tiny@3"), ["plan.toml: to_process: There is no process tiny version 3."]),
        (("tiny@", "tony"), ["“tiny@” names no version", "There is no process tony; there are tiny."]),
        ((f"tiny@{'9' * 5000}", "tiny@0"), ["names no version", "“tiny@0” names no version"]),
        (("tiny@1@2", "tiny@-1"), ["names no version", "“tiny@-1” names no version"]),
    ],
)
def test_a_version_that_does_not_exist_is_named(
    catalogue: Catalogue, tmp_path: Path, versions: tuple[str, str], expected: list[str]
) -> None:
    head = f'from_process = "{versions[0]}"\nto_process = "{versions[1]}"\nreason = "x"\n'
    found = problems(written(tmp_path, head), catalogue)
    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True)), found


def test_a_version_is_not_migrated_to_itself(catalogue: Catalogue, tmp_path: Path) -> None:
    head = 'from_process = "tiny@2"\nto_process = "tiny"\nreason = "x"\n'
    same = {state: state for state in ("open", "inquired", "done")}
    policies = {"answer": "keep-due", "follow": "recompute", "yearly": "recompute"}
    assert problems(written(tmp_path, head, states=same, deadlines=policies), catalogue) == [
        "plan.toml: to_process: it is the version they run on already: tiny v2."
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"from_process = ", "plan.toml: not valid TOML"),
        (b"\xff\xfe", "plan.toml: byte 1 is not UTF-8"),
        (b"", "plan.toml: from_process: this key is missing."),
        (b"#" * 1_000_001, "plan.toml is larger than"),
        (b'states = "x"', "plan.toml: states"),
        (b'[deadlines]\nanswer = "?"', "“?” is not one of 'keep-due', 'keep-remaining', 'recompute'."),
        (b'policy = "keep-due"', "the key “policy” does not exist"),
    ],
)
def test_what_is_no_plan_is_said_so(catalogue: Catalogue, tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "plan.toml").write_bytes(content)
    assert any(expected in problem for problem in problems(tmp_path / "plan.toml", catalogue))


def test_a_plan_that_is_not_there_is_said_so(catalogue: Catalogue, tmp_path: Path) -> None:
    assert problems(tmp_path / "plan.toml", catalogue) == ["plan.toml cannot be read: No such file or directory."]
