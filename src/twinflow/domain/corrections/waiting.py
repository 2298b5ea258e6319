"""Corrections that wait for a second person, and those that are not to be."""

from collections.abc import Sequence
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Corrected, NotCorrected, Thing, noted
from twinflow.domain.agreement.handed_over import taken_on
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.corrections.request import is_not
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import Refused
from twinflow.sentences import Sentence


def pending(history: Sequence[HistoryEntry]) -> dict[int, tuple[HistoryEntry, Corrected]]:
    """The corrections that wait for a second person, by the number of their entry: none that was refused, none of an entry
    of which another was asked for since.
    """
    corrections = _corrections(history)
    refused = {no.of for entry in history if (no := NotCorrected.read(entry)) is not None}
    last = {entry: number for number, _, said in corrections for entry in said.entries}
    return {
        number: (entry, said)
        for number, entry, said in corrections
        if said.second and number not in refused and all(number == last[each] for each in said.entries)
    }


def displaced_by(history: Sequence[HistoryEntry], number: int) -> int:
    """The number of the correction that took the place of the one of this number: the next of one of its entries."""
    corrections = {each: said for each, _, said in _corrections(history)}
    entries = corrections[number].entries
    return next(each for each, said in corrections.items() if each > number and said.entries & entries)


def _corrections(history: Sequence[HistoryEntry]) -> list[tuple[int, HistoryEntry, Corrected]]:
    return [
        (number, history[place], said)
        for number, place in numbered(history)
        if (said := Corrected.read(history[place])) is not None
    ]


def refuse(
    agreement: Agreement,
    history: Sequence[HistoryEntry],
    number: int,
    reason: str,
    actor: Actor,
    definition: ProcessDefinition,
    today: date,
    now: datetime,
) -> HistoryEntry:
    """That a correction which waits is not to be: whoever asked for it takes it back, a second person refuses it.

    `today` is the date at the office, `now` UTC. Raises Refused with every reason.
    """
    asked, said = waiting_under(agreement, history, number)
    reasons = [] if reason.strip() else [Sentence("A correction is refused only with a reason.")]
    taken_back = any(actor.is_called(each) for each in whoever_asked(history, number, asked))
    if not taken_back and not actor.roles & set(said.second):
        reasons.append(is_not(actor, said.second, definition))
    if reasons:
        values = {"number": number, "reference": agreement.reference}
        raise Refused("Correction {number} of {reference} goes on waiting.", tuple(reasons), **values)
    return noted(NotCorrected(number, said.entry, reason, taken_back), actor.key, today, now, actor.way_in(said.second))


def whoever_asked(history: Sequence[HistoryEntry], number: int, asked: HistoryEntry) -> list[str]:
    """Who asked for the correction of this number, by the entry `asked`, and who has taken it on since."""
    return [asked.actor, *(entry.actor for entry in taken_on(history, Thing.CORRECTION, str(number)))]


def waiting_under(agreement: Agreement, history: Sequence[HistoryEntry], number: int) -> tuple[HistoryEntry, Corrected]:
    """The correction that waits under this number. Raises Refused where none does."""
    waiting = pending(history)
    if number not in waiting:
        values = {"numbers": sorted(waiting) or "–"}
        reason = Sentence("No such correction waits for a second person; those that do: {numbers}.", values)
        raise Refused("{reference} stays as it is.", (reason,), reference=agreement.reference)
    return waiting[number]
