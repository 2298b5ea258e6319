"""Who has what was handed over, as the history says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.entries import Acknowledged, DraftSubmitted, HandedOver, Handing, Thing
from twinflow.domain.agreement.history import HistoryEntry

Named = tuple[Thing, str]


@dataclass(frozen=True, slots=True)
class Passed:
    """Who has it since then, and to whom it is handed over who has not accepted it yet."""

    person: str
    on: date
    to: str = ""


def passed_on(history: Iterable[HistoryEntry]) -> Mapping[Named, Passed]:
    """What was handed over, and has not been begun anew by somebody since."""
    found: dict[Named, Passed] = {}
    for entry in history:
        said, acknowledged, draft = HandedOver.read(entry), Acknowledged.read(entry), DraftSubmitted.read(entry)
        if said is not None:
            found[said.thing, said.name] = Passed(said.person, entry.effective_on, said.to)
        elif acknowledged is not None:
            found.pop((Thing.ACKNOWLEDGEMENT, "{}/{}".format(*acknowledged.key)), None)
        elif draft is not None:
            found.pop((Thing.DRAFT, draft.round), None)
    return found


def taken_on(history: Iterable[HistoryEntry], thing: Thing, name: str) -> Iterator[HistoryEntry]:
    """The entries by which somebody took it on, and has asked for it as well since then."""
    for entry in history:
        said = HandedOver.read(entry)
        if said is not None and (said.thing, said.name, said.act) == (thing, name, Handing.ACCEPT):
            yield entry
