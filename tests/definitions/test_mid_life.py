"""A case taken over in any state, with no more than a sheet has, can go on: what a refusal says helps."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from builders import noon, people, rulebook
from twinflow.domain.agreement.agreement import Agreement, Child, Claim, Party, Term
from twinflow.domain.agreement.entries import Correction, StepTaken
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.rounds import rounds_of
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.corrections.correction import CorrectionCommand, decide
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import CLOCK, ProcessDefinition, Step
from twinflow.domain.process.well_known_facts import SIGNED_ON
from twinflow.domain.rulebook import deadline_context
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.effects import signed_at_entry
from twinflow.domain.steps.ending import always_ends
from twinflow.domain.steps.opening import NewAgreement, opened, problems_of_opening
from twinflow.domain.steps.round_acts import RoundAct, RoundCommand, with_act
from twinflow.domain.steps.terms import TermCommand, with_term
from twinflow.errors import Refused

SIGNED, IMPORTED = date(2025, 3, 3), date(2026, 3, 2)
PARTIES = (Party("Home city", "MX", home=True), Party("Partner city", "US"))
AS_SHEETS_HAVE_IT = (str(SIGNED), "2025", "")
"""The day of signature: whole, its year only, or not at all."""
ENOUGH = 12
"""More rounds of doing what a refusal says than any step needs."""
COMMAND = re.compile(r"twinflow (?:agreements|rounds) [^;.]+")
NOT_DONE = re.compile(r"^(?:Not done yet|Missing from [^:]*): (.*)\.$")
FROM = re.compile(r"possible from (\S+) on")


@dataclass
class Desk:
    """A case that is on somebody's desk, and the instant it is there."""

    process: ProcessDefinition
    case: Agreement
    now: datetime

    @property
    def context(self) -> DeadlineContext:
        return deadline_context(rulebook(), people(), self.process, self.case.office, self.now)

    def take(self, step: Step, role: str = "") -> None:
        """Take the step with everything that it records, for a party that has not. Raises Refused."""
        done = {entry.party for entry in self.case.steps_taken(step.key)}
        party = next((party.name for party in PARTIES if party.name not in done), None)
        records = {name: self._given(name) for name in step.records}
        command = StepCommand(step.key, None, party if step.per_party else None, records, reason="because")
        actor = self._person(step, role or max(step.by))
        self.case = advance(self.case, self.process, command, actor, now=self.now, context=self.context).agreement

    def follow(self, reason: str) -> bool:
        """Do what a refusal says; whether it says anything that can be done."""
        if day := FROM.search(reason):
            self.now = noon(date.fromisoformat(day[1]))
        elif not_done := NOT_DONE.search(reason):
            against(self, next(step for step in self.process.steps.values() if step.label["en"] == not_done[1]))
        elif command := COMMAND.search(reason):
            self._do(command[0].split())
        else:
            return False
        self.case = with_deadlines(self.case, self.process, self.context)
        return True

    def _do(self, words: list[str]) -> None:
        """A command as a refusal has it, with what is to be filled in filled in."""
        match words[2]:
            case "advance":
                against(self, self.process.steps[words[4]])
            case "correct":
                name, _, value = words[words.index("--set") + 1].partition("=")
                self._correct(int(words[4]), {name: {"DATE": str(SIGNED), "VALUE": "given"}.get(value, value)})
            case "confirm-term":
                said, person = TermCommand(words[4], Term.parse("60 days"), "the text"), self._person(None, "liaison")
                today = self.context.today
                self.case = with_term(self.case, self.process, said, person, now=self.now, today=today)
            case "observe":
                self._act(RoundAct.OBSERVE, article="V", text="It is missing.")
            case "consult":
                role = next(role for rule in self.process.rounds.values() for role in rule.consults)
                self._act(RoundAct.CONSULT, role=role, text="Is it in order?")
                asked = max(rounds_of(self.case.history, self.process).consultations)
                self._act(RoundAct.GIVE, role, number=asked, text="It is.")
            case "open":
                self.case = replace(self.case, children=(*self.case.children, *self._children()))

    def _act(self, act: RoundAct, by: str = "", **said: Any) -> None:
        command, context = RoundCommand(act=act, **said), self.context
        deciding = {role for rule in self.process.rounds.values() for role in rule.observed_by | rule.consulted_by}
        person = self._person(None, *({by} if by else deciding))
        self.case = with_act(
            self.case, self.process, command, person, now=self.now, today=context.today, calendars=context.calendars
        )

    def _correct(self, entry: int, asked: dict[str, str]) -> None:
        command = CorrectionCommand(entry=entry, correction=Correction.REPLACE, reason="so the sheet", asked=asked)
        person, history = self._person(None, *self.process.roles), self.case.history
        self.case = decide(self.case, history, command, person, rulebook(), people(), self.now).after

    def _children(self) -> list[Child]:
        """One that has come today to each state that some step waits for."""
        asked = [each.child for step in self.process.steps.values() for each in step.requires if each.child is not None]
        today = self.context.today
        return [Child(f"A-1-{n}", each.process, each.state, ((each.state, today),)) for n, each in enumerate(asked)]

    def _person(self, step: Step | None, *roles: str) -> Actor:
        return Actor(CLOCK if CLOCK in roles else f"taker of {step and step.key}", frozenset(roles))

    def _given(self, name: str) -> str:
        if name in self.process.checklists:
            return "all"
        day = self.now + timedelta(days=-1 if name == SIGNED_ON else 7)
        return str(day.date()) if name.endswith("_on") else "given"


def taken_over(process: ProcessDefinition, state: str, signed_on: str = str(SIGNED)) -> Desk:
    """With a reference, parties, and, where it is signed, the day of signature as far as the sheet has it."""
    known = signed_on and process.states[state].signed and SIGNED_ON in process.facts
    facts = {SIGNED_ON: (Claim(PartialDate.parse(signed_on), "sheet"),)} if known else {}
    new = NewAgreement(
        "A-1", process.key, "chihuahua", "A", IMPORTED, PARTIES, state=state, facts=facts, kind=EntryKind.IMPORTED
    )
    assert list(problems_of_opening(new, process, IMPORTED)) == []
    case = signed_at_entry(opened(new, process, actor="elena", now=noon(IMPORTED), today=IMPORTED), process)
    desk = Desk(process, case, noon(IMPORTED))
    return replace(desk, case=with_deadlines(case, process, desk.context))


def against(desk: Desk, step: Step) -> list[str]:
    """Why the step is not taken, although everything was done that its refusals said; nothing where it was."""
    reasons = ["nothing was tried"]
    for _ in range(ENOUGH):
        try:
            desk.take(step)
        except Refused as refused:
            reasons = [str(reason) for reason in refused.reasons]
            if not desk.follow(reasons[0]):
                return reasons
        else:
            return []
    return reasons


def told_of_the_clock(desk: Desk, step: Step) -> list[str]:
    """What a clerk is told who would take a step of the clock, once everything was done that it says."""
    told: list[str] = []
    for _ in range(ENOUGH):
        with pytest.raises(Refused) as caught:
            desk.take(step, "liaison")
        told = [str(reason) for reason in caught.value.reasons]
        if not any(desk.follow(reason) for reason in told):
            break
    return told


@pytest.mark.parametrize("signed_on", AS_SHEETS_HAVE_IT)
@pytest.mark.parametrize("process", list(rulebook().catalogue), ids=lambda process: process.key)
def test_every_step_of_a_case_taken_over_in_any_state_is_taken_once_its_refusals_are_followed(
    process, signed_on
) -> None:
    stuck = {
        (state, step.key): reasons
        for step in process.steps.values()
        for state in step.sources
        if step.by != {CLOCK} and (reasons := against(taken_over(process, state, signed_on), step))
    }
    assert stuck == {}


@pytest.mark.parametrize("signed_on", AS_SHEETS_HAVE_IT)
@pytest.mark.parametrize("process", list(rulebook().catalogue), ids=lambda process: process.key)
def test_whoever_waits_for_the_clock_in_a_case_taken_over_comes_to_know_the_day(process, signed_on) -> None:
    waits = [(state, step) for step in process.steps.values() if step.by == {CLOCK} for state in step.sources]
    told = {(state, step.key): told_of_the_clock(taken_over(process, state, signed_on), step) for state, step in waits}
    assert {at: said for at, said in told.items() if not any("The clock takes it when" in each for each in said)} == {}


@pytest.mark.parametrize("process", [each for each in rulebook().catalogue if each.children], ids=lambda each: each.key)
def test_every_step_that_ends_a_case_names_what_belongs_to_it_and_has_not_ended(process: ProcessDefinition) -> None:
    ends = [step for step in process.steps.values() if step.by != {CLOCK} and always_ends(step, process)]
    assert ends
    for step in ends:
        desk = taken_over(process, min(step.sources))
        desk.case = replace(desk.case, children=(Child("A-1-P", process.children[0], "begun", ()),))
        assert against(desk, step) == []
        said = StepTaken.read(desk.case.history[-1])
        assert said is not None
        assert "A-1-P" in said.left_open.children
