"""Whether a process is sound is decided by its situations: compared with the engine itself, and mistake by mistake."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product

import pytest

from builders import a_calendar, noon
from twinflow.domain.agreement.agreement import Agreement, Party, Term
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Calendars, Roll
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import THE_CLOCK, Actor
from twinflow.domain.process.definition import (
    CLOCK,
    Anchor,
    Checklist,
    ChildState,
    DeadlineRule,
    Destination,
    Effect,
    Gate,
    Nature,
    OfficeInCharge,
    Paper,
    ProcessDefinition,
    Requirement,
    Role,
    State,
    Step,
    TermRule,
)
from twinflow.domain.process.soundness import unsound
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Refused

LABEL = {"en": "x", "es": "x"}
BY_EFFECTS = ("signed_on", "in_force_on", "term_starts_on", "ended_on")
FACTS = ("asked_on", "told_on", "number")
THINGS = (*FACTS, "letter", "draft", "draft", "signed_on")
NOWHERE = "no way leads from here to an end."


def state(key: str, **more) -> State:
    return State(key, LABEL, "work", waits_for="liaison", **more)


def step(key: str, sources: str, to: str, **more) -> Step:
    """From states with blanks between them to a state; `signed|else` where all have signed, or not."""
    signed, _, other = to.rpartition("|")
    destinations = ((Destination(signed, "all_signed"),) if signed else ()) + (Destination(other),)
    by = more.pop("by", frozenset({"liaison"}))
    return Step(key, LABEL, frozenset(sources.split()), destinations, by, **more)


def deadline(key: str, anchor: Anchor, **more) -> DeadlineRule:
    more = {"nature": Nature.LEGAL, "length": Length.parse("3 days"), "roll": Roll.NONE} | more
    return DeadlineRule(key, LABEL, anchor, **more)


def process(states: str, *steps: Step, deadlines=(), gates=(), children=(), entry=(), digest="d") -> ProcessDefinition:
    """States with blanks between them, the first is the start, those with a full stop are final."""
    keys = states.split()
    return ProcessDefinition(
        key="tiny",
        version=1,
        kind="twinning",
        label=LABEL,
        in_force_from=date(2000, 1, 1),
        in_force_to=None,
        time_zone="UTC",
        calendars=(),
        law=(),
        start=keys[0].rstrip("."),
        stages={"work": LABEL},
        facts=dict.fromkeys((*FACTS, *BY_EFFECTS), LABEL),
        terms={"stated": TermRule(LABEL), "usual": TermRule(LABEL, Length.parse("3 days"))},
        roles={"liaison": Role("liaison", (OfficeInCharge("municipality"),), LABEL)},
        states={
            key.rstrip("."): state(key.rstrip("."), final=key.endswith("."), entry=key in entry, signed=key == "old")
            for key in keys
        },
        steps={each.key: each for each in steps},
        deadlines={each.key: each for each in deadlines},
        children=children,
        digest=digest,
        text="",
        papers={"letter": Paper(LABEL, LABEL)},
        checklists={"draft": Checklist(LABEL, LABEL, {"one": LABEL, "two": LABEL})},
        gates={each.key: each for each in gates},
    )


def found(*arguments, **more) -> dict[str, str]:
    """What is unsound in a process, by path."""
    return {path: str(message) for path, message in unsound(process(*arguments, **more))}


# The engine itself as the other judge: every step taken by `advance`, in every way, as far as anything new comes of it.


@dataclass(frozen=True)
class Verdicts:
    dead: set[str]
    unreached: set[str]
    trapped: set[str]
    """States from which no case can end, whatever is on record."""
    traps: bool
    """Whether there is any situation without a way to an end."""
    refused: set[tuple[str, str]]
    """The deadlines that may pass in a state where the clock takes no step."""


class TooMany(Exception):
    """More than the simulation has time for."""


@dataclass(frozen=True)
class Simulation:
    definition: ProcessDefinition
    parties: int
    anywhere: bool = False
    refused: set[tuple[str, str]] = field(default_factory=set)

    def run(self, most: int) -> Verdicts:
        cases: list[Agreement] = []
        numbers: dict[object, int] = {}
        before: list[set[int]] = []
        taken: set[str] = set()

        def number_of(case: Agreement) -> int:
            key = self.key(case)
            if key not in numbers:
                if len(cases) == most:
                    raise TooMany
                numbers[key] = len(cases)
                cases.append(case)
                before.append(set())
            return numbers[key]

        states = [key for key, each in self.definition.states.items() if not each.final] if self.anywhere else []
        for terms in ({}, {"stated": Term((Length.parse("3 days"),))}):
            for begun_in in (self.definition.start, *states):
                number_of(self.opened(terms, begun_in))
        for number, case in enumerate(cases):
            for name, after in self.everything_from(case):
                taken.add(name)
                before[number_of(after)].add(number)
        ending = {number for number, case in enumerate(cases) if self.definition.states[case.state].final}
        todo = list(ending)
        while todo:
            new = before[todo.pop()] - ending
            ending |= new
            todo += new
        ways_out = {cases[number].state for number in ending}
        reached = {case.state for case in cases}
        return Verdicts(
            dead=self.definition.steps.keys() - taken,
            unreached=self.definition.states.keys() - reached,
            trapped=reached - ways_out,
            traps=len(ending) < len(cases),
            refused=self.refused,
        )

    def opened(self, terms: dict[str, Term], start: str) -> Agreement:
        on = date(2020, 1, 1)
        parties = tuple(Party(f"P{number}", "MX") for number in range(self.parties))
        entry = HistoryEntry(EntryKind.OPENED, "lucia", on, noon(on), to_state=start)
        case = Agreement(
            reference="A",
            process="tiny",
            process_version=1,
            process_digest="d",
            office="office",
            title="A",
            state=start,
            version=1,
            tracked_from=on,
            parties=parties,
            terms=terms,
            facts={},
            history=(entry,),
        )
        return with_deadlines(case, self.definition, self.context(on))

    def key(self, case: Agreement) -> object:
        """What distinguishes cases for everything to come. Parties are told apart by what they did alone."""
        today = self.today(case)
        facts = {name: (day is not None, self.ahead(day, today)) for name in case.facts for day in [case.day_of(name)]}
        items = case.fact("draft")
        moves = [n for n, e in enumerate(case.history) if e.to_state is not None and e.from_state != e.to_state]
        here = case.history[moves[-1] :]
        by_party = sorted(
            (party.signature is not None, sorted({str(e.step) for e in here if e.party == party.name}))
            for party in case.parties
        )
        running = {(each.rule, self.ahead(each.anchor_on, today)) for each in case.deadlines if each.is_open}
        return repr(
            (case.state, sorted(facts.items()), items, by_party, sorted({str(e.step) for e in here}), sorted(running))
        ) + repr((sorted(case.terms), self.waited_for(case)))

    def waited_for(self, case: Agreement) -> list[str]:
        """Of what steps wait for, what has its day."""
        asked = [one for each in self.definition.steps.values() for one in each.requires if one.name == "not_before"]
        dated = {each.rule for each in case.deadlines if each.due_on is not None}
        return sorted(
            {one.step for one in asked if one.step and case.steps_taken(one.step)}
            | {one.deadline for one in asked if one.deadline in dated}
        )

    def ahead(self, day: date | None, today: date) -> int:
        """How far a day lies ahead, up to what is far."""
        return 0 if day is None else min(max((day - today).days, 0), 4)

    def everything_from(self, case: Agreement) -> Iterator[tuple[str, Agreement]]:
        for each in self.definition.steps.values():
            if case.state not in each.sources:
                continue
            for records in self.records(each, case):
                for party in [party.name for party in case.parties] if each.per_party else [None]:
                    person = Actor(f"person {len(case.history)}", frozenset({"liaison"}))
                    for on in self.days(case, each):
                        command = StepCommand(each.key, on, party=party, records=records)
                        taken = list(self.tried(case, command, person, on))
                        yield from taken
                        if taken:
                            break
        for open_one in case.deadlines:
            rule = self.definition.deadlines[open_one.rule]
            if open_one.is_open and open_one.due_on is not None and rule.on_lapse:
                today = max(self.today(case), open_one.due_on + timedelta(1))
                step = self.definition.step_of_lapse(rule, case.state)
                command = StepCommand(step.key if step else rule.on_lapse[0], open_one.due_on)
                taken = list(self.tried(case, command, THE_CLOCK, today))
                if not taken:
                    self.refused.add((rule.key, case.state))
                yield from taken

    def days(self, case: Agreement, each: Step) -> list[date]:
        """Tomorrow; and where the step waits for a day, one on which whatever it waits for has come."""
        tomorrow = self.today(case) + timedelta(1)
        waits = any(requirement.name == "not_before" for requirement in each.requires)
        return [tomorrow, tomorrow + timedelta(2000)] if waits else [tomorrow]

    def records(self, each: Step, case: Agreement) -> Iterator[dict[str, str]]:
        """A year alone, today, a day that is to come soon and one far ahead; all items of a checklist, or one."""
        options = []
        for name in each.records:
            if name == "draft":
                options.append(["all", "one"])
            elif name.endswith("_on"):
                today = self.today(case)
                options.append(["2020", *(str(today + timedelta(days)) for days in (1, 3, 1000))])
            else:
                options.append(["7"])
        for chosen in product(*options):
            yield dict(zip(each.records, chosen, strict=True))

    def tried(
        self, case: Agreement, command: StepCommand, actor: Actor, today: date
    ) -> Iterator[tuple[str, Agreement]]:
        try:
            outcome = advance(case, self.definition, command, actor, now=noon(today), context=self.context(today))
        except Refused:
            return
        yield command.step, outcome.agreement

    def today(self, case: Agreement) -> date:
        return max(entry.recorded_at.date() for entry in case.history)

    def context(self, today: date) -> DeadlineContext:
        return DeadlineContext(today, Calendars((a_calendar(),)))


def a_random_process(seed: int) -> ProcessDefinition:
    """Two to four states on the way to an end, steps along it and across, deadlines that may lapse, requirements between them."""
    chance = random.Random(seed)
    middle = [f"s{number}" for number in range(chance.randint(2, 4))]
    ahead = [*middle[1:], "end"]
    names = [f"t{number}" for number in range(len(middle) + chance.randint(0, 3))]
    per_party = {name for name in names if chance.random() < 0.2}
    by_clock = {name for name in names if name not in per_party and chance.random() < 0.2}
    by_both = {name for name in names if name not in per_party | by_clock and chance.random() < 0.1}
    recorded = {name: {chance.choice(THINGS) for _ in range(chance.choice([0, 0, 1, 1, 2]))} for name in names}
    recorded |= {name: set() for name in by_clock | by_both}
    days = {name: chance.choice([None, None, "asked_on", "told_on"]) for name in names}
    on_record = sorted({thing for things in recorded.values() for thing in things} | {*filter(None, days.values())})
    facts = [thing for thing in on_record if thing in {*FACTS, "letter"}] or ["signed_on"]
    dated = [fact for fact in facts if fact != "letter"]

    def requirement() -> Requirement:
        name = chance.choice(["fact", "date_known", "checklist", "step_taken", "all_signed", "another_person_than"])
        match name:
            case "checklist" if "draft" in on_record:
                return Requirement("checklist", checklist="draft")
            case "step_taken":
                return Requirement("step_taken", steps=(chance.choice(names),))
            case "all_signed" if per_party:
                name = chance.choice(["all_signed", "every_party", "every_party"])
                return Requirement(name, steps=(chance.choice(sorted(per_party)),) if name == "every_party" else ())
            case "another_person_than":
                return Requirement(name, steps=tuple(sorted(set(names) - by_clock - by_both)[:1]))
            case "date_known":
                return Requirement("date_known", fact=chance.choice([*dated, "ended_on", "term_starts_on"]))
            case _:
                return Requirement("fact", fact=chance.choice(facts))

    def a_step(number: int, name: str) -> Step:
        along = number < len(middle)
        sources = {middle[number]} if along else {chance.choice(middle)}
        to = ahead[number] if along else chance.choice([*middle, *sources, *sources, "end"])
        if chance.random() < 0.5:
            sources.add(chance.choice(middle))
        if chance.random() < 0.6 and name in per_party:
            to = f"{chance.choice([*middle, to])}|{to}"
        requires = [requirement() for _ in range(chance.choice([0, 0, 0, 1, 1, 2]))]
        if name in by_clock | by_both:  # the clock is nobody, neither for four eyes nor against
            requires = [each for each in requires if each.name != "another_person_than"]
        return step(
            name,
            " ".join(sorted(sources)),
            to,
            by=frozenset({CLOCK} if name in by_clock else {CLOCK, "liaison"} if name in by_both else {"liaison"}),
            records=tuple(sorted(recorded[name])),
            day_as=days[name],
            per_party=chance.choice(["signature", "signature", "acceptance"]) if name in per_party else None,
            effect=chance.choice([None] * 6 + [*Effect]),
            requires=tuple(requires),
        )

    def a_deadline(name: str, *lapses: str) -> DeadlineRule:
        anchors = [
            Anchor(step=chance.choice(names)),
            Anchor(fact=chance.choice([*dated, "term_starts_on"])),
            Anchor(activity=True),
        ]
        length, anchor = chance.choice([Length.parse("3 days"), None]), chance.choice(anchors)
        terms = ["stated", "stated", "usual", None]
        if anchor.fact is not None and anchor.fact in {days[each] for each in lapses}:
            terms = [
                "stated"
            ]  # whoever gives the date itself by the step that follows from it has done both on that day
        return deadline(
            name,
            anchor,
            length=length,
            term=None if length else chance.choice(terms),
            on_lapse=lapses,
            met_by_steps=frozenset(chance.sample(names, chance.choice([0, 0, 1, 2]))),
        )

    lapsing = sorted(by_clock | by_both)
    deadlines = [a_deadline(f"d{number}", name) for number, name in enumerate(lapsing)]
    if len(lapsing) > 1 and chance.random() < 0.5:
        deadlines[0] = replace(deadlines[0], on_lapse=tuple(lapsing[:2]))
    if deadlines and chance.random() < 0.3:
        lapses = chance.choice(lapsing)
        deadlines.append(deadline("follows", Anchor(deadline="d0"), on_lapse=(lapses,), length=Length.parse("1 day")))
    steps = [a_step(number, name) for number, name in enumerate(names)]
    return process(" ".join([*middle, "end."]), *steps, deadlines=deadlines, digest=str(seed))


def claimed(definition: ProcessDefinition) -> Verdicts:
    """The same verdicts as the messages tell them."""
    messages = [(path.split("."), str(message)) for path, message in unsound(definition)]
    states = [(parts[1], text) for parts, text in messages if parts[0] == "states"]
    unreached = {key for key, text in states if "no way leads here" in text}
    return Verdicts(
        dead={parts[1] for parts, _ in messages if parts[0] == "steps"},
        unreached=unreached,
        trapped={key for key, text in states if text == NOWHERE},
        traps=any(key not in unreached for key, _ in states),
        refused={
            (parts[1], text.partition("“")[2].partition("”")[0])
            for parts, text in messages
            if parts[-1] == "on_lapse" and text.startswith("where it ends")
        },
    )


def judged(definition: ProcessDefinition) -> Verdicts:
    """What the engine makes of it, for two parties and, where they act one by one, for three. Raises TooMany."""
    per_party = any(step.per_party for step in definition.steps.values())
    each = [Simulation(definition, parties).run(most=40) for parties in ((2, 3) if per_party else (2,))]
    return Verdicts(
        dead=set.intersection(*(verdicts.dead for verdicts in each)),
        unreached=set.intersection(*(verdicts.unreached for verdicts in each)),
        trapped=set.union(*(verdicts.trapped for verdicts in each)),
        traps=any(verdicts.traps for verdicts in each),
        refused=set.union(*(entered_anywhere(definition, parties) for parties in ((2, 3) if per_party else (2,)))),
    )


def entered_anywhere(definition: ProcessDefinition, parties: int) -> set[tuple[str, str]]:
    """Where the clock is refused in cases that began as all do, or were entered in any state. Raises TooMany."""
    simulation = Simulation(definition, parties, anywhere=True)
    return simulation.run(most=80).refused if any(rule.on_lapse for rule in definition.deadlines.values()) else set()


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_the_verdicts_are_those_of_the_engine_itself(first):
    compared = []
    for seed in range(first, first + 50):
        definition = a_random_process(seed)
        with suppress(TooMany):
            verdicts = judged(definition)
            assert claimed(definition) == verdicts, seed
            compared.append(verdicts)
    assert len(compared) > 30


def with_days(definition: ProcessDefinition, seed: int) -> ProcessDefinition:
    """The process with steps of people that wait for the day of a fact, of another step or of a deadline."""
    chance = random.Random(seed)
    facts = [fact for fact in definition.facts if fact.endswith("_on")]
    kinds = [{"fact": chance.choice(facts)}, {"step": chance.choice(sorted(definition.steps))}]
    kinds += [{"deadline": key} for key in definition.deadlines] * 2
    steps = {
        key: replace(each, requires=(*each.requires, Requirement("not_before", **chance.choice(kinds))))
        if CLOCK not in each.by and chance.random() < 0.4
        else each
        for key, each in definition.steps.items()
    }
    return replace(definition, steps=steps)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_where_steps_wait_for_a_day_the_verdicts_are_those_of_the_engine_too(first):
    compared = []
    for seed in range(first, first + 50):
        definition = with_days(a_random_process(seed), seed)
        with suppress(TooMany):
            verdicts = judged(definition)
            assert claimed(definition) == verdicts, seed
            compared.append(verdicts)
    assert len(compared) > 30


def test_the_processes_that_are_compared_are_sound_and_unsound_in_every_way():
    verdicts = [claimed(a_random_process(seed)) for seed in range(200)]
    assert sum(not each.dead and not each.traps for each in verdicts) > 10
    assert sum(bool(each.dead) and not each.traps for each in verdicts) > 10
    assert sum(each.traps and not each.trapped for each in verdicts) > 10


def test_a_deadline_keeps_the_day_that_a_fact_once_had():
    """Recorded anew without its day the fact has none any more; what was counted from it has its date still."""
    with_its_day = (Requirement("date_known", fact="asked_on"),)
    steps = (
        step("ask", "open", "asked", records=("asked_on",), requires=with_its_day),
        step("ask_again", "asked", "waiting", records=("asked_on",)),
    )
    counted = [deadline("answer", Anchor(fact="asked_on"))]
    by_deadline = step("finish", "waiting", "done", requires=(Requirement("not_before", deadline="answer"),))
    assert found("open asked waiting done.", *steps, by_deadline, deadlines=counted) == {}
    by_fact = step("finish", "waiting", "done", requires=(Requirement("not_before", fact="asked_on"),))
    assert found("open asked waiting done.", *steps, by_fact, deadlines=counted) == {
        "states.waiting": "after ask → ask_again no way leads from here to an end; out of reach is then: the day of “asked_on”."
    }


def test_not_after_a_day_stands_in_no_case_s_way_for_good():
    for day in ({"fact": "asked_on"}, {"step": "finish"}, {"deadline": "answer"}):
        begin = step("begin", "open", "under_way", requires=(Requirement("not_after", **day),))
        steps = (begin, step("finish", "under_way", "done", records=("asked_on",)))
        assert found("open under_way done.", *steps, deadlines=[deadline("answer", Anchor(step="begin"))]) == {}


OPEN_TO_END = (step("begin", "open", "under_way"), step("finish", "under_way", "done"))
THE_DAY_IS_KNOWN = (Requirement("date_known", fact="asked_on"),)
ON_RECORD = (Requirement("fact", fact="letter"),)
CLOCK_ONLY = frozenset({CLOCK})


def test_a_process_in_which_everything_can_happen_has_no_mistake():
    assert found("open under_way done.", *OPEN_TO_END) == {}


def test_a_state_that_only_a_step_leads_to_that_is_never_possible_is_not_reached():
    lost = step("lose", "under_way", "lost", requires=ON_RECORD)
    assert found("open under_way lost done.", *OPEN_TO_END, lost, step("back", "lost", "open")) == {
        "states.lost": "no way leads here from “open”.",
        "steps.lose.requires[1]": "nobody can meet it: out of reach in the states that the step leaves is “letter” on record.",
        "steps.back": "nobody ever takes it: no case comes into a state that it leaves.",
    }


def test_states_that_lead_only_to_each_other_are_a_trap():
    steps = (
        *OPEN_TO_END,
        step("park", "under_way", "parked"),
        step("wait", "parked", "waiting"),
        step("stay", "waiting", "parked"),
    )
    assert found("open under_way parked waiting done.", *steps) == {"states.parked": NOWHERE, "states.waiting": NOWHERE}


def test_a_situation_without_a_way_out_is_told_with_the_way_there_and_what_is_missing():
    steps = (
        step("ask", "open", "asked", records=("letter",)),
        step("skip", "open", "asked"),
        step("finish", "asked", "done", requires=ON_RECORD),
    )
    assert found("open asked done.", *steps) == {
        "states.asked": "after skip no way leads from here to an end; out of reach is then: “letter” on record."
    }


def test_a_date_may_be_put_on_record_without_its_day_and_a_checklist_with_items_missing():
    steps = (
        step("ask", "open", "asked", records=("asked_on", "draft")),
        step("finish", "asked", "done", requires=(*THE_DAY_IS_KNOWN, Requirement("checklist", checklist="draft"))),
    )
    assert found("open asked done.", *steps) == {
        "states.asked": "after ask no way leads from here to an end; out of reach is then: every item of “draft”."
    }
    look_again = step("look_again", "asked", "asked", records=("draft",))
    say_when = step("say_when", "asked", "asked", day_as="asked_on")
    assert found("open asked done.", *steps, look_again, say_when) == {}
    assert found("open asked done.", *steps, look_again) == {
        "states.asked": "after ask no way leads from here to an end; out of reach is then: the day of “asked_on”."
    }


def test_a_checklist_that_the_step_itself_asks_for_is_recorded_with_every_item():
    complete = (Requirement("checklist", checklist="draft"),)
    assert found("open done.", step("finish", "open", "done", records=("draft",), requires=complete)) == {}


def test_a_fact_that_is_a_text_has_no_day():
    steps = (step("number_it", "open", "open", records=("number",)),)
    finish = step("finish", "open", "done", requires=(Requirement("date_known", fact="number"),))
    assert found("open done.", *steps, finish)["steps.finish.requires[1]"] == (
        "nobody can meet it: out of reach in the states that the step leaves is the day of “number”."
    )


def test_what_was_done_before_the_case_came_into_its_state_does_not_count():
    since = (Requirement("step_taken", steps=("look",)),)
    steps = (step("look", "open", "open"), step("go", "open", "there"), step("finish", "there", "done", requires=since))
    assert found("open there done.", *steps)["steps.finish.requires[1]"] == (
        "nobody can meet it: out of reach in the states that the step leaves is look since the case came there."
    )
    look_there = replace(steps[0], sources=frozenset({"open", "there"}), to=(Destination("there"),))
    assert found("open there done.", look_there, *steps[2:]) == {}


def test_every_party_can_accept_where_the_step_leads_back_to_its_state_and_not_where_it_leads_on():
    both = (Requirement("every_party", steps=("accept",)),)
    accept = step("accept", "open", "open", per_party="acceptance")
    finish = step("finish", "open", "done", requires=both)
    assert found("open done.", accept, finish) == {}
    on = replace(accept, to=(Destination("there"),))
    there = replace(finish, sources=frozenset({"there"}))
    assert found("open there done.", on, there)["steps.finish.requires[1]"] == (
        "nobody can meet it: out of reach in the states that the step leaves is accept by every party since the case came there."
    )


def test_a_text_of_three_parties_is_looked_at_too():
    steps = (
        step("sign", "open", "half", per_party="signature"),
        step("countersign", "half", "signed", per_party="signature"),
        step("finish", "signed", "done", requires=(Requirement("all_signed"),)),
    )
    assert found("open half signed done.", *steps)["states.signed"] == NOWHERE
    signed_by_all = replace(steps[1], to=(Destination("signed", "all_signed"), Destination("half")))
    assert found("open half signed done.", steps[0], signed_by_all, steps[2]) == {}


def test_a_signature_that_nobody_is_left_to_give_is_a_dead_step():
    sign = step("sign", "open", "done|open", per_party="signature")
    again = step("sign_again", "signed", "done", per_party="signature")
    to_signed = replace(sign, to=(Destination("signed", "all_signed"), Destination("open")))
    assert found("open signed done.", to_signed, again, step("finish", "signed", "done")) == {
        "steps.sign_again": "nobody ever takes it: in the states that it leaves every party has signed already."
    }


def test_requirements_that_are_met_one_by_one_and_never_together_are_named_together():
    since = (Requirement("step_taken", steps=("one",)), Requirement("step_taken", steps=("two",)))
    steps = (step("one", "open", "there"), step("two", "open", "there"), step("leave", "there", "done"))
    assert found("open there done.", *steps, step("both", "there", "done", requires=since)) == {
        "steps.both.requires": "nobody ever takes it: what it requires is never there together."
    }


def test_the_clock_takes_a_step_only_where_its_deadline_can_run():
    lapse = step("lapse", "under_way", "done", by=CLOCK_ONLY)
    runs = deadline("answer", Anchor(step="begin"), on_lapse=("lapse",))
    assert found("open under_way done.", OPEN_TO_END[0], lapse, deadlines=[runs]) == {}
    too_late = deadline("answer", Anchor(step="finish"), on_lapse=("lapse",))
    assert found("open under_way done.", *OPEN_TO_END, lapse, deadlines=[too_late]) == {
        "steps.lapse": "the clock never takes it: no deadline with it in on_lapse can be running in the states that it leaves.",
        "deadlines.answer.on_lapse": "once it runs it never ends: none of these steps can be taken any more: lapse.",
    }


def test_a_deadline_that_was_met_takes_no_step():
    met = deadline("answer", Anchor(step="begin"), on_lapse=("lapse",), met_by_steps=frozenset({"go"}))
    steps = (OPEN_TO_END[0], step("go", "under_way", "there"), step("lapse", "there", "done", by=CLOCK_ONLY))
    assert found("open under_way there done.", *steps, deadlines=[met])["states.there"] == NOWHERE


def test_a_text_that_is_silent_on_a_term_does_not_end_by_the_clock():
    expire = step("expire", "under_way", "done", by=CLOCK_ONLY)
    term = deadline("term_end", Anchor(step="begin"), length=None, term="stated", on_lapse=("expire",))
    assert found("open under_way done.", OPEN_TO_END[0], expire, deadlines=[term]) == {
        "states.under_way": "after begin no way leads from here to an end; out of reach is then: the lapse that takes “expire”, "
        "where the text is silent on stated."
    }


def test_a_count_that_stands_still_is_not_waited_for():
    lapse = step("lapse", "under_way", "done", by=CLOCK_ONLY)
    still = deadline("answer", Anchor(step="begin"), on_lapse=("lapse",), paused_in=frozenset({"under_way"}))
    assert found("open under_way done.", OPEN_TO_END[0], lapse, deadlines=[still])["states.under_way"] == NOWHERE


def test_the_last_activity_begins_the_count_anew():
    sleep = step("sleep", "open", "asleep", by=CLOCK_ONLY)
    wake = step("wake", "asleep", "open")
    awake = frozenset({"open"})
    idle = deadline("idle", Anchor(activity=True), on_lapse=("sleep",), while_in=awake)
    assert found("open asleep done.", sleep, wake, step("finish", "asleep", "done"), deadlines=[idle]) == {}


def test_a_deadline_counted_from_another_one_runs_as_long_as_that_does():
    base = deadline("answer", Anchor(step="begin"), met_by_steps=frozenset({"go"}))
    remind = step("lapse", "under_way there", "done", by=CLOCK_ONLY)
    follows = deadline("silence", Anchor(deadline="answer"), on_lapse=("lapse",))
    steps = (OPEN_TO_END[0], remind, step("go", "under_way", "there"))
    assert found("open under_way there done.", *steps, deadlines=[base, follows]) == {"states.there": NOWHERE}


def test_a_term_that_ends_in_a_state_without_a_step_for_it_is_told_with_the_way_there():
    expire = step("expire", "in_force", "done", by=CLOCK_ONLY)
    steps = (
        step("begin", "open", "in_force"),
        step("sleep", "in_force", "dormant"),
        step("wake", "dormant", "in_force"),
        step("close", "dormant", "done"),
    )
    term = deadline("term_end", Anchor(step="begin"), on_lapse=("expire",))
    assert found("open in_force dormant done.", *steps, expire, deadlines=[term]) == {
        "deadlines.term_end.on_lapse": "where it ends in “dormant” the clock takes no step: none of expire leaves that state. "
        "A case comes there by: begin → sleep."
    }
    asleep = step("expire_asleep", "dormant", "done", by=CLOCK_ONLY)
    both = replace(term, on_lapse=("expire", "expire_asleep"))
    assert found("open in_force dormant done.", *steps, expire, asleep, deadlines=[both]) == {}
    awake = replace(term, while_in=frozenset({"in_force"}))
    assert found("open in_force dormant done.", *steps, expire, deadlines=[awake]) == {}


def test_a_count_that_stands_still_may_have_run_out_before():
    expire = step("expire", "in_force", "done", by=CLOCK_ONLY)
    steps = (step("begin", "open", "in_force"), step("halt", "in_force", "halted"), step("go_on", "halted", "in_force"))
    term = deadline("term_end", Anchor(step="begin"), on_lapse=("expire",), paused_in=frozenset({"halted"}))
    assert (
        "“halted”"
        in found("open in_force halted done.", *steps, expire, deadlines=[term])["deadlines.term_end.on_lapse"]
    )


def test_a_tacit_renewal_needs_another_step_where_notice_of_termination_was_given():
    both = frozenset({CLOCK, "liaison"})
    steps = (
        step("begin", "open", "in_force"),
        step("renew", "in_force", "in_force", by=CLOCK_ONLY),
        step("denounce", "in_force", "denounced"),
        step("end", "denounced", "done", by=both),
    )
    term = deadline("term_end", Anchor(step="begin"), on_lapse=("renew",))
    assert (
        "“denounced”" in found("open in_force denounced done.", *steps, deadlines=[term])["deadlines.term_end.on_lapse"]
    )
    ends = replace(term, on_lapse=("renew", "end"))
    assert found("open in_force denounced done.", *steps, deadlines=[ends]) == {}


def test_a_step_that_people_may_take_too_leaves_its_deadline_running():
    give_up = step("give_up", "under_way", "open", by=frozenset({CLOCK, "liaison"}))
    runs = deadline("answer", Anchor(step="begin"), on_lapse=("give_up",), met_by_steps=frozenset({"finish"}))
    assert found("open under_way done.", *OPEN_TO_END, give_up, deadlines=[runs]) == {
        "deadlines.answer.on_lapse": "where it ends in “open” the clock takes no step: none of give_up leaves that state. "
        "A case comes there by: begin → give_up."
    }
    closed = replace(runs, met_by_steps=frozenset({"finish", "give_up"}))
    assert found("open under_way done.", *OPEN_TO_END, give_up, deadlines=[closed]) == {}


def test_what_the_step_of_a_date_requires_is_on_record_wherever_it_may_pass():
    steps = (
        step("begin", "open", "in_force", records=("signed_on",)),
        step("register", "in_force", "in_force", records=("number",)),
    )
    expire = step("expire", "in_force", "done", by=CLOCK_ONLY, requires=(Requirement("fact", fact="number"),))
    term = deadline("term_end", Anchor(step="begin"), on_lapse=("expire",))
    assert found("open in_force done.", *steps, expire, deadlines=[term])["deadlines.term_end.on_lapse"] == (
        "where it ends in “in_force” the clock cannot take “expire”: missing may be “number” on record. "
        "A case comes there by: begin."
    )


def test_a_case_that_is_entered_in_mid_life_has_its_step_too():
    expire = step("expire", "in_force", "done", by=CLOCK_ONLY)
    sign = step("sign", "open", "in_force", per_party="signature", effect=Effect.START_TERM)
    term = deadline("term_end", Anchor(fact="term_starts_on"), on_lapse=("expire",))
    lead_out = step("close", "old", "done")
    assert (
        found("open in_force old done.", sign, expire, lead_out, deadlines=[term], entry=("old",))[
            "deadlines.term_end.on_lapse"
        ]
        == "where it ends in “old” the clock takes no step: none of expire leaves that state. A case comes there by: old."
    )


def test_a_deadline_that_runs_only_in_some_states_can_run_and_be_met_there():
    look = step("look", "there", "there")
    steps = (OPEN_TO_END[0], step("go", "under_way", "there"), step("finish", "there", "done"), look)
    met = frozenset({"look"})
    duty = deadline("duty", Anchor(step="begin"), met_by_steps=met, while_in=frozenset({"there"}))
    assert found("open under_way there done.", *steps, deadlines=[duty]) == {}
    before = replace(duty, while_in=frozenset({"open"}))
    assert found("open under_way there done.", *steps, deadlines=[before]) == {
        "deadlines.duty.while_in": "it never runs: once it begins, no case is in these states."
    }


def test_deadlines_that_never_start_say_why():
    dead = step("ask", "open", "open", day_as="asked_on", requires=ON_RECORD)
    never = [
        deadline("by_step", Anchor(step="ask"), met_by_steps=frozenset({"finish"})),
        deadline("by_fact", Anchor(fact="asked_on"), met_by_steps=frozenset({"finish"})),
        deadline("by_deadline", Anchor(deadline="by_step"), met_by_steps=frozenset({"finish"})),
    ]
    messages = found("open under_way done.", *OPEN_TO_END, dead, deadlines=never)
    del messages["steps.ask.requires[1]"]
    assert messages == {
        "deadlines.by_step.runs_from": "it never starts: nobody ever takes the step “ask”.",
        "deadlines.by_fact.runs_from": "it never starts: nobody ever takes a step that gives “asked_on” its day: ask.",
        "deadlines.by_deadline.runs_from": "it never starts: the deadline “by_step” never does.",
    }


def test_the_start_of_the_term_comes_with_the_last_signature():
    start_term = step("sign", "open", "open", per_party="signature", effect=Effect.START_TERM)
    finish = step("finish", "open", "done", requires=(Requirement("date_known", fact="term_starts_on"),))
    evaluate = deadline("evaluate", Anchor(fact="in_force_on"), met_by_steps=frozenset({"finish"}))
    assert found("open done.", start_term, finish, deadlines=[evaluate]) == {}
    before = replace(evaluate, met_by_steps=frozenset({"sign"}))
    assert found("open done.", start_term, finish, deadlines=[before])["deadlines.evaluate.met_by"] == (
        "once it runs it never ends: none of these steps can be taken any more: sign."
    )


def test_a_deadline_that_a_child_meets_can_be_met():
    by_child = frozenset({ChildState("programme", "agreed")})
    programme = deadline("programme", Anchor(step="finish"), met_by_children=by_child)
    assert found("open under_way done.", *OPEN_TO_END, deadlines=[programme], children=("programme",)) == {}


def test_a_requirement_on_a_child_or_on_another_person_stands_in_nobodys_way():
    requires = (
        Requirement("child", child=ChildState("programme", "agreed")),
        Requirement("another_person_than", steps=("begin",)),
    )
    steps = (OPEN_TO_END[0], replace(OPEN_TO_END[1], requires=requires))
    assert found("open under_way done.", *steps, children=("programme",)) == {}


GATE = Gate("opinion", LABEL, LABEL, frozenset({"give"}), frozenset({"signed"}))
GATED = (
    step("ask", "open", "asked"),
    step("give", "asked", "given"),
    step("sign", "given", "signed"),
    step("finish", "signed", "done"),
)


def test_a_gate_that_no_way_leads_around_is_proved():
    assert found("open asked given signed done.", *GATED, gates=[GATE]) == {}


def test_a_way_around_a_gate_is_named_step_by_step():
    around = step("hurry", "asked", "given")
    assert found("open asked given signed done.", *GATED, around, gates=[GATE]) == {
        "gates.opinion": "a way leads around it to “signed”: ask → hurry → sign. It has to pass give first."
    }


def test_a_way_around_a_gate_that_a_requirement_closes_is_none():
    around = step("hurry", "asked", "given")
    given = replace(GATED[1], records=("letter",))
    sign = replace(GATED[2], requires=ON_RECORD)
    steps = (GATED[0], given, sign, GATED[3], around, step("back", "given", "asked"))
    assert found("open asked given signed done.", *steps, gates=[GATE]) == {}


def test_a_gate_is_open_where_silence_leads_around_it():
    silence = step("silence", "asked", "given", by=CLOCK_ONLY)
    asked, given = frozenset({"asked"}), frozenset({"give"})
    lapses = deadline("opinion", Anchor(step="ask"), on_lapse=("silence",), met_by_steps=given, paused_in=asked)
    assert found("open asked given signed done.", *GATED, silence, deadlines=[lapses], gates=[GATE]) == {
        "gates.opinion": "a way leads around it to “signed”: ask → silence → sign. It has to pass give first."
    }


def test_a_gate_that_every_case_begins_behind_keeps_nothing():
    gate = replace(GATE, to=frozenset({"open"}))
    assert found("open asked given signed done.", *GATED, gates=[gate]) == {
        "gates.opinion": "every case begins behind it: “open” is the first state."
    }


def test_older_cases_that_are_entered_behind_a_gate_do_not_go_around_it_and_can_end():
    revive = step("revive", "old", "asked")
    assert found("open asked given signed old done.", *GATED, revive, gates=[GATE], entry=("old",)) == {}
    assert found("open asked given signed old done.", *GATED, entry=("old",)) == {"states.old": NOWHERE}
    from_there = step("repair", "old", "repaired")
    assert found("open asked given signed old repaired done.", *GATED, from_there, entry=("old",)) == {
        "states.old": NOWHERE,
        "states.repaired": NOWHERE,
    }


def test_a_process_that_is_too_large_to_be_proved_says_so():
    facts = [f"f{number}_on" for number in range(30)]
    steps = [step(f"give_{fact}", "open", "open", day_as=fact) for fact in facts]
    finish = step("finish", "open", "done", requires=tuple(Requirement("fact", fact=fact) for fact in facts))
    assert found("open done.", *steps, finish) == {
        "process": "it is too large to be proved sound: a case can come into too many situations (at most 20000 are looked at). "
        "Ask for fewer facts and checklists at a time, or give a part of it to a child process."
    }


def test_no_final_state_is_told_once():
    assert found("open there", step("go", "open", "there"), step("back", "there", "open")) == {
        "states": "no state is final: the process can never end."
    }
