"""A correction in words for whoever relied on what was there before: what each entry said and says now, and what dates moved."""

from collections.abc import Iterator, Sequence

from twinflow.domain.agreement.entries import BEGINNINGS, Began, Changed, Corrected, DateMoved, by_entry
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.present_names import as_corrected, numbered
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.sentences import Sentence
from twinflow.services.reading.asked_in_words import name_in_words, value_in_words
from twinflow.services.reading.history_in_words import entry_message


def entries_then_and_now(
    history: Sequence[HistoryEntry], number: int, definition: ProcessDefinition
) -> Iterator[Sentence]:
    """What the correction of this number made of each entry. `history` is as written."""
    places = dict(numbered(history))
    said = Corrected.read(history[places[number]])
    assert said is not None
    if said.annulled:
        return
    before, after = (as_corrected(history[:end]) for end in (places[number], places[number] + 1))
    for each in sorted(said.entries | said.counts.keys()):
        old, new = before[places[each]], after[places[each]]
        if new.kind in BEGINNINGS:
            yield from _beginnings(old, new, by_entry(said.entry, said.asked).get(each, {}), definition)
        elif (sentence := _then_and_now(each, old, new, definition)) is not None:
            yield sentence


def dates_moved(history: Sequence[HistoryEntry], number: int, definition: ProcessDefinition) -> Iterator[Sentence]:
    """The dates that the correction of this number moved."""
    for entry in history:
        moved = DateMoved.read(entry)
        if moved is not None and moved.cause == f"correction {number}":
            yield entry_message(entry, definition)


def _then_and_now(number: int, old: HistoryEntry, new: HistoryEntry, definition: ProcessDefinition) -> Sentence | None:
    """None where it says the same, on the same day."""
    values: dict[str, object] = {"number": number, "day": old.effective_on, "before": entry_message(old, definition)}
    change = Changed.read(new)
    if new.kind is EntryKind.WITHDRAWN or (change is not None and change.withdrawn):
        return Sentence("Entry {number} said: {day}, {before}; it does not count any more", values)
    values |= {"on": new.effective_on, "after": entry_message(new, definition)}
    if (values["day"], values["before"]) == (values["on"], values["after"]):
        return None
    return Sentence("Entry {number} said: {day}, {before}; it says now: {on}, {after}", values)


def _beginnings(
    old: HistoryEntry, new: HistoryEntry, asked: dict[str, str], definition: ProcessDefinition
) -> Iterator[Sentence]:
    """What the opening said of what is asked for, by name."""
    for name, text in asked.items():
        now = new.effective_on if name == "on" else value_in_words(name, text, definition)
        before = _began_with(old, name, definition) or "–"
        values = {"name": name_in_words(name, definition), "before": before, "after": now or "–"}
        yield Sentence("The opening said: {name}: {before}; it says now: {after}", values)


def _began_with(entry: HistoryEntry, name: str, definition: ProcessDefinition) -> object:
    began = Began.read(entry)
    kind, _, own = name.partition(".")
    match kind:
        case "on":
            return entry.effective_on
        case "state":
            return value_in_words(name, entry.to_state or "", definition)
        case "party":
            return own
        case _ if began is None:
            return None
        case "country":
            return next((party.country for party in began.parties if party.name == own), None)
        case "term":
            return began.terms[own].message if own in began.terms else None
        case "title" | "office" | "origin" | "note":
            return getattr(began, kind)
        case _:
            return "; ".join(str(claim.value) for claim in began.facts.get(name, ()))
