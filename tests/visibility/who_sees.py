"""Who sees a case, computed from the process files and the table of roles alone: nothing of ours is asked."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from builders import WORKFLOWS

IN_CHARGE = frozenset({"supervisor", "auditor"})
"""They see what any role of their office sees."""


@dataclass(frozen=True)
class Desk:
    """A role in an office; `kind` and `country` are those of the office."""

    role: str
    office: str
    kind: str
    country: str


@dataclass(frozen=True)
class Case:
    """`path` has every state that the case has been in; `mark` stands in its title and its partner's name, `secret` in a note."""

    reference: str
    process: str
    office: str
    country: str
    partner: str
    path: tuple[str, ...]
    mark: str
    secret: str


@cache
def file_of(process: str) -> Mapping[str, Any]:
    return tomllib.loads((WORKFLOWS / f"{process}.toml").read_text(encoding="utf-8"))


def sees(desks: Iterable[Desk], case: Case) -> bool:
    return any(_at(desk, case) for desk in desks if desk.role != "administrator")


def reads_note(desks: Iterable[Desk], case: Case) -> bool:
    """A note belongs to the office that keeps the case, and to those from whom the file does not hide it."""
    shown = file_of(case.process).get("visibility", {})
    return any(
        desk.office == case.office or (_at(desk, case) and "notes" not in shown[desk.kind].get("hides", ()))
        for desk in desks
        if desk.role != "administrator"
    )


def _at(desk: Desk, case: Case) -> bool:
    if desk.office == case.office:
        return True
    return desk.country == case.country and not _shown_from(desk, file_of(case.process)).isdisjoint(case.path)


def _shown_from(desk: Desk, file: Mapping[str, Any]) -> frozenset[str]:
    """The states from which on the desk sees cases of other offices."""
    shown = file["visibility"].get(desk.kind)
    if shown is None:
        return frozenset()
    here = [role for role, said in file["roles"].items() if desk.kind in _kinds(said)]
    roles = here if desk.role in IN_CHARGE else [role for role in here if role == desk.role]
    return frozenset(state for role in roles for state in shown.get("roles", {}).get(role, shown.get("from", ())))


def _kinds(role: Mapping[str, Any]) -> list[str]:
    offices = role["office"]
    return [offices] if isinstance(offices, str) else [each["kind"] for each in offices]
