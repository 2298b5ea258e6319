"""What one test has read, proved or compiled the next one need not: process files, words of notices, statements."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine

from builders import NOTIFICATIONS, WORKFLOWS
from twinflow.definitions.proved import Content as Bytes
from twinflow.domain.rulebook import Rulebook

Found = TypeVar("Found")
ReadRulebook = Callable[[Path, Path], Rulebook]
RulebookOf = Callable[[Bytes, Path, Path], Rulebook]
MakeEngine = Callable[..., Engine]
Content = Path | tuple[tuple[str, bytes | None], ...]


def remembering_rulebooks(read: ReadRulebook) -> ReadRulebook:
    """The same function, which keeps every rulebook that it read without a mistake: it proves again where a byte differs."""
    kept: dict[tuple[str, Content, Content], Rulebook] = {}

    def read_rulebook(workflows: Path, notifications: Path) -> Rulebook:
        try:
            key = workflows.name, _content(workflows), _content(notifications)
        except OSError:
            return read(workflows, notifications)
        if key not in kept:
            kept[key] = read(workflows, notifications)
        return replace(kept[key], _together={})

    return read_rulebook


def remembering_shipped(read: Callable[[Path], Found]) -> Callable[[Path], Found]:
    """The same function of a folder of words, which keeps what it found in the shipped one."""
    kept: list[Found] = []

    def of_folder(folder: Path) -> Found:
        if folder != NOTIFICATIONS:
            return read(folder)
        if not kept:
            kept.append(read(folder))
        return kept[0]

    return of_folder


def remembering_sound(of: RulebookOf) -> RulebookOf:
    """The same function of sound files, which reads each of those that come with twinflow once."""
    kept: list[tuple[Bytes, Rulebook]] = []

    def rulebook_of(content: Bytes, workflows: Path, notifications: Path) -> Rulebook:
        if (workflows, notifications) != (WORKFLOWS, NOTIFICATIONS):
            return of(content, workflows, notifications)
        if not kept or kept[0][0] != content:
            kept[:] = [(content, of(content, workflows, notifications))]
        return replace(kept[0][1], _together={})

    return rulebook_of


class _Compiled(dict[Any, Any]):
    """Compiled statements by what they say: each engine has a dialect of its own, and those of one database are alike."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


def remembering_statements(make: MakeEngine) -> MakeEngine:
    """The same function, whose engines share what they have compiled."""
    kept = _Compiled()

    def create_engine(url: str, **how: Any) -> Engine:
        return make(url, execution_options={"compiled_cache": kept}, **how)

    return create_engine


def _content(folder: Path) -> Content:
    """What is in a folder; those of the checkout by their name, as no test writes there. Raises OSError."""
    if folder in {WORKFLOWS, NOTIFICATIONS}:
        return folder
    inside = sorted(folder.rglob("*"))
    return tuple((str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None) for path in inside)
