"""Taking a step: `advance` decides what becomes of an agreement, or says everything that stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import (
    ENDED_ON,
    IN_FORCE_ON,
    NOT_IN_FUTURE,
    SIGNED_ON,
    TERM_STARTS_ON,
    Agreement,
    Claim,
    HistoryEntry,
    Signature,
)
from twinflow.domain.agreement.entries import StepTaken
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.deadlines.context import Reckoning
from twinflow.domain.deadlines.occurrences import derive
from twinflow.domain.people.people import Actor
from twinflow.domain.process import machine
from twinflow.domain.process.definition import (
    CLOCK,
    Announcement,
    Checklist,
    Effect,
    ProcessDefinition,
    Requirement,
    Step,
)
from twinflow.domain.steps.requirements import CONDITIONS, unmet
from twinflow.errors import Refused, Unreadable
from twinflow.sentences import Message


@dataclass(frozen=True, slots=True)
class StepCommand:
    """A step as somebody asks for it. `effective_on` is the day of the act, in the time zone of the office; None is its today.

    `records` holds the facts the step records, by name, as text; `party` names the party where the step is taken for one.
    `received_at` (UTC) is when it arrived where it was sent, for offices that have a closing hour.
    """

    step: str
    effective_on: date | None
    party: str | None = None
    records: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    capacity: str = ""
    reason: str = ""
    received_at: datetime | None = None

    def taken_on(self, today: date) -> date:
        """The day of the act, where `today` is the date at the office."""
        return self.effective_on or today


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step makes of an agreement: its new snapshot, the history entry, and the notices to send."""

    agreement: Agreement
    entry: HistoryEntry
    announcements: tuple[Announcement, ...]


def advance(
    agreement: Agreement,
    definition: ProcessDefinition,
    command: StepCommand,
    actor: Actor,
    *,
    now: datetime,
    reckoning: Reckoning,
) -> Outcome:
    """Take a step. `now` is UTC; `reckoning` has the date at the office and what deadlines are reckoned with.

    Raises NotFound for a step the process does not have, and Refused with every reason that stands in the way.
    """
    step = definition.step(command.step)
    today = reckoning.today
    on = command.taken_on(today)
    reasons = _refusals(agreement, definition, step, command, actor, today)
    facts, mistakes = _recorded(definition, step, command, today)
    reasons += mistakes
    if step.needs_reason and not command.reason.strip():
        reasons.append(Message("The step is taken only with a reason."))
    if command.records.keys() - set(step.records):
        extra = sorted(command.records.keys() - set(step.records))
        reasons.append(Message("The step does not record {facts}.", {"facts": extra}))

    after = _signed(_with_facts(agreement, facts), step, command, on)
    missing = [unmet(after, definition, actor, requirement) for requirement in step.requires]
    reasons += [message for message in missing if message is not None]
    state = machine.destination(definition, agreement.state, step.key, _holding(after, definition, actor))
    if state is None and not reasons:
        reasons.append(Message("The step leads nowhere from here."))
    if reasons or state is None:
        raise Refused("“{step}” cannot be taken.", tuple(reasons), step=step.label)

    said = StepTaken(command.place, command.capacity, command.reason, command.received_at, command.records)
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
    )
    after = replace(after, state=state, version=agreement.version + 1, history=(*agreement.history, entry))
    after = _with_effect(after, step, on)
    after = replace(after, deadlines=derive(after, definition, reckoning))
    return Outcome(after, entry, step.announcements)


def reasons_against(
    agreement: Agreement, definition: ProcessDefinition, step: Step, actor: Actor, today: date
) -> list[Message]:
    """Everything that stands in the way of `step` today, apart from what would be filled in with it."""
    command = StepCommand(step.key, today)
    reasons = _refusals(agreement, definition, step, command, actor, today, asking=True)
    recorded = {*step.records, step.day_as}
    asked = [requirement for requirement in step.requires if requirement.fact not in recorded]
    return reasons + [message for r in asked if (message := unmet(agreement, definition, actor, r)) is not None]


def _refusals(
    agreement: Agreement,
    definition: ProcessDefinition,
    step: Step,
    command: StepCommand,
    actor: Actor,
    today: date,
    *,
    asking: bool = False,
) -> list[Message]:
    reasons: list[Message] = []
    if agreement.state not in step.sources:
        here = machine.steps_from(definition, agreement.state)
        reasons.append(
            Message(
                "The agreement is in the state “{state}”, by {actor}, {day}; the steps from there are: {steps}.",
                {"state": definition.states[agreement.state].label, "steps": here or "–", **_came_here(agreement)},
            )
        )
    if not actor.roles & step.by:
        needed = [Message("the clock") if role == CLOCK else definition.roles[role].label for role in sorted(step.by)]
        reasons.append(Message("{person} is not {roles} here.", {"person": actor.key, "roles": needed}))
    if not asking:
        reasons += _about_the_party(agreement, step, command)
    if not asking and CLOCK not in actor.roles:
        reasons += _about_the_day(agreement, step, command.taken_on(today), today)
    return reasons


def _came_here(agreement: Agreement) -> dict[str, object]:
    """Who brought the agreement into its state, and on which day: whoever comes second wants to know."""
    for entry in reversed(agreement.history):
        if entry.to_state == agreement.state and entry.from_state != entry.to_state:
            return {"actor": entry.actor, "day": entry.effective_on}
    return {"actor": "–", "day": "–"}


def _about_the_day(agreement: Agreement, step: Step, effective_on: date, today: date) -> list[Message]:
    """No step is dated after today, nor before those it builds on. Parties may act in any order among themselves."""
    if effective_on > today:
        return [Message("The day {day} is still to come.", {"day": effective_on})]
    before = [entry.effective_on for entry in agreement.history if _comes_before(entry, step)]
    if before and effective_on < max(before):
        values = {"day": effective_on, "before": max(before)}
        return [Message("The day {day} is before {before}, the day of the step before it.", values)]
    return []


def _comes_before(entry: HistoryEntry, step: Step) -> bool:
    if entry.to_state is None:
        return False
    return step.per_party is None or (entry.step != step.key and entry.from_state != entry.to_state)


def _about_the_party(agreement: Agreement, step: Step, command: StepCommand) -> list[Message]:
    names = [party.name for party in agreement.parties]
    if step.per_party is None:
        return [] if command.party is None else [Message("The step is not taken for a single party.")]
    if command.party not in names:
        return [Message("The step is taken for one party; name one of {parties}.", {"parties": names})]
    if step.per_party == "signature" and command.party not in {party.name for party in agreement.unsigned}:
        return [Message("{party} has signed already.", {"party": command.party})]
    return []


def is_still_to_come(value: PartialDate | str, today: date) -> bool:
    """Whether a dated fact lies after `today`."""
    return isinstance(value, PartialDate) and value.as_date is not None and value.as_date > today


def _recorded(
    definition: ProcessDefinition, step: Step, command: StepCommand, today: date
) -> tuple[dict[str, PartialDate | str], list[Message]]:
    """The facts of the command as values; a step's own facts are all needed. The day of the act is one where the step says so."""
    facts: dict[str, PartialDate | str] = {}
    mistakes: list[Message] = []
    if step.day_as is not None:
        facts[step.day_as] = PartialDate.of(command.taken_on(today))
    for key in step.records:
        text = command.records.get(key, "").strip()
        if not text:
            label = definition.records[key]
            mistakes.append(Message("{fact} is missing: give {key}=…", {"fact": label, "key": key}))
            continue
        try:
            facts[key] = _value(definition, key, text)
        except Unreadable as error:
            mistakes.append(
                Message("{key} = “{text}”: {mistake}.", {"key": key, "text": text, "mistake": error.message})
            )
            continue
        if key in NOT_IN_FUTURE and is_still_to_come(facts[key], today):
            mistakes.append(Message("{fact}: the day is still to come.", {"fact": definition.facts[key]}))
    return facts, mistakes


def _value(definition: ProcessDefinition, key: str, text: str) -> PartialDate | str:
    """What is put on record: a date, a text, the mark of a paper, or the items of a checklist. Raises Unreadable."""
    if key in definition.checklists:
        return items_of(definition.checklists[key], text)
    return PartialDate.parse(text) if key.endswith("_on") else text


def items_of(checklist: Checklist, text: str) -> str:
    """The items named, in the order of the checklist; `all` and `none` are words for them."""
    if text in {"all", "none"}:
        return ",".join(checklist.items) if text == "all" else ""
    named = [name.strip() for name in text.split(",")]
    unknown = sorted(set(named) - checklist.items.keys())
    if unknown:
        raise Unreadable(
            "“{unknown}” is not on the list; name items of {items}, with commas between them, or all, or none",
            unknown=unknown,
            items=list(checklist.items),
        )
    return ",".join(key for key in checklist.items if key in named)


def _with_facts(agreement: Agreement, facts: Mapping[str, PartialDate | str], source: str = "") -> Agreement:
    """The facts as chosen claims behind what is on record."""
    merged = dict(agreement.facts)
    for key, value in facts.items():
        merged[key] = (*merged.get(key, ()), Claim(value, source))
    return replace(agreement, facts=merged)


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


def _holding(agreement: Agreement, definition: ProcessDefinition, actor: Actor) -> set[str]:
    return {name for name in CONDITIONS if unmet(agreement, definition, actor, Requirement(name)) is None}


def _with_effect(agreement: Agreement, step: Step, effective_on: date) -> Agreement:
    match step.effect:
        case Effect.START_TERM:
            return start_term(agreement)
        case Effect.SIGN_TEXT:
            return with_day_of_signature(agreement)
        case Effect.ENTER_INTO_FORCE:
            return _with_facts(agreement, dict.fromkeys((IN_FORCE_ON, TERM_STARTS_ON), PartialDate.of(effective_on)))
        case Effect.RENEW_TERM:
            return _renew_term(agreement, effective_on)
        case Effect.END_TERM:
            return _with_facts(agreement, {ENDED_ON: PartialDate.of(effective_on)})
        case None:
            return agreement


def signed_at_entry(agreement: Agreement, definition: ProcessDefinition) -> Agreement:
    """A case entered after signature has the signatures of all parties, as far as their day is known."""
    if not definition.states[agreement.state].signed:
        return agreement
    on = agreement.fact(SIGNED_ON)
    signature = Signature(on if isinstance(on, PartialDate) else PartialDate())
    parties = tuple(replace(party, signature=signature) for party in agreement.parties)
    begins = any(step.effect is Effect.START_TERM for step in definition.steps.values())
    return (start_term if begins else with_day_of_signature)(replace(agreement, parties=parties))


def with_day_of_signature(agreement: Agreement) -> Agreement:
    """Once every party has signed: the day of the last signature, unknown where one of them is."""
    signatures = [party.signature.on for party in agreement.parties if party.signature is not None]
    if agreement.unsigned or not signatures or agreement.fact(SIGNED_ON) is not None:
        return agreement
    latest = max(signatures, key=lambda on: on.sort_key) if all(on.as_date for on in signatures) else PartialDate()
    return _with_facts(agreement, {SIGNED_ON: latest})


def start_term(agreement: Agreement) -> Agreement:
    """Once every party has signed: the day of signature, entry into force and the start of the term, where the day is known.

    The texts in the books enter into force by signature (model agreement, art. XIV; Medellín; Bruges; Guarulhos).
    """
    agreement = with_day_of_signature(agreement)
    day = agreement.day_of(SIGNED_ON)
    if agreement.unsigned or day is None:
        return agreement
    unknown = [key for key in (IN_FORCE_ON, TERM_STARTS_ON) if agreement.day_of(key) is None]
    return _with_facts(agreement, dict.fromkeys(unknown, PartialDate.of(day)))


def _renew_term(agreement: Agreement, effective_on: date) -> Agreement:
    """The next term starts where the present one ends (equal periods, model agreement, art. XIV); today if it has no end."""
    ends = [d.due_on for d in agreement.deadlines if d.rule == "term_end" and d.is_open and d.due_on]
    return _with_facts(agreement, {TERM_STARTS_ON: PartialDate.of(ends[-1] if ends else effective_on)})
