"""How what a step lacks is given: in words, with the command, for whoever was refused."""

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import StepTaken
from twinflow.domain.agreement.present_names import number_of
from twinflow.domain.process.definition import CLOCK, Effect, ProcessDefinition, Step
from twinflow.domain.process.well_known_facts import IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON
from twinflow.domain.steps.command import Attempt
from twinflow.sentences import Sentence


def by_record(agreement: Agreement, definition: ProcessDefinition, name: str) -> Sentence:
    """How a fact, a paper or a checklist comes on record: with a step from here, or with the entry it belongs to."""
    if (
        name in {IN_FORCE_ON, TERM_STARTS_ON}
        and agreement.day_of(SIGNED_ON) is None
        and _begins_when_signed(definition)
    ):
        name = SIGNED_ON
    step = _recorded_here(agreement, definition, name)
    entry, given = _entry_of(agreement, name), _as_given(definition, name)
    correct = f"twinflow agreements correct {agreement.reference} {entry} --as PERSON --set {given} --reason REASON"
    if step is None:
        return Sentence("Put it on record: {correct}", {"correct": correct})
    values: dict[str, object] = {
        "step": step.label,
        "correct": correct,
        "advance": _step_as_typed(agreement, definition, step),
    }
    if agreement.history[0].to_state == definition.start:
        return Sentence("It comes with “{step}”: {advance}", values)
    return Sentence("It comes with “{step}”: {advance}; if it was there before: {correct}", values)


def comes_on_record(definition: ProcessDefinition, name: str) -> list[Sentence]:
    """The steps that put it on record, or whose day it is, in a sentence each."""
    fact = definition.records.get(name, name)
    return [
        Sentence("{fact} comes with “{step}” ({key}).", {"fact": fact, "step": step.label, "key": step.key})
        for step in definition.steps.values()
        if name in {*step.records, step.day_as}
    ]


def by_term(agreement: Agreement, term: str) -> Sentence:
    """How it is said what the text states of a term."""
    command = f"twinflow agreements confirm-term {agreement.reference} {term} LENGTH --as PERSON --source WHERE"
    return Sentence("Say what the text states: {command}", {"command": command})


def by_child(agreement: Agreement, process: str) -> Sentence:
    """How a case that belongs to the agreement comes about."""
    command = (
        f"twinflow agreements open REFERENCE --process {process} --parent {agreement.reference} "
        f"--office {agreement.office} --as PERSON"
    )
    return Sentence("Take the steps of such a case, or open one: {command}", {"command": command})


def helped(attempt: Attempt, reason: Sentence, remedy: Sentence | None) -> Sentence:
    """The reason, with what helps where the step can be taken then."""
    return with_remedy(reason, remedy if attempt.from_here else None)


def with_remedy(reason: Sentence, remedy: Sentence | None) -> Sentence:
    """Both, one after the other."""
    return reason if remedy is None else Sentence("{reason} {remedy}", {"reason": reason, "remedy": remedy})


def _begins_when_signed(definition: ProcessDefinition) -> bool:
    """Whether the term begins with the last signature: its day is then what has to be known."""
    return any(step.effect is Effect.START_TERM for step in definition.steps.values())


def _recorded_here(agreement: Agreement, definition: ProcessDefinition, name: str) -> Step | None:
    """The first step from the present state that puts it on record."""
    steps = definition.steps.values()
    here = (step for step in steps if agreement.state in step.sources and step.by != {CLOCK})
    return next((step for step in here if name in {*step.records, step.day_as}), None)


def _step_as_typed(agreement: Agreement, definition: ProcessDefinition, step: Step) -> str:
    """The command that takes the step, with everything that it asks for."""
    words = [f"twinflow agreements advance {agreement.reference} {step.key} --as PERSON"]
    words += ["--party PARTY"] if step.per_party else []
    words += [f"--set {_as_given(definition, name)}" for name in step.records]
    return " ".join([*words, "--reason REASON"] if step.needs_reason else words)


def _entry_of(agreement: Agreement, name: str) -> int:
    """The number of the entry that put it on record last, else of the opening."""
    said = [
        entry for entry in agreement.history if (step := StepTaken.read(entry)) is not None and name in step.records
    ]
    return number_of(agreement.history, said[-1] if said else agreement.history[0])


def _as_given(definition: ProcessDefinition, name: str) -> str:
    if name in definition.checklists:
        return f"{name}={','.join(definition.checklists[name].items)}"
    return f"{name}=DATE" if name.endswith("_on") else f"{name}=VALUE"
