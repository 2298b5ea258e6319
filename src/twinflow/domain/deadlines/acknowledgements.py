"""What people say about the warnings of a deadline: “I have it” (acknowledged), or “not before this day” (snoozed).

Both are entries of the history and leave the clock alone: the date, what lapses and who is late stay as they are. Both are
about the date as it was then: once it has moved, they no longer count, even if it moves back. Nor do they once the case has
gone to another office in which whoever said it has no part.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import Acknowledged, DateMoved, OfficeMove, Snoozed, noted
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.people.duties import in_the_hands_of_another
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import Refused
from twinflow.sentences import Sentence

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who has the deadline in hand, and since when: the ladder of escalation climbs no further."""

    by: str
    on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Who wants no notice before `until` (a date where the late office is), and why."""

    by: str
    on: date
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """What counts for the present date of a deadline. Of each person the last snooze, also one that has ended."""

    acknowledged: Acknowledgement | None = None
    snoozes: tuple[Snooze, ...] = ()

    def running(self, today: date) -> tuple[Snooze, ...]:
        """The snoozes that hold something back today."""
        return tuple(snooze for snooze in self.snoozes if today < snooze.until)

    def held(self, today: date, superseded: date | None = None) -> frozenset[str]:
        """The people for whom a level is held back today.

        `superseded` is its day if another level has come after it: whoever had snoozed it then hears of the later one only.
        """
        day = today if superseded is None else min(today, superseded)
        return frozenset(snooze.by for snooze in self.running(day))


NOTHING_SAID = Acknowledgements()


def acknowledgements_by_deadline(history: Iterable[HistoryEntry]) -> Mapping[Key, Acknowledgements]:
    """What counts of each deadline that somebody said something about."""
    found: dict[Key, Acknowledgements] = {}
    for entry in history:
        if (moved := DateMoved.read(entry)) is not None:
            found.pop(moved.key, None)
        elif (gone := OfficeMove.accepted(entry)) is not None:
            found = {key: _without(said, gone.ended) for key, said in found.items()}
        elif (said := Acknowledged.read(entry) or Snoozed.read(entry)) is not None:
            found[said.key] = _with(found.get(said.key, NOTHING_SAID), said, entry)
    return found


def acknowledgements_of(history: Iterable[HistoryEntry], key: Key) -> Acknowledgements:
    return acknowledgements_by_deadline(history).get(key, NOTHING_SAID)


def _without(said: Acknowledgements, people: Container[str]) -> Acknowledgements:
    acknowledged = said.acknowledged
    stays = acknowledged if acknowledged is not None and acknowledged.by not in people else None
    return Acknowledgements(stays, tuple(each for each in said.snoozes if each.by not in people))


def _with(before: Acknowledgements, said: Acknowledged | Snoozed, entry: HistoryEntry) -> Acknowledgements:
    if isinstance(said, Acknowledged):
        return replace(before, acknowledged=Acknowledgement(entry.actor, entry.effective_on, said.note))
    snooze = Snooze(entry.actor, entry.effective_on, said.until, said.reason)
    others = tuple(each for each in before.snoozes if each.by != entry.actor)
    return replace(before, snoozes=(*others, snooze))


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """“I have it”, as somebody says it."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """“Not before `until`”, as somebody says it."""

    until: date
    reason: str


def decide(
    agreement: Agreement,
    definition: ProcessDefinition,
    deadline: Deadline,
    said: Acknowledge | Hold,
    actor: Actor,
    *,
    now: datetime,
    context: DeadlineContext,
) -> HistoryEntry:
    """The history entry of what somebody said. `now` is UTC. Raises Refused with every reason that stands in the way."""
    today = context.today_of(definition.deadlines[deadline.rule])
    reasons = list(_against_both(agreement, definition, deadline, actor))
    entry: Acknowledged | Snoozed
    match said:
        case Acknowledge(note):
            entry = Acknowledged(deadline.key, deadline.due_on, note.strip())
            reasons += _against_acknowledging(acknowledgements_of(agreement.history, deadline.key))
        case Hold(until, reason):
            entry = Snoozed(deadline.key, deadline.due_on, until, reason.strip())
            reasons += _against_holding(said, deadline, today)
    if reasons:
        values = {"deadline": definition.deadlines[deadline.rule].label, "reference": agreement.reference}
        raise Refused("The warnings of “{deadline}” of {reference} stay as they are.", tuple(reasons), **values)
    way = actor.way_in(definition.deadlines[deadline.rule].concerned)
    return noted(entry, actor.key, context.today, now, way)


def _against_both(
    agreement: Agreement, definition: ProcessDefinition, deadline: Deadline, actor: Actor
) -> Iterator[Sentence]:
    if not deadline.is_open:
        yield Sentence("It is closed since {day}.", {"day": deadline.closed_on or "–"})
    elif deadline.due_on is None:
        yield Sentence("It has no date while it is paused: nobody is warned of it.")
    roles = definition.deadlines[deadline.rule].concerned
    if actor.roles.isdisjoint(roles):
        labels = [definition.roles[role].label for role in roles]
        yield Sentence("{person} is not told of it; only {roles} are.", {"person": actor.key, "roles": labels})
    another = in_the_hands_of_another(agreement, definition, frozenset(roles), actor)
    if another is not None and not actor.roles.isdisjoint(roles):
        yield another


def _against_acknowledging(so_far: Acknowledgements) -> Iterator[Sentence]:
    before = so_far.acknowledged
    if before is not None:
        yield Sentence("{person} has acknowledged it on {day}.", {"person": before.by, "day": before.on})


def _against_holding(asked: Hold, deadline: Deadline, today: date) -> Iterator[Sentence]:
    dates = [day for day in (deadline.warn_on, deadline.due_on) if day is not None]
    if asked.until <= today:
        yield Sentence("{day} is not after today.", {"day": asked.until})
    if dates and asked.until >= min(dates):
        values = {"day": asked.until, "due": min(dates)}
        yield Sentence("{day} is not before its date, {due}: notices wait until a day before it.", values)
    if not asked.reason.strip():
        yield Sentence("Give the reason.")
