"""What the documents and examples say is true: commands exist, files are shipped, notices render."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinflow.cli.app import app
from twinflow.cli.context import Cli
from twinflow.domain.letters import Letter, LetterGroup, LetterItem
from twinflow.mail.compose import Composer

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
NOTICES = sorted(folder.name for folder in (ROOT / "notifications").iterdir() if not folder.name.startswith("_"))
ITEM = {
    "reference": "MX-1",
    "title": "Here – There",
    "effective_on": date(2026, 3, 2),
    "recorded_on": date(2026, 3, 3),
    "sort_on": date(2026, 3, 2),
    "deadline": "First programme",
    "nature": "contractual",
    "due_on": date(2026, 5, 4),
    "warn_on": date(2026, 4, 4),
    "days": -3,
    "business_days": -2,
    "standing": "very overdue",
    "late": "liaison <b>officer</b>",
    "office": "City <b>hall</b>",
    "before": date(2026, 5, 4),
    "after": None,
    "id": "MX-1/first_programme/1",
    "number": 1,
    "actor": "rita",
    "change": "First programme: paused <b>(change 1)</b>",
    "note": "",
    "state": "Signed",
    "subject": "Day of signature",
    "known": "1997",
}


def letter(language: str, *notices: str, name: str = "Ana") -> Letter:
    items = tuple(LetterItem(notice, ITEM) for notice in notices)
    return Letter(name, "ana@example.org", language, ("liaison",), (LetterGroup("MX-1", "A & B", items),))


def composed(message: Letter) -> bytes:
    composer = Composer(ROOT / "notifications", "http://127.0.0.1:8000", "twinflow@example.org")
    return composer.compose(message, message_id="0" * 32, created_at=datetime(2026, 3, 2, tzinfo=UTC))[1]


def parsed(content: bytes) -> tuple[EmailMessage, str, str]:
    """The message, its plain text and its HTML."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    text, html = message.iter_parts()
    return message, text.get_content(), html.get_content()


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_notice_renders_in_every_language_as_text_and_escaped_html(notice: str, language: str) -> None:
    content = composed(letter(language, notice))
    message, text, html = parsed(content)
    assert message["Subject"].startswith("MX-1")
    assert "MX-1" in text
    assert "A &amp; B" in html
    assert "<b>" not in html, "what people typed is escaped"
    assert all(len(line) <= 998 for line in content.splitlines())


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_digest_of_every_notice_counts_them_in_its_subject(language: str) -> None:
    message, _, _ = parsed(composed(letter(language, *NOTICES)))
    assert str(len(NOTICES)) in message["Subject"]


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert composed(letter("es", *NOTICES)) == composed(letter("es", *NOTICES))


def test_a_line_break_in_a_name_cannot_add_a_header() -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        composed(letter("es", "date-missing", name="Ana\r\nBcc: x@example.org"))


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


def test_the_bench_runs() -> None:
    program = [sys.executable, ROOT / "tests" / "bench" / "steps.py", "3", "1"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert "ratio" in done.stdout, done.stderr
