"""Taking a step: `advance` decides what becomes of an agreement, or says everything that stands in the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from shlex import quote

from twinflow.domain.agreement.agreement import Agreement, Signature
from twinflow.domain.agreement.entries import StepTaken
from twinflow.domain.agreement.history import IMPORT, OF_A_ROUND, HistoryEntry
from twinflow.domain.agreement.left_open import LeftOpen
from twinflow.domain.agreement.present_names import number_of
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.duties import in_the_hands_of_another
from twinflow.domain.people.people import Actor
from twinflow.domain.process import machine
from twinflow.domain.process.definition import CLOCK, OF_ROUNDS, ProcessDefinition, Requirement, Step
from twinflow.domain.steps.command import Attempt, Outcome, StepCommand
from twinflow.domain.steps.days import (
    assumed_to_be_in_time,
    comes_with,
    what_the_clock_waits_for,
    with_dates_recorded,
)
from twinflow.domain.steps.effects import with_effect, with_facts
from twinflow.domain.steps.ending import what_is_left_open
from twinflow.domain.steps.facts import recorded_facts
from twinflow.domain.steps.remedies import comes_on_record
from twinflow.domain.steps.requirements import ASKED_FOR, CONDITIONS, unmet
from twinflow.errors import Refused
from twinflow.sentences import Sentence


def advance(
    agreement: Agreement,
    definition: ProcessDefinition,
    command: StepCommand,
    actor: Actor,
    *,
    now: datetime,
    context: DeadlineContext,
) -> Outcome:
    """Take a step. `now` is UTC; `context` has the date at the office and what deadlines are counted with.

    Raises NotFound for a step the process does not have, and Refused with every reason that stands in the way.
    """
    step = definition.step(command.step)
    today = context.today
    on = command.taken_on(today)
    reasons = _refusals(agreement, definition, step, command, actor, today)
    facts, mistakes = recorded_facts(definition, step, command, today)
    reasons += mistakes
    if step.needs_reason and not command.reason.strip():
        reasons.append(Sentence("The step is taken only with a reason."))
    if command.records.keys() - set(step.records):
        extra = sorted(command.records.keys() - set(step.records))
        reasons.append(Sentence("The step does not record {facts}.", {"facts": extra}))
        reasons += [comes for name in extra for comes in comes_on_record(definition, name)]

    after = _signed(with_facts(agreement, facts), step, command, on)
    recorded = with_dates_recorded(after, definition, step, context)
    from_here = agreement.state in step.sources and not command.beside
    attempt = Attempt(recorded, definition, actor, on, context.calendars, from_here, step)
    missing = [unmet(attempt, requirement) for requirement in step.requires]
    reasons += [message for message in missing if message is not None]
    state = machine.destination(definition, agreement.state, step.key, _holding(attempt))
    if state is None and not reasons:
        reasons.append(Sentence("The step leads nowhere from here."))
    if reasons or state is None:
        raise Refused("“{step}” cannot be taken.", tuple(reasons), step=step.label)

    left = what_is_left_open(agreement, step, definition, context) if definition.states[state].final else LeftOpen()
    said = StepTaken(
        command.place,
        command.capacity,
        command.reason,
        command.received_at,
        command.records,
        left,
        command.corrected_by,
        assumed_to_be_in_time(attempt, step),
    )
    entry = HistoryEntry(
        kind=said.kind,
        actor=actor.key,
        effective_on=on,
        recorded_at=now,
        step=step.key,
        from_state=agreement.state,
        to_state=state,
        party=command.party,
        details=said.details(),
        way=actor.way_in(step.by),
    )
    after = replace(after, state=state, version=agreement.version + 1, history=(*agreement.history, entry))
    after = with_effect(after, step, on)
    return Outcome(with_deadlines(after, definition, context), entry, step.announcements)


def reasons_against(
    agreement: Agreement, definition: ProcessDefinition, step: Step, actor: Actor, context: DeadlineContext
) -> list[Sentence]:
    """Everything that stands in the way of `step` today, apart from what would be filled in with it."""
    command = StepCommand(step.key, context.today)
    reasons = _refusals(agreement, definition, step, command, actor, context.today, asking=True)
    from_here = agreement.state in step.sources
    attempt = Attempt(agreement, definition, actor, context.today, context.calendars, from_here, step)
    asked = [requirement for requirement in step.requires if not comes_with(step, requirement, definition)]
    return reasons + [message for requirement in asked if (message := unmet(attempt, requirement)) is not None]


def _refusals(
    agreement: Agreement,
    definition: ProcessDefinition,
    step: Step,
    command: StepCommand,
    actor: Actor,
    today: date,
    *,
    asking: bool = False,
) -> list[Sentence]:
    reasons: list[Sentence] = []
    if agreement.annulled_on is not None:
        reasons.append(Sentence("It was annulled on {day}.", {"day": agreement.annulled_on}))
    if agreement.state not in step.sources:
        here = machine.steps_from(definition, agreement.state)
        reasons.append(
            Sentence(
                "The agreement is in the state “{state}”, by {actor}, {day}; the steps from there are: {steps}.",
                {"state": definition.states[agreement.state].label, "steps": here or "–", **_came_here(agreement)},
            )
        )
    if not actor.roles & step.by and step.by == {CLOCK}:
        reasons.append(Sentence("The clock alone takes it."))
        if agreement.state in step.sources:
            reasons += what_the_clock_waits_for(agreement, step, definition)
    elif not actor.roles & step.by:
        needed = [Sentence("the clock") if role == CLOCK else definition.roles[role].label for role in sorted(step.by)]
        reasons.append(Sentence("{person} is not {roles} here.", {"person": actor.key, "roles": needed}))
    elif (
        CLOCK not in actor.roles
        and (hands := in_the_hands_of_another(agreement, definition, step.by, actor)) is not None
    ):
        reasons.append(hands)
    if not asking:
        reasons += _about_the_party(agreement, step, command)
    if not asking and CLOCK not in actor.roles:
        reasons += _about_the_day(agreement, definition, step, command, today, actor)
    return reasons


def _came_here(agreement: Agreement) -> dict[str, object]:
    """Who brought the agreement into its state, and on which day: whoever comes second wants to know."""
    for entry in reversed(agreement.history):
        if entry.to_state == agreement.state and entry.from_state != entry.to_state:
            return {"actor": _in_words(entry.actor), "day": entry.effective_on}
    return {"actor": "–", "day": "–"}


def _in_words(actor: str) -> Sentence | str:
    """Who acted, where that is no person."""
    return {CLOCK: Sentence("the clock"), IMPORT: Sentence("import from a register")}.get(actor, actor)


def _about_the_day(
    agreement: Agreement, definition: ProcessDefinition, step: Step, command: StepCommand, today: date, actor: Actor
) -> list[Sentence]:
    """No step is dated after today, nor before those it builds on: a note of today does not bar an act of last week."""
    on = command.taken_on(today)
    if on > today:
        return [Sentence("The day {day} is still to come.", {"day": on})]
    later = [entry for entry in agreement.history if on < entry.effective_on and not agreement.is_undated(entry)]
    barring = _built_on(definition, step, later)
    return [_bars(agreement, definition, entry, on, actor, command.beside) for entry in barring]


def _built_on(definition: ProcessDefinition, step: Step, history: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """The entries that the step builds on, and those that they build on themselves, in the order in which they were recorded."""
    found: list[HistoryEntry] = []
    steps = [step]
    for entry in reversed(history):
        if any(_builds_on(each, entry) for each in steps):
            found.insert(0, entry)
            steps += [known] if (known := definition.steps.get(entry.step or "")) is not None else []
    return found


def _bars(
    agreement: Agreement,
    definition: ProcessDefinition,
    entry: HistoryEntry,
    on: date,
    actor: Actor,
    corrected: frozenset[int],
) -> Sentence:
    """That the entry is of a later day, and the command by which it is of this one, if that is right.

    What was taken over from a sheet is put right by whoever asks; what the clock did goes with the date that it followed from.
    What is being `corrected` has the day that is right.
    """
    step = definition.steps.get(entry.step or "")
    values: dict[str, object] = {
        "day": on,
        "before": entry.effective_on,
        "what": step.label if step is not None else entry.step or _what(entry),
        "person": _in_words(entry.actor),
    }
    number = number_of(agreement.history, entry)
    if entry.actor == CLOCK or number in corrected:
        return Sentence("The day {day} is before {before}, the day of “{what}” ({person}), on which it builds.", values)
    asked = {
        "reference": agreement.reference,
        "number": number,
        "person": quote(actor.key if entry.actor == IMPORT else entry.actor),
        "on": on.isoformat(),
        "why": Sentence("the day was typed wrongly"),
    }
    command = 'twinflow agreements correct {reference} {number} --as {person} --set on={on} --reason "{why}"'
    values["command"] = Sentence(command, asked)
    return Sentence(
        "The day {day} is before {before}, the day of “{what}” ({person}), on which it builds; if that day is wrong, "
        "correct it: {command}",
        values,
    )


def _what(entry: HistoryEntry) -> Sentence:
    return Sentence("what was done in the round") if entry.kind in OF_A_ROUND else Sentence("the opening")


def _builds_on(step: Step, entry: HistoryEntry) -> bool:
    """Whether the step comes after the entry: what brought the case to where it is, and what the step asks to have been done.

    Parties may act in any order among themselves.
    """
    if entry.kind in OF_A_ROUND:
        return any(requirement.name in OF_ROUNDS for requirement in step.requires)
    if entry.to_state is None:
        return False
    if step.per_party is not None and entry.step == step.key:
        return False
    asked = {each for requirement in step.requires for each in requirement.steps if requirement.name in ASKED_FOR}
    return entry.from_state != entry.to_state or entry.step in asked


def _about_the_party(agreement: Agreement, step: Step, command: StepCommand) -> list[Sentence]:
    if step.per_party is None:
        return [] if command.party is None else [Sentence("The step is not taken for a single party.")]
    names = [party.name for party in agreement.parties]
    if command.party not in names:
        return [Sentence("The step is taken for one party; name one of {parties}.", {"parties": names})]
    if step.per_party == "signature" and command.party not in {party.name for party in agreement.unsigned}:
        return [Sentence("{party} has signed already.", {"party": command.party})]
    return []


def _signed(agreement: Agreement, step: Step, command: StepCommand, on: date) -> Agreement:
    """The party's signature on the text; the last one makes the day of signature."""
    if step.per_party != "signature":
        return agreement
    signature = Signature(PartialDate.of(on), command.capacity, command.place)
    parties = list(agreement.parties)
    for number, party in enumerate(parties):
        if party.name == command.party and party.signature is None:
            parties[number] = replace(party, signature=signature)
            break
    return replace(agreement, parties=tuple(parties))


def _holding(attempt: Attempt) -> frozenset[str]:
    return frozenset(name for name in CONDITIONS if unmet(attempt, Requirement(name)) is None)
