"""Every command that a sentence, a page or a notice names has all that it asks for: it runs as it is printed."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from every_command import commands

import twinflow
from world import EXAMPLES

SOURCE = Path(twinflow.__file__).parent
NOTIFICATIONS = EXAMPLES.parent / "notifications"
COMMANDS = commands()
FIRST = {path.split()[0] for path in COMMANDS}
A_VALUE = re.compile(r"\{\{.*?\}\}|\{\w+\}|\0")
ENDS = re.compile(r"(?<=\S)[.,;:)]+$|[“”«»\n<|].*$", re.DOTALL)
"""Where a command ends that stands in a sentence."""


def said_in_code() -> Iterator[tuple[str, str]]:
    """Each text of the code that is no docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        no_text = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                no_text |= {id(part) for part in node.values}
                parts = (str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
                yield path.name, re.sub(r"(?<=\w)\0+", "", "".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in no_text:
                yield path.name, node.value


def said_elsewhere() -> Iterator[tuple[str, str]]:
    texts = (*NOTIFICATIONS.rglob("body.*"), *SOURCE.rglob("*.html"), SOURCE / "translations" / "es.po")
    for path in texts:
        for line in path.read_text("utf-8").replace("</code>", "”").splitlines():
            yield "/".join(path.parts[-3:]), re.sub(r"<[^>]*>", "", line.replace('\\"', "'").rstrip('"'))


def named() -> Iterator[tuple[str, str]]:
    for place, text in (*said_in_code(), *said_elsewhere()):
        for said in A_VALUE.sub("1", text).split("twinflow ")[1:]:
            words = []
            for word in said.split(" "):
                words.append(ENDS.sub("", word))
                if words[-1] != word:
                    break
            if words[0] in FIRST:
                yield place, " ".join(words).strip()


NAMED = sorted(set(named()))


def lacks(words: str) -> list[str]:
    """What is wrong with a command: an option there is not, what is left over, what it asks for and has not."""
    said = shlex.split(words)
    path = next(path for path in (" ".join(said[:2]), said[0]) if path in COMMANDS)
    command = COMMANDS[path]
    given, over, _ = command.make_parser(command.context_class(command)).parse_args(said[len(path.split()) :])
    return over + [str(each.name) for each in command.params if each.required and not given.get(str(each.name))]


def test_it_has_all_that_it_asks_for() -> None:
    assert {f"{place}: {words}": lacking for place, words in NAMED if (lacking := lacks(words))} == {}


def test_commands_are_found_wherever_they_stand() -> None:
    assert {place.rpartition(".")[2] for place, _ in NAMED} == {"py", "po", "txt", "html"}
    assert len({tuple(words.split()[:2]) for _, words in NAMED}) > 15
