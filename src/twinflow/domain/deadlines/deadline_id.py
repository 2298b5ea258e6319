"""How people name one deadline of one agreement."""

import re
from dataclasses import dataclass

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class DeadlineId:
    """What people call one occurrence of a deadline: `VR-1/opinion/1`. References may hold slashes themselves."""

    reference: str
    rule: str
    occurrence: int

    @classmethod
    def parse(cls, text: str) -> "DeadlineId":
        """Raises BadInput, saying what would be right."""
        match = re.fullmatch(r"(.+)/([a-z][a-z0-9_]*)/([1-9]\d{0,5})", text)
        if match is None:
            raise BadInput(
                "“{id}” names no deadline; one is written REFERENCE/DEADLINE/NUMBER, as “twinflow deadlines list” shows.",
                id=text,
            )
        return cls(match[1], match[2], int(match[3]))

    @property
    def key(self) -> tuple[str, int]:
        return (self.rule, self.occurrence)

    def __str__(self) -> str:
        return f"{self.reference}/{self.rule}/{self.occurrence}"


def find_deadline(agreement: Agreement, wanted: DeadlineId) -> Deadline:
    """Raises NotFound, naming what there is."""
    found = next((deadline for deadline in agreement.deadlines if deadline.key == wanted.key), None)
    if found is None:
        known = [f"{agreement.reference}/{d.rule}/{d.occurrence}" for d in agreement.deadlines]
        raise NotFound("There is no deadline {id}; there are: {known}.", id=str(wanted), known=known or "–")
    return found
