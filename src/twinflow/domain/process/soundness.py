"""Whether a process is sound: every case that is begun can end, every step can be taken, every deadline can begin and be met,
and no way leads around a gate. Proved by looking at every situation (`situations`), not by reading names.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from twinflow.domain.process.definition import CLOCK, DeadlineRule, Effect, Gate, ProcessDefinition, Requirement, Step
from twinflow.domain.process.state_space import (
    DATED,
    MOST_SITUATIONS,
    Budget,
    Graph,
    Manner,
    TooLarge,
    explore,
)
from twinflow.domain.process.well_known_facts import EFFECT_FACTS
from twinflow.sentences import Sentence

PARTIES = (2, 3)
"""How many parties the cases have that are looked at: two are the least; with three, one acts between the first and the last."""

EDGES_FOR_ONE = 10
"""So many edges are walked in the time that one takes to be found."""

NOTHING_RECORDED = Manner(0, 0, frozenset())

Found = Iterator[tuple[str, Sentence]]


def unsound(process: ProcessDefinition) -> list[tuple[str, Sentence]]:
    """Everything that keeps a process from being sound, each with its path in the process file; nothing if it is proved.

    Every name in it exists, and the last destination of every step is without condition.
    """
    per_party = any(step.per_party is not None for step in process.steps.values())
    budget = Budget()
    try:
        graphs = [explore(process, parties, budget) for parties in (PARTIES if per_party else PARTIES[:1])]
        proof = _Proof(process, [_Indexed(graph) for graph in graphs], budget, _givers(process))
        return [*proof.states(), *proof.steps(), *proof.deadlines(), *proof.lapses(), *proof.gates()]
    except TooLarge:
        message = Sentence(
            "it is too large to be proved sound: a case can come into too many situations (at most {number} are looked at). "
            "Ask for fewer facts and checklists at a time, or give a part of it to a child process.",
            {"number": MOST_SITUATIONS},
        )
        return [("process", message)]


class _Indexed:
    """A graph with its situations by state, and for each step where it is taken and where it leads."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.in_state: dict[str, list[int]] = {}
        self.taken_in: dict[str, set[int]] = {}
        self.leads_to: dict[str, set[int]] = {}
        self.begins_in: dict[str, set[int]] = {}
        """Where a step leads that makes the term of the agreement begin by it."""
        self.onward: dict[frozenset[int], set[int]] = {}
        """What was walked already."""
        for number, state in enumerate(graph.states):
            self.in_state.setdefault(state, []).append(number)
            for edge in graph.edges[number]:
                self.taken_in.setdefault(edge.step, set()).add(number)
                self.leads_to.setdefault(edge.step, set()).add(edge.to)
                if edge.term_began:
                    self.begins_in.setdefault(edge.step, set()).add(edge.to)


@dataclass(frozen=True, slots=True)
class _Proof:
    """One process with the graphs of its situations, one for each number of parties."""

    process: ProcessDefinition
    graphs: list[_Indexed]
    budget: Budget
    givers: Mapping[str, list[str]]

    def states(self) -> Found:
        """States that no case comes into, and situations from which no case can end."""
        reached = {state for each in self.graphs for state in each.in_state}
        for key in self.process.states:
            if key not in reached:
                yield f"states.{key}", Sentence("no way leads here from “{start}”.", {"start": self.process.start})
        yield from self._signed_by_some()
        if not any(state.final for state in self.process.states.values()):
            yield "states", Sentence("no state is final: the process can never end.")
            return
        traps: dict[str, Sentence] = {}
        for each in self.graphs:
            for state, message in self._traps(each.graph):
                if state not in traps or not message.values:  # that nothing at all leads on says more
                    traps[state] = message
        yield from ((f"states.{state}", message) for state, message in traps.items())

    def _signed_by_some(self) -> Found:
        """States that say that every party has signed, and are reached before."""
        states = self.process.states
        found: dict[str, Sentence] = {}
        for graph in (each.graph for each in self.graphs):
            for number, edges in enumerate(graph.edges):
                for edge in edges:
                    source, target = graph.states[number], graph.states[edge.to]
                    if target in found or not states[target].signed or states[source].signed:
                        continue
                    if not self._all_sign(graph, number, self.process.steps[edge.step]):
                        values = {"way": _in_words([*graph.way_to(number), edge.step])}
                        found[target] = Sentence(
                            "signed = true says that every party has signed, but {way} leads here before: let the step lead "
                            "here only when “all_signed”.",
                            values,
                        )
        yield from ((f"states.{state}", message) for state, message in found.items())

    def _all_sign(self, graph: Graph, number: int, step: Step) -> bool:
        """Whether every party has signed once the step is taken."""
        marks = graph.marks
        return bool(marks.recorded(graph.bits[number], step, NOTHING_RECORDED) & marks.all_signed)

    def _traps(self, graph: Graph) -> Iterator[tuple[str, Sentence]]:
        """States that nothing leads on from, and situations of others: those first in which least is missing."""
        ending = self._can_end(graph)
        stuck = [number for number in range(len(graph.states)) if number not in ending]
        free = {graph.states[number] for number in ending}
        whole = dict.fromkeys(graph.states[number] for number in stuck if graph.states[number] not in free)
        yield from ((state, Sentence("no way leads from here to an end.")) for state in whole)
        some = [number for number in stuck if graph.states[number] in free]
        blocked = [(missing, number) for number in some if (missing := self._missing(graph, number))]
        blocked.sort(key=lambda found: len(found[0]))
        for missing, number in blocked or [([], number) for number in some]:
            values: dict[str, object] = {"way": _in_words(graph.way_to(number)), "missing": missing}
            if graph.came_by[number] is None and missing:
                message = Sentence("a case may begin here and never end; out of reach is then: {missing}.", values)
            elif missing:
                message = Sentence(
                    "after {way} no way leads from here to an end; out of reach is then: {missing}.", values
                )
            else:
                message = Sentence("after {way} no way leads from here to an end.", values)
            yield graph.states[number], message

    def _can_end(self, graph: Graph) -> set[int]:
        """The situations from which an end can be reached. A day that may have passed before is not counted on."""
        before: list[list[int]] = [[] for _ in graph.states]
        for number, edges in enumerate(graph.edges):
            for edge in edges:
                if not edge.stood_still:
                    before[edge.to].append(number)
        ends = [number for number, state in enumerate(graph.states) if self.process.states[state].final]
        return self._walk(ends, lambda number: before[number])

    def _walk(self, begin: Iterable[int], following: Callable[[int], Collection[int]]) -> set[int]:
        """Every situation that can be reached from some, themselves included."""
        seen = set(begin)
        todo = list(seen)
        while todo:
            near = following(todo.pop())
            self.budget.spend(1 + len(near) // EDGES_FOR_ONE)
            new = set(near) - seen
            seen |= new
            todo += new
        return seen

    def _missing(self, graph: Graph, number: int) -> list[Sentence]:
        """What the steps from a situation ask for that is not there."""
        found: dict[str, Sentence] = {}
        for step in graph.leaving[graph.states[number]]:
            self.budget.spend(2)
            for requirement in graph.unmet(number, step):
                message = _asked(requirement)
                found[str(message)] = message
            waiting = self._waiting(graph, number, step)
            if waiting is not None:
                found[str(waiting)] = waiting
        return list(found.values())

    def _waiting(self, graph: Graph, number: int, step: Step) -> Sentence | None:
        """A step that only the clock takes, where no deadline that takes it can pass."""
        bits, running = graph.bits[number], graph.marks.lapsing(step)
        state = graph.states[number]
        may_pass = any(each.may_lapse(bits, state) and state not in each.rule.paused_in for each in running)
        if step.by != {CLOCK} or not running or may_pass:
            return None
        silent = [term for each in running if each.stated & ~bits for term in each.terms]
        if not silent:
            return Sentence("the lapse that takes “{step}”", {"step": step.key})
        return Sentence(
            "the lapse that takes “{step}”, where the text is silent on {terms}", {"step": step.key, "terms": silent}
        )

    def steps(self) -> Found:
        """Steps that are possible in no situation, and why."""
        possible = {step for each in self.graphs for step in each.taken_in}
        for key, step in self.process.steps.items():
            if key not in possible:
                yield from self._why_dead(step)

    def _why_dead(self, step: Step) -> Found:
        path = f"steps.{step.key}"
        there = [
            (each.graph, number)
            for each in self.graphs
            for state in step.sources
            for number in each.in_state.get(state, ())
        ]
        if not there:
            yield path, Sentence("nobody ever takes it: no case comes into a state that it leaves.")
            return
        self.budget.spend(len(there) * (1 + len(step.requires)))
        never = list(step.requires)
        for graph, number in there:
            unmet = graph.unmet(number, step)
            never = [requirement for requirement in never if requirement in unmet]
        for number, requirement in enumerate(step.requires, start=1):
            if requirement in never:
                values = {"what": _asked(requirement)}
                yield (
                    f"{path}.requires[{number}]",
                    Sentence("nobody can meet it: out of reach in the states that the step leaves is {what}.", values),
                )
        if never:
            return
        if step.by == {CLOCK}:
            if self.graphs[0].graph.marks.lapsing(step):
                yield (
                    path,
                    Sentence(
                        "the clock never takes it: no deadline with it in on_lapse can be running in the states that it leaves."
                    ),
                )
        elif step.per_party == "signature":
            yield path, Sentence("nobody ever takes it: in the states that it leaves every party has signed already.")
        else:
            yield f"{path}.requires", Sentence("nobody ever takes it: what it requires is never there together.")

    def deadlines(self) -> Found:
        """Deadlines that never begin, and those that nothing can meet once they run."""
        for key, rule in self.process.deadlines.items():
            begun = [self._begun(each, rule) for each in self.graphs]
            if not any(begun):
                yield from self._why_never_begun(rule)
                continue
            runs = [self._runs(each, where, rule) for each, where in zip(self.graphs, begun, strict=True)]
            if not any(runs):
                yield (
                    f"deadlines.{key}.while_in",
                    Sentence("it never runs: once it begins, no case is in these states."),
                )
                continue
            steps = rule.met_by_steps.union(rule.on_lapse)
            if not steps or rule.met_by_children:
                continue
            if not any(self._closed(each, where, steps) for each, where in zip(self.graphs, runs, strict=True)):
                yield (
                    f"deadlines.{key}.{'met_by' if rule.met_by_steps else 'on_lapse'}",
                    Sentence(
                        "once it runs it never ends: none of these steps can be taken any more: {steps}.",
                        {"steps": sorted(steps)},
                    ),
                )

    def _begun(self, each: _Indexed, rule: DeadlineRule) -> frozenset[int]:
        """The situations in which the deadline has just begun."""
        base = self.process.base_of(rule)
        step, fact = base.anchor.step, base.anchor.fact
        if step is not None:
            return frozenset(each.leads_to.get(step, ()))
        if fact is None:
            return frozenset(each.graph.roots)
        found: set[int] = set()
        for key in self.givers.get(fact, ()):
            step_itself = self.process.steps[key]
            by_the_term = step_itself.effect is Effect.START_TERM and fact not in _days_given(step_itself)
            found |= (each.begins_in if by_the_term else each.leads_to).get(key, set())
        self.budget.spend(len(found))
        return frozenset(found)

    def _why_never_begun(self, rule: DeadlineRule) -> Found:
        path, anchor = f"deadlines.{rule.key}.runs_from", rule.anchor
        if anchor.deadline is not None:
            yield (
                path,
                Sentence("it never starts: the deadline “{deadline}” never does.", {"deadline": anchor.deadline}),
            )
        elif anchor.step is not None:
            yield path, Sentence("it never starts: nobody ever takes the step “{step}”.", {"step": anchor.step})
        elif anchor.fact is not None and anchor.fact in self.givers:
            values = {"steps": self.givers[anchor.fact], "fact": anchor.fact}
            yield (
                path,
                Sentence("it never starts: nobody ever takes a step that gives “{fact}” its day: {steps}.", values),
            )

    def _runs(self, each: _Indexed, begun: frozenset[int], rule: DeadlineRule) -> set[int]:
        """The situations that come once the deadline has begun, as far as it runs in them."""
        if begun not in each.onward:
            each.onward[begun] = self._walk(begun, lambda number: [edge.to for edge in each.graph.edges[number]])
        onward = each.onward[begun]
        return {number for number in onward if rule.runs_in(each.graph.states[number])} if rule.while_in else onward

    def _closed(self, each: _Indexed, runs: set[int], steps: Collection[str]) -> bool:
        """Whether one of the steps can be taken while the deadline runs."""
        return any(not runs.isdisjoint(each.taken_in.get(step, ())) for step in steps)

    def lapses(self) -> Found:
        """Deadlines whose day may be over where the clock cannot take a step; first those of cases that began as all do."""
        running = self.graphs[0].graph.marks.running
        if not running:
            return
        graphs = [each.graph for each in self.graphs]
        entered = [explore(self.process, graph.marks.parties, self.budget, anywhere=True) for graph in graphs]
        found: dict[tuple[str, str], Sentence] = {}
        for graph in (*graphs, *entered):
            for number, state in enumerate(graph.states):
                self.budget.spend(len(running))
                for each in graph.marks.running if not self.process.states[state].final else ():
                    at = (each.rule.key, state)
                    if at not in found and each.may_lapse(graph.bits[number], state):
                        refused = self._refused(graph, number, each.rule)
                        found |= {at: refused} if refused is not None else {}
        yield from ((f"deadlines.{rule}.on_lapse", message) for (rule, _), message in found.items())

    def _refused(self, graph: Graph, number: int, rule: DeadlineRule) -> Sentence | None:
        """Why the clock takes no step where the deadline passes in a situation; None where it takes one."""
        state = graph.states[number]
        step = self.process.step_of_lapse(rule, state)
        values: dict[str, object] = {"state": state, "way": _in_words(graph.way_to(number)) or state}
        if step is None:
            values["steps"] = list(rule.on_lapse)
            return Sentence(
                "where it ends in “{state}” the clock takes no step: none of {steps} leaves that state. A case comes there by: "
                "{way}.",
                values,
            )
        missing = [_asked(requirement) for requirement in graph.unmet(number, step)]
        if not missing:
            return None
        values |= {"step": step.key, "missing": missing}
        return Sentence(
            "where it ends in “{state}” the clock cannot take “{step}”: missing may be {missing}. A case comes there by: {way}.",
            values,
        )

    def gates(self) -> Found:
        """Gates with a way around them."""
        for key, gate in self.process.gates.items():
            for each in self.graphs:
                around = self._around(each.graph, gate)
                if around is not None:
                    yield f"gates.{key}", around
                    break

    def _around(self, graph: Graph, gate: Gate) -> Sentence | None:
        came_by: dict[int, tuple[int, str] | None] = dict.fromkeys(graph.starts)
        todo = list(came_by)
        for number in todo:
            state = graph.states[number]
            if state in gate.to:
                values: dict[str, object] = {"state": state, "through": sorted(gate.through)}
                way: list[str] = []
                while (by := came_by[number]) is not None:
                    number = by[0]  # noqa: PLW2901 - back along the way
                    way.append(by[1])
                if not way:
                    return Sentence("every case begins behind it: “{state}” is the first state.", values)
                values["way"] = _in_words(way[::-1])
                return Sentence("a way leads around it to “{state}”: {way}. It has to pass {through} first.", values)
            self.budget.spend(1 + len(graph.edges[number]) // EDGES_FOR_ONE)
            for edge in graph.edges[number]:
                if edge.step not in gate.through and edge.to not in came_by:
                    came_by[edge.to] = (number, edge.step)
                    todo.append(edge.to)
        return None


def _in_words(way: Iterable[str]) -> str:
    return " → ".join(way)


def _asked(requirement: Requirement) -> Sentence:
    """What a requirement asks for, in words."""
    match requirement.name:
        case "fact":
            return Sentence("“{name}” on record", {"name": requirement.fact})
        case "date_known":
            return Sentence("the day of “{name}”", {"name": requirement.fact})
        case "checklist":
            return Sentence("every item of “{name}”", {"name": requirement.checklist})
        case "not_before" if requirement.deadline is not None:
            return Sentence("a date of “{name}”", {"name": requirement.deadline})
        case "not_before" if requirement.step is not None:
            return Sentence("“{name}” before it", {"name": requirement.step})
        case "not_before":
            return Sentence("the day of “{name}”", {"name": requirement.fact})
        case "all_signed":
            return Sentence("the signature of every party")
        case "every_party":
            return Sentence("{steps} by every party since the case came there", {"steps": list(requirement.steps)})
        case _:
            return Sentence("{steps} since the case came there", {"steps": list(requirement.steps)})


def _givers(process: ProcessDefinition) -> dict[str, list[str]]:
    """The steps that can give a fact its day, by fact."""
    found: dict[str, list[str]] = {}
    for key, step in process.steps.items():
        for fact in dict.fromkeys((*_days_given(step), *EFFECT_FACTS.get(step.effect, ()))):
            found.setdefault(fact, []).append(key)
    return found


def _days_given(step: Step) -> list[str]:
    """The facts whose day is put on record with the step, its effect aside."""
    return [*filter(None, [step.day_as]), *(name for name in step.records if name.endswith(DATED))]
