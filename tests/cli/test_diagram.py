"""`twinflow workflows diagram` and `show`: forms, languages, one agreement's course, and a terminal of 80 columns."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from builders import TINY, WORKFLOWS, edited, write_workflows
from command_line import twinflow
from twinflow.cli.context import Cli
from twinflow.cli.output import jsonable
from twinflow.cli.showing import Description, fitted
from twinflow.definitions.catalogue import process_files, read_one
from world import EXAMPLES

Run = Callable[..., tuple[int, str, str]]
PROCESSES = sorted(read_one(path, WORKFLOWS).key for path in process_files(WORKFLOWS))


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys) -> Run:
    """Run `twinflow …` in an empty folder; the exit code and what is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", f"sqlite:///{tmp_path / 'twinflow.db'}")
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "en")

    def call(*arguments: str) -> tuple[int, str, str]:
        return twinflow(monkeypatch, capsys, *arguments)

    return call


@pytest.fixture
def on_its_way(run: Run) -> Run:
    """A case whose letter went out on 2 November 2026 and has no answer yet."""
    liaison = ("--as", holder("liaison", "chihuahua"))
    opening = ("agreements", "open", "X/26-1", "--process", "mx/twinning", "--office", "chihuahua")
    given = (*opening, "--party", "Chihuahua/MX", "--party", "Elsewhere/US", "--on", "2026-10-01", *liaison)
    assert run(*given)[0] == 0
    for step, day in (("approve_profile", "2026-10-15"), ("send_letter", "2026-11-02")):
        code, _, errors = run("agreements", "advance", "X/26-1", step, "--on", day, *liaison)
        assert code == 0, errors
    return run


def holder(role: str, office: str) -> str:
    """Who holds the role in the people file of the demonstration."""
    text = (EXAMPLES / "demo" / "people.toml").read_text("utf-8")
    for person in re.split(r"(?m)^\[people\.", text)[1:]:
        if re.search(rf'role = "{role}", office = "{office}"', person):
            return person.partition("]")[0]
    raise AssertionError(role)


def test_a_process_is_mermaid_unless_told_otherwise(run: Run) -> None:
    code, out, _ = run("workflows", "diagram", "mx/twinning")
    assert (code, out.splitlines()[0]) == (0, "stateDiagram-v2")
    assert "drafting --> opinion_requested : Request the opinion" in out


@pytest.mark.parametrize(("language", "word"), [("es", "Solicitar el dictamen"), ("en", "Request the opinion")])
@pytest.mark.parametrize("form", ["mermaid", "svg", "text"])
def test_a_picture_speaks_the_language_that_is_asked_for(run: Run, form: str, language: str, word: str) -> None:
    code, out, _ = run("workflows", "diagram", "mx/twinning", "--format", form, "--language", language)
    assert code == 0
    assert word in out


def test_an_svg_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "picture.svg"
    code, out, _ = run("workflows", "diagram", "mx/twinning", "--format", "svg", "--output", str(target))
    assert (code, out) == (0, f"{target} is written.\n")
    assert ET.parse(target).getroot().tag.endswith("svg")


def test_a_file_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "missing" / "picture.svg"
    code, out, errors = run("workflows", "diagram", "mx/twinning", "--output", str(target))
    assert (code, out) == (2, "")
    assert f"{target} cannot be written: " in errors


def test_a_picture_can_be_had_as_json(run: Run) -> None:
    code, out, _ = run("workflows", "diagram", "mx/twinning", "--format", "text", "--json")
    assert code == 0
    assert json.loads(out)["text"].startswith("Twinning agreement, Mexico")


def test_another_version_is_drawn_when_asked_for(run: Run, tmp_path: Path, monkeypatch) -> None:
    folder = write_workflows(tmp_path / "workflows")
    newer = edited(
        TINY, ('version = 1\nkind = "twinning"', 'version = 2\nkind = "twinning"'), ('en = "Ask"', 'en = "Beg"')
    )
    write_workflows(folder, newer, name="tiny.v2.toml")
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(folder))
    assert ": Beg" in run("workflows", "diagram", "tiny")[1]
    assert ": Ask" in run("workflows", "diagram", "tiny", "--version", "1")[1]


def test_the_course_of_an_agreement_is_told_in_words(on_its_way: Run) -> None:
    code, out, _ = on_its_way("workflows", "diagram", "--agreement", "X/26-1", "--format", "text")
    assert code == 0
    lines = out.splitlines()
    assert "Present state, since Monday, 2 November 2026: Letter of intent sent, answer awaited" in lines
    assert "  1. Thursday, 15 October 2026: Approve the municipal profile → Profile ready" in lines
    assert "  2. Monday, 2 November 2026: Send the letter of intent → Letter of intent sent, answer awaited" in lines
    ahead = lines[lines.index("Dates ahead:") + 1]
    assert ahead.startswith("  Friday, 1 January 2027: Answer to the letter of intent (")
    assert ahead.endswith("; liaison officer)")


def test_the_course_of_an_agreement_is_in_the_mermaid(on_its_way: Run) -> None:
    _, out, _ = on_its_way("workflows", "diagram", "--agreement", "X/26-1")
    assert "    class letter_sent present" in out
    assert "    class interest,profile_ready visited" in out
    assert "interest --> profile_ready : Approve the municipal profile / 1. Thursday, 15 October 2026" in out
    assert "    note right of letter_sent\n        Present state, since Monday, 2 November 2026" in out


def test_the_course_of_an_agreement_is_in_the_svg_in_spanish(on_its_way: Run) -> None:
    form = ("--format", "svg", "--language", "es")
    _, out, _ = on_its_way("workflows", "diagram", "--agreement", "X/26-1", *form)
    texts = " ".join(element.text or "" for element in ET.fromstring(out).iter() if element.tag.endswith("}text"))
    assert "viernes 1 de enero de 2027" in texts
    assert "lunes 2 de noviembre de 2026" in texts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name a process, or an agreement"),
        (("mx/twinning", "--agreement", "X/26-1"), "not both"),
        (("--agreement", "X/26-1", "--version", "1"), "not both"),
        (("--agreement", "NOPE"), "There is no agreement NOPE."),
        (("no/such",), "There is no process no/such"),
        (("mx/twinning", "--version", "99"), "version 99"),
        (("mx/twinning", "--language", "fr"), "--language is es or en, not “fr”."),
        (("mx/twinning", "--format", "png"), "png"),
    ],
)
def test_what_cannot_be_drawn_is_said(run: Run, arguments: tuple[str, ...], words: str) -> None:
    code, out, errors = run("workflows", "diagram", *arguments)
    assert (code, out) == (2, "")
    assert words in errors


@pytest.fixture(scope="module")
def cli() -> Cli:
    return Cli(None)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_shown_within_the_width_of_the_terminal(cli: Cli, process: str, columns: int) -> None:
    definition = cli.rulebook.catalogue.versions(process)[-1]
    lines = [fitted(line, columns) for line in Description(cli, definition).lines()]
    assert max(len(part) for line in lines for part in line.split("\n")) <= columns


@pytest.mark.parametrize("process", PROCESSES)
def test_everything_of_a_process_is_shown(cli: Cli, process: str) -> None:
    definition = cli.rulebook.catalogue.versions(process)[-1]
    shown = "\n".join(line.text for line in Description(cli, definition).lines())
    names = [*definition.states, *definition.steps, *definition.deadlines, *definition.gates, *definition.terms]
    names += [*definition.papers, *definition.checklists, *definition.roles]
    names += [item for checklist in definition.checklists.values() for item in checklist.items]
    assert [name for name in names if f"[{name}]" not in shown] == []
    assert [text for text in definition.law if text not in shown] == []


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_shown_as_json(cli: Cli, process: str) -> None:
    definition = cli.rulebook.catalogue.versions(process)[-1]
    shown = json.loads(json.dumps(jsonable(definition, "en")))
    assert shown["key"] == process
    assert shown["steps"].keys() == definition.steps.keys()


def test_a_process_is_printed_as_text_or_as_json(run: Run) -> None:
    code, out, _ = run("workflows", "show", "mx/twinning")
    assert code == 0
    assert out.startswith("Twinning agreement, Mexico (mx/twinning v4)\n")
    assert max(len(line) for line in out.splitlines()) <= 100
    code, out, _ = run("workflows", "show", "mx/twinning", "--json")
    assert (code, json.loads(out)["key"]) == (0, "mx/twinning")


def test_a_step_is_shown_with_what_it_needs_and_from_where(run: Run, tmp_path: Path, monkeypatch) -> None:
    folder = write_workflows(
        tmp_path / "workflows",
        edited(
            TINY,
            (
                'fact = "asked_on" }]',
                'fact = "asked_on", source = "Bylaw, art. 3" }]\nreason = true\neffect = "end_term"',
            ),
            ("asked_on = {", 'ended_on = { en = "End", es = "Fin" }\nasked_on = {'),
            ('runs_from = { fact = "asked_on" }', 'runs_from = { step = "ask" }'),
            ("warn = [", 'cut_off = "15:00"\nvery_overdue = "20 days"\nwarn = ['),
        ),
    )
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(folder))
    _, shown, errors = run("workflows", "show", "tiny")
    assert not errors
    assert (
        "    - Finish [finish] → Done\n"
        "      by: liaison officer\n"
        "      needs: on record: Asked (source: Bylaw, art. 3)\n"
        "      only with a reason\n"
        "      effect: the term ends\n"
    ) in shown
    assert (
        "  Answer [answer]\n"
        "    Set by law: 10 days from the step “Ask”\n"
        "    what arrives after 15:00 counts from the next business day\n"
        "    late when it passes: liaison officer\n"
        "    met by: Finish\n"
        "    warnings: 3 days before, 1 day after, then every 5 days\n"
        "    very overdue 20 days after the date\n"
        "    source: test\n"
    ) in shown


def test_a_step_that_leaves_many_states_is_told_in_full_once(run: Run) -> None:
    shown = run("workflows", "show", "mx/twinning")[1]
    assert len(re.findall(r"\[withdraw\] → Withdrawn before signature$", shown, re.MULTILINE)) == 1
    assert shown.count("[withdraw] → Withdrawn before signature (see above)") > 3
