"""Who had a hand in what is decided, who is tied to whom, and who holds what: read by hand from what is written.

It shares nothing with what the service decides by but the values that its rows are read into.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.entries import Acknowledged, Corrected, ObservationAct, OnObservation
from twinflow.domain.agreement.history import ONLY_TOLD, EntryKind, HistoryEntry
from twinflow.domain.people.people import Delegation, People

OPINION = frozenset(
    {
        "issue_favourable_opinion",
        "issue_favourable_opinion_with_changes",
        "make_observations",
        "issue_unfavourable_opinion",
    }
)
DECISIONS = OPINION | {"register"}
"""The steps of a twinning that another person has to take than whoever had a hand in what they decide about."""
OF_THE_CITY = frozenset({"liaison", "deputy", "supervisor"})
MADE_BY_THE_CITY = frozenset({EntryKind.OPENED, EntryKind.STEP, EntryKind.TERM})
SUBMITTED_IN_A_ROUND = frozenset({EntryKind.DRAFT, EntryKind.OBSERVATION, EntryKind.ACKNOWLEDGED})


@dataclass(frozen=True)
class Hand:
    person: str
    acted_for: str = ""


def hand_of(entry: HistoryEntry) -> Hand:
    return Hand(entry.actor, entry.way.acts_for if entry.way is not None else "")


def hands_in(history: Sequence[HistoryEntry], step: str) -> list[Hand]:
    """Everybody of the city who made what the step decides about, in whatever counts of the history as it is written."""
    numbered = dict(enumerate((each for each in history if each.kind not in ONLY_TOLD), start=1))
    gone = {number for entry in history for number in _withdrawn_by(entry)}
    counts = {number: entry for number, entry in numbered.items() if number not in gone}
    if step == "register":
        last = max((number for number, entry in counts.items() if entry.step == step), default=0)
        counts = {number: entry for number, entry in counts.items() if number > last}
    parts = {number for number, entry in counts.items() if _is_part(entry, step)}
    corrected = (
        entry
        for entry in counts.values()
        if (said := Corrected.read(entry)) is not None and not said.second and not parts.isdisjoint(said.entries)
    )
    return [*(hand_of(counts[number]) for number in sorted(parts)), *map(hand_of, corrected)]


def _withdrawn_by(entry: HistoryEntry) -> Iterator[int]:
    said = Corrected.read(entry)
    if said is not None:
        yield from (number for number, counting in said.counts.items() if counting is None)


def _is_part(entry: HistoryEntry, step: str) -> bool:
    if entry.way is None or entry.way.role not in OF_THE_CITY:
        return False
    if entry.kind in MADE_BY_THE_CITY or step not in OPINION or entry.kind not in SUBMITTED_IN_A_ROUND:
        return entry.kind in MADE_BY_THE_CITY
    observation, acknowledged = OnObservation.read(entry), Acknowledged.read(entry)
    if observation is not None:
        return observation.act is ObservationAct.ANSWERED
    return acknowledged is None or acknowledged.key[0] == "observations"


def tied(people: People, decider: str, hand: Hand, day: date) -> bool:
    """Whether both are one person, or one of them acts for the other, or both for a third."""
    stands_in_for = {giver for giver in people.people if giver != decider and _gives_to(people, giver, decider, day)}
    return (
        bool({hand.person, hand.acted_for} & keys_of(people, decider))
        or hand.person in stands_in_for
        or hand.acted_for in stands_in_for
    )


def keys_of(people: People, key: str) -> set[str]:
    """The keys of one human: those with one mail address."""
    return {other for other, each in people.people.items() if each.mail == people.people[key].mail}


def _gives_to(people: People, giver: str, to: str, day: date) -> bool:
    """Whether a role of the giver comes to somebody on the day, through up to three delegations in a row."""
    own = (each for each in people.people[giver].assignments if each.holds_on(day))
    return any(to in reached_by(people, giver, each.role, each.office, day) for each in own)


def reached_by(people: People, giver: str, role: str, office: str, day: date) -> set[str]:
    """Who else may exercise a role of the giver on the day."""
    found, among = set[str](), {giver}
    for _ in range(3):
        there = [people.people[key] for key in among if not people.people[key].disabled]
        among = {given.to for each in there for given in each.delegations if _covers(given, role, office, day)} - found
        found |= among
    return {key for key in found if not people.people[key].disabled} - {giver}


def _covers(given: Delegation, role: str, office: str, day: date) -> bool:
    return given.from_day <= day <= given.to_day and (
        given.role is None or (given.role, given.office) == (role, office)
    )


def roles_of(people: People, key: str, day: date) -> set[tuple[str, str]]:
    """The roles and offices that somebody may exercise on the day: their own, and those delegated to them."""
    if people.people[key].disabled:
        return set()
    return {
        (each.role, each.office)
        for giver, person in people.people.items()
        for each in person.assignments
        if each.holds_on(day)
        and not person.disabled
        and (giver == key or key in reached_by(people, giver, each.role, each.office, day))
    }
