"""Finds every sentence that people read in the code and the page templates, so that none goes without its translation."""

import ast
import re
from pathlib import Path

from jinja2.ext import babel_extract

SOURCE = Path(__file__).parents[1] / "src" / "twinflow"
SPEAKING = {
    "Sentence",
    "Unreadable",
    "BadInput",
    "NotFound",
    "Refused",
    "StaleAgreement",
    "TooManyTries",
    "NoAnswer",
    "BooksAltered",
    "TwinflowError",
    "DefinitionChanged",
    "EnvironmentFailed",
    "MailFailed",
    "MailServerDown",
    "UnreadableAgreement",
}
"""Calls whose first argument is a sentence."""

LISTING = {"headings", "text"}
"""Calls whose arguments are all words to show."""


def messages() -> dict[str, str]:
    """Every sentence with a place where it stands. Templates that hold only values and punctuation need no translation."""
    found: dict[str, str] = {}
    for path in sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts):
        for sentence in _in_code(ast.parse(path.read_text("utf-8"))):
            found.setdefault(sentence, path.relative_to(SOURCE).as_posix())
    for path in sorted([*(SOURCE / "web" / "templates").glob("*.html"), *(SOURCE / "cli" / "printed").glob("*.html")]):
        with path.open("rb") as file:
            for _line, _function, sentence, _comments in babel_extract(file, ["_"], [], {"silent": "false"}):
                found.setdefault(str(sentence), path.relative_to(SOURCE).as_posix())
    return {
        sentence: place for sentence, place in found.items() if re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", sentence))
    }


def _in_code(tree: ast.AST) -> list[str]:
    sentences: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            listing = name in LISTING and isinstance(node.func, ast.Attribute)
            arguments = node.args[:1] if name in SPEAKING else node.args if listing else []
            sentences += [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return sentences
