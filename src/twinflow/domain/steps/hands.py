"""Four eyes, on persons: who had a hand in what a step decides about, and what ties whoever would take it to one of them.

A matter is what a decision is about, told by the steps that another person has to have taken. All its rounds are about one text:
who had a hand in an earlier one has it in this one too. Where one step alone decides, nothing is sent back: the matter is settled
with it, and what comes after is another one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import (
    Acknowledged,
    Corrected,
    DraftSubmitted,
    HandedOver,
    Handing,
    ObservationAct,
    OnObservation,
    StepTaken,
    TermStated,
    Thing,
)
from twinflow.domain.agreement.history import IMPORT, EntryKind, HistoryEntry, Way
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.people.people import Actor
from twinflow.domain.people.ties import tie_to, with_tie
from twinflow.domain.process.definition import ANOTHER_PERSON, CLOCK, LIAISON, ProcessDefinition, Requirement, Step
from twinflow.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Hand:
    """A person who had a hand in it, by what they `did`, and in which way. `asked`: it was one of the steps that are named."""

    person: str
    did: Sentence
    way: Way | None
    asked: bool = False


def tied_to_a_hand(actor: Actor, hands: Sequence[Hand]) -> Sentence | None:
    """What the first hand did to whom the actor is tied, and by what; None where the actor is another person than all of them.

    Of what was done before ways were kept, only who took one of the named steps is known to have had a hand in it.
    """
    known = hands if actor.way is not None else [hand for hand in hands if hand.asked]
    for hand in known:
        tie = tie_to(actor, hand.person, hand.way)
        if tie is not None:
            return with_tie(hand.did, tie)
    return None


def hands_in(
    agreement: Agreement, definition: ProcessDefinition, step: Step | None, requirement: Requirement, actor: Actor
) -> list[Hand]:
    """Everybody who had a hand in what the step decides about, whoever took a step that the requirement names first.

    The actor is asked which keys are those of one human.
    """
    matter = _Matter(agreement, definition, step, requirement)
    found = [hand for place in matter.round for hand in matter.hands_of(place)]
    people = {hand.person for hand in found}
    for place in matter.round:
        entry = agreement.history[place]
        whom = entry.way.acts_for if entry.way is not None else ""
        if whom and entry.actor not in people and any(actor.is_one(whom, each) for each in people):
            values = {"person": entry.actor, "principal": whom}
            found.append(Hand(entry.actor, Sentence("{person} acted for {principal}", values), entry.way))
    return sorted(found, key=lambda hand: not hand.asked)


def round_of(
    history: Sequence[HistoryEntry], definition: ProcessDefinition, step: Step | None, requirement: Requirement
) -> range:
    """The places of the entries in which it came about: since it was last decided, where nothing is ever sent back."""
    first = 0
    if step is not None and _decides_alone(definition, requirement):
        taken = [place for place, entry in enumerate(history) if entry.step == step.key]
        first = taken[-1] + 1 if taken else 0
    return range(first, len(history))


def _decides_alone(definition: ProcessDefinition, requirement: Requirement) -> bool:
    asked = set(requirement.steps)
    return sum(not asked.isdisjoint(each.steps) for step in definition.steps.values() for each in _four_eyes(step)) == 1


def _four_eyes(step: Step) -> Iterator[Requirement]:
    return (each for each in step.requires if each.name == ANOTHER_PERSON)


@dataclass(slots=True)
class _Matter:
    """What a step decides about in a case."""

    agreement: Agreement
    definition: ProcessDefinition
    step: Step | None
    requirement: Requirement

    @property
    def round(self) -> range:
        return round_of(self.agreement.history, self.definition, self.step, self.requirement)

    @property
    def deciding(self) -> frozenset[str]:
        return self.step.by if self.step is not None else frozenset()

    @property
    def officials(self) -> frozenset[str]:
        """The roles that decide, and never submit: what they record is their look at it, not a part of it."""
        steps = self.definition.steps
        asked = {name for step in steps.values() for each in _four_eyes(step) for name in each.steps}
        submit = frozenset[str]().union(*(steps[name].by for name in asked if name in steps))
        decide = frozenset[str]().union(*(step.by for step in steps.values() if any(_four_eyes(step))))
        return decide - submit

    @property
    def rests_on(self) -> set[str]:
        """The facts, papers and checklists that the named steps ask for or record."""
        steps = [self.definition.steps[name] for name in self.requirement.steps if name in self.definition.steps]
        asked = {each.fact or each.checklist or "" for step in steps for each in step.requires}
        return asked.union(*(step.records for step in steps))

    def hands_of(self, place: int) -> Iterator[Hand]:
        """Whoever did it, and for whom, if it is a part of the matter."""
        entry = self.agreement.history[place]
        if entry.actor in (CLOCK, IMPORT):
            return
        did = self._did(entry)
        if did is None:
            return
        asked = entry.kind is EntryKind.STEP and entry.step in self.requirement.steps
        yield Hand(entry.actor, did, entry.way, asked)
        if entry.way is not None and entry.way.acts_for:
            values: dict[str, object] = {"did": did, "principal": entry.way.acts_for}
            yield Hand(entry.way.acts_for, Sentence("{did}, for {principal}", values), None, asked)
        said = StepTaken.read(entry)
        for person in said.corrected_by.split() if said is not None else ():
            values = {"person": person, "step": self._label(entry)}
            yield Hand(person, Sentence("{person} corrected the step “{step}”", values), None, asked)

    def _did(self, entry: HistoryEntry) -> Sentence | None:
        """What was done, where it is a part of the matter."""
        values: dict[str, object] = {"person": entry.actor}
        if self._is_part(entry):
            match entry.kind:
                case EntryKind.STEP:
                    return Sentence("{person} took the step “{step}”", {**values, "step": self._label(entry)})
                case EntryKind.TERM:
                    said = TermStated.read(entry)
                    name = said.term if said is not None else ""
                    term = self.definition.terms.get(name)
                    values["term"] = term.label if term is not None else name
                    return Sentence("{person} stated “{term}”", values)
                case _:
                    return Sentence("{person} opened the case", values)
        acknowledged, corrected = Acknowledged.read(entry), Corrected.read(entry)
        rule = self.definition.deadlines.get(acknowledged.key[0]) if acknowledged is not None else None
        if rule is not None and not rule.met_by_steps.isdisjoint(self.requirement.steps):
            return Sentence("{person} acknowledged “{deadline}”", {**values, "deadline": rule.label})
        handed = HandedOver.read(entry)
        if handed is not None and handed.act is Handing.ACCEPT and handed.thing in (Thing.DRAFT, Thing.ROUND):
            of_round = handed.name.partition("/")[0]
            return Sentence("{person} took the draft on", values) if self._is_submitted_in(of_round) else None
        draft, observation = DraftSubmitted.read(entry), OnObservation.read(entry)
        if draft is not None and self._is_submitted_in(draft.round):
            return Sentence("{person} submitted the draft", values)
        answers = observation is not None and observation.act is ObservationAct.ANSWERED
        if observation is not None and answers and self._is_submitted_in(observation.round):
            return Sentence("{person} answered observation {number}", {**values, "number": observation.number})
        if corrected is not None and any(map(self._is_of_a_part, corrected.entries)):
            return Sentence("{person} corrected entry {number}", {**values, "number": corrected.entry})
        return None

    def _is_submitted_in(self, key: str) -> bool:
        """Whether the named steps open rounds of the kind: what is submitted in them is what they submit."""
        rule = self.definition.rounds.get(key)
        return rule is not None and not rule.opened_by.isdisjoint(self.requirement.steps)

    def _is_part(self, entry: HistoryEntry) -> bool:
        """Whether it made what is decided about: a named step, or what those recorded who do not decide."""
        step = self.definition.steps.get(entry.step or "") if entry.kind is EntryKind.STEP else None
        if entry.kind is EntryKind.STEP and entry.step in self.requirement.steps:
            return True
        if entry.kind not in (EntryKind.STEP, EntryKind.TERM, EntryKind.OPENED):
            return False
        by = step.by if step is not None else frozenset({LIAISON})
        roles = frozenset({entry.way.role}) if entry.way is not None and entry.way.role else by
        if not roles.isdisjoint(self.officials):
            return False
        records = set(step.records) if step is not None else set()
        return roles.isdisjoint(self.deciding) or not records.isdisjoint(self.rests_on)

    def _is_of_a_part(self, number: int) -> bool:
        """Whether what was corrected is a part; what was withdrawn is none any more."""
        places = dict(numbered(self.agreement.history))
        if number not in places or places[number] not in self.round:
            return False
        return self._is_part(self.agreement.history[places[number]])

    def _label(self, entry: HistoryEntry) -> object:
        step = self.definition.steps.get(entry.step or "")
        return step.label if step is not None else entry.step or ""
