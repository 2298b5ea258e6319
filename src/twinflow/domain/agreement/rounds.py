"""The rounds of an opinion, from the history: what was submitted, observed and answered, who was asked, what was decided.

A round begins with a step of `opened_by` and ends with one of `ended_by`. Numbers of observations and of consultations go on
within a case, from round to round.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from twinflow.domain.agreement.entries import (
    BEGINNINGS,
    ConsultationAct,
    DraftSubmitted,
    HandedOver,
    InternalNote,
    ObservationAct,
    OnConsultation,
    OnObservation,
    StepTaken,
    Thing,
    of_a_round,
)
from twinflow.domain.agreement.history import INTERNAL_TO_A_ROUND, EntryKind, HistoryEntry
from twinflow.domain.process.definition import ProcessDefinition, RoundRule


class Standing(StrEnum):
    """How an observation stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"

    @property
    def waits(self) -> bool:
        """Whether it waits for an answer."""
        return self in {Standing.OPEN, Standing.REOPENED}


STANDING = {
    ObservationAct.MADE: Standing.OPEN,
    ObservationAct.ANSWERED: Standing.ANSWERED,
    ObservationAct.CLOSED: Standing.CLOSED,
    ObservationAct.REOPENED: Standing.REOPENED,
}


@dataclass(frozen=True, slots=True)
class Observation:
    """An observation: made in the round of the number `made_in`, with what was said about it since, oldest first."""

    round: str
    number: int
    article: str
    text: str
    made_in: int
    standing: Standing
    entries: tuple[tuple[HistoryEntry, OnObservation], ...]

    @property
    def last(self) -> HistoryEntry:
        return self.entries[-1][0]


@dataclass(frozen=True, slots=True)
class Consultation:
    """A question to a role; `given` is its answer, if it has come."""

    number: int
    asked: OnConsultation
    asked_in: HistoryEntry
    given: OnConsultation | None = None
    given_in: HistoryEntry | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A round, by its number within its kind.

    `draft` is what was submitted last when it was opened, `papers` the marks of the papers and `checklists` the items found by
    then, by name. `returned` are the numbers of the observations that waited for an answer when it ended.
    """

    rule: str
    number: int
    opened: HistoryEntry
    draft: HistoryEntry | None = None
    papers: Mapping[str, str] = field(default_factory=dict)
    checklists: Mapping[str, str] = field(default_factory=dict)
    ended: HistoryEntry | None = None
    observations: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    consultations: tuple[int, ...] = ()
    notes: tuple[HistoryEntry, ...] = ()


@dataclass(slots=True)
class Rounds:
    """All rounds of a case, oldest first, with the observations and consultations by number; those withdrawn have none.

    `drafts` has the last draft submitted of each kind of round, `waiting` those that no round has taken up yet. `records` are
    the papers and checklists on record by now.
    """

    rounds: list[Round] = field(default_factory=list)
    observations: dict[int, Observation] = field(default_factory=dict)
    consultations: dict[int, Consultation] = field(default_factory=dict)
    drafts: dict[str, HistoryEntry] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    records: dict[str, str] = field(default_factory=dict)
    recorded_since: dict[str, set[str]] = field(default_factory=dict)
    next_observation: int = 1
    next_consultation: int = 1

    def of(self, rule: str) -> list[Round]:
        return [each for each in self.rounds if each.rule == rule]

    def last(self, rule: str) -> Round | None:
        return next((each for each in reversed(self.rounds) if each.rule == rule), None)

    def open(self, rule: str) -> Round | None:
        """The round that is with those who decide, if one is."""
        last = self.last(rule)
        return last if last is not None and last.ended is None else None

    def unclosed(self, rule: str) -> list[Observation]:
        return [each for each in self._of(rule) if each.standing is not Standing.CLOSED]

    def unanswered(self, rule: str) -> list[Observation]:
        return [each for each in self._of(rule) if each.standing.waits]

    def _of(self, rule: str) -> Iterator[Observation]:
        return (each for each in self.observations.values() if each.round == rule)

    def asked_in(self, this: Round) -> list[Consultation]:
        return [self.consultations[number] for number in this.consultations if number in self.consultations]

    def replace_last(self, this: Round, **changed: object) -> None:
        place = next(n for n, each in enumerate(self.rounds) if each is this)
        self.rounds[place] = replace(this, **changed)  # type: ignore[arg-type]


def rounds_of(history: Sequence[HistoryEntry], definition: ProcessDefinition) -> Rounds:
    """The rounds as the history has them, corrected and in present names."""
    found = Rounds()
    if not definition.rounds:
        return found
    for entry in history:
        match said := of_a_round(entry):
            case None if entry.kind is EntryKind.STEP:
                _step(found, entry, definition)
            case None if entry.kind in BEGINNINGS:
                _begun_in_mid_life(found, entry, definition)
            case DraftSubmitted():
                found.drafts[said.round] = entry
                found.waiting.add(said.round)
            case OnObservation():
                _observation(found, entry, said)
            case OnConsultation():
                _consultation(found, entry, said)
            case InternalNote():
                if (this := found.last(said.round)) is not None:
                    found.replace_last(this, notes=(*this.notes, entry))
    return found


def _step(found: Rounds, entry: HistoryEntry, definition: ProcessDefinition) -> None:
    said = StepTaken.read(entry)
    assert said is not None
    for rule in definition.rounds.values():
        recorded = {name: text for name, text in said.records.items() if name in {*rule.papers, *rule.checklists}}
        found.records |= recorded
        found.recorded_since.setdefault(rule.key, set()).update(recorded)
        last = found.last(rule.key)
        if last is not None and entry.step in rule.ended_by:
            returned = tuple(each.number for each in found.unanswered(rule.key))
            found.replace_last(last, ended=entry, returned=returned, checklists=_known(found, rule.checklists))
        if entry.step in rule.opened_by:
            _opened(found, entry, rule)


def _begun_in_mid_life(found: Rounds, entry: HistoryEntry, definition: ProcessDefinition) -> None:
    """A case that was entered where it is with those who decide is in its first round."""
    for rule in definition.rounds.values():
        if any(entry.to_state in definition.steps[key].sources for key in rule.ended_by):
            _opened(found, entry, rule)


def _opened(found: Rounds, entry: HistoryEntry, rule: RoundRule) -> None:
    number = len(found.of(rule.key)) + 1
    found.rounds.append(Round(rule.key, number, entry, found.drafts.get(rule.key), _known(found, rule.papers)))
    found.waiting.discard(rule.key)
    found.recorded_since[rule.key] = set()


def _known(found: Rounds, names: Sequence[str]) -> dict[str, str]:
    return {name: found.records[name] for name in names if name in found.records}


def _observation(found: Rounds, entry: HistoryEntry, said: OnObservation) -> None:
    if said.act is ObservationAct.MADE:
        found.next_observation = max(found.next_observation, said.number + 1)
        this = found.last(said.round)
        if said.withdrawn or this is None:
            return
        made = Observation(
            said.round, said.number, said.article, said.text, this.number, Standing.OPEN, ((entry, said),)
        )
        found.observations[said.number] = made
        found.replace_last(this, observations=(*this.observations, said.number))
    elif (known := found.observations.get(said.number)) is not None:
        entries = (*known.entries, (entry, said))
        found.observations[said.number] = replace(known, standing=STANDING[said.act], entries=entries)


def _consultation(found: Rounds, entry: HistoryEntry, said: OnConsultation) -> None:
    if said.act is ConsultationAct.ASKED:
        found.next_consultation = max(found.next_consultation, said.number + 1)
        this = found.last(said.round)
        if said.withdrawn or this is None:
            return
        found.consultations[said.number] = Consultation(said.number, said, entry)
        found.replace_last(this, consultations=(*this.consultations, said.number))
    elif (known := found.consultations.get(said.number)) is not None:
        found.consultations[said.number] = replace(known, given=said, given_in=entry)


def kept_from_the_city(history: Sequence[HistoryEntry], definition: ProcessDefinition) -> frozenset[int]:
    """The places of the entries that the office which keeps the case does not see (yet): notes and consultations of those who
    decide, and what they said of observations in a round that has not ended.
    """
    rounds = rounds_of(history, definition)
    found = set()
    for place, entry in enumerate(history):
        handed = HandedOver.read(entry)
        if entry.kind in INTERNAL_TO_A_ROUND or (handed is not None and handed.thing is Thing.CONSULTATION):
            found.add(place)
        said = OnObservation.read(entry)
        this = rounds.open(said.round) if said is not None else None
        if said is not None and this is not None and said.act is not ObservationAct.ANSWERED:
            opened = next(n for n, each in enumerate(history) if each is this.opened)
            found |= {place} if place > opened else set()
    return frozenset(found)


class Mark(StrEnum):
    """What became of a line of the draft."""

    SAME = " "
    GONE = "-"
    NEW = "+"


def changes_between(before: str, after: str) -> list[tuple[Mark, str]]:
    """The lines of two drafts, each with whether it is in both, only in the first, or only in the second."""
    old, new = before.splitlines(), after.splitlines()
    found: list[tuple[Mark, str]] = []
    for what, a, b, c, d in difflib.SequenceMatcher(a=old, b=new).get_opcodes():
        if what == "equal":
            found += [(Mark.SAME, line) for line in old[a:b]]
            continue
        found += [(Mark.GONE, line) for line in old[a:b]]
        found += [(Mark.NEW, line) for line in new[c:d]]
    return found
