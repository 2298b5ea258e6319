"""What was still open when a case ended, as the entry of the step that ended it keeps it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from twinflow.sentences import ProvisionalDay, as_it_stands

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """Duties with their dates (None: paused), cases that belong to it with their process, changes that wait for a second person.

    A change is known by its deadline and its number there. True where there is anything.
    """

    duties: Mapping[Key, date | None] = field(default_factory=dict)
    children: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[tuple[Key, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.duties or self.children or self.changes)

    @property
    def text(self) -> str:
        """As rows keep it; empty where there is nothing."""
        if not self:
            return ""
        duties = [_duty(key, due_on) for key, due_on in self.duties.items()]
        changes = [[*key, number] for key, number in self.changes]
        return json.dumps({"duties": duties, "children": dict(self.children), "changes": changes})

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a row has kept."""
        kept = json.loads(text) if text else {}
        return cls(
            duties={
                (rule, number): as_it_stands(date.fromisoformat(due_on), provisional=bool(mark)) if due_on else None
                for rule, number, due_on, *mark in kept.get("duties", ())
            },
            children=kept.get("children", {}),
            changes=tuple(((rule, occurrence), number) for rule, occurrence, number in kept.get("changes", ())),
        )


def _duty(key: Key, due_on: date | None) -> list[str | int]:
    """As a row keeps it: a date that is provisional has a word behind it."""
    mark = ["provisional"] if isinstance(due_on, ProvisionalDay) else []
    return [*key, due_on.isoformat() if due_on is not None else "", *mark]
