"""Finds every sentence that can be kept in a row, by following the code back from where sentences are packed."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from messages import SOURCE
from twinflow.sentences import KEPT, Sentence, packed, unpacked

Function = ast.FunctionDef | ast.AsyncFunctionDef

FAILURES = {"MailFailed", "MailServerDown"}
ERRORS = {
    "NotFound",
    "BadInput",
    "Refused",
    "StaleAgreement",
    "BooksAltered",
    "DefinitionChanged",
    "EnvironmentFailed",
    "Unreadable",
}
WHERE_ERRORS_COME_FROM = (
    "domain/rulebook.py",
    "domain/people/people.py",
    "domain/process/definition.py",
    "domain/calendar/dates.py",
    "storage/failures.py",
)
"""Whatever is wrong with a message becomes the reason why it is not sent: what is looked up for it may refuse in these words."""

NO_VALUES = {"permanent", "doubtful"}
"""What errors are given beside the values of their sentence."""


def words(template: str) -> str:
    """What is left of a template without its values: nothing where there is nothing to translate."""
    return re.sub(r"\{\w+\}|\W", "", template)


@cache
def trees() -> dict[str, ast.Module]:
    paths = [path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts]
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@cache
def calls() -> list[tuple[str, Function | None, ast.Call]]:
    """Every call: the file, the innermost function around it, the call."""
    found = []
    for place, tree in trees().items():
        inside = {id(node): function for function in functions(tree) for node in ast.walk(function)}
        found += [(place, inside.get(id(node)), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return found


def calls_of(names: set[str]) -> Iterator[tuple[str, Function | None, ast.Call]]:
    return ((place, function, call) for place, function, call in calls() if name_of(call) in names)


def functions(tree: ast.AST) -> list[Function]:
    """The outer ones first."""
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def given(call: ast.Call, position: int, name: str) -> list[ast.expr]:
    return call.args[position : position + 1] + [each.value for each in call.keywords if each.arg == name]


def assigned(name: str, nodes: Iterable[ast.AST]) -> list[ast.expr]:
    """What is put into a name by these statements."""
    found = [node for node in nodes if isinstance(node, ast.Assign)]
    return [node.value for node in found if any(getattr(to, "id", "") == name for to in node.targets)]


def parameters(function: Function) -> list[str]:
    """As the caller counts them."""
    names = [each.arg for each in [*function.args.args, *function.args.kwonlyargs]]
    return names[1:] if names[:1] == ["self"] else names


class Follower:
    """Finds the templates of every sentence that can come to where it is packed, by what is written in the code."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._seen: set[str] = set()

    def of_argument(self, names: set[str], position: int, name: str) -> None:
        """What is given to these functions as the argument."""
        if not self._is_new(f"{sorted(names)} {position} {name}"):
            return
        for place, function, call in calls_of(names):
            for expression in given(call, position, name):
                self.follow(expression, place, function)

    def of_errors(self, names: set[str], places: tuple[str, ...] = ()) -> None:
        """What these errors say, and what is in their values."""
        assert set(places) <= trees().keys()
        if not self._is_new(f"{sorted(names)} {places}"):
            return
        for place, function, call in calls_of(names):
            if call.args and (not places or place in places):
                self._sentence(
                    call, [each.value for each in call.keywords if each.arg not in NO_VALUES], place, function
                )

    def follow(self, node: ast.expr, place: str, function: Function | None) -> None:
        """Where the expression comes from. What is not understood fails the test: somebody has to teach it here."""
        match node:
            case ast.Constant() | ast.JoinedStr():
                pass
            case ast.IfExp():
                self._all([node.body, node.orelse], place, function)
            case ast.BoolOp():
                self._all(node.values, place, function)
            case ast.Call(func=ast.Name(id="Sentence")):
                self._sentence(node, [each for d in node.args[1:] for each in self._values(d)], place, function)
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=value), *_]):
                if value == "message":
                    self.of_errors(ERRORS, WHERE_ERRORS_COME_FROM)
            case ast.Attribute(attr="message", value=ast.Name(id="failure")):
                self.of_errors(FAILURES)
            case ast.Attribute(attr="error"):
                self.of_argument({"Settlement"}, 2, "error")
                self.of_argument({"change"}, 2, "error")
                self.of_argument({"cancel_waiting"}, 0, "reason")
            case ast.Attribute(attr="sentence"):
                pass  # an incident is written anew with each pass
            case ast.Name():
                self._name(node.id, place, function)
            case _:
                pytest.fail(f"{place}:{node.lineno}: which sentences come here? {ast.unparse(node)}")

    def _all(self, nodes: list[ast.expr], place: str, function: Function | None) -> None:
        for node in nodes:
            self.follow(node, place, function)

    def _values(self, node: ast.expr) -> list[ast.expr]:
        assert isinstance(node, ast.Dict), ast.unparse(node)
        return node.values

    def _sentence(self, call: ast.Call, values: list[ast.expr], place: str, function: Function | None) -> None:
        """The sentence, and those among its values that are made where it is."""
        template = call.args[0]
        assert isinstance(template, ast.Constant), f"{place}:{call.lineno}: the sentence is not written there"
        self.found.setdefault(str(template.value), f"{place}:{call.lineno}")
        for value in values:
            named = (
                assigned(value.id, ast.walk(function)) if isinstance(value, ast.Name) and function is not None else []
            )
            for node in [each for expression in [value, *named] for each in ast.walk(expression)]:
                if isinstance(node, ast.Call) and name_of(node) in {"Sentence", "getattr"}:
                    self.follow(node, place, function)

    def _name(self, name: str, place: str, function: Function | None) -> None:
        """What is put into the name in the function, given to it, or put into a constant of that name."""
        if function is not None and (found := assigned(name, ast.walk(function))):
            self._all(found, place, function)
        elif function is not None and name in (given_to := parameters(function)):
            self.of_argument({function.name}, given_to.index(name), name)
        else:
            homes = {home: found for home, tree in trees().items() if (found := assigned(name, tree.body))}
            if not homes:
                pytest.fail(f"{place}: which sentences are in {name}?")
            for home, found in homes.items():
                self._all(found, home, None)

    def _is_new(self, errand: str) -> bool:
        is_new = errand not in self._seen
        self._seen.add(errand)
        return is_new


@cache
def packed_somewhere() -> dict[str, str]:
    """Every sentence with words that can be packed, and a place that says it."""
    follower = Follower()
    follower.of_argument({"packed"}, 0, "message")
    return {template: place for template, place in follower.found.items() if words(template)}


def rows_of(code: str) -> list[str]:
    """A row for each wording."""
    return [packed(Sentence(wording, dict.fromkeys(re.findall(r"\{(\w+)\}", wording), "…"))) for wording in KEPT[code]]


def shown() -> list[str]:
    """Every wording that a sentence of a row is shown in."""
    return [unpacked(row).template for code in KEPT for row in rows_of(code)]
