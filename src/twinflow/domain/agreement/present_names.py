"""What counts of a history: as corrections have it, under the names of the process version that the agreement follows now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from twinflow.domain.agreement.entries import Corrected, Migrated, withdrawn
from twinflow.domain.agreement.history import ONLY_TOLD, HistoryEntry


def what_counts(history: Sequence[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """The history that decisions go by, of the same length: each entry as it was corrected, in present names."""
    return in_present_names(as_corrected(history))


def as_corrected(history: Sequence[HistoryEntry], *, to_take_again: bool = False) -> Sequence[HistoryEntry]:
    """Each entry as the last correction has it, under the names of its own time. A step that does not count stands as withdrawn.

    What a correction changed by itself came on record with it, and what followed from that for other entries was there before;
    `to_take_again` all of them count as recorded when they would have been.
    """
    corrections = [(entry, said) for entry in history if (said := Corrected.read(entry)) is not None]
    if not corrections:
        return history
    found, places = list(history), [place for _, place in numbered(history)]
    for correction, said in corrections:
        for number, counting in said.counts.items():
            place = places[number - 1]
            was = found[place]
            if counting is None:
                found[place] = withdrawn(was)
                continue
            is_own = number in said.entries and not to_take_again
            found[place] = counting.of_entry(was, correction.recorded_at if is_own else counting.taken_at)
    return found


def numbered(history: Sequence[HistoryEntry]) -> list[tuple[int, int]]:
    """The number by which each entry can be named, and its place: what was only told has none."""
    places = [place for place, entry in enumerate(history) if entry.kind not in ONLY_TOLD]
    return list(enumerate(places, start=1))


def number_of(history: Sequence[HistoryEntry], entry: HistoryEntry) -> int:
    """The number by which an entry of the history can be named."""
    return next(number for number, place in numbered(history) if history[place] is entry)


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
            found = renamed(found, said.states, said.steps)
        found.append(entry)
    return tuple(found)


def renamed(history: Sequence[HistoryEntry], states: Mapping[str, str], steps: Mapping[str, str]) -> list[HistoryEntry]:
    """The entries under the names that another version has for these states and steps."""
    return [_renamed(entry, states, steps) for entry in history]


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
