"""`twinflow workflows`: diagram, replay, coverage and check."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import WORKFLOWS, edited, write_workflows
from command_line import twinflow
from scripted import CLOCK_STEP, SCRIPT, tiny_rulebook, tiny_script
from twinflow import files
from twinflow.config import Settings
from twinflow.definitions.scripts import read_script
from twinflow.errors import BadInput
from twinflow.language import say
from twinflow.pictures.diagram import mermaid
from twinflow.services.clock.replaying import Replay, play, replay

CHIHUAHUA = WORKFLOWS / "cases" / "mx" / "twinning" / "chihuahua-albuquerque.toml"


@pytest.fixture(scope="module")
def rulebook():
    return files.prove(Settings())


@pytest.fixture(scope="module")
def replayed(rulebook) -> Replay:
    return replay(rulebook, read_script(CHIHUAHUA, rulebook.catalogue))


def test_the_true_file_takes_each_step_on_its_day(replayed: Replay) -> None:
    assert [(step.on.isoformat(), step.step, step.state) for step in replayed.steps] == [
        ("2008-02-18", "complete_draft", "drafting"),
        ("2008-02-18", "request_opinion", "opinion_requested"),
        ("2008-03-05", "issue_favourable_opinion_with_changes", "opinion_favourable"),
        ("2008-03-10", "sign", "partly_signed"),
        ("2008-03-10", "sign", "signed"),
        ("2008-07-31", "file_signed_text", "signed"),
        ("2008-07-31", "request_registration", "registration_requested"),
    ]


def test_the_alerts_say_that_the_signed_text_was_not_yet_registered(replayed: Replay) -> None:
    told = [
        (alert.on.isoformat(), alert.notice, alert.level, alert.to)
        for alert in replayed.alerts
        if str(alert.subject) == "deadline:registration_request"
    ]
    assert told == [
        ("2008-04-02", "deadline-soon", "7 days before", "liaison"),
        ("2008-04-10", "deadline-overdue", "1 day after", "liaison"),
        ("2008-05-09", "deadline-overdue", "30 days after to deputy", "deputy"),
        ("2008-05-10", "deadline-overdue", "every 30 days #1", "liaison"),
        ("2008-06-08", "deadline-overdue", "60 days after to supervisor", "supervisor"),
        ("2008-06-09", "deadline-overdue", "every 30 days #2", "liaison"),
        ("2008-07-09", "deadline-overdue", "every 30 days #3", "liaison"),
    ]


def test_a_target_of_fifteen_business_days_warned_of_the_opinion_before_it_came(replayed: Replay) -> None:
    told = [(a.on.isoformat(), a.to) for a in replayed.alerts if str(a.subject) == "deadline:opinion"]
    assert told == [("2008-03-03", "liaison"), ("2008-03-03", "reviewer")]


def problems(folder: Path, *edits: tuple[str, str], process: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """What the replay of the tiny script with edits finds wrong."""
    found = tiny_rulebook(folder / "workflows", *process)
    return [str(problem) for problem in play(found, tiny_script(folder, found, *edits)).problems]


def test_a_script_that_is_as_it_says_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


def test_everything_that_is_not_as_expected_is_said_at_once(tmp_path: Path) -> None:
    wrong = (
        ('ends_in = "done"', 'ends_in = "asked"'),
        ("refused = true", "refused = false"),
        ('state = "done"', 'state = "asked"'),
        ("as_of = 2024-03-03", "as_of = 2024-03-05"),
        ("due = 2024-03-14", "due = 2024-03-13"),
        ('level = "1 day after"', 'level = "3 days before"'),
        ('notice = "opinion-requested"', 'notice = "opinion-issued"'),
        ("on = 2024-03-25", "on = 2024-03-26"),
    )
    not_there = "The agreement is in the state “Open”, by liaison, 2024-03-01; the steps from there are: ask."
    assert problems(tmp_path, *wrong) == [
        f"script.toml: steps[1]: finish was refused: {not_there}",
        "script.toml: steps[1]: finish was refused: Asked is not on record.",
        "script.toml: dates[2]: answer on 2024-03-04: 2024-03-14, not 2024-03-13.",
        "script.toml: dates[1]: answer on 2024-03-05: 2024-03-14; it should have no date.",
        "script.toml: steps[3]: finish led to done, not to asked.",
        "script.toml: case.ends_in: the state is done, not asked.",
        "script.toml: alerts[1]: 2024-03-04: no such alert about opinion-issued went to liaison; there was one on: –.",
        "script.toml: alerts[2]: 2024-03-15: no such alert about answer went to liaison; there was one on: 2024-03-11.",
        "script.toml: alerts[3]: 2024-03-26: no such alert about answer went to liaison; there was one on: 2024-03-20, 2024-03-25.",  # noqa: E501
    ]


def test_a_step_that_should_have_been_refused_and_a_date_that_is_not_there_are_problems(tmp_path: Path) -> None:
    wrong = (
        ("refused = true", ""),
        ('on = 2024-03-01\nstep = "finish"', 'on = 2024-03-04\nstep = "finish"\nstate = "done"'),
        ('step = "ask"\nby = "liaison"\nstate = "asked"', 'step = "ask"\nby = "liaison"\nrefused = true'),
        ("as_of = 2024-03-04\ndue = 2024-03-14", "as_of = 2024-03-01\ndue = 2024-03-14"),
    )
    found = problems(tmp_path, *wrong)
    assert "script.toml: steps[2]: ask was taken; it should have been refused." in found
    assert "script.toml: dates[2]: answer on 2024-03-01: no date, not 2024-03-14." in found


def test_replay_raises_what_play_found(tmp_path: Path) -> None:
    found = tiny_rulebook(tmp_path / "workflows")
    with pytest.raises(BadInput) as mistake:
        replay(found, tiny_script(tmp_path, found, ('ends_in = "done"', 'ends_in = "open"')))
    assert [problem.place for problem in mistake.value.problems] == ["script.toml: case.ends_in"]


TO_THE_CLOCK = (
    ('on = 2024-03-27\nstep = "finish"\nby = "liaison"', 'on = 2024-03-14\nstep = "give_up"\nby = "clock"'),
    ('on = 2024-03-15\ndeadline = "answer"\nlevel = "1 day after"', 'on = 2024-03-11\ndeadline = "answer"'),
    ('on = 2024-03-25\ndeadline = "answer"\nlevel = "then every 5 days"', 'on = 2024-03-11\ndeadline = "answer"'),
)


def test_a_step_of_the_clock_is_expected_and_not_taken(tmp_path: Path) -> None:
    assert problems(tmp_path, *TO_THE_CLOCK, process=CLOCK_STEP) == []


def test_a_step_that_the_clock_takes_on_another_day_is_a_problem(tmp_path: Path) -> None:
    late = ("on = 2024-03-14\nstep", "on = 2024-03-15\nstep")
    assert problems(tmp_path, *TO_THE_CLOCK, late, process=CLOCK_STEP) == [
        "script.toml: steps[3]: the clock did not take give_up so on 2024-03-15; it took it on: 2024-03-14: done."
    ]


CHILD = """
[[cases]]
reference = "T-1/1"
process = "tiny"
opened_on = 2024-03-05
parent = "T-1"
state = "asked"
facts = { asked_on = 2024-02-29 }
ends_in = "done"

[[steps]]
on = 2024-03-06
case = "T-1/1"
step = "finish"
by = "liaison"

[[dates]]
case = "T-1/1"
deadline = "answer"
as_of = 2024-03-05
due = 2024-03-11
"""


def test_a_story_may_have_further_cases_that_belong_to_the_first(tmp_path: Path) -> None:
    with_child = ("[[steps]]", CHILD + "\n[[steps]]")
    assert (
        problems(
            tmp_path, with_child, process=(('label = { en = "Tiny"', 'children = ["tiny"]\nlabel = { en = "Tiny"'),)
        )
        == []
    )
    (refused,) = problems(tmp_path, with_child)
    assert refused.startswith("script.toml: cases[1].parent: tiny is no child of T-1")


def test_whoever_holds_a_role_acts_in_the_office_that_was_in_charge(tmp_path: Path) -> None:
    reviewer = """[visibility.ministry]
from = ["asked"]
[visibility.secretariat]
from = ["asked"]
[roles.reviewer]
label = { en = "reviewer", es = "revisora" }
office = [{ kind = "secretariat", to = 2024-03-20 }, { kind = "ministry", from = 2024-03-21 }]

[states.open]"""
    process = (("[states.open]", reviewer), ('by = ["liaison"]\nrequires', 'by = ["reviewer"]\nrequires'))
    finished = ('step = "finish"\nby = "liaison"\nstate', 'step = "finish"\nby = "reviewer"\nstate')
    assert problems(tmp_path, finished, process=process) == []


RECURRING = (
    ('length = "10 days"', 'length = "10 days"\nrecurs = true'),
    ('warn = ["3 days before", "1 day after", "then every 5 days"]', 'warn = ["3 days before", "1 day after"]'),
)
NEVER_ANSWERED = (
    ('[[steps]]\non = 2024-03-27\nstep = "finish"\nby = "liaison"\nstate = "done"\n', ""),
    ('ends_in = "done"', ""),
)
PAUSED = (('late = "liaison"', 'late = "liaison"\npaused_in = ["asked"]'),)
A_RIGHT = (('late = "liaison"', "duty = false"), ('"1 day after", "then every 5 days"', '"1 day before"'))


@pytest.mark.parametrize(
    ("process", "script"),
    [
        ((), ()),
        ((), NEVER_ANSWERED),
        (RECURRING, NEVER_ANSWERED),
        (RECURRING, ()),
        (CLOCK_STEP, NEVER_ANSWERED),
        (PAUSED, ()),
        (A_RIGHT, NEVER_ANSWERED),
        (
            (('label = { en = "Tiny"', 'children = ["tiny"]\nlabel = { en = "Tiny"'),),
            (("[[steps]]", CHILD + "\n[[steps]]"),),
        ),
    ],
)
def test_passing_only_when_something_can_happen_gives_the_history_of_a_pass_each_day(
    tmp_path: Path, process: tuple[tuple[str, str], ...], script: tuple[tuple[str, str], ...]
) -> None:
    found = tiny_rulebook(tmp_path / "workflows", *process)
    read = tiny_script(tmp_path, found, *script)
    assert play(found, read) == play(found, read, every_day=True)


def test_so_it_does_for_the_true_file(rulebook) -> None:
    script = read_script(CHIHUAHUA, rulebook.catalogue)
    assert play(rulebook, script) == play(rulebook, script, every_day=True)


def test_a_story_that_is_moved_by_weeks_comes_to_the_same(tmp_path: Path) -> None:
    found = tiny_rulebook(tmp_path / "workflows")
    script = tiny_script(tmp_path, found, ("ends_in", 'facts = { asked_on = "2024-02" }\nends_in'))
    moved = replay(found, script.moved(7))
    assert [(step.on - old.on).days for step, old in zip(moved.steps, replay(found, script).steps, strict=True)] == [
        7,
        7,
    ]


def test_a_script_with_misspelt_names_says_all_of_them(tmp_path: Path) -> None:
    found = tiny_rulebook(tmp_path / "workflows")
    misspelt = (
        ('ends_in = "done"', 'ends_in = "dome"'),
        ('step = "ask"', 'step = "aks"'),
        ('by = "liaison"\nstate = "done"', 'by = "liason"\ncase = "T-2"'),
        ("as_of = 2024-03-03", "as_of = 2023-03-03"),
        ('level = "1 day after"\nto = "liaison"', 'level = "1 day after"\nto = "boss"'),
    )
    with pytest.raises(BadInput) as mistake:
        tiny_script(tmp_path, found, *misspelt)
    assert [problem.place for problem in mistake.value.problems] == [
        "script.toml: case.ends_in",
        "script.toml: steps[2].step",
        "script.toml: steps[3].case",
        "script.toml: dates[1].as_of",
        "script.toml: alerts[2].to",
    ]


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (('process = "tiny"', 'process = "tinny"'), "case.process"),
        (('ends_in = "done"', "facts = { asked_on = 2024-02-30 }"), ""),
        (('ends_in = "done"', 'facts = { asked_on = "2024-02-30" }'), "case.facts"),
        (('ends_in = "done"', 'terms = { validity = "some years" }'), "case.terms.validity"),
        (("refused = true", 'refused = true\nstate = "done"'), "steps[1]"),
        (('notice = "opinion-requested"', ""), "alerts[1]"),
        (('level = "1 day after"', 'level = "soon"'), "alerts[2].level"),
        (
            ("[[steps]]", '[[cases]]\nreference = "T-1"\nprocess = "tiny"\nopened_on = 2024-03-05\n[[steps]]'),
            "cases[1].reference",
        ),
        (
            (
                "[[steps]]",
                '[[cases]]\nreference = "T-3"\nprocess = "tiny"\nopened_on = 2024-03-05\nparent = "T-2"\n[[steps]]',
            ),
            "cases[1].parent",
        ),
    ],
)
def test_a_script_that_cannot_be_read_says_where(tmp_path: Path, edit: tuple[str, str], place: str) -> None:
    found = tiny_rulebook(tmp_path / "workflows")
    with pytest.raises(BadInput) as mistake:
        tiny_script(tmp_path, found, edit)
    assert [problem.place for problem in mistake.value.problems] == [f"script.toml: {place}".removesuffix(": ")]


def test_what_stands_in_the_way_of_opening_a_case_is_said_with_its_place(tmp_path: Path) -> None:
    assert problems(tmp_path, ('ends_in = "done"', 'terms = { validity = "2 years" }')) == [
        "script.toml: case.terms.validity: the term “validity” does not exist; there are: –."
    ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run `twinflow workflows …` on a folder with the tiny process; its exit code and what it prints."""
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(write_workflows(tmp_path / "workflows")))
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "en")

    def call(*arguments: str) -> tuple[int, str, str]:
        return twinflow(monkeypatch, capsys, "workflows", *arguments)

    return call


def test_the_command_prints_what_happened_and_then_what_is_not_as_expected(run, tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text(edited(SCRIPT, ('ends_in = "done"', 'ends_in = "open"')), "utf-8")
    code, out, err = run("replay", str(file))
    assert code == 2
    assert "Wed 2024-03-27" in out
    assert "case.ends_in: the state is done, not open." in err
    code, out, err = run("replay", str(file), "--json")
    assert code == 2
    printed = json.loads(out)
    assert printed["ends_in"] == {"T-1": "done"}
    assert [step["step"] for step in printed["steps"]] == ["ask", "finish"]


def test_coverage_exits_0_where_everything_is_exercised_and_names_what_is_not(run, tmp_path: Path) -> None:
    cases = tmp_path / "workflows" / "cases" / "some"
    cases.mkdir(parents=True)
    (cases / "one.toml").write_text(SCRIPT, "utf-8")
    code, out, _ = run("coverage")
    assert code == 0
    assert "3/3 (100 %)" in out
    (cases / "one.toml").write_text(edited(SCRIPT, *NEVER_ANSWERED), "utf-8")
    code, out, err = run("coverage", "--process", "tiny")
    assert (code, err) == (1, "")
    assert "2/3 (66 %)" in out
    assert "  - States: done" in out
    code, out, _ = run("coverage", "--json")
    assert code == 1
    assert json.loads(out)["processes"][0]["steps"] == {
        "total": 2,
        "exercised": 1,
        "per_cent": 50,
        "missing": ["finish"],
    }


def test_coverage_says_which_case_is_not_as_it_should_be(run, tmp_path: Path) -> None:
    cases = tmp_path / "workflows" / "cases"
    cases.mkdir()
    (cases / "one.toml").write_text(edited(SCRIPT, ('ends_in = "done"', 'ends_in = "open"')), "utf-8")
    (cases / "two.toml").write_text(edited(SCRIPT, ('process = "tiny"', 'process = "large"')), "utf-8")
    code, out, err = run("coverage")
    assert code == 2
    assert "3/3 (100 %)" in out
    assert "cases/one.toml: case.ends_in: the state is done, not open." in err
    assert "cases/two.toml: case.process: There is no process large; there are tiny." in err


@pytest.mark.parametrize("key", ["mx/twinning", "ec/agreement", "annual-programme"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_edges_of_the_diagram_are_the_edges_of_the_file(rulebook, key: str, language: str) -> None:
    process = rulebook.catalogue.versions(key)[-1]
    drawn = re.findall(r"^    (\w+) --> (\w+) : ", mermaid(process, lambda value: say(value, language)), re.MULTILINE)
    edges = [(s, d.state) for step in process.steps.values() for s in step.sources for d in step.to]
    assert sorted(drawn) == sorted(edges)
