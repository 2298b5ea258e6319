"""Texts at the command line: what it refuses, and what reaches a terminal."""

import json
import sqlite3
import unicodedata

import pytest

from command_line import twinflow
from world import EXAMPLES

CASE = [
    *(
        "--despite",
        "tried again and again",
        "--process",
        "mx/twinning",
        "--office",
        "chihuahua",
        "--as",
        "elena",
        "--on",
        "2024-08-31",
        "--state",
        "in_force",
    ),
    *("--set", "in_force_on=2024-08-31", "--set", "term_starts_on=2024-08-31", "--set", "signed_on=2024-08-31"),
    *("--party", "Chihuahua/MX", "--party", "Tulsa/US"),
]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    return lambda *arguments: twinflow(monkeypatch, capsys, *arguments)


@pytest.mark.parametrize(
    ("title", "mistake"),
    [
        ("\x1b[31mred\x1b]0;x\x07\x1b[2J", "title: it holds a control character (U+001B); type it again."),
        ("Ω" * 20_000, "title: it has 20000 characters; at most 300 are kept."),
        ("\udcff", "--title: it is not UTF-8: \\xff."),
    ],
)
def test_a_title_that_cannot_be_kept_is_refused(run, title, mistake):
    done = run("agreements", "open", "E-1", *CASE, "--title", title)
    assert done.code == 2
    assert mistake in done.err


def test_what_turns_a_line_is_taken_out_of_a_title(run):
    assert run("agreements", "open", "B-1", *CASE, "--title", "\u202egniward\u2066x").code == 0
    assert "B-1 · gniwardx\n" in run("agreements", "show", "B-1").out
    assert run("agreements", "list", "--json").json[0]["title"] == "gniwardx"


def test_a_title_is_shown_as_it_is_written_whatever_it_looks_like(run):
    for number, title in enumerate((":rocket: [bold]x[/bold]", "{title}", "%s \\n", "=1+1")):
        assert run("agreements", "open", f"T-{number}", *CASE, "--title", title).code == 0
        assert title in run("agreements", "list").out
        assert f"T-{number} · {title}\n" in run("agreements", "show", f"T-{number}").out


def test_a_reference_that_no_page_shows_is_refused(run):
    for reference in (
        "PIC/picture",
        "b/picture.svg",
        "c/deadlines/d/1",
        "E" * 101,
        "../x",
        "a//b",
        "/a",
        "a/",
        "a%2Fb",
        ".",
    ):
        done = run("agreements", "open", reference, *CASE)
        assert (reference, done.code) == (reference, 2)
        assert "reference" in done.err


def test_letters_in_two_pieces_name_the_same_country_and_person(run):
    parted = unicodedata.normalize("NFD", "Mérida/México")
    assert run("agreements", "open", "N-1", *CASE[:-2], "--party", parted).code == 0
    assert run("agreements", "show", "N-1", "--json").json["parties"][1]["name"] == "Mérida"


def test_older_texts_reach_a_terminal_harmless_and_programs_as_they_are(run, tmp_path):
    assert run("agreements", "open", "E-1", *CASE).code == 0
    with sqlite3.connect(tmp_path / "twinflow.db") as books:
        books.execute("UPDATE agreement SET title = ?", ("\x1b[2Jחיפה \u202ex\x9b\x7f" + "Ω" * 20_000,))
    listed, shown = run("agreements", "list").out, run("agreements", "show", "E-1").out
    for printed in (listed, shown):
        assert "חיפה" in printed
        assert not set(printed) & set("\x1b\u202e\x9b\x7f")
    assert "\u2068" in listed
    assert listed.count("Ω") < 120
    assert shown.count("Ω") == 20_000
    printed = run("agreements", "list", "--json").out
    assert not set(printed) & set("\x1b\u202e\x9b\x7f")
    assert json.loads(printed)[0]["title"].startswith("\x1b[2Jחיפה \u202ex\x9b\x7fΩ")
