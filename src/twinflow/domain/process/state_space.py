"""Every situation that a case of a process can come into, found by taking every step in every way from the start on.

A situation is a state with what later steps ask for: facts, papers and checklists on record, signatures, what was done since
the case came into its state, and the deadlines whose lapse takes a step. What nothing asks for any more is left out; so the
graph stays small and still tells exactly which steps are possible.

What a person, a text or another case decides is a way of its own: a date put on record without its day, a checklist with
items missing, a text silent on a term, a child that met a deadline. So every situation is one that some case really comes
into, and one kind of edge serves both for what may happen and for what can still be done. Persons are without number and may
hold every role: four eyes stand in nobody's way. Children reach any state that is asked of them. Days pass: what is not taken
before or after a day can be taken on some day, as soon as that day is known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import or_
from typing import NamedTuple

from twinflow.domain.process.definition import (
    CLOCK,
    DeadlineRule,
    Effect,
    ProcessDefinition,
    Requirement,
    Side,
    State,
    Step,
)
from twinflow.domain.process.well_known_facts import EFFECT_FACTS, NOT_IN_FUTURE, SIGNED_ON, TERM_STARTS_ON

MOST_SITUATIONS = 20_000
MOST_WORK = 200_000
"""Ways tried and edges walked; beyond it a file would keep its reader waiting for more than a second."""

DATED = "_on"
"""How the names of facts end that are recorded as dates."""

BY_SIGNATURES = frozenset({Effect.START_TERM, Effect.SIGN_TEXT})
"""The effects that come with the last signature."""

NO_DAYS = frozenset[str]()


class TooLarge(Exception):
    """More situations than can be looked at."""


@dataclass(slots=True)
class Budget:
    """What may still be spent on one process. Raises TooLarge when there is nothing left."""

    left: int = MOST_WORK

    def spend(self, work: int = 1) -> None:
        self.left -= work
        if self.left < 0:
            raise TooLarge


class Edge(NamedTuple):
    """A step from one situation to another (its number).

    `term_began`: it started the term of the agreement. `stood_still`: the clock takes it although the count stands still in
    the state; that happens only where the day had passed before.
    """

    step: str
    to: int
    term_began: bool
    stood_still: bool


@dataclass(slots=True)
class Graph:
    """The situations of a process between so many parties, by number: their states, their marks, the steps from each.

    `roots` are those that cases begin in; `came_by` is the last step of the shortest way there, `leaving` the steps that leave a
    state.
    """

    process: ProcessDefinition
    marks: "Marks"
    states: list[str] = field(default_factory=list)
    bits: list[int] = field(default_factory=list)
    edges: list[list[Edge]] = field(default_factory=list)
    came_by: list[tuple[int, str] | None] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    leaving: dict[str, list[Step]] = field(default_factory=dict)

    @property
    def starts(self) -> list[int]:
        return [number for number in self.roots if self.states[number] == self.process.start]

    def way_to(self, number: int) -> list[str]:
        """The steps that lead to a situation; behind the name of the state where older cases are entered, if from there."""
        way: list[str] = []
        while (by := self.came_by[number]) is not None:
            number = by[0]
            way.append(by[1])
        entered = [] if self.states[number] == self.process.start else [self.states[number]]
        return [*entered, *reversed(way)]

    def unmet(self, number: int, step: Step) -> list[Requirement]:
        """The requirements of a step that are not met in a situation, however it is taken."""
        bits = self.bits[number]
        recorded = [self.marks.recorded(bits, step, manner) for manner in self.marks.manners(step)]
        return [
            requirement
            for requirement in step.requires
            if not any(
                (need := self.marks.need(requirement)) & there == need
                for there in ([bits] if self.marks.is_needed_before(step, requirement) else recorded)
            )
        ]


class Manner(NamedTuple):
    """One way of recording what a step records: the marks it sets and takes away, and the facts it gives a day."""

    sets: int
    clears: int
    days: frozenset[str]


@dataclass(frozen=True, slots=True)
class Running:
    """A deadline whose lapse takes a step, and what begins and closes it.

    `passed` marks that it lapsed and nothing met it since: an act that begins it anew then meets what was left. `terms` are
    those that the text has to state, and `stated` their marks. `ahead` marks that the day it is counted from was given by
    people and may lie after an act, which then does not meet it. `recurs`: it begins anew by itself when it is met.
    `spare` marks an act that met nothing yet: a given date, or one counted backward, is met by what was done before it.
    `child_meets`: what a child did can close it at any time. `revived`: what is done in a child begins it anew.
    """

    rule: DeadlineRule
    bit: int
    passed: int
    steps: frozenset[str]
    facts: frozenset[str]
    activity: bool
    met_by: frozenset[str]
    terms: tuple[str, ...]
    stated: int
    ahead: int
    spare: int
    recurs: bool
    child_meets: bool
    revived: bool

    @property
    def marks(self) -> int:
        return self.bit | self.passed | self.ahead | self.spare

    def after(self, bits: int, step: Step, days: frozenset[str], lapsed: "Running | None") -> set[int]:
        """Its marks once a step is taken, in every way; by the lapse of `lapsed`, if by one. An act closes before it begins."""
        if self.stated & ~bits:
            return {0}
        running, passed = bool(bits & self.bit), bool(bits & self.passed)
        if lapsed is self:
            running, passed = False, True
        elif lapsed is not None and lapsed.rule.key == self.rule.anchor.deadline:
            running = False
        begins = step.key in self.steps or bool(self.facts & days) or (self.activity and lapsed is None)
        given = 0 if self.facts.isdisjoint(step.records) else self.ahead
        spare = bits & self.spare
        found = {self.bit} if self.revived else set()
        met = step.key in self.met_by
        for answers in self._answers(bits, met=met and (running or passed)):
            unused = spare | (self.spare if met and not answers else 0)
            if begins and met:  # what an act begins it does not meet, nor does what was done before it
                found |= {self.bit | given | unused} | ({unused} if self.child_meets else set())
            elif begins:
                found |= {0, spare} if spare or self.child_meets else set()
                found |= {self.bit | given} if given or not spare else set()
            elif answers:
                found.add(spare)
            else:
                still = (self.bit if running else 0) | (self.passed if passed else 0) | (bits & self.ahead)
                found.add(still | unused)
        return found

    def may_lapse(self, bits: int, state: str) -> bool:
        """Whether its day may be over in the situation."""
        return bool(bits & self.bit) and self.rule.runs_in(state)

    def _answers(self, bits: int, *, met: bool) -> set[bool]:
        """Whether an act that can meet what ran before does; not where the day that was counted from lies ahead of it."""
        return {True, False} if met and (bits & self.ahead or self.recurs) else {met}

    def is_touched_by(self, step: Step) -> bool:
        facts = {*step.records, step.day_as, *EFFECT_FACTS.get(step.effect, ())}
        by_steps = step.key in self.steps | self.met_by
        return self.activity or CLOCK in step.by or by_steps or bool(self.facts & facts)


def _starts_a_term(process: ProcessDefinition) -> bool:
    return any(step.effect is Effect.START_TERM for step in process.steps.values())


class Marks:
    """Which bit stands for what, for one process between so many parties. Only what something asks for has a bit.

    What is counted up to the number of parties has a bit for each: one, two, ... of them.
    """

    def __init__(self, process: ProcessDefinition, parties: int, budget: Budget) -> None:
        self.process, self.parties, self.budget = process, parties, budget
        self._bits: dict[tuple[str, str], int] = {}
        self._next = 0
        self._manners: dict[str, list[Manner]] = {}
        self._needs: dict[str, int] = {}
        self._needs_before: dict[str, int] = {}
        self.term_begins = any(step.effect in BY_SIGNATURES for step in process.steps.values())
        self.at_entry = EFFECT_FACTS[Effect.START_TERM if _starts_a_term(process) else Effect.SIGN_TEXT]
        self.signing = (
            self.term_begins
            or any(state.signed for state in process.states.values())
            or any(
                step.per_party == "signature"
                or any(requirement.name == "all_signed" for requirement in step.requires)
                or any(destination.when is not None for destination in step.to)
                for step in process.steps.values()
            )
        )
        if self.signing:
            self._mark("signed", "", parties)
        if self.term_begins:
            self._mark("fact", SIGNED_ON)
            self._mark("day", SIGNED_ON)
        for step in process.steps.values():
            self._needs[step.key] = self._needs_before[step.key] = 0
            for requirement in step.requires:
                when = self._needs_before if self.is_needed_before(step, requirement) else self._needs
                when[step.key] |= self.need(requirement)
        self._given = {name for step in process.steps.values() for name in step.records}
        self.running = list(self._runnings())
        self._lapsing: dict[str, list[Running]] = {}
        self._touched: dict[str, list[Running]] = {}
        for each in self.running:
            for key in each.rule.on_lapse:
                self._lapsing.setdefault(key, []).append(each)
        self.since_here = sum(bits for (kind, _), bits in self._bits.items() if kind in {"here", "by_party"})
        self.kept = self._kept()

    def _mark(self, kind: str, name: str, width: int = 1) -> int:
        """The bits of something that is asked for, given out the first time."""
        if (kind, name) not in self._bits:
            self._bits[kind, name] = ((1 << width) - 1) << self._next
            self._next += width
        return self._bits[kind, name]

    def of(self, kind: str, name: str) -> int:
        """The bits of something; 0 where nothing asks for it."""
        return self._bits.get((kind, name), 0)

    @property
    def all_signed(self) -> int:
        return self._last(self.of("signed", ""))

    def _last(self, count: int) -> int:
        """The bit that says: every party."""
        return 1 << (count.bit_length() - 1) if count else 0

    def need(self, requirement: Requirement) -> int:
        """The marks that a requirement asks for; 0 where nothing can stand in its way."""
        bits = 0
        match requirement.name:
            case "fact":
                bits = self._mark("fact", requirement.fact or "")
            case "date_known":
                bits = self._mark("day", requirement.fact or "")
            case "checklist":
                bits = self._mark("complete", requirement.checklist or "")
            case "not_before":
                bits = self._has_a_day(requirement)
            case "all_signed":
                bits = self.all_signed
            case "step_taken":
                for step in requirement.steps:
                    bits |= self._mark("here", step)
            case "every_party":
                for step in requirement.steps:
                    bits |= self._last(self._mark("by_party", step, self.parties))
        return bits

    def _has_a_day(self, requirement: Requirement) -> int:
        """The marks that say that the day is known which a step waits for; a deadline keeps the day it once had."""
        if requirement.fact is not None:
            return self._mark("day", requirement.fact)
        if requirement.step is not None:
            return self._mark("done", requirement.step)
        rule = self.process.deadlines[requirement.deadline or ""]
        base = self.process.base_of(rule)
        bits = sum(self._mark("stated", term) for term in self._silent_terms(rule, base))
        if base.anchor.step is not None:
            bits |= self._mark("done", base.anchor.step)
        return bits | (self._mark("dated", base.anchor.fact) if base.anchor.fact is not None else 0)

    def _silent_terms(self, *rules: DeadlineRule) -> list[str]:
        """The terms that the text has to state, as nothing stands in for them."""
        terms = [rule.term for rule in rules if rule.term and self.process.terms[rule.term].default is None]
        return list(dict.fromkeys(terms))

    def is_needed_before(self, step: Step, requirement: Requirement) -> bool:
        """Whether what the step itself records does not help: the count that it begins is not the one it waits for."""
        rule = self.process.deadlines[requirement.deadline] if requirement.deadline is not None else None
        return rule is not None and not self.process.is_dated_by(rule, step)

    def lacks(self, step: Step, bits: int, after: int) -> int:
        """The marks that the step asks for and that are not there, `after` what it records or before."""
        return (self._needs[step.key] & ~after) | (self._needs_before[step.key] & ~bits)

    def lapsing(self, step: Step) -> list[Running]:
        """The deadlines that the clock takes a step for."""
        return self._lapsing.get(step.key, [])

    def _runnings(self) -> Iterator[Running]:
        for rule in self.process.deadlines.values():
            if not rule.on_lapse:
                continue
            base = self.process.base_of(rule)
            terms = self._silent_terms(rule, base)
            anchor = base.anchor
            early = base.is_fixed or base.side is Side.BEFORE
            yield Running(
                rule=rule,
                bit=self._mark("runs", rule.key),
                passed=self._mark("passed", rule.key) if base is rule and rule.met_by_steps else 0,
                steps=frozenset({anchor.step} if anchor.step else ()),
                facts=frozenset({anchor.fact} if anchor.fact else ()),
                activity=anchor.activity,
                met_by=rule.met_by_steps | base.met_by_steps,
                terms=tuple(terms),
                stated=sum(self._mark("stated", term) for term in terms),
                ahead=self._mark("ahead", rule.key) if not early and self._may_lie_ahead(anchor.fact) else 0,
                spare=self._mark("spare", rule.key) if early and base is rule and rule.met_by_steps else 0,
                recurs=base.recurs,
                child_meets=any(each.met_by_children for each in (rule, base)),
                revived=anchor.activity and bool(self.process.children),
            )

    def _may_lie_ahead(self, fact: str | None) -> bool:
        """Whether the day of a fact is one that people give, and that may still be to come."""
        return fact in self._given and fact not in NOT_IN_FUTURE

    def _kept(self) -> dict[str, int]:
        """What matters in each state: what is asked for there, or later; and which deadlines may pass there."""
        lapses = reduce(or_, (each.marks | each.stated for each in self.running), 0)
        here = dict.fromkeys(self.process.states, 0)
        later = {key: 0 if state.final else lapses for key, state in self.process.states.items()}
        before: dict[str, set[str]] = {key: set() for key in self.process.states}
        for step in self.process.steps.values():
            asked = self._asked(step)
            for source in step.sources:
                here[source] |= asked & self.since_here
                later[source] |= asked & ~self.since_here
                for destination in step.to:
                    before[destination.state].add(source)
        todo = list(self.process.states)
        while todo:
            state = todo.pop()
            for source in before[state]:
                self.budget.spend()
                if later[state] & ~later[source]:
                    later[source] |= later[state]
                    todo.append(source)
        return {state: here[state] | later[state] for state in here}

    def _asked(self, step: Step) -> int:
        asked = self._needs[step.key] | self._needs_before[step.key]
        if step.per_party == "signature" or step.effect in BY_SIGNATURES or len(step.to) > 1:
            asked |= self.of("signed", "")
        if self._becomes_signed(step):
            asked |= self.of("signed", "")
        if step.effect in BY_SIGNATURES:
            asked |= self.of("fact", SIGNED_ON) | self.of("day", SIGNED_ON)
        for requirement in step.requires:
            if requirement.name == "all_signed":
                asked |= self.of("signed", "")
            if requirement.name == "every_party":
                for name in requirement.steps:
                    asked |= self.of("by_party", name)
        return asked

    def _becomes_signed(self, step: Step) -> bool:
        """Whether the step leads into a state that says that every party has signed, from one that does not."""
        states = self.process.states
        return any(states[d.state].signed for d in step.to) and any(not states[key].signed for key in step.sources)

    def manners(self, step: Step) -> list[Manner]:
        """Every way of recording what the step records, as far as it matters to something."""
        if step.key not in self._manners:
            found: dict[Manner, None] = {}
            choices = [[self._with_day(step.day_as)]] if step.day_as and step.day_as not in step.records else []
            choices += [list(dict.fromkeys(self._choices(name))) for name in dict.fromkeys(step.records)]
            for chosen in product(*choices):
                self.budget.spend(len(chosen) + 1)
                whole = Manner(0, 0, frozenset())
                for each in chosen:
                    whole = Manner(whole.sets | each.sets, whole.clears | each.clears, whole.days | each.days)
                found[whole] = None
            self._manners[step.key] = list(found)
        return self._manners[step.key]

    def _with_day(self, fact: str) -> Manner:
        matters = any(fact in each.facts for each in self.running)
        return Manner(self._on_record([fact]), 0, frozenset({fact} if matters else ()))

    def _choices(self, name: str) -> list[Manner]:
        """A date with and without its day; a checklist with and without an item missing; anything else."""
        complete, day = self.of("complete", name), self.of("day", name)
        if name in self.process.checklists:
            return [Manner(complete, 0, frozenset()), Manner(0, complete, frozenset())]
        without = Manner(self.of("fact", name), day, frozenset())
        if name in self.process.facts and name.endswith(DATED):
            return [self._with_day(name), without]
        return [without]

    def recorded(self, bits: int, step: Step, manner: Manner) -> int:
        """The marks as the requirements of the step see them: with what it records and the party that signs by it."""
        after = bits & ~manner.clears | manner.sets
        return self._one_more(after, self.of("signed", "")) if step.per_party == "signature" else after

    def _one_more(self, bits: int, count: int) -> int:
        """One party more in a count."""
        return bits | (((bits & count) << 1) & count) | (count & -count)

    def first(self, state: State) -> list[int]:
        """The marks that a case may begin with in a state: what its text states; signatures, where the state says so, with
        their day known or not.
        """
        options = {0}
        if state.signed:
            options = {self.of("signed", "") | self.of("fact", SIGNED_ON)}
            options |= {option | self._on_record(self.at_entry) for option in options}
        for term in sorted(name for kind, name in self._bits if kind == "stated"):
            options |= {option | self.of("stated", term) for option in options}
            self.budget.spend(len(options))
        for each in self.running:
            if each.activity:
                options = {option if each.stated & ~option else option | each.bit for option in options}
            elif state.signed and each.facts & set(self.at_entry):
                begun = each.bit | sum(self.of("dated", fact) for fact in each.facts)
                options |= {option | begun for option in options if not each.stated & ~option}
            self.budget.spend(len(options))
        return sorted({option & self.kept[state.key] for option in options})

    def _on_record(self, facts: Iterable[str]) -> int:
        """The marks of facts that are on record with their day."""
        bits = 0
        for fact in facts:
            bits |= self.of("fact", fact) | self.of("day", fact) | self.of("dated", fact)
        return bits

    def taken(self, bits: int, state: str, step: Step) -> Iterator[tuple[str, int, bool, bool]]:
        """Every way of taking a step: the state and the marks after it, whether the term began, whether the count stood still."""
        if step.per_party == "signature" and bits & self.all_signed:
            return
        by_people = [] if step.by == {CLOCK} else [None]
        for lapsed in [*by_people, *self._lapsing_in(state, bits, step)]:
            still = lapsed is not None and state in lapsed.rule.paused_in
            for manner in self.manners(step):
                self.budget.spend()
                after = self.recorded(bits, step, manner)
                if self.lacks(step, bits, after):
                    continue
                target = next(d.state for d in step.to if d.when is None or after & self.all_signed)
                after, days = self._with_effect(after, step)
                for here in self._since(after, step, moved=target != state):
                    for whole in self._with_deadlines(here, step, days | manner.days, lapsed):
                        yield target, whole & self.kept[target], TERM_STARTS_ON in days, still

    def _lapsing_in(self, state: str, bits: int, step: Step) -> list[Running]:
        """The deadlines whose day may be over in a situation, and from which the step then follows."""
        over = [each for each in self.lapsing(step) if each.may_lapse(bits, state)]
        return [each for each in over if self.process.step_of_lapse(each.rule, state) is step]

    def _with_effect(self, bits: int, step: Step) -> tuple[int, frozenset[str]]:
        if step.effect is None:
            return bits, NO_DAYS
        days = EFFECT_FACTS[step.effect]
        if step.effect in BY_SIGNATURES and bits & self.of("fact", SIGNED_ON):
            days = days[1:] if bits & self.of("day", SIGNED_ON) else ()
        if step.effect in BY_SIGNATURES and not bits & self.all_signed:
            days = ()
        return bits | self._on_record(days), frozenset(days)

    def _since(self, bits: int, step: Step, *, moved: bool) -> Iterable[int]:
        """With the step among those taken since the case came into its state; a party may take its step a second time."""
        if moved:
            bits &= ~self.since_here
        bits |= self.of("here", step.key) | self.of("done", step.key)
        count = self.of("by_party", step.key)
        if not count:
            return (bits,)
        more = self._one_more(bits, count)
        return (bits, more) if bits & count and step.per_party != "signature" else (more,)

    def _with_deadlines(self, bits: int, step: Step, days: frozenset[str], lapsed: Running | None) -> Iterable[int]:
        if step.key not in self._touched:
            self.budget.spend(len(self.running))
            self._touched[step.key] = [each for each in self.running if each.is_touched_by(step)]
        if not self._touched[step.key]:
            return (bits,)
        options = {bits}
        for each in self._touched[step.key]:
            after = each.after(bits, step, days, lapsed)
            options = {option & ~each.marks | marks for option in options for marks in after}
            self.budget.spend(2 * len(options))
        return sorted(options)


def explore(process: ProcessDefinition, parties: int, budget: Budget, *, anywhere: bool = False) -> Graph:
    """Every situation that a case between so many parties can come into; also of one that is entered `anywhere`. Raises TooLarge.

    Every name in the process exists, and the last destination of every step is without condition.
    """
    marks = Marks(process, parties, budget)
    graph = Graph(process, marks, leaving={key: [] for key in process.states})
    numbers: dict[tuple[str, int], int] = {}
    for step in process.steps.values():
        for source in step.sources:
            graph.leaving[source].append(step)

    def number_of(state: str, bits: int, by: tuple[int, str] | None) -> int:
        if (state, bits) not in numbers:
            if len(numbers) == MOST_SITUATIONS:
                raise TooLarge
            numbers[state, bits] = len(numbers)
            graph.states.append(state)
            graph.bits.append(bits)
            graph.came_by.append(by)
        return numbers[state, bits]

    start = process.states[process.start]
    entries = (state for state in process.states.values() if state.entry or (anywhere and not state.final))
    for state in (start, *entries):
        graph.roots += [number_of(state.key, bits, None) for bits in marks.first(state)]
    number = 0
    while number < len(graph.states):
        state_key, bits = graph.states[number], graph.bits[number]
        found: dict[Edge, None] = {}
        for step in graph.leaving[state_key]:
            for target, after, term_began, still in marks.taken(bits, state_key, step):
                found[Edge(step.key, number_of(target, after, (number, step.key)), term_began, still)] = None
        graph.edges.append(list(found))
        number += 1
    return graph
