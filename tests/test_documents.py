"""What the documents and examples say is true: commands exist, files are shipped."""

import re
from pathlib import Path

from typer.testing import CliRunner

from twinflow.cli.app import app
from twinflow.cli.context import Cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def test_every_file_that_a_document_links_to_exists() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {word for document in DOCUMENTS for word in re.findall(r"`make (\w+)", document.read_text("utf-8"))}
    assert named <= targets


def test_every_command_that_a_document_names_exists() -> None:
    named = {
        tuple(words.split())
        for document in DOCUMENTS
        for words in re.findall(r"twinflow ((?:[a-z]+(?:-[a-z]+)* ?){1,2})", document.read_text("utf-8"))
    }
    groups = ("agreements", "deadlines", "workflows", "calendars", "outbox", "people", "database")
    alone = ("demo", "serve", "worker", "tick")
    commands = {words[:2] if words[0] in groups else words[:1] for words in named if words[0] in (*groups, *alone)}
    assert commands
    for command in sorted(commands):
        assert CliRunner().invoke(app, [*command, "--help"], obj=Cli(None)).exit_code == 0, command
