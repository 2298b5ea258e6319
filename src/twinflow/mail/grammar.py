"""What a template of a notice may contain: a closed list, checked before anything of it is compiled or run.

It lays out what it is given and can do nothing else: no calls, no methods, no arithmetic that makes big things from small ones,
no names but those of `domain.process.notices`. What is refused here never reaches Jinja's sandbox, which stands behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from twinflow.domain.process.notices import BASE, PARTS, Fields, Kind, Many, Shape, names_in
from twinflow.sentences import Sentence

MAX_BYTES = 20_000
DEEPEST = 3
"""Loops inside each other: agreements, their alerts, the lines of each."""

DEEPEST_TREE = 40
"""Nodes inside each other: far from what Python's compiler refuses."""

TOO_DEEP = Sentence("it is nested too deeply, or a number in it is too long.")

TESTS = ("none",)
FILTERS: Mapping[str, tuple[Kind | None, Shape]] = {
    "day": (Kind.DAY, Kind.TEXT),
    "days": (Kind.NUMBER, Kind.TEXT),
    "business_days": (Kind.NUMBER, Kind.TEXT),
    "lines": (Kind.TEXT, Many(Kind.TEXT)),
    "join": (None, Kind.TEXT),
    "length": (None, Kind.NUMBER),
}
"""From what kind (None: a list) to what."""

_COMPARING = {"eq", "ne", "lt", "lteq", "gt", "gteq"}
_LOOP: Fields = {"first": Kind.FLAG, "last": Kind.FLAG, "index": Kind.NUMBER}
_SHOWN = {Kind.TEXT, Kind.NUMBER, Kind.HTML}
_PARSER = Environment()  # noqa: S701 - reads a template, and never renders one

Fault = tuple[int, Sentence]
"""A line, counted from one, and what is wrong there."""


def text_of(raw: bytes) -> str:
    """The text of a template; a byte-order mark is no part of it. Raises UnicodeDecodeError."""
    return raw.decode("utf-8").removeprefix("\ufeff")


@lru_cache(maxsize=1024)
def faults(name: str, raw: bytes) -> tuple[Fault, ...]:
    """Everything in a file that may not be there. `name` is `notice/language/file`."""
    if len(raw) > MAX_BYTES:
        return ((1, Sentence("it is larger than {bytes} bytes.", {"bytes": MAX_BYTES})),)
    folder, language, file = name.split("/")
    try:
        tree = _PARSER.parse(text_of(raw))
        if _depth(tree) > DEEPEST_TREE:
            return ((1, TOO_DEEP),)
        parts = PARTS if folder != BASE else ()
        form = file.rpartition(".")[2]
        reading = _Reading({f"{BASE}/{language}/{part}.{form}": part for part in parts})
        reading.block(tree.body, names_in(folder, file))
        return tuple(reading.found)
    except UnicodeDecodeError as error:
        return ((1, Sentence("byte {byte} is not UTF-8; save the file as UTF-8.", {"byte": error.start + 1})),)
    except TemplateSyntaxError as error:
        return ((error.lineno, Sentence("it cannot be read: {why}", {"why": error.message or ""})),)
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        return ((1, TOO_DEEP),)


def _depth(tree: nodes.Node) -> int:
    """How many nodes stand inside each other at most."""
    deepest, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return deepest


@dataclass(frozen=True, slots=True)
class _Reading:
    """One walk through a tree, in scopes of names. `parts` are the files that may be included, `depth` counts loops."""

    parts: Mapping[str, str]
    depth: int = 0
    found: list[Fault] = field(default_factory=list)

    def block(self, body: Sequence[nodes.Node], names: Fields) -> None:
        for node in body:
            self.statement(node, names)

    def statement(self, node: nodes.Node, names: Fields) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    self.output(part, names)
            case nodes.If():
                self.kind(node.test, names)
                self.block([*node.body, *node.elif_, *node.else_], names)
            case nodes.For(target=nodes.Name(name=str() as name), recursive=False, test=None) if name != "loop":
                self.loop(node, name, names)
            case nodes.Include(template=nodes.Const(value=str() as name), ignore_missing=False, with_context=True):
                self.include(node, name, names)
            case _:
                self.refuse(node, Sentence("this kind of statement ({kind}) has no place in a notice.", _kind_of(node)))

    def output(self, node: nodes.Expr, names: Fields) -> None:
        if isinstance(node, nodes.TemplateData):
            return
        found = self.kind(node, names)
        if found is Kind.DAY:
            self.refuse(node, Sentence("a day is shown with its weekday: write “|day” behind it."))
        elif found is not None and not (isinstance(found, Kind) and found in _SHOWN):
            self.refuse(node, Sentence("this is no text and no number, so it cannot be shown."))

    def loop(self, node: nodes.For, name: str, names: Fields) -> None:
        many = self.kind(node.iter, names)
        if self.depth == DEEPEST:
            self.refuse(node, Sentence("at most {number} loops stand inside each other.", {"number": DEEPEST}))
        elif isinstance(many, Many):
            inside = _Reading(self.parts, self.depth + 1, self.found)
            inside.block(node.body, {**names, name: many.of, "loop": _LOOP})
        elif many is not None:
            self.refuse(node, Sentence("this is no list, so a loop cannot go through it."))
        self.block(node.else_, names)

    def include(self, node: nodes.Include, name: str, names: Fields) -> None:
        if name not in self.parts:
            files = sorted(self.parts) or "–"
            self.refuse(node, Sentence("only these can be included here: {files}.", {"files": files}))
            return
        item, needed = names["item"], names_in(BASE, self.parts[name])["item"]
        lacking = (
            sorted(needed.keys() - item.keys()) if isinstance(item, Mapping) and isinstance(needed, Mapping) else []
        )
        if lacking:
            self.refuse(
                node, Sentence("the notice has no {names}, which {file} needs.", {"names": lacking, "file": name})
            )

    def kind(self, node: nodes.Node, names: Fields) -> Shape | None:
        """What an expression gives; None where something in it has been refused."""
        match node:
            case nodes.Name():
                return self.member(node, node.name, names)
            case nodes.Getattr():
                return self.member(node, node.attr, self.kind(node.node, names))
            case nodes.Getitem(arg=nodes.Const(value=str() as key)):
                return self.member(node, key, self.kind(node.node, names))
            case nodes.Getitem(arg=nodes.Const(value=int())):
                return self.element(node, self.kind(node.node, names))
            case nodes.Const(value=bool()):
                return Kind.FLAG
            case nodes.Const(value=str()):
                return Kind.TEXT
            case nodes.Const(value=int()) | nodes.Neg() | nodes.Sub():
                return self.number(node, names)
            case nodes.Filter():
                return self.filtered(node, names)
            case nodes.Test(args=[], kwargs=[], dyn_args=None, dyn_kwargs=None) if node.name in TESTS:
                return self.all_known(Kind.FLAG, [node.node], names)
            case nodes.Compare() if all(operand.op in _COMPARING for operand in node.ops):
                return self.all_known(Kind.FLAG, [node.expr, *(operand.expr for operand in node.ops)], names)
            case nodes.Not():
                return self.all_known(Kind.FLAG, [node.node], names)
            case nodes.And() | nodes.Or():
                return self.alike(node.left, node.right, names)
            case nodes.CondExpr(expr2=nodes.Expr() as other):
                self.kind(node.test, names)
                return self.alike(node.expr1, other, names)
            case _:
                return self.refuse(
                    node, Sentence("this kind of expression ({kind}) has no place in a notice.", _kind_of(node))
                )

    def member(self, node: nodes.Node, name: str, shape: Shape | None) -> Shape | None:
        if isinstance(shape, Mapping) and name in shape:
            return shape[name]
        if isinstance(shape, Mapping):
            known = sorted(shape) or "–"
            return self.refuse(
                node, Sentence("“{name}” does not exist here; there are: {known}.", {"name": name, "known": known})
            )
        return (
            self.refuse(node, Sentence("“{name}”: this has no parts.", {"name": name})) if shape is not None else None
        )

    def element(self, node: nodes.Node, shape: Shape | None) -> Shape | None:
        if isinstance(shape, Many):
            return shape.of
        return (
            self.refuse(node, Sentence("this is no list, so nothing in it has a number."))
            if shape is not None
            else None
        )

    def number(self, node: nodes.Expr, names: Fields) -> Shape | None:
        """A whole number, one less another, or its opposite: nothing that grows."""
        parts = (
            [node.left, node.right]
            if isinstance(node, nodes.Sub)
            else [node.node]
            if isinstance(node, nodes.Neg)
            else []
        )
        if all((kind := self.kind(part, names)) is None or kind is Kind.NUMBER for part in parts):
            return Kind.NUMBER
        return self.refuse(node, Sentence("only numbers can be counted with."))

    def filtered(self, node: nodes.Filter, names: Fields) -> Shape | None:
        if node.name not in FILTERS or node.node is None:
            values = {"name": node.name, "known": sorted(FILTERS)}
            return self.refuse(node, Sentence("the filter “{name}” does not exist here; there are: {known}.", values))
        takes, gives = FILTERS[node.name]
        given = self.kind(node.node, names)
        if given is not None and (given is not takes if takes else not isinstance(given, Many)):
            self.refuse(node, Sentence("the filter “{name}” is not for this kind of value.", {"name": node.name}))
        separator = (
            node.name == "join" and all(isinstance(each, nodes.Const) for each in node.args) and len(node.args) == 1
        )
        if node.kwargs or node.dyn_args or node.dyn_kwargs or (node.args and not separator):
            self.refuse(node, Sentence("the filter “{name}” is written without this.", {"name": node.name}))
        return gives

    def all_known(self, gives: Kind, parts: Sequence[nodes.Expr], names: Fields) -> Kind:
        for part in parts:
            self.kind(part, names)
        return gives

    def alike(self, left: nodes.Expr, right: nodes.Expr, names: Fields) -> Shape | None:
        """One or the other. Of two kinds together nothing can be said but whether they hold."""
        one, other = self.kind(left, names), self.kind(right, names)
        if one is None or other is None:
            return None
        return one if one == other else Kind.FLAG

    def refuse(self, node: nodes.Node, message: Sentence) -> Shape | None:
        """Note a mistake; what is refused is of no kind."""
        self.found.append((node.lineno or 1, message))
        return None


def _kind_of(node: nodes.Node) -> Mapping[str, object]:
    return {"kind": type(node).__name__}
