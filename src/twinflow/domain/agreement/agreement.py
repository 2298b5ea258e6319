"""One running case as a frozen snapshot: parties, terms, facts, signatures, deadlines and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Calendars, Pause, add_length
from twinflow.domain.calendar.dates import Length, PartialDate, add_months
from twinflow.domain.process.well_known_facts import IN_FORCE_ON
from twinflow.sentences import Sentence, as_it_stands
from twinflow.text import composed, harmless

REFERENCE = r"\w+(?:[./-]\w+)*"
"""What people quote: letters and digits, with dots, slashes or hyphens between them."""
ADDRESS_OF_ANOTHER_PAGE = r"/(?:picture|picture\.svg|deadlines/[^/]+/[^/]+)$"
"""How the address of a page about an agreement ends, after its reference. A reference that ends so would never be shown."""


@dataclass(frozen=True, slots=True)
class Signature:
    """When, where and in what capacity a party signed."""

    on: PartialDate
    capacity: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A party to the text: a city, state, county or corporation. `country` is an ISO 3166-1 alpha-2 code.

    `home` marks the party whose office keeps the case.
    """

    name: str
    country: str
    home: bool = False
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One source's word for a fact. Names of dated facts end in `_on`; other facts are text.

    Several claims may stand side by side; those not `chosen` compete. Several chosen claims are successive
    (each renewal starts another term).
    """

    value: PartialDate | str
    source: str
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """What the text says of one term: a length, more than one where the text contradicts itself, or that it never ends.

    No readings and not indefinite: the text does not state it, and nothing is invented.
    """

    readings: tuple[Length, ...] = ()
    indefinite: bool = False
    source: str = ""

    @classmethod
    def parse(cls, text: str, source: str = "") -> Self:
        """Read `3 years`, `60 days|90 days`, `indefinite` or `not stated`. Raises Unreadable."""
        if text in {"indefinite", "not stated"}:
            return cls(indefinite=text == "indefinite", source=source)
        return cls(tuple(Length.parse(reading) for reading in text.split("|")), source=source)

    @property
    def is_stated(self) -> bool:
        return self.indefinite or bool(self.readings)

    @property
    def is_contradictory(self) -> bool:
        return len(self.readings) > 1

    def exceeds(self, at_most: Length, start: date) -> bool:
        """Whether it never ends or a reading is longer than the bound, counted from `start`: 120 months are more than 5 years."""
        last = add_length(start, at_most, Calendars())
        return self.indefinite or any(add_length(start, reading, Calendars()) > last for reading in self.readings)

    @property
    def message(self) -> tuple[Sentence, ...]:
        """What it says, for people: more than one where it contradicts itself."""
        if self.is_stated and not self.indefinite:
            return tuple(reading.message for reading in self.readings)
        return (Sentence("indefinite") if self.indefinite else Sentence("not stated"),)

    def __str__(self) -> str:
        if self.indefinite:
            return "indefinite"
        return "|".join(str(reading) for reading in self.readings) or "not stated"


class DeadlineStatus(StrEnum):
    """`met`: done; `lapsed`: the day passed and what follows from it happened; `unmet`: still overdue when the case ended or
    the next occurrence was due; `void`: the case ended or moved on before it was due.
    """

    OPEN = "open"
    PAUSED = "paused"
    MET = "met"
    LAPSED = "lapsed"
    UNMET = "unmet"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a deadline was counted from beside its rule and its start, kept so that it can be counted again.

    `lengths` holds every reading of the length; none: the date is a given one. `early_from` is the day that warnings are
    counted from where it is not the start. `carried`: counted from the day a migration took it over (and how, see
    `migration.Policy`), no longer from its event. `after_months` is how long before the period the start lies: equal terms
    that follow on each other are counted from where the first began. `assumed`: the terms whose lengths are the process's
    defaults, since nobody has stated what the text says.
    """

    lengths: tuple[Length, ...] = ()
    times: int = 1
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Length, ...] = ()
    agreed_on: date | None = None
    early_from: date | None = None
    carried: str = ""
    after_months: int = 0
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """One occurrence of a deadline rule, computed from `anchor_on` and `basis`.

    `warn_on` is the earlier reading of a contradictory term (warnings go by it), `due_on` the later one (lateness goes by
    it); both are dates in the time zone of the office that is late, None while paused. `edition` names the calendars.
    `basis` is None for a deadline written before it was kept.
    """

    rule: str
    occurrence: int
    anchor_on: date
    warn_on: date | None
    due_on: date | None
    status: DeadlineStatus
    closed_on: date | None = None
    edition: str = ""
    provisional: bool = False
    basis: Basis | None = None

    @property
    def key(self) -> tuple[str, int]:
        return (self.rule, self.occurrence)

    @property
    def shown_on(self) -> date | None:
        """The due date for whoever reads it: one that is provisional says so."""
        return as_it_stands(self.due_on, provisional=self.provisional)

    @property
    def counted_from(self) -> date:
        """The day that its own period, or the first of a recurring duty, is counted from."""
        after = self.basis.after_months if self.basis is not None else 0
        return add_months(self.anchor_on, after) if after else self.anchor_on

    @property
    def is_open(self) -> bool:
        return self.status in {DeadlineStatus.OPEN, DeadlineStatus.PAUSED}

    @property
    def is_gone(self) -> bool:
        """Whether nothing gives rise to it any more."""
        return self.status is DeadlineStatus.VOID and self.closed_on is None

    @property
    def assumed(self) -> tuple[str, ...]:
        """The terms whose defaults its date rests on, which nobody has confirmed: nothing follows from that date."""
        return self.basis.assumed if self.basis is not None else ()


class FindingCode(StrEnum):
    DATE_MISSING = "date_missing"
    SIGNATURE_MISSING = "signature_missing"
    TERMS_CONFLICT = "terms_conflict"
    TERM_BEYOND_BOUND = "term_beyond_bound"
    TERM_ASSUMED = "term_assumed"
    DATES_DISAGREE = "dates_disagree"
    WRONG_OFFICE = "wrong_office"

    @property
    def notice(self) -> str:
        """The folder in `notifications/` with its words."""
        return self.value.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to settle. `subject` names the fact, party, term or office it is about; with `code` it is its identity."""

    code: FindingCode
    subject: str


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding as the books have it: how often it has come, whether somebody was told, and whether it is settled."""

    finding: Finding
    occurrence: int = 1
    told: bool = False
    settled: bool = False

    @property
    def is_untold(self) -> bool:
        return not self.told and not self.settled


@dataclass(frozen=True, slots=True)
class Child:
    """A process that belongs to an agreement (an annual programme), and the day it reached each of its states."""

    reference: str
    process: str
    state: str
    reached: tuple[tuple[str, date], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementHead:
    """What a case is called, whose it is, by which process it runs and how far it has come; no parties, terms, facts, deadlines.

    `tracked_from` is the day the case came into the books: recurring duties of the time before are not chased.
    `version` counts changes; a write that expects another version loses. `annulled_on`: it was opened by mistake, and counts for
    nothing from that day.
    """

    reference: str
    process: str
    process_version: int
    process_digest: str
    office: str
    title: str
    state: str
    version: int
    tracked_from: date
    origin: str = ""
    note: str = ""
    relationship: str = ""
    generation: int = 1
    annulled_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentAgreement(AgreementHead):
    """A case as it stands, for lists: its open deadlines; not what happened in it, nor the processes that belong to it.

    So it cannot say which changes wait for a second person.
    """

    parties: tuple[Party, ...]
    terms: Mapping[str, Term]
    facts: Mapping[str, tuple[Claim, ...]]
    deadlines: tuple[Deadline, ...] = ()
    parent: str | None = None

    def fact(self, key: str) -> PartialDate | str | None:
        """The chosen claim, the last one if there were several; None if the fact is not on record."""
        chosen = [claim.value for claim in self.facts.get(key, ()) if claim.chosen]
        return chosen[-1] if chosen else None

    def day_of(self, key: str) -> date | None:
        """The day of a dated fact, or None where no day is known."""
        value = self.fact(key)
        return value.as_date if isinstance(value, PartialDate) else None

    def has_entered_into_force(self, today: date) -> bool:
        """Whether every party has signed, and the day of entry into force is known and has come."""
        if self.annulled_on is not None:
            return False
        in_force_on = self.day_of(IN_FORCE_ON)
        return not self.unsigned and in_force_on is not None and in_force_on <= today

    def as_written(self, party: str) -> str:
        """The name of a party as the books write it, which may be older than the rules for texts; else the name itself."""
        names = [each.name for each in self.parties if party in {each.name, harmless(composed(each.name))}]
        return names[0] if names else party

    @property
    def unsigned(self) -> tuple[Party, ...]:
        return tuple(party for party in self.parties if party.signature is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(PresentAgreement):
    """The whole of one case, as decisions need it: with all that happened, oldest first.

    `findings` are those that the books know, also settled ones. `reached` is kept of what belongs to another agreement.
    `derive_on` is the next day whose coming alone may give other deadlines (None if none may), `derived_on` the day at its office
    on which they were derived.
    """

    history: tuple[HistoryEntry, ...]
    children: tuple[Child, ...] = ()
    findings: tuple[KnownFinding, ...] = ()
    reached: tuple[tuple[str, date], ...] = ()
    derive_on: date | None = None
    derived_on: date | None = None

    @property
    def next_on(self) -> date:
        """The first date of an open deadline, passed or not; `date.max` where none is open.

        One that is only assumed counts until it has passed: nothing is late then.
        """
        today = self.derived_on or date.min
        dated = (each for each in self.deadlines if each.status is DeadlineStatus.OPEN)
        open_on = (each.due_on for each in dated if each.due_on and not (each.assumed and each.due_on < today))
        return min(open_on, default=date.max)

    def is_undated(self, entry: HistoryEntry) -> bool:
        """Whether it was taken over from a sheet that told no day: its own is that of the import, and binds nothing."""
        return entry.kind is EntryKind.IMPORTED and entry.effective_on == self.tracked_from

    def steps_taken(self, *steps: str) -> Sequence[HistoryEntry]:
        return [entry for entry in self.history if entry.kind is EntryKind.STEP and entry.step in steps]
