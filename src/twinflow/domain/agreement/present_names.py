"""What older entries of an agreement are called in the version of the process that it follows now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from twinflow.domain.agreement.entries import Migrated
from twinflow.domain.agreement.history import HistoryEntry


def state_now(history: Sequence[HistoryEntry], state: str, recorded_at: datetime) -> str:
    """What a state of the time `recorded_at` is called now."""
    for entry in history:
        said = Migrated.read(entry)
        if said is not None and entry.recorded_at >= recorded_at:
            state = said.states.get(state, state)
    return state


def in_present_names(history: Sequence[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """The history with the states and steps of earlier versions under the names they have now."""
    found: list[HistoryEntry] = []
    for entry in history:
        said = Migrated.read(entry)
        if said is not None:
            found = [_renamed(earlier, said.states, said.steps) for earlier in found]
        found.append(entry)
    return tuple(found)


def reached_by(history: Sequence[HistoryEntry]) -> tuple[tuple[str, date], ...]:
    """The states that a case has come to and the days, as they were called then and as they are called now."""
    entries = [*history, *in_present_names(history)]
    return tuple(dict.fromkeys((entry.to_state, entry.effective_on) for entry in entries if entry.to_state))


def _renamed(entry: HistoryEntry, states: Mapping[str, str], steps: Mapping[str, str]) -> HistoryEntry:
    return replace(
        entry,
        step=steps.get(entry.step or "", entry.step),
        from_state=states.get(entry.from_state or "", entry.from_state),
        to_state=states.get(entry.to_state or "", entry.to_state),
    )
