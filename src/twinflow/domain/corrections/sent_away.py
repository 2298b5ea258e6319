"""A case that a correction gave to a wrong office: the office that gave it away takes it back, though it keeps it no longer."""

from collections.abc import Sequence

from twinflow.domain.agreement.entries import Corrected
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.corrections.request import Request
from twinflow.domain.process.definition import CLOCK, LIAISON


def is_taken_back(request: Request) -> bool:
    """Whether the office that gave the case away by a correction asks for it, and for no more than that correction said."""
    number = _given_away_by(request.agreement.history)
    asked = request.command.asked.keys()
    if number is None or "office" not in asked:
        return False
    entry, said = _correction(request.agreement.history, number)
    return asked <= said.asked.keys() and _are_of_one_office(request, entry.actor)


def is_untouched(history: Sequence[HistoryEntry]) -> bool:
    """Whether nobody has done anything in the case since it was given away, but whoever gave it."""
    number, places = _given_away_by(history), dict(numbered(history))
    if number is None:
        return True
    entry, _ = _correction(history, number)
    return {history[place].actor for place in list(places.values())[number:]} <= {entry.actor, CLOCK}


def _given_away_by(history: Sequence[HistoryEntry]) -> int | None:
    """The number of the last correction that counts and that gave the case to another office."""
    for number, place in reversed(numbered(history)):
        said = Corrected.read(history[place])
        if said is not None and not said.second and said.entry == 1 and "office" in said.asked:
            return number
    return None


def _correction(history: Sequence[HistoryEntry], number: int) -> tuple[HistoryEntry, Corrected]:
    """As it was asked for, where a second person confirmed it."""
    places = dict(numbered(history))
    said = Corrected.read(history[places[number]])
    assert said is not None
    return history[places[said.of or number]], said


def _are_of_one_office(request: Request, other: str) -> bool:
    """Whether whoever asks and the other are liaison officers of one office."""
    people, kind = request.people, request.definition.roles[LIAISON].office_on(request.today)
    staffs = (
        {person.key for person in people.holders_for(request.definition, LIAISON, key, request.today)}
        for key, office in people.offices.items()
        if office.kind == kind
    )
    return any({request.actor.key, other} <= staff for staff in staffs)
