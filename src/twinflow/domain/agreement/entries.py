"""What each kind of history entry says beyond its columns, as a type of its own; written and read here, and nowhere else.

`details` gives what rows keep, the same text for the same values, whatever version writes it. `read` reads an entry, also one
that an earlier version wrote, and gives None for an entry that says something else.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from twinflow.domain.agreement.agreement import Claim, Party, Signature, Term
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.agreement.left_open import LeftOpen
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.calendar.dates import Length, PartialDate

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


class Correction(StrEnum):
    """What a correction says of an entry: it does not count, it says something else, or the case was opened by mistake."""

    WITHDRAW = "withdraw"
    REPLACE = "replace"
    ANNUL = "annul"


BEGINNINGS = frozenset({EntryKind.OPENED, EntryKind.IMPORTED})
"""What a case begins with."""


@dataclass(frozen=True, slots=True)
class Began:
    """What a case began with, before anything happened in it; books of before do not keep it.

    `by_day`: the state that its sheet gives it with a whole day of signature, and the one without; empty where the sheet has
    it otherwise.
    """

    title: str
    office: str
    origin: str
    note: str
    parties: tuple[Party, ...]
    terms: Mapping[str, Term]
    facts: Mapping[str, tuple[Claim, ...]]
    by_day: tuple[str, ...] = ()

    def details(self) -> dict[str, str]:
        content = {
            **{name: getattr(self, name) for name in ("title", "office", "origin", "note")},
            "parties": [_of_party(party) for party in self.parties],
            "terms": {name: (str(term), term.source) for name, term in self.terms.items()},
            "facts": {
                name: [(str(claim.value), claim.source, claim.chosen) for claim in claims]
                for name, claims in self.facts.items()
            },
            **({"by_day": self.by_day} if self.by_day else {}),
        }
        return {"began": json.dumps(content, ensure_ascii=False)}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if "began" not in entry.details or entry.kind not in BEGINNINGS:
            return None
        said = json.loads(entry.details["began"])
        return cls(
            **{name: said[name] for name in ("title", "office", "origin", "note")},
            parties=tuple(_party(*each) for each in said["parties"]),
            terms={name: Term.parse(text, source) for name, (text, source) in said["terms"].items()},
            facts={name: tuple(_claim(name, *claim) for claim in claims) for name, claims in said["facts"].items()},
            by_day=tuple(said.get("by_day", ())),
        )


@dataclass(frozen=True, slots=True)
class OpenedDespite:
    """A case that hardly makes sense, opened or taken over all the same: the codes of what was doubted, and the reason."""

    kind: ClassVar = EntryKind.OPENED

    doubts: tuple[str, ...]
    reason: str

    def details(self) -> dict[str, str]:
        return {"doubts": " ".join(self.doubts), "despite": self.reason}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind not in BEGINNINGS or "despite" not in entry.details:
            return None
        return cls(tuple(entry.details.get("doubts", "").split()), entry.details["despite"])


@dataclass(frozen=True, slots=True)
class StepTaken:
    """What was given with a step. `received_at` (UTC) is when it arrived, `records` the facts it recorded, by name, as text;
    `left_open` what was open when it ended the case, `assumed` the facts that might have barred it, each as far as
    its day was known.

    `corrected_by`: whoever had a part in what it says now beside the one who took it.
    """

    kind: ClassVar = EntryKind.STEP

    place: str = ""
    capacity: str = ""
    reason: str = ""
    received_at: datetime | None = None
    records: Mapping[str, str] = field(default_factory=dict)
    left_open: LeftOpen = field(default_factory=LeftOpen)
    corrected_by: str = ""
    assumed: Mapping[str, str] = field(default_factory=dict)

    def details(self) -> dict[str, str]:
        given = {"place": self.place, "capacity": self.capacity, "reason": self.reason, **self.records}
        given |= {"left_open": self.left_open.text if self.left_open else "", "corrected_by": self.corrected_by}
        given |= {"assumed": " ".join(f"{fact}={day}" for fact, day in self.assumed.items())}
        if self.received_at is not None:
            given["received_at"] = self.received_at.astimezone(UTC).isoformat()
        return _given(given)

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        given = dict(entry.details)
        place, capacity, reason, by = (given.pop(name, "") for name in ("place", "capacity", "reason", "corrected_by"))
        received_at, left_open = given.pop("received_at", None), LeftOpen.parse(given.pop("left_open", ""))
        assumed = dict(each.split("=", 1) for each in given.pop("assumed", "").split())
        at = datetime.fromisoformat(received_at) if received_at else None
        return cls(place, capacity, reason, at, given, left_open, by, assumed)


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
    number of the change it speaks of. `second` is the role that has to confirm it, if any. `withdrawn`: a correction took it out.
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
    withdrawn: bool = False

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
                "withdrawn": "yes" if self.withdrawn else "",
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
            withdrawn="withdrawn" in said,
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
class DutyTaken:
    """What somebody did about the duty of a role: who has it in hand since (empty: nobody), and until when it is put aside.

    `to` is the successor to whom it is handed over, and who has not accepted it yet.
    """

    kind: ClassVar = EntryKind.DUTY

    role: str
    act: str
    person: str = ""
    until: date | None = None
    reason: str = ""
    to: str = ""

    def details(self) -> dict[str, str]:
        given = {"person": self.person, "until": str(self.until or ""), "reason": self.reason, "to": self.to}
        return {"role": self.role, "act": self.act} | _given(given)

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        until, reason = _day(said.get("until")), said.get("reason", "")
        return cls(said["role"], said["act"], said.get("person", ""), until, reason, said.get("to", ""))


class Thing(StrEnum):
    """What somebody has open in a case, beside the duty of a role. Its name is the key of a deadline (`rule/occurrence`), of a
    kind of round, the number of a consultation or of a correction, or a deadline's with that of its change.
    """

    ACKNOWLEDGEMENT = "acknowledgement"
    DRAFT = "draft"
    ROUND = "round"
    CONSULTATION = "consultation"
    CORRECTION = "correction"
    CHANGE = "change"


class Handing(StrEnum):
    HAND_OVER = "hand-over"
    ACCEPT = "accept"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An open thing of the `person` is handed over to somebody; or it is accepted, and theirs since then; or declined."""

    kind: ClassVar = EntryKind.HANDED_OVER

    thing: Thing
    name: str
    act: Handing
    person: str
    to: str = ""
    reason: str = ""

    def details(self) -> dict[str, str]:
        said = {"thing": self.thing.value, "name": self.name, "act": self.act.value, "person": self.person}
        return said | _given({"to": self.to, "reason": self.reason})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        what = (Thing(said["thing"]), said["name"], Handing(said["act"]), said["person"])
        return cls(*what, said.get("to", ""), said.get("reason", ""))


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
class DraftSubmitted:
    """The draft that the next round of `round` is about: its `text`, or the mark of the `paper` that it is on."""

    kind: ClassVar = EntryKind.DRAFT

    round: str
    text: str = ""
    paper: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the text; empty where there is only a paper."""
        return hashlib.sha256(self.text.encode()).hexdigest() if self.text else ""

    def details(self) -> dict[str, str]:
        return {"round": self.round} | _given({"paper": self.paper, "text": self.text, "digest": self.digest})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        return cls(entry.details["round"], entry.details.get("text", ""), entry.details.get("paper", ""))


class ObservationAct(StrEnum):
    MADE = "made"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class OnObservation:
    """What was done about the observation of this number: made (to an `article`), answered, closed, reopened.

    `text` is what was said with it. `withdrawn`: a correction took out that it was made; its number stays taken.
    """

    kind: ClassVar = EntryKind.OBSERVATION

    round: str
    act: ObservationAct
    number: int
    text: str = ""
    article: str = ""
    withdrawn: bool = False

    def details(self) -> dict[str, str]:
        said = {"round": self.round, "act": self.act.value, "number": str(self.number)}
        more = {"article": self.article, "text": self.text, "withdrawn": "yes" if self.withdrawn else ""}
        return said | _given(more)

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(
            round=said["round"],
            act=ObservationAct(said["act"]),
            number=int(said["number"]),
            text=said.get("text", ""),
            article=said.get("article", ""),
            withdrawn="withdrawn" in said,
        )


class ConsultationAct(StrEnum):
    ASKED = "asked"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class OnConsultation:
    """What was done about the consultation of this number: the role was asked, up to `due_on` where there is a day; or its
    answer was given. `withdrawn` is as of an observation.
    """

    kind: ClassVar = EntryKind.CONSULTATION

    round: str
    act: ConsultationAct
    number: int
    text: str = ""
    role: str = ""
    due_on: date | None = None
    withdrawn: bool = False

    def details(self) -> dict[str, str]:
        said = {"round": self.round, "act": self.act.value, "number": str(self.number)}
        more = {"role": self.role, "due_on": str(self.due_on or ""), "text": self.text}
        return said | _given(more | {"withdrawn": "yes" if self.withdrawn else ""})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(
            round=said["round"],
            act=ConsultationAct(said["act"]),
            number=int(said["number"]),
            text=said.get("text", ""),
            role=said.get("role", ""),
            due_on=_day(said.get("due_on")),
            withdrawn="withdrawn" in said,
        )


@dataclass(frozen=True, slots=True)
class InternalNote:
    """A note of those who decide, for themselves."""

    kind: ClassVar = EntryKind.NOTE

    round: str
    text: str

    def details(self) -> dict[str, str]:
        return {"round": self.round, "text": self.text}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        return cls(entry.details["round"], entry.details["text"]) if entry.kind is cls.kind else None


OfARound = DraftSubmitted | OnObservation | OnConsultation | InternalNote
"""What is done within a round."""


def of_a_round(entry: HistoryEntry) -> OfARound | None:
    """What the entry says of a round; None for an entry that says something else."""
    kinds: tuple[type[OfARound], ...] = (DraftSubmitted, OnObservation, OnConsultation, InternalNote)
    return next((said for kind in kinds if (said := kind.read(entry)) is not None), None)


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migration from the version `source` to `target`, each as `twinning v2`; `states` and `steps` lead from old names to new.

    `carried` are the open deadlines it took over. `recurring` has the last occurrence of each recurring deadline that the old
    version decides on, and its date. `closed` are the deadlines that were closed by then, each with the day that the new
    version counts it from (None where it counts none such). `policies` is what the plan said of each rule; books of before
    have it only in what was carried.
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
    policies: Mapping[str, Policy] = field(default_factory=dict)

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
            **({"policies": self.policies} if self.policies else {}),
        }
        names = {"from": self.source, "to": self.target, "reason": self.reason}
        return names | {name: json.dumps(dict(table), sort_keys=True) for name, table in tables.items()}

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said, names = entry.details, ("states", "steps", "carried", "recurring", "closed", "policies")
        states, steps, carried, recurring, closed, policies = (json.loads(said.get(name, "{}")) for name in names)
        return cls(
            source=said.get("from", ""),
            target=said.get("to", ""),
            reason=said.get("reason", ""),
            states=states,
            steps=steps,
            carried={_named(name): _carried(content) for name, content in carried.items()},
            recurring={rule: (number, date.fromisoformat(day)) for rule, (number, day) in recurring.items()},
            closed={_named(name): _day(day) for name, day in closed.items()},
            policies={rule: Policy(policy) for rule, policy in policies.items()},
        )


class MoveAct(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True)
class OfficeMove:
    """What was done about the move of a case from the office `before`, which keeps it, to the office `to`.

    `along` is the reference of the agreement with which it went there. `ended` are the people of whom nothing counts any more
    that they have in hand, or said of a deadline, as they hold no role in the case from then on.
    """

    kind: ClassVar = EntryKind.MOVE

    act: MoveAct
    before: str
    to: str
    reason: str = ""
    along: str = ""
    ended: tuple[str, ...] = ()

    def details(self) -> dict[str, str]:
        said = {"act": self.act.value, "from": self.before, "to": self.to}
        return said | _given({"reason": self.reason, "along": self.along, "ended": " ".join(self.ended)})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        ended = tuple(said.get("ended", "").split())
        return cls(MoveAct(said["act"]), said["from"], said["to"], said.get("reason", ""), said.get("along", ""), ended)

    @classmethod
    def accepted(cls, entry: HistoryEntry) -> Self | None:
        """What the entry says where the case has gone to another office by it; None for every other entry."""
        said = cls.read(entry)
        return said if said is not None and said.act is MoveAct.ACCEPTED else None


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


@dataclass(frozen=True, slots=True)
class Counting:
    """What an entry says once it is corrected. `taken_at` (UTC) is when it counts as taken: as recorded, unless it is of a
    later day.
    """

    effective_on: date
    step: str | None
    from_state: str | None
    to_state: str | None
    party: str | None
    details: Mapping[str, str]
    taken_at: datetime = field(compare=False)

    @classmethod
    def of(cls, entry: HistoryEntry) -> Self:
        content = (entry.effective_on, entry.step, entry.from_state, entry.to_state, entry.party, entry.details)
        return cls(*content, entry.recorded_at)

    def of_entry(self, entry: HistoryEntry, recorded_at: datetime) -> HistoryEntry:
        """The entry, saying this; `recorded_at` (UTC) is when it came on record so."""
        return HistoryEntry(
            entry.kind,
            entry.actor,
            self.effective_on,
            recorded_at,
            self.step,
            self.from_state,
            self.to_state,
            self.party,
            self.details,
            entry.way,
        )


def by_entry(entry: int, asked: Mapping[str, str], also: Sequence[int] = ()) -> dict[int, dict[str, str]]:
    """What a correction of `entry` asks for, by the number of the entry that is to say it: `5.party` is of entry 5. Those of
    `also` are withdrawn with it.
    """
    found: dict[int, dict[str, str]] = {entry: {}, **{number: {} for number in also}}
    for name, text in asked.items():
        number, _, own = name.partition(".")
        is_other = number.isdecimal() and own != ""
        found.setdefault(int(number) if is_other else entry, {})[own if is_other else name] = text
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A correction of the entry of the number `entry` (see `numbered`). `asked` is what it is to say, by name, as text.

    `counts` are the entries that count otherwise from here on, by number, under the names of their own time; None: it counts no
    longer. One of the roles of `second`, if there are any, has to confirm it before it counts; `of` is the number of the
    correction that this one confirms. `annulled`: the reference that the case had, and that is free again. `doubts`: the codes of
    what makes little sense about the case as it is corrected, and `despite` why it is so all the same. `also` are the numbers of
    the entries that are withdrawn with it.
    """

    kind: ClassVar = EntryKind.CORRECTED

    entry: int
    correction: Correction
    reason: str
    asked: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[int, Counting | None] = field(default_factory=dict)
    second: tuple[str, ...] = ()
    of: int | None = None
    annulled: str = ""
    doubts: tuple[str, ...] = ()
    despite: str = ""
    also: tuple[int, ...] = ()

    @property
    def entries(self) -> frozenset[int]:
        """The numbers of the entries that it says something of itself; others follow."""
        return frozenset(by_entry(self.entry, self.asked, self.also))

    def opening(self, entry: HistoryEntry) -> Began | None:
        """What the case began with, as this makes of its opening, which is `entry`; None where it is about something else."""
        counting = self.counts.get(1)
        return Began.read(replace(entry, details=counting.details)) if counting is not None else None

    def details(self) -> dict[str, str]:
        counts = {
            str(number): counting
            and {
                **asdict(counting),
                "effective_on": str(counting.effective_on),
                "taken_at": counting.taken_at.astimezone(UTC).isoformat(),
            }
            for number, counting in self.counts.items()
        }
        said = {"correction": self.correction.value, "entry": str(self.entry), "reason": self.reason}
        return said | _given(
            {
                "asked": json.dumps(dict(self.asked), ensure_ascii=False) if self.asked else "",
                "counts": json.dumps(counts, ensure_ascii=False) if counts else "",
                "second": " ".join(self.second),
                "of": str(self.of or ""),
                "annulled": self.annulled,
                "doubts": " ".join(self.doubts),
                "despite": self.despite,
                "also": " ".join(map(str, self.also)),
            }
        )

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        counts = json.loads(said.get("counts", "{}"))
        return cls(
            entry=int(said["entry"]),
            correction=Correction(said["correction"]),
            reason=said["reason"],
            asked=json.loads(said.get("asked", "{}")),
            counts={int(number): content and _counting(**content) for number, content in counts.items()},
            second=tuple(said.get("second", "").split()),
            of=int(said["of"]) if "of" in said else None,
            annulled=said.get("annulled", ""),
            doubts=tuple(said.get("doubts", "").split()),
            despite=said.get("despite", ""),
            also=tuple(map(int, said.get("also", "").split())),
        )


@dataclass(frozen=True, slots=True)
class NotCorrected:
    """The correction of the number `of`, which waited for a second person, is refused by one; or `taken_back` by who asked."""

    kind: ClassVar = EntryKind.REFUSED

    of: int
    entry: int
    reason: str
    taken_back: bool = False

    def details(self) -> dict[str, str]:
        said = {"of": str(self.of), "entry": str(self.entry), "reason": self.reason}
        return said | _given({"taken_back": "yes" if self.taken_back else ""})

    @classmethod
    def read(cls, entry: HistoryEntry) -> Self | None:
        if entry.kind is not cls.kind:
            return None
        said = entry.details
        return cls(int(said["of"]), int(said["entry"]), said["reason"], "taken_back" in said)


Said = (
    OpenedDespite
    | StepTaken
    | Alerted
    | DateMoved
    | Changed
    | Acknowledged
    | Snoozed
    | DutyTaken
    | HandedOver
    | TermStated
    | DraftSubmitted
    | OnObservation
    | OnConsultation
    | InternalNote
    | Migrated
    | OfficeMove
    | NotDelivered
    | Cancelled
    | Corrected
    | NotCorrected
)
_KINDS: tuple[type[Said], ...] = (
    OpenedDespite, StepTaken, Alerted, DateMoved, Changed, Acknowledged, Snoozed, DutyTaken, HandedOver, TermStated,
    DraftSubmitted, OnObservation, OnConsultation, InternalNote, Migrated, OfficeMove, NotDelivered, Cancelled, Corrected,
    NotCorrected,
)  # fmt: skip


def read(entry: HistoryEntry) -> Said | None:
    """What the entry says; None for the one that a case begins with, which says nothing beyond its columns."""
    return next((said for kind in _KINDS if (said := kind.read(entry)) is not None), None)


def beginning(entry: HistoryEntry, began: Began) -> HistoryEntry:
    """The first entry of a case, saying what it began with."""
    return replace(entry, details={**entry.details, **began.details()})


def withdrawn(entry: HistoryEntry) -> HistoryEntry:
    """What stands in the place of an entry that does not count. What others name by its number keeps it."""
    said = read(entry)
    is_first = isinstance(said, OnObservation | OnConsultation) and said.act in {
        ObservationAct.MADE,
        ConsultationAct.ASKED,
    }
    if isinstance(said, Changed | OnObservation | OnConsultation) and (isinstance(said, Changed) or is_first):
        return replace(entry, details=replace(said, withdrawn=True).details())
    return HistoryEntry(EntryKind.WITHDRAWN, entry.actor, entry.effective_on, entry.recorded_at, way=entry.way)


def noted(said: Said, actor: str, effective_on: date, recorded_at: datetime, way: Way | None = None) -> HistoryEntry:
    """The entry that says it. `recorded_at` is UTC."""
    return HistoryEntry(said.kind, actor, effective_on, recorded_at, details=said.details(), way=way)


def _of_party(party: Party) -> tuple[object, ...]:
    signature = party.signature
    signed = (str(signature.on), signature.capacity, signature.place) if signature is not None else None
    return (party.name, party.country, party.home, signed)


def _party(name: str, country: str, home: bool, signed: Sequence[str] | None) -> Party:
    signature = Signature(PartialDate.parse(signed[0]), *signed[1:]) if signed is not None else None
    return Party(name, country, home, signature)


def _claim(name: str, text: str, source: str, chosen: bool) -> Claim:
    return Claim(PartialDate.parse(text) if name.endswith("_on") else text, source, chosen)


def _counting(effective_on: str, taken_at: str, **content: Any) -> Counting:
    on, at = date.fromisoformat(effective_on), datetime.fromisoformat(taken_at)
    return Counting(effective_on=on, taken_at=at, **content)


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
