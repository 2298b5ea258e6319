"""The notices there are, and what each may speak of: the closed list that the words in `notifications/` are checked against."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from twinflow.domain.process.definition import Label

LANGUAGES = ("en", "es")
BASE = "_base"
PARTS = ("todo", "standing_in")
"""What the bodies of several notices share; a body includes it."""

FORMS = ("txt", "html")
BASE_FILES = (
    "message.txt",
    "message.html",
    "digest_subject.txt",
    *(f"{part}.{form}" for part in PARTS for form in FORMS),
)
NOTICE_FILES = ("subject.txt", "body.txt", "body.html")


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of news. `because` says why nobody can switch it off, or of an optional one what it is good for."""

    key: str
    label: Label
    optional: bool
    because: Label


class Kind(StrEnum):
    """What a value is. Only texts and numbers can be shown as they are."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    FLAG = "flag"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Many:
    """A list; of what."""

    of: "Shape"


Fields = Mapping[str, "Shape"]
Shape = Kind | Many | Fields

ALWAYS: Fields = {
    "reference": Kind.TEXT,
    "title": Kind.TEXT,
    "effective_on": Kind.DAY,
    "recorded_on": Kind.DAY,
    "stands_for": Kind.TEXT,
}
_TODO: Fields = {"todo": Many(Kind.TEXT)}
_DEADLINE: Fields = {
    "deadline": Kind.TEXT,
    "nature": Kind.TEXT,
    "due_on": Kind.DAY,
    "warn_on": Kind.DAY,
    "days": Kind.NUMBER,
    "business_days": Kind.NUMBER,
    "standing": Kind.TEXT,
    "late": Kind.TEXT,
    "office": Kind.TEXT,
    "note": Kind.TEXT,
    **_TODO,
}
_FINDING: Fields = {"subject": Kind.TEXT, "known": Kind.TEXT}
_CORRECTION: Fields = {"entry": Kind.NUMBER, "actor": Kind.TEXT, "what": Kind.TEXT}
_MOVE: Fields = {"actor": Kind.TEXT, "office": Kind.TEXT, "keeper": Kind.TEXT}
_CONSULTATION: Fields = {
    "number": Kind.NUMBER,
    "actor": Kind.TEXT,
    "text": Kind.TEXT,
    "due_on": Kind.DAY,
    **_TODO,
}
_HANDS: Fields = {"actor": Kind.TEXT, "things": Many(Kind.TEXT), "reason": Kind.TEXT}
_BUILT_IN: Mapping[str, Fields] = {
    "deadline-soon": {**_DEADLINE, "assumed": Kind.TEXT},
    "deadline-overdue": _DEADLINE,
    "lapse-refused": {
        "deadline": Kind.TEXT,
        "due_on": Kind.DAY,
        "step": Kind.TEXT,
        "state": Kind.TEXT,
        "why": Kind.TEXT,
        **_TODO,
    },
    "deadline-moved": {
        "deadline": Kind.TEXT,
        "before": Kind.DAY,
        "after": Kind.DAY,
        "assumed": Kind.TEXT,
        **_TODO,
    },
    "change-to-confirm": {
        "deadline": Kind.TEXT,
        "id": Kind.TEXT,
        "number": Kind.NUMBER,
        "actor": Kind.TEXT,
        "change": Kind.TEXT,
    },
    "entry-corrected": {**_CORRECTION, "changes": Many(Kind.TEXT), "moved": Many(Kind.TEXT)},
    "correction-to-confirm": {**_CORRECTION, "number": Kind.NUMBER},
    "correction-refused": _CORRECTION,
    "correction-displaced": {**_CORRECTION, "instead": Kind.TEXT},
    "move-to-accept": {**_MOVE, "reason": Kind.TEXT, **_TODO},
    "case-moved": {**_MOVE, "along": Many(Kind.TEXT), "dates": Many(Kind.TEXT), **_TODO},
    "move-refused": {**_MOVE, "reason": Kind.TEXT},
    "wrong-office": {"subject": Kind.TEXT, **_TODO},
    "date-missing": _FINDING,
    "signature-missing": _FINDING,
    "terms-conflict": _FINDING,
    "term-beyond-bound": {**_FINDING, "at_most": Kind.TEXT, "source": Kind.TEXT},
    "term-assumed": {**_FINDING, "term": Kind.TEXT},
    "dates-disagree": _FINDING,
    "consultation-asked": _CONSULTATION,
    "consultation-soon": {**_CONSULTATION, "late": Kind.TEXT},
    "consultation-overdue": {**_CONSULTATION, "late": Kind.TEXT},
    "consultation-given": {**_CONSULTATION, "late": Kind.TEXT},
    "handed-over": {**_HANDS, **_TODO},
    "in-other-hands": _HANDS,
    "undelivered": {"person": Kind.TEXT, "subject": Kind.TEXT, "why": Kind.TEXT, "number": Kind.NUMBER},
}
BUILT_IN_NOTICES = tuple(_BUILT_IN)
"""Those that the service sends by itself; every other one is announced by a step of a process."""

_OBSERVATION: Fields = {
    "number": Kind.NUMBER,
    "article": Kind.TEXT,
    "text": Kind.TEXT,
    "said": Many(Kind.TEXT),
}
_ANNOUNCED: Fields = {
    "state": Kind.TEXT,
    "left_open": Many(Kind.TEXT),
    "observations": Many(_OBSERVATION),
    **_TODO,
}
_GROUP: Fields = {"reference": Kind.TEXT, "title": Kind.TEXT}
_MESSAGE: Fields = {
    "subject": Kind.TEXT,
    "person": {"name": Kind.TEXT, "language": Kind.TEXT},
    "roles": Many(Kind.TEXT),
    "groups": Many({**_GROUP, "url": Kind.TEXT, "items": Many({"text": Kind.TEXT, "html": Kind.HTML})}),
    "base_url": Kind.TEXT,
    "digest": Kind.FLAG,
    "reasons": Many(Kind.TEXT),
    "unsubscribe_url": Kind.TEXT,
    "head": Kind.TEXT,
    "short_head": Kind.TEXT,
    "head_on": Kind.DAY,
}
_OF_PART: Mapping[str, Fields] = {"todo": _TODO, "standing_in": {"stands_for": Kind.TEXT}}


def names_in(folder: str, file: str) -> Fields:
    """What a file of a notice, or of the frame, may name."""
    if folder != BASE:
        return {"item": {**ALWAYS, **_BUILT_IN.get(folder, _ANNOUNCED)}}
    part = file.partition(".")[0]
    if part in _OF_PART:
        return {"item": _OF_PART[part]}
    return {"items": Many({}), "groups": Many(_GROUP)} if part == "digest_subject" else _MESSAGE
