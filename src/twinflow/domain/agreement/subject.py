"""What an alert is about, as a value. Rows keep it as text, in the form that `str` gives."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from twinflow.domain.agreement.agreement import Finding, FindingCode


class SubjectKind(StrEnum):
    """`deadline`: its day comes or has passed; `lapse`: its day has passed and the step that follows cannot be taken; `moved`: it
    has another day; `change`: a change of it waits for somebody; `step`: it was taken; `undelivered`: a message reached nobody.
    `correction`: an entry of the history was put right; `consultation`: a unit was asked; `office`: its move to another one was
    asked for, accepted or refused; `hands`: something has changed hands. What findings are about has their codes.
    """

    DEADLINE = "deadline"
    LAPSE = "lapse"
    MOVED = "moved"
    CHANGE = "change"
    STEP = "step"
    UNDELIVERED = "undelivered"
    CORRECTION = "correction"
    CONSULTATION = "consultation"
    OFFICE = "office"
    HANDS = "hands"


_KINDS: dict[str, SubjectKind | FindingCode] = {kind.value: kind for kind in (*SubjectKind, *FindingCode)}


@dataclass(frozen=True, slots=True)
class AlertSubject:
    """What an alert is about. `name`: the key of a deadline's rule or of a step, the number of a message or of an entry, what a
    finding names.
    """

    kind: SubjectKind | FindingCode
    name: str

    @classmethod
    def deadline(cls, rule: str) -> Self:
        return cls(SubjectKind.DEADLINE, rule)

    @classmethod
    def finding(cls, finding: Finding) -> Self:
        return cls(finding.code, finding.subject)

    @classmethod
    def parse(cls, text: str) -> Self:
        """As rows keep it. Raises KeyError for a kind that is not known."""
        kind, _, name = text.partition(":")
        return cls(_KINDS[kind], name)

    @property
    def rule(self) -> str | None:
        """The rule of the deadline that it is about, if it is about one."""
        of_deadlines = {SubjectKind.DEADLINE, SubjectKind.LAPSE, SubjectKind.MOVED, SubjectKind.CHANGE}
        return self.name if self.kind in of_deadlines else None

    @property
    def as_finding(self) -> Finding | None:
        """The finding that it is about, if it is about one."""
        return Finding(self.kind, self.name) if isinstance(self.kind, FindingCode) else None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"
