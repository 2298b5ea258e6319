"""Reading the process files proves each of them; what was proved in this process is proved again where a byte differs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from builders import NOTIFICATIONS, WORKFLOWS
from twinflow.domain.rulebook import Rulebook

Found = TypeVar("Found")
ReadRulebook = Callable[[Path, Path], Rulebook]
Content = Path | tuple[tuple[str, bytes | None], ...]


def remembering_rulebooks(read: ReadRulebook) -> ReadRulebook:
    """The same function, which keeps every rulebook that it read without a mistake."""
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


def _content(folder: Path) -> Content:
    """What is in a folder; those of the checkout by their name, as no test writes there. Raises OSError."""
    if folder in {WORKFLOWS, NOTIFICATIONS}:
        return folder
    inside = sorted(folder.rglob("*"))
    return tuple((str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None) for path in inside)
