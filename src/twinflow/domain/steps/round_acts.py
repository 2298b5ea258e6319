"""What people do within a round beside the steps that open and end it: whether it can be done, and its entry of the history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import (
    ConsultationAct,
    DraftSubmitted,
    InternalNote,
    ObservationAct,
    OfARound,
    OnConsultation,
    OnObservation,
    noted,
)
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.rounds import Observation, Rounds, Standing, rounds_of
from twinflow.domain.calendar.business_days import Calendars, add_length
from twinflow.domain.people.people import Actor
from twinflow.domain.people.ties import tie_to, with_tie
from twinflow.domain.process.definition import CLOCK, ProcessDefinition, RoundRule
from twinflow.errors import BadInput, Refused
from twinflow.sentences import Problem, Sentence, unknown_name


class RoundAct(StrEnum):
    SUBMIT = "submit-draft"
    OBSERVE = "observe"
    ANSWER = "answer"
    CLOSE = "close"
    REOPEN = "reopen"
    CONSULT = "consult"
    GIVE = "give"
    NOTE = "note"


OF_OBSERVATIONS = {
    RoundAct.OBSERVE: ObservationAct.MADE,
    RoundAct.ANSWER: ObservationAct.ANSWERED,
    RoundAct.CLOSE: ObservationAct.CLOSED,
    RoundAct.REOPEN: ObservationAct.REOPENED,
}
OF_CONSULTATIONS = {RoundAct.CONSULT: ConsultationAct.ASKED, RoundAct.GIVE: ConsultationAct.GIVEN}
NUMBERED = {RoundAct.ANSWER, RoundAct.CLOSE, RoundAct.REOPEN, RoundAct.GIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCommand:
    """An act within a round as somebody asks for it. `on` is the day of the act at the office, None its today.

    `number` is that of the observation or consultation, `draft` the text of a draft, `paper` the mark of one on paper. `round` is
    the kind of round, which need not be named where there is one.
    """

    act: RoundAct
    on: date | None = None
    round: str = ""
    number: int | None = None
    article: str = ""
    text: str = ""
    role: str = ""
    draft: str = ""
    paper: str = ""
    due_on: date | None = None

    def on_day(self, on: date) -> "RoundCommand":
        return replace(self, on=on)

    @classmethod
    def of(cls, entry: HistoryEntry, said: OfARound) -> "RoundCommand":
        """What was asked for, from its entry."""
        match said:
            case DraftSubmitted():
                given = cls(act=RoundAct.SUBMIT, draft=said.text, paper=said.paper)
            case OnObservation():
                act = next(act for act, its in OF_OBSERVATIONS.items() if its is said.act)
                given = cls(act=act, number=said.number, article=said.article, text=said.text)
            case OnConsultation():
                act = next(act for act, its in OF_CONSULTATIONS.items() if its is said.act)
                given = cls(act=act, number=said.number, text=said.text, role=said.role, due_on=said.due_on)
            case InternalNote():
                given = cls(act=RoundAct.NOTE, text=said.text)
        return replace(given, on=entry.effective_on, round=said.round)


def with_act(
    agreement: Agreement,
    definition: ProcessDefinition,
    command: RoundCommand,
    actor: Actor,
    *,
    now: datetime,
    today: date,
    calendars: Calendars,
) -> Agreement:
    """The agreement with the entry of the act as the last of its history; its state stays. `now` is UTC.

    Raises BadInput with everything that is missing, Refused with every reason that stands in the way.
    """
    desk = _Desk(agreement, definition, command, actor, today, rounds_of(agreement.history, definition))
    mistakes = list(desk.mistakes())
    rule = desk.rule()
    if mistakes or rule is None:
        raise BadInput("Nothing can be put on record so.", tuple(mistakes))
    reasons = list(desk.reasons(rule))
    if reasons:
        raise Refused("The round of {reference} stays as it is.", tuple(reasons), reference=agreement.reference)
    entry = noted(desk.said(rule, calendars), actor.key, desk.on, now, actor.way_in(desk.roles(rule)))
    return replace(agreement, version=agreement.version + 1, history=(*agreement.history, entry))


@dataclass(frozen=True, slots=True)
class _Desk:
    """An act somebody asks for, with what its reasons are found in."""

    agreement: Agreement
    definition: ProcessDefinition
    command: RoundCommand
    actor: Actor
    today: date
    rounds: Rounds

    @property
    def on(self) -> date:
        return self.command.on or self.today

    def rule(self) -> RoundRule | None:
        """The kind of round it is about: the one that is named, that its number is of, or the only one that can be meant."""
        command, rules = self.command, self.definition.rounds
        if command.act in NUMBERED and command.number is not None:
            known = self.rounds.observations.get(command.number)
            asked = self.rounds.consultations.get(command.number)
            of_consultation = command.act is RoundAct.GIVE
            key = (
                asked.asked.round if of_consultation and asked else known.round if known and not of_consultation else ""
            )
            return rules.get(key)
        if command.round:
            return rules.get(command.round)
        fitting = [rule for rule in rules.values() if self.roles(rule)]
        open_now = [rule for rule in fitting if self._is_with_them(rule)]
        mine = [rule for rule in fitting if self.actor.roles & self.roles(rule)]
        if command.act is RoundAct.SUBMIT:
            here = {step.key for step in self.definition.steps.values() if self.agreement.state in step.sources}
            open_now = [rule for rule in fitting if rule.opened_by & here]
        return next(iter([*open_now, *mine, *fitting]), None)

    def roles(self, rule: RoundRule) -> frozenset[str]:
        """Who may do it."""
        match self.command.act:
            case RoundAct.SUBMIT:
                opening = (self.definition.steps[key].by for key in rule.opened_by)
                return frozenset[str]().union(*opening) - {CLOCK} if rule.draft else frozenset()
            case RoundAct.OBSERVE | RoundAct.CLOSE | RoundAct.REOPEN:
                return rule.observed_by
            case RoundAct.ANSWER:
                return rule.answered_by
            case RoundAct.CONSULT:
                return rule.consulted_by
            case RoundAct.GIVE:
                asked = self.rounds.consultations.get(self.command.number or 0)
                return frozenset({asked.asked.role}) if asked is not None else frozenset(rule.consults)
            case RoundAct.NOTE:
                return rule.noted_by

    def _is_with_them(self, rule: RoundRule) -> bool:
        """Whether a round is with those who decide; one that silence has ended may still be decided expressly."""
        last, steps = self.rounds.last(rule.key), self.definition.steps
        may_decide = any(self.agreement.state in steps[key].sources for key in rule.ended_by)
        return last is not None and (last.ended is None or may_decide)

    def mistakes(self) -> Iterator[Problem]:
        """What is missing, or names what there is not."""
        command, rules = self.command, self.definition.rounds
        if not rules:
            yield Problem("--round", Sentence("{process} has no rounds.", {"process": self.definition.name}))
            return
        if command.round and command.round not in rules:
            yield Problem("--round", unknown_name(Sentence("the round"), command.round, rules))
        elif not command.round and not any(self.roles(rule) for rule in rules.values()):
            yield Problem("--round", Sentence("no round of {process} has that.", {"process": self.definition.name}))
        yield from self._about_the_number()
        if command.act is RoundAct.SUBMIT:
            if bool(command.draft.strip()) == bool(command.paper.strip()):
                yield Problem(
                    "FILE", Sentence("give the text of the draft (FILE), or the mark of the paper (--paper).")
                )
        elif command.act is not RoundAct.CLOSE and not command.text.strip():
            yield Problem("--text", Sentence("say it in words."))
        if command.act is RoundAct.OBSERVE and not command.article.strip():
            yield Problem("--article", Sentence("name the article that it is about, like “V”, or “whole text”."))
        if command.act is RoundAct.CONSULT:
            roles = [role for rule in rules.values() for role in rule.consults]
            if command.role not in roles:
                yield Problem("--role", unknown_name(Sentence("the role"), command.role, roles))

    def _about_the_number(self) -> Iterator[Problem]:
        command = self.command
        known: Mapping[int, object] = self.rounds.observations
        if command.act in {RoundAct.GIVE, RoundAct.CONSULT}:
            known = self.rounds.consultations
        if command.act in {RoundAct.OBSERVE, RoundAct.CONSULT} and command.number in known:
            yield Problem("NUMBER", Sentence("number {number} is taken.", {"number": command.number}))
        elif command.act in NUMBERED and command.number not in known:
            values = {"number": command.number, "known": sorted(known) or "–"}
            yield Problem("NUMBER", Sentence("there is no number {number}; there are: {known}.", values))

    def reasons(self, rule: RoundRule) -> Iterator[Sentence]:
        """Everything that stands in the way."""
        if self.agreement.annulled_on is not None:
            yield Sentence("It was annulled on {day}.", {"day": self.agreement.annulled_on})
        if self.definition.states[self.agreement.state].final:
            yield Sentence("The case has ended: nothing is decided about it any more.")
        roles = self.roles(rule)
        if not self.actor.roles & roles:
            labels = [self.definition.roles[role].label for role in sorted(roles)]
            yield Sentence("{person} is not {roles} here.", {"person": self.actor.key, "roles": labels})
        yield from self._about_the_round(rule)
        builds_on = self._builds_on(rule)
        if self.on > self.today:
            yield Sentence("The day {day} is still to come.", {"day": self.on})
        elif builds_on is not None and self.on < builds_on.effective_on:
            values = {"day": self.on, "before": builds_on.effective_on}
            yield Sentence("The day {day} is before {before}, the day of what it is about.", values)

    def _about_the_round(self, rule: RoundRule) -> Iterator[Sentence]:
        """Whether it is the turn of those who would do it, and the observation or consultation stands so."""
        act, values = self.command.act, {"round": rule.label}
        is_open = self.rounds.open(rule.key) is not None
        if act in {RoundAct.SUBMIT, RoundAct.ANSWER}:
            if is_open:
                yield Sentence("“{round}”: the round is with those who decide; wait for its end.", values)
        elif not self._is_with_them(rule):
            yield Sentence("“{round}”: no round is open.", values)
        number = self.command.number
        if act in OF_OBSERVATIONS and act is not RoundAct.OBSERVE and number is not None:
            yield from self._about_the_observation(self.rounds.observations[number])
        if act is RoundAct.GIVE and number is not None and self.rounds.consultations[number].given is not None:
            yield Sentence("Consultation {number} has its answer already.", {"number": number})

    def _about_the_observation(self, known: Observation) -> Iterator[Sentence]:
        values: dict[str, object] = {"number": known.number}
        match self.command.act, known.standing:
            case RoundAct.ANSWER, Standing.ANSWERED:
                yield Sentence("Observation {number} has its answer already; correct that one.", values)
            case ((RoundAct.ANSWER | RoundAct.CLOSE), Standing.CLOSED):
                yield Sentence("Observation {number} is closed.", values)
            case RoundAct.REOPEN, Standing.OPEN | Standing.REOPENED:
                yield Sentence("Observation {number} is open.", values)
        if self.command.act is RoundAct.CLOSE:
            yield from self._about_who_answered(known)

    def _about_who_answered(self, known: Observation) -> Iterator[Sentence]:
        """That whoever closes it is tied to somebody who answered it."""
        for entry, said in known.entries:
            tie = tie_to(self.actor, entry.actor, entry.way) if said.act is ObservationAct.ANSWERED else None
            if tie is not None:
                did = Sentence(
                    "{person} answered observation {number}", {"person": entry.actor, "number": known.number}
                )
                yield Sentence("{did}; another person has to close it.", {"did": with_tie(did, tie)})
                return

    def _builds_on(self, rule: RoundRule) -> HistoryEntry | None:
        number, last = self.command.number, self.rounds.last(rule.key)
        if self.command.act is RoundAct.GIVE and number is not None:
            return self.rounds.consultations[number].asked_in
        if self.command.act in NUMBERED and number is not None:
            return self.rounds.observations[number].last
        return None if self.command.act is RoundAct.SUBMIT or last is None else last.opened

    def said(self, rule: RoundRule, calendars: Calendars) -> OfARound:
        command, key = self.command, rule.key
        match command.act:
            case RoundAct.SUBMIT:
                return DraftSubmitted(key, command.draft, command.paper.strip())
            case RoundAct.NOTE:
                return InternalNote(key, command.text)
            case RoundAct.CONSULT:
                number = command.number or self.rounds.next_consultation
                due_on = command.due_on or (add_length(self.on, rule.within, calendars) if rule.within else None)
                return OnConsultation(key, ConsultationAct.ASKED, number, command.text, command.role, due_on)
            case RoundAct.GIVE:
                return OnConsultation(key, ConsultationAct.GIVEN, command.number or 0, command.text)
            case act:
                number = command.number or self.rounds.next_observation
                article = command.article.strip()
                return OnObservation(key, OF_OBSERVATIONS[act], number, command.text, article)
