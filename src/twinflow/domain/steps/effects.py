"""What a step changes in an agreement beyond its state: its facts, its signature, its term."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Claim, Signature
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import Effect, ProcessDefinition, Step
from twinflow.domain.process.well_known_facts import ENDED_ON, IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON


def with_facts(agreement: Agreement, facts: Mapping[str, PartialDate | str], source: str = "") -> Agreement:
    """The facts as chosen claims behind what is on record."""
    merged = dict(agreement.facts)
    for key, value in facts.items():
        merged[key] = (*merged.get(key, ()), Claim(value, source))
    return replace(agreement, facts=merged)


def with_effect(agreement: Agreement, step: Step, effective_on: date) -> Agreement:
    match step.effect:
        case Effect.START_TERM:
            return start_term(agreement)
        case Effect.SIGN_TEXT:
            return with_day_of_signature(agreement)
        case Effect.ENTER_INTO_FORCE:
            return with_facts(agreement, dict.fromkeys((IN_FORCE_ON, TERM_STARTS_ON), PartialDate.of(effective_on)))
        case Effect.RENEW_TERM:
            return _renew_term(agreement, effective_on)
        case Effect.END_TERM:
            return with_facts(agreement, {ENDED_ON: PartialDate.of(effective_on)})
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
    return with_facts(agreement, {SIGNED_ON: latest})


def start_term(agreement: Agreement) -> Agreement:
    """Once every party has signed: the day of signature, entry into force and the start of the term, where the day is known.

    The texts in the books enter into force by signature (model agreement, art. XIV; Medellín; Bruges; Guarulhos).
    """
    agreement = with_day_of_signature(agreement)
    day = agreement.day_of(SIGNED_ON)
    if agreement.unsigned or day is None:
        return agreement
    unknown = [key for key in (IN_FORCE_ON, TERM_STARTS_ON) if agreement.day_of(key) is None]
    return with_facts(agreement, dict.fromkeys(unknown, PartialDate.of(day)))


def _renew_term(agreement: Agreement, effective_on: date) -> Agreement:
    """The next term starts where the present one ends (equal periods, model agreement, art. XIV); today if it has no end."""
    ends = [d.due_on for d in agreement.deadlines if d.rule == "term_end" and d.is_open and d.due_on]
    return with_facts(agreement, {TERM_STARTS_ON: PartialDate.of(ends[-1] if ends else effective_on)})
