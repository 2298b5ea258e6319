"""The state machine: which steps leave a state and where they lead. The only module that knows `transitions`.

The machine only decides. It holds no agreement, has no callbacks with effects, no automatic `to_*` triggers and no queue;
conditions are looked up among those the caller found to hold. A trigger's False never leaves this module.
"""

from functools import lru_cache

from transitions import EventData, Machine, MachineError

from twinflow.domain.process.definition import ProcessDefinition


class _Subject:
    """What `transitions` moves: the state of one agreement, for the length of one decision.

    The machine never hears of it: to be added to one costs more than the decision, as it gets a method for every step.
    """

    _state: str

    @property
    def present(self) -> str:
        return self._state


@lru_cache(maxsize=256)
def _machine(process: ProcessDefinition) -> Machine:
    machine = Machine(
        model=None,
        states=list(process.states),
        initial=process.start,
        auto_transitions=False,
        queued=False,
        send_event=True,
        model_attribute="_state",
    )
    for step in process.steps.values():
        for destination in step.to:
            condition = None if destination.when is None else _Holds(destination.when)
            for source in step.sources:
                machine.add_transition(step.key, source, destination.state, conditions=condition)
    return machine


class _Holds:
    """A condition by name: true if the caller found it to hold."""

    def __init__(self, condition: str) -> None:
        self.condition = condition

    def __call__(self, event: EventData) -> bool:
        return self.condition in event.kwargs["holding"]


def steps_from(definition: ProcessDefinition, state: str) -> list[str]:
    """The steps that leave `state`, in the order of the process file."""
    triggers = set(_machine(definition).get_triggers(state))
    return [key for key in definition.steps if key in triggers]


@lru_cache(maxsize=10_000)
def destination(definition: ProcessDefinition, state: str, step: str, holding: frozenset[str]) -> str | None:
    """The state that `step` leads to from `state`, given the conditions that hold; None if it leads nowhere."""
    machine = _machine(definition)
    subject = _Subject()
    machine.set_state(state, model=subject)
    try:
        moved = machine.events[step].trigger(subject, holding=holding)
    except MachineError:
        return None
    return subject.present if moved else None
