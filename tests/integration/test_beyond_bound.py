"""A text that says more than the model allows: kept where it is signed or in a register, and told once; else refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest

from command_line import Ran, twinflow
from mail_reading import text_of, visible
from smtp import RecordingServer
from twinflow import clock
from twinflow.domain.agreement.agreement import Agreement, Term
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import Length
from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import BadInput
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register
from twinflow.services.reading import agreements
from twinflow.storage.unit_of_work import UnitOfWork
from world import EXAMPLES, TODAY, World

PEOPLE = EXAMPLES / "demo" / "people.toml"
ELLEN = """
[people.ellen]
name = "Ellen Liaison"
mail = "ellen@chihuahua.example"
language = "en"
roles = [{ role = "liaison", office = "chihuahua" }]
"""
SHEET = "id,country,city,signed,years\nCH-1,United States,Albuquerque,2008-03-10,40\nCH-2,Spain,León,2024-03-10,5\n"
MAP = """
[register]
process = "mx/twinning"
office = "chihuahua"
reference = "id"
[home]
name = "Chihuahua"
country = "MX"
[party]
name = "city"
country = "country"
[dates]
column = "signed"
[states]
signed = "in_force"
date_missing = "signed"
not_signed_by_all = "partly_signed"
[terms.validity]
column = "years"
unit = "years"
"""
IN_ENGLISH = (
    "Validity: the text says 40 years, the model allows 5 years "
    "(Model agreement, art. XIV: up to five years, renewable for equal periods)"
)
IN_SPANISH = (
    "Vigencia: el texto dice 40 años, el modelo permite 5 años "
    "(Acuerdo modelo, art. XIV: hasta cinco años, prorrogables por periodos iguales)"
)
REFUSED = "terms.validity: at most 5 years (Model agreement, art. XIV: up to five years, renewable for equal periods)."


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    sheet, mapping = tmp_path / "sheet.csv", tmp_path / "sheet.map.toml"
    sheet.write_text(SHEET, "utf-8")
    mapping.write_text(MAP, "utf-8")
    return sheet, mapping


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Callable[..., Ran]:
    """Run `twinflow …` with the people of the demonstration, on either database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: TODAY)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(PEOPLE))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)

    def call(*arguments: str, language: str = "en") -> Ran:
        monkeypatch.setenv("TWINFLOW_LANGUAGE", language)
        return twinflow(monkeypatch, capsys, *arguments)

    return call


def loaded(world: World, reference: str) -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def the_words(message: EmailMessage) -> str:
    return " ".join(text_of(message, "plain").split())


# From a register


def test_what_a_register_says_beyond_the_bound_is_kept_and_told_once_to_the_liaison(
    make_world: Callable[..., World], smtp: RecordingServer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    people = tmp_path / "people.toml"
    people.write_text(PEOPLE.read_text("utf-8") + ELLEN, "utf-8")
    world = make_world(smtp.settings, people)
    import_register(
        world.engine,
        world.rulebook,
        world.people,
        read_register(*files, world.rulebook, world.people, world.now),
        now=world.now,
    )
    assert loaded(world, "CH-1").terms["validity"].readings == (Length.parse("40 years"),)
    for _ in range(3):
        world.tick()
    mail = {to: the_words(message) for (to,), message in smtp.received}
    assert sorted(to for (to,), _ in smtp.received) == ["elena@chihuahua.example", "ellen@chihuahua.example"]
    assert (
        f"{IN_ENGLISH}. The text is kept as it stands, and its dates are counted by it."
        in mail["ellen@chihuahua.example"]
    )
    assert f"{IN_SPANISH}. El texto se conserva como está" in mail["elena@chihuahua.example"]
    beyond = {"ellen@chihuahua.example": IN_ENGLISH, "elena@chihuahua.example": IN_SPANISH}
    assert all(mail[to].count(words) == 1 for to, words in beyond.items()), "of CH-2 there is nothing to say"
    html = {to: visible(text_of(message, "html")) for (to,), message in smtp.received}
    assert IN_ENGLISH in html["ellen@chihuahua.example"]
    assert IN_SPANISH in html["elena@chihuahua.example"]


def test_it_shows_in_the_list_and_on_the_page_of_the_agreement(
    run: Callable[..., Ran], files: tuple[Path, Path]
) -> None:
    importing = ("agreements", "import", str(files[0]), "--map", str(files[1]))
    assert "would be added: 2" in run(*importing, "--dry-run").out
    assert "added: 2" in run(*importing).out
    assert "unchanged: 2" in run(*importing).out, "the same file twice changes nothing"
    assert IN_ENGLISH in run("agreements", "show", "CH-1").out
    assert IN_SPANISH in run("agreements", "show", "CH-1", language="es").out
    assert "the model allows" not in run("agreements", "show", "CH-2").out
    (line,) = [line for line in run("agreements", "list", "--json").json if line["reference"] == "CH-1"]
    assert [message for message in line["missing"] if "the model allows" in message] == [IN_ENGLISH]


def test_a_text_without_end_is_found_too(world: World, files: tuple[Path, Path]) -> None:
    files[0].write_text(SHEET.replace(",40\n", ",indefinite\n"), "utf-8")
    import_register(
        world.engine,
        world.rulebook,
        world.people,
        read_register(*files, world.rulebook, world.people, world.now),
        now=world.now,
    )
    found = agreements.show_agreement(
        world.engine, world.rulebook, world.people, "CH-1", world.now, viewer=OPERATOR
    ).line.missing
    (missing,) = [message for message in found if "the model allows" in str(message)]
    assert str(missing).startswith("Validity: the text never ends, the model allows 5 years (Model agreement, art. XIV")


def test_a_row_without_signatures_is_kept_as_well(world: World, files: tuple[Path, Path]) -> None:
    drafted = MAP.replace('signed = "in_force"', 'otherwise = "drafting"')
    files[1].write_text(
        drafted.replace('column = "signed"', 'column = "signed"\nmeans = "draft_completed_on"'), "utf-8"
    )
    import_register(
        world.engine,
        world.rulebook,
        world.people,
        read_register(*files, world.rulebook, world.people, world.now),
        now=world.now,
    )
    assert loaded(world, "CH-1").state == "drafting"
    (missing,) = agreements.show_agreement(
        world.engine, world.rulebook, world.people, "CH-1", world.now, viewer=OPERATOR
    ).line.missing
    assert str(missing) == IN_ENGLISH


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["import", "dry run"])
def test_everything_that_is_wrong_in_a_sheet_is_said_at_once_and_nothing_is_taken_over(
    run: Callable[..., Ran], files: tuple[Path, Path], more: tuple[str, ...]
) -> None:
    files[0].write_text(
        SHEET + "CH-3,Spayn,Oviedo,2008-03-10,5\nCH-4,Spain,Soria,2026-11-21,5\nCH-5,Spain,Chihuahua,2008-03-10,long\n",
        "utf-8",
    )
    done = run("agreements", "import", str(files[0]), "--map", str(files[1]), *more)
    assert done.code == 2
    said = [line.strip(" -") for line in done.err.splitlines()[1:]]
    assert [words.partition(": “")[0] for words in said] == [
        "sheet.csv: row 4, column country",
        "sheet.csv: row 5, column signed",
        "sheet.csv: row 6, column years",
        "sheet.csv: row 6, column city",
    ]
    assert "“2026-11-21”: the day" in said[1]
    assert "is still to come" in said[1]
    assert run("agreements", "list", "--json").json == []


def test_dossiers_from_elsewhere_are_looked_at_too(world: World, files: tuple[Path, Path]) -> None:
    """What hands dossiers to the import need not have read them from a sheet."""
    first, second = read_register(*files, world.rulebook, world.people, world.now)
    ahead = replace(first, effective_on=date(2026, 11, 21))
    strange = replace(second, terms={"validty": Term()}, state="in_forse")
    with pytest.raises(BadInput, match="Nothing was taken over") as mistake:
        import_register(world.engine, world.rulebook, world.people, [ahead, strange], now=world.now)
    assert [str(problem.place) for problem in mistake.value.problems] == [
        "row 2, opened_on",
        "row 3, state",
        "row 3, terms.validty",
    ]
    assert agreements.list_references(world.engine, viewer=OPERATOR) == []


# By a person


OPEN = (
    "agreements", "open", "MX-9", "--process", "mx/twinning", "--office", "chihuahua", "--as", "elena",
    "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--term", "validity=40 years",
)  # fmt: skip


def test_a_text_that_is_not_signed_yet_is_refused_with_bound_and_source(run: Callable[..., Ran]) -> None:
    done = run(*OPEN, "--on", "2026-03-02")
    assert (done.code, done.err.splitlines()[1:]) == (2, [f"  - {REFUSED}"])
    assert run("agreements", "list", "--json").json == []


@pytest.mark.parametrize("state", ["in_force", "expired"])
def test_one_entered_after_its_signature_is_kept_with_the_finding(run: Callable[..., Ran], state: str) -> None:
    assert run(*OPEN, "--state", state, "--set", "signed_on=2008-03-10").code == 0
    assert IN_ENGLISH in run("agreements", "show", "MX-9").out


def test_its_dates_are_counted_by_the_text(world: World, files: tuple[Path, Path]) -> None:
    import_register(
        world.engine,
        world.rulebook,
        world.people,
        read_register(*files, world.rulebook, world.people, world.now),
        now=world.now,
    )
    case = loaded(world, "CH-1")
    assert case.history[0].kind is EntryKind.IMPORTED
    assert {d.due_on for d in case.deadlines if d.rule == "term_end"} == {date(2048, 3, 10)}


# In a simulation


@pytest.mark.parametrize("more", [(), ("--step", "request_opinion=2026-03-02")], ids=["at the start", "after a step"])
def test_a_case_that_is_only_thought_of_is_refused_likewise(run: Callable[..., Ran], more: tuple[str, ...]) -> None:
    done = run("workflows", "simulate", "--process", "mx/twinning", "--term", "validity=40 years", *more)
    assert done.code == 2
    assert done.err.splitlines()[1:] == [f"  - --term validity: {REFUSED.partition(': ')[2]}"]


def test_one_that_would_be_signed_already_is_simulated_with_the_notice(run: Callable[..., Ran]) -> None:
    signed = ("--state", "in_force", "--fact", "signed_on=2024-03-10", "--term", "validity=40 years")
    done = run("workflows", "simulate", "--process", "mx/twinning", *signed, "--until", "2026-12-31")
    assert done.code == 0
    assert "The text says more than the model allows" in done.out
    spanish = run("workflows", "simulate", "--process", "mx/twinning", *signed, "--until", "2026-12-31", language="es")
    assert "El texto va más allá de lo que permite el modelo" in spanish.out
