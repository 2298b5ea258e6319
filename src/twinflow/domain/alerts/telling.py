"""One thing to be told, before it is known to whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from twinflow.domain.agreement.subject import AlertSubject


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to be told: which notice, about what, at which level, to which roles.

    `subject`, `occurrence` and `level` are its identity for each recipient; `effective_on` is the day it became due; `held`
    are the people who do not want to hear of it yet. `person` is told alone, while they hold one of the roles. `waits`: where
    nobody holds the role it is told later; else it is told now or not at all, and the history says that nobody heard.
    """

    notice: str
    subject: AlertSubject
    roles: tuple[str, ...]
    effective_on: date
    occurrence: int = 1
    level: str = ""
    urgent: bool = False
    details: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    person: str = ""
    waits: bool = False
