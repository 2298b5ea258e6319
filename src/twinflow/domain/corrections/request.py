"""A correction of one entry as somebody asks for it, and what stands in its way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Correction, by_entry
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.people import Actor, People
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import Unreadable
from twinflow.sentences import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionCommand:
    """A correction as somebody asks for it. `entry` is the number of what was entered wrongly, `asked` what is right, by name;
    of another entry that is wrong with it, by its number and the name, like `5.party`.

    `also` are the numbers of entries that are withdrawn with it. `never_happened`: the act itself was not done, only entered.
    `despite` is why, though the case makes little sense then.
    """

    entry: int
    correction: Correction
    reason: str
    asked: Mapping[str, str] = field(default_factory=dict)
    also: tuple[int, ...] = ()
    never_happened: bool = False
    despite: str = ""

    @property
    def by_entry(self) -> dict[int, dict[str, str]]:
        """What is asked for, by the number of the entry."""
        return by_entry(self.entry, self.asked, self.also)


@dataclass(slots=True)
class Request:
    """What is asked for of one entry, by whom, with everything its reasons are found in; `reasons` are those against it.

    `left_to` are the roles of whom it is to withdraw what is not withdrawn alone.
    """

    agreement: Agreement
    command: CorrectionCommand
    actor: Actor
    definition: ProcessDefinition
    people: People
    now: datetime
    reasons: list[Sentence] = field(default_factory=list)
    left_to: list[frozenset[str]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.people.today(self.agreement.office, self.now)

    def about_the_person(self, roles: frozenset[str]) -> None:
        if not self.actor.roles & roles:
            if self.command.also:
                self.left_to.append(roles)
            else:
                self.reasons.append(is_not(self.actor, sorted(roles), self.definition))

    def about_names(self, known: Sequence[str]) -> None:
        unknown = sorted(self.command.asked.keys() - set(known))
        if unknown:
            self.about_unknown(unknown, known)

    def about_unknown(self, names: Sequence[str], known: Sequence[str]) -> None:
        values = {"names": list(names), "known": list(known) or "–"}
        self.reasons.append(Sentence("{names} cannot be corrected here; what can: {known}.", values))

    def on_its_day(self, old: HistoryEntry) -> HistoryEntry:
        """On the day that is right; it cannot have been recorded before."""
        on = self._day(old.effective_on)
        was_there = on <= self.people.today(self.agreement.office, old.recorded_at)
        return replace(old, effective_on=on, recorded_at=old.recorded_at if was_there else self.now)

    def _day(self, otherwise: date) -> date:
        text = self.command.asked.get("on")
        if text is None:
            return otherwise
        try:
            day = PartialDate.parse(text).as_date
        except Unreadable as error:
            self.reasons.append(misread("on", text, error))
            return otherwise
        if day is None:
            self.reasons.append(Sentence("on = “{text}”: give a whole day, like 2026-05-31.", {"text": text}))
        elif day > self.today:
            self.reasons.append(Sentence("The day {day} is still to come.", {"day": day}))
        return day or otherwise


def is_not(actor: Actor, roles: Iterable[str], definition: ProcessDefinition) -> Sentence:
    labels = [definition.roles[role].label for role in roles if role in definition.roles]
    return Sentence("{person} is not {roles} here.", {"person": actor.key, "roles": labels})


def misread(key: str, text: str, error: Unreadable) -> Sentence:
    return Sentence("{key} = “{text}”: {mistake}.", {"key": key, "text": text, "mistake": error.message})
