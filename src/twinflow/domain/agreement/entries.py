"""What each kind of history entry says beyond its columns, as a type of its own; written and read here, and nowhere else.

`details` gives what rows keep, the same text for the same values, whatever version writes it. `read` reads an entry, also one
that an earlier version wrote, and gives None for an entry that says something else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import ClassVar, Self

from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.calendar.dates import Length

Key = tuple[str, int]
"""The rule and the occurrence of a deadline. Moved dates of the first version do not say which occurrence: theirs is 0."""


class ChangeKind(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    REMOVE = "remove"
    MOVE = "move"
    CONFIRM = "confirm"


class Policy(StrEnum):
    """What becomes of an open date: the day stays; the time that is left stays; or it is counted anew by the new rule."""

    KEEP_DUE = "keep-due"
    KEEP_REMAINING = "keep-remaining"
    RECOMPUTE = "recompute"


@dataclass(frozen=True, slots=True)
class Carried:
    """An open deadline as a migration took it over: from `on` each of `lengths` leads to one of its dates.

    `on` is the day of the migration, or the day before its first date where that had come by then. `after` is the day after
    which an act answers it: its start, or the date of the occurrence before.
    """

    on: date
    policy: Policy
    lengths: tuple[Length, ...]
    after: date


@dataclass(frozen=True, slots=True)
class OpenedDespite:
    """A case that hardly makes sense, opened all the same: the codes of what was doubted, and the reason that was given."""

    kind: ClassVar = EntryKind.OPENED

    doubts: tuple[str, ...]
    reason: str

    def details(self) -> dict[str, str]:
        return {"doubts": " ".join(self.doubts), "despite": self.reason}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind or "despite" not in entry.details:
            return None
        return cls(tuple(entry.details.get("doubts", "").split()), entry.details["despite"])


@dataclass(frozen=True, slots=True)
class StepTaken:
    """What was given with a step. `received_at` (UTC) is when it arrived, `records` the facts it recorded, by name, as text."""

    kind: ClassVar = EntryKind.STEP

    place: str = ""
    capacity: str = ""
    reason: str = ""
    received_at: datetime | None = None
    records: Mapping[str, str] = field(default_factory=dict)

    def details(self) -> dict[str, str]:
        given = {"place": self.place, "capacity": self.capacity, "reason": self.reason, **self.records}
        if self.received_at is not None:
            given["received_at"] = self.received_at.astimezone(UTC).isoformat()
        return _given(given)

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        given = dict(entry.details)
        place, capacity, reason = (given.pop(name, "") for name in ("place", "capacity", "reason"))
        received_at = given.pop("received_at", None)
        return cls(place, capacity, reason, datetime.fromisoformat(received_at) if received_at else None, given)


@dataclass(frozen=True, slots=True)
class Alerted:
    """An alert: `recipient` was told, in the absence of `stands_for` if that is given. `vacant`: nobody holds the role.

    `more` is what is told of this subject alone, as in the alert's own row.
    """

    kind: ClassVar = EntryKind.ALERT

    notice: str
    subject: AlertSubject
    level: str
    role: str
    recipient: str
    stands_for: str = ""
    vacant: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    def details(self) -> dict[str, str]:
        about = {"notice": self.notice, "subject": str(self.subject), "level": self.level, **self.more}
        about |= {"role": self.role, "recipient": self.recipient}
        return about | _given({"vacant": "yes" if self.vacant else "", "stands_for": self.stands_for})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        told = dict(entry.details)
        return cls(
            notice=told.pop("notice"),
            subject=AlertSubject.parse(told.pop("subject")),
            level=told.pop("level"),
            role=told.pop("role"),
            recipient=told.pop("recipient"),
            stands_for=told.pop("stands_for", ""),
            vacant=told.pop("vacant", None) is not None,
            more=told,
        )


@dataclass(frozen=True, slots=True)
class DateMoved:
    """The due date of a deadline moved; None: it had none, or has none now.

    `cause` is what an alert about it finds it by; empty where a step or the clock moved it.
    """

    kind: ClassVar = EntryKind.DEADLINE

    key: Key
    before: date | None
    after: date | None
    cause: str = ""

    @property
    def calendar(self) -> str:
        """The calendar whose new edition moved it; empty where another cause did."""
        calendar, of_calendar, _ = self.cause.partition("@")
        return calendar if of_calendar else ""

    def details(self) -> dict[str, str]:
        moved = {"from": str(self.before or ""), "to": str(self.after or "")}
        return _of_deadline(self.key) | moved | _given({"cause": self.cause})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(_key(said), _day(said.get("from")), _day(said.get("to")), said.get("cause", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A change of a deadline by an act. `number` counts the changes of the occurrence; that of a confirmation, and `of`, is the
    number of the change it speaks of. `second` is the role that has to confirm it, if any.
    """

    kind: ClassVar = EntryKind.CHANGE

    key: Key
    change: ChangeKind
    number: int
    length: Length | None = None
    to: date | None = None
    party: str = ""
    of: int | None = None
    reason: str = ""
    paper: str = ""
    legal_basis: str = ""
    second: str = ""

    def details(self) -> dict[str, str]:
        return _given(
            {
                "change": self.change.value,
                **_of_deadline(self.key),
                "number": str(self.number),
                "length": str(self.length or ""),
                "to": str(self.to or ""),
                "party": self.party,
                "of": str(self.of or ""),
                "reason": self.reason,
                "paper": self.paper,
                "legal_basis": self.legal_basis,
                "second": self.second,
            }
        )

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(
            key=_key(said),
            change=ChangeKind(said["change"]),
            number=int(said.get("number", 0)),
            length=Length.parse(said["length"]) if "length" in said else None,
            to=_day(said.get("to")),
            party=said.get("party", ""),
            of=int(said["of"]) if "of" in said else None,
            reason=said.get("reason", ""),
            paper=said.get("paper", ""),
            legal_basis=said.get("legal_basis", ""),
            second=said.get("second", ""),
        )


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """“I have it”: somebody has the deadline in hand, for the date `due_on`."""

    kind: ClassVar = EntryKind.ACKNOWLEDGED

    key: Key
    due_on: date | None
    note: str = ""

    def details(self) -> dict[str, str]:
        return _of_deadline(self.key) | _given({"due_on": str(self.due_on or ""), "note": self.note})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(_key(said), _day(said.get("due_on")), said.get("note", ""))


@dataclass(frozen=True, slots=True)
class Snoozed:
    """“Not before `until`”: somebody wants no notice of the deadline, for the date `due_on`, before that day."""

    kind: ClassVar = EntryKind.SNOOZED

    key: Key
    due_on: date | None
    until: date
    reason: str

    def details(self) -> dict[str, str]:
        said = {"due_on": str(self.due_on or ""), "until": str(self.until), "reason": self.reason}
        return _of_deadline(self.key) | _given(said)

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(_key(said), _day(said.get("due_on")), date.fromisoformat(said["until"]), said["reason"])


@dataclass(frozen=True, slots=True)
class TermStated:
    """What somebody says that the text, or the parties, hold of a term of which only the process's default was known.

    `reading` is as `Term.parse` reads it, `source` where it stands.
    """

    kind: ClassVar = EntryKind.TERM

    term: str
    reading: str
    source: str
    reason: str = ""

    def details(self) -> dict[str, str]:
        return {"term": self.term, "reading": self.reading, "source": self.source} | _given({"reason": self.reason})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(said["term"], said["reading"], said["source"], said.get("reason", ""))


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migration from the version `source` to `target`, each as `twinning v2`; `states` and `steps` lead from old names to new.

    `carried` are the open deadlines it took over. `recurring` has the last occurrence of each recurring deadline that the old
    version decides on, and its date. `closed` are the deadlines that were closed by then, each with the day that the new
    version counts it from (None where it counts none such).
    """

    kind: ClassVar = EntryKind.MIGRATED

    source: str
    target: str
    reason: str
    states: Mapping[str, str]
    steps: Mapping[str, str]
    carried: Mapping[Key, Carried]
    recurring: Mapping[str, tuple[int, date]]
    closed: Mapping[Key, date | None] = field(default_factory=dict)

    def details(self) -> dict[str, str]:
        carried = {
            _name(key): {
                "on": each.on.isoformat(),
                "policy": each.policy.value,
                "lengths": [str(length) for length in each.lengths],
                "after": each.after.isoformat(),
            }
            for key, each in self.carried.items()
        }
        tables: Mapping[str, Mapping[str, object]] = {
            "states": self.states,
            "steps": self.steps,
            "carried": carried,
            "closed": {_name(key): str(day or "") for key, day in self.closed.items()},
            "recurring": {rule: (number, day.isoformat()) for rule, (number, day) in self.recurring.items()},
        }
        names = {"from": self.source, "to": self.target, "reason": self.reason}
        return names | {name: json.dumps(dict(table), sort_keys=True) for name, table in tables.items()}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said, names = entry.details, ("states", "steps", "carried", "recurring", "closed")
        states, steps, carried, recurring, closed = (json.loads(said.get(name, "{}")) for name in names)
        return cls(
            source=said.get("from", ""),
            target=said.get("to", ""),
            reason=said.get("reason", ""),
            states=states,
            steps=steps,
            carried={_named(name): _carried(content) for name, content in carried.items()},
            recurring={rule: (number, date.fromisoformat(day)) for rule, (number, day) in recurring.items()},
            closed={_named(name): _day(day) for name, day in closed.items()},
        )


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """A message that did not reach its recipient, and why, as `sentences.packed` keeps it."""

    kind: ClassVar = EntryKind.MAIL

    message: int
    recipient: str
    why: str

    def details(self) -> dict[str, str]:
        return {"message": str(self.message), "recipient": self.recipient, "why": self.why}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        said = entry.details
        if entry.kind is not cls.kind or "cancelled" in said:
            return None
        return cls(int(said["message"]), said["recipient"], said["why"])


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A message that somebody took back, and their reason."""

    kind: ClassVar = EntryKind.MAIL

    message: int
    recipient: str
    reason: str

    def details(self) -> dict[str, str]:
        return {"message": str(self.message), "recipient": self.recipient, "cancelled": self.reason}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        said = entry.details
        if entry.kind is not cls.kind or "cancelled" not in said:
            return None
        return cls(int(said["message"]), said["recipient"], said["cancelled"])


Said = (
    OpenedDespite
    | StepTaken
    | Alerted
    | DateMoved
    | Changed
    | Acknowledged
    | Snoozed
    | TermStated
    | Migrated
    | NotDelivered
    | Cancelled
)
_KINDS: tuple[type[Said], ...] = (
    OpenedDespite, StepTaken, Alerted, DateMoved, Changed, Acknowledged, Snoozed, TermStated, Migrated, NotDelivered,
    Cancelled,
)  # fmt: skip


def read(entry: HistoryEntry) -> Said | None:
    """What the entry says; None for the one that a case begins with, which says nothing beyond its columns."""
    return next((said for kind in _KINDS if (said := kind.read(entry)) is not None), None)


def noted(said: Said, actor: str, effective_on: date, recorded_at: datetime) -> HistoryEntry:
    """The entry that says it. `recorded_at` is UTC."""
    return HistoryEntry(said.kind, actor, effective_on, recorded_at, details=said.details())


def _given(details: Mapping[str, str]) -> dict[str, str]:
    """What is not empty: rows keep nothing else."""
    return {name: text for name, text in details.items() if text}


def _of_deadline(key: Key) -> dict[str, str]:
    return {"deadline": key[0], "occurrence": str(key[1])}


def _key(details: Mapping[str, str]) -> Key:
    return details["deadline"], int(details.get("occurrence", 0))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _name(key: Key) -> str:
    return f"{key[0]}/{key[1]}"


def _named(name: str) -> Key:
    rule, _, occurrence = name.partition("/")
    return rule, int(occurrence)


def _carried(content: Mapping[str, str]) -> Carried:
    lengths = tuple(Length.parse(length) for length in content["lengths"])
    on, after = date.fromisoformat(content["on"]), date.fromisoformat(content["after"])
    return Carried(on, Policy(content["policy"]), lengths, after)
