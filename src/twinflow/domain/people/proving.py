"""Whether offices and people are as their history leaves them, and that history is as it was written."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from twinflow.domain.agreement.seals import Head, sealed
from twinflow.domain.agreement.written import WrittenPeopleEntry
from twinflow.domain.people.changes import Line, written_after
from twinflow.sentences import Sentence


def faults_of_entries(entries: Sequence[WrittenPeopleEntry], links: Sequence[tuple[int, Head]]) -> Iterator[Sentence]:
    """What does not come out of the seals, nor of what links of the chain have."""
    previous = ""
    for number, entry in zip(count(1), entries, strict=False):
        if entry.written[0] != number:
            values = {"number": number, "there": entry.written[0]}
            yield Sentence("entry {number} of the history of people is missing: {there} stands in its place", values)
            break
        if sealed(previous, entry.written) != entry.seal:
            values = {"number": number, "by": str(entry.written[1]), "at": str(entry.written[3])[:16]}
            yield Sentence(
                "entry {number} of the history of people (by {by}, {at} UTC) is not as it was written, or does not rest on the "
                "one before it",
                values,
            )
        previous = entry.seal
    seals = ["", *(entry.seal for entry in entries)]
    for link, head in links:
        if head.entries >= len(seals) or seals[head.entries] != head.seal:
            values = {"link": link, "number": head.entries}
            yield Sentence("link {link} of the chain knows another entry {number} of the history of people", values)
            return


def faults_of_rows(entries: Sequence[WrittenPeopleEntry], there: Mapping[str, str]) -> Iterator[Sentence]:
    """What stands otherwise than the history leaves it; `there` is everything that stands there, by its place."""
    left: dict[str, str] = {}
    for entry in entries:
        lines = entry.written[4]
        assert isinstance(lines, list)
        left = written_after([Line(*line) for line in lines], left)
    for place in sorted(there.keys() | left.keys()):
        if (is_now := there.get(place, "")) != (was := left.get(place, "")):
            values = {"place": place, "there": is_now or "–", "left": was or "–"}
            yield Sentence("{place} is {there}; by the history of people it is {left}", values)
