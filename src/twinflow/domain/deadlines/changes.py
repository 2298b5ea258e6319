"""What people change about one deadline by an act: pause, resume, extend, take an extension back, agree on another day.

A change is an entry of the history and an input of the deadline like its length. `decide` says whether it may be made;
`changed_basis` what all of them together make of the inputs. Where the rule asks for a second person, a change counts from
the moment that person has confirmed it, as if it had counted from its own day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline
from twinflow.domain.agreement.entries import Changed, ChangeKind, Thing, noted
from twinflow.domain.agreement.handed_over import taken_on
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.calendar.business_days import Calendars, Pause, add_length
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.context import due_dates
from twinflow.domain.deadlines.lateness import has_passed
from twinflow.domain.people.people import Actor
from twinflow.domain.people.ties import tie_to, with_tie
from twinflow.domain.process.definition import ChangeRule, DeadlineRule, Label, ProcessDefinition, Side
from twinflow.errors import Refused
from twinflow.sentences import Sentence

Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCommand:
    """A change as somebody asks for it. `on` is the day of the act, in the time zone of the office; None is its today.

    `length` is what EXTEND grants, `to` the day that MOVE agrees on and `party` who agrees; `of` is the number of the change
    that RESUME, REMOVE and CONFIRM speak of (None: the last one they could mean). `legal_basis` is the article or decision
    that it rests on.
    """

    kind: ChangeKind
    on: date | None
    reason: str = ""
    paper: str = ""
    legal_basis: str = ""
    length: Length | None = None
    to: date | None = None
    party: str = ""
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change on record. `number` counts the changes of the occurrence; `second` is the role that has to confirm, if any.

    `withdrawn`: a correction took it out.
    """

    number: int
    actor: str
    on: date
    command: ChangeCommand
    second: str = ""
    withdrawn: bool = False
    way: Way | None = None
    confirmed_by: str = ""
    confirmed_on: date | None = None

    @property
    def kind(self) -> ChangeKind:
        return self.command.kind

    @property
    def counts(self) -> bool:
        return not self.withdrawn and (not self.second or bool(self.confirmed_by))


def changes_by_deadline(history: Iterable[HistoryEntry]) -> Mapping[Key, tuple[Change, ...]]:
    """The changes of every deadline, in the order they were recorded; a confirmation is part of what it confirms."""
    found: dict[Key, list[Change]] = defaultdict(list)
    for entry in history:
        said = Changed.read(entry)
        if said is None:
            continue
        changes, command = found[said.key], _command(said, entry.effective_on)
        if command.kind is ChangeKind.CONFIRM:
            index = (command.of or 1) - 1
            if not said.withdrawn:
                changes[index] = replace(changes[index], confirmed_by=entry.actor, confirmed_on=entry.effective_on)
        else:
            number = len(changes) + 1
            on, way = entry.effective_on, entry.way
            changes.append(Change(number, entry.actor, on, command, said.second, said.withdrawn, way))
    return {key: tuple(changes) for key, changes in found.items()}


def changed_basis(
    basis: Basis, rule: DeadlineRule, changes: Sequence[Change], parties: int, calendars: Calendars
) -> Basis:
    """The basis with every change that counts, by its day, whenever it was entered.

    `parties` is how many have to agree on another day.
    """
    if not changes:
        return basis
    changes = sorted(changes, key=lambda change: change.on)
    pauses = (*basis.pauses, *_pauses(rule, changes, calendars))
    extensions = tuple(change.command.length for change in _extensions(changes) if change.command.length)
    return replace(basis, pauses=pauses, extensions=extensions, agreed_on=_agreed_on(changes, parties))


def pending(changes: Iterable[Change]) -> Iterator[Change]:
    """The changes that still wait for a second person, apart from extensions that were taken back meanwhile."""
    changes = list(changes)
    gone = _taken_back(changes)
    return (c for c in changes if not c.counts and not c.withdrawn and c.number not in gone)


def _pauses(rule: DeadlineRule, changes: Sequence[Change], calendars: Calendars) -> Iterator[Pause]:
    """Each pause to its resumption, or until all of them have taken what the rule allows: then the count goes on by itself."""
    resumed = {change.command.of: change.on for change in changes if change.kind is ChangeKind.RESUME and change.counts}
    taken = 0
    for change in changes:
        if change.kind is ChangeKind.PAUSE and change.counts:
            ends = [resumed.get(change.number), _goes_on(rule, change.on, taken, calendars)]
            end = min((end for end in ends if end), default=None)
            taken += (end - change.on).days if end else 0
            yield Pause(change.on, end, change.command.reason, change.command.paper)


def _goes_on(rule: DeadlineRule, start: date, taken: int, calendars: Calendars) -> date | None:
    """The day on which the count goes on by itself after a pause from `start`, if the rule names the longest time.

    `taken` is how many days earlier pauses have taken of it.
    """
    if rule.pause is None or rule.pause.at_most is None:
        return None
    return max(start, add_length(start, rule.pause.at_most, calendars) - timedelta(days=taken))


def _extensions(changes: Sequence[Change]) -> list[Change]:
    """The extensions that count and were not taken back."""
    gone = _taken_back(changes)
    return [c for c in changes if c.kind is ChangeKind.EXTEND and c.counts and c.number not in gone]


def _taken_back(changes: Iterable[Change]) -> set[int | None]:
    """The numbers of the extensions whose removal counts."""
    return {change.command.of for change in changes if change.kind is ChangeKind.REMOVE and change.counts}


def _agreed_on(changes: Sequence[Change], parties: int) -> date | None:
    """The last day that was every party's last word."""
    agreed_on: date | None = None
    last_word: dict[str, date] = {}
    for change in changes:
        if change.kind is ChangeKind.MOVE and change.counts and change.command.to is not None:
            last_word[change.command.party] = change.command.to
            if len(last_word) == parties and set(last_word.values()) == {change.command.to}:
                agreed_on = change.command.to
    return agreed_on


def _running_pause(changes: Sequence[Change]) -> Change | None:
    changes = [change for change in changes if not change.withdrawn]
    resumed = {change.command.of for change in changes if change.kind is ChangeKind.RESUME}
    return next((c for c in reversed(changes) if c.kind is ChangeKind.PAUSE and c.number not in resumed), None)


def decide(
    agreement: Agreement,
    definition: ProcessDefinition,
    deadline: Deadline,
    command: ChangeCommand,
    actor: Actor,
    *,
    now: datetime,
    today: date,
    calendars: Calendars,
) -> HistoryEntry:
    """The history entry of a change. `now` is UTC, `today` the date at the office, `calendars` are those of the deadline's rule.

    Raises Refused with every reason that stands in the way.
    """
    changes = changes_by_deadline(agreement.history).get(deadline.key, ())
    rule = definition.deadlines[deadline.rule]
    case = _Request(agreement, definition, rule, deadline, changes, command, actor, today, calendars)
    reasons = list(case.reasons())
    if reasons:
        values = {"deadline": rule.label, "reference": agreement.reference}
        raise Refused("“{deadline}” of {reference} stays as it is.", tuple(reasons), **values)
    asked = case.asked
    second = asked.second if asked is not None and asked.second and command.kind in _NEED_A_SECOND else ""
    said = Changed(
        key=deadline.key,
        change=command.kind,
        number=case.number,
        length=command.length,
        to=command.to,
        party=command.party,
        of=case.meant.number if case.meant is not None else None,
        reason=command.reason,
        paper=command.paper,
        legal_basis=command.legal_basis,
        second=second,
    )
    return noted(said, actor.key, case.on, now, actor.way_in(case.roles))


_NEED_A_SECOND = {ChangeKind.PAUSE, ChangeKind.EXTEND, ChangeKind.REMOVE, ChangeKind.MOVE}
_NAMES = {
    ChangeKind.PAUSE: Sentence("paused"),
    ChangeKind.RESUME: Sentence("resumed"),
    ChangeKind.EXTEND: Sentence("extended"),
    ChangeKind.REMOVE: Sentence("extended"),
    ChangeKind.MOVE: Sentence("moved by agreement"),
}


@dataclass(frozen=True, slots=True)
class _Request:
    """A change somebody asks for, with everything its reasons are found in."""

    agreement: Agreement
    definition: ProcessDefinition
    rule: DeadlineRule
    deadline: Deadline
    changes: Sequence[Change]
    command: ChangeCommand
    actor: Actor
    today: date
    calendars: Calendars

    @property
    def on(self) -> date:
        """The day of the act."""
        return self.command.on or self.today

    @property
    def meant(self) -> Change | None:
        """The change that the command speaks of."""
        kind, of = self.command.kind, self.command.of
        match kind:
            case ChangeKind.RESUME:
                running = _running_pause(self.changes)
                candidates = [running] if running is not None else []
            case ChangeKind.REMOVE:
                changes = [c for c in self.changes if not c.withdrawn]
                taken_back = {c.command.of for c in changes if c.kind is ChangeKind.REMOVE}
                gone = taken_back | self._granted_before_migration
                candidates = [c for c in changes if c.kind is ChangeKind.EXTEND and c.number not in gone]
            case ChangeKind.CONFIRM:
                candidates = list(pending(self.changes))
            case _:
                return None
        return next((c for c in reversed(candidates) if of in (None, c.number)), None)

    @property
    def _granted_before_migration(self) -> set[int | None]:
        """The changes that are part of what a migration carried over: none of them can be taken back any more."""
        history = self.agreement.history
        if self.deadline.basis is None or not self.deadline.basis.carried:
            return set()
        last = max(number for number, entry in enumerate(history) if entry.kind is EntryKind.MIGRATED)
        return {change.number for change in changes_by_deadline(history[:last]).get(self.deadline.key, ())}

    @property
    def number(self) -> int:
        """Its own number; a confirmation has that of what it confirms."""
        if self.command.kind is ChangeKind.CONFIRM and self.meant is not None:
            return self.meant.number
        return len(self.changes) + 1

    @property
    def asked(self) -> ChangeRule | None:
        """The rule for what is asked; a confirmation goes by the rule of what it confirms."""
        kind = self.command.kind
        if kind is ChangeKind.CONFIRM:
            kind = self.meant.kind if self.meant is not None else kind
        match kind:
            case ChangeKind.PAUSE | ChangeKind.RESUME:
                return self.rule.pause
            case ChangeKind.EXTEND | ChangeKind.REMOVE:
                return self.rule.extend
            case ChangeKind.MOVE:
                return self.rule.move
            case ChangeKind.CONFIRM:
                return None

    @property
    def roles(self) -> frozenset[str]:
        """The roles of which one lets somebody do what is asked."""
        if self.command.kind is ChangeKind.CONFIRM:
            return frozenset({self.meant.second}) if self.meant is not None else frozenset()
        return frozenset(self.asked.by) if self.asked is not None else frozenset()

    def reasons(self) -> Iterator[Sentence]:
        kind = self.command.kind
        if not self.deadline.is_open:
            closed = {"day": self.deadline.closed_on or "–"}
            yield Sentence("It is closed since {day}; what is closed stays as it was.", closed)
        if kind is ChangeKind.CONFIRM:
            yield from self._against_confirming()
            return
        asked = self.asked
        if asked is None:
            yield Sentence("The process file gives no basis on which it could be {change}.", {"change": _NAMES[kind]})
        else:
            yield from self._about_the_person(asked.by)
        yield from self._about_the_day()
        if kind in {ChangeKind.PAUSE, ChangeKind.EXTEND} and (self._is_fixed or self.rule.side is Side.BEFORE):
            yield Sentence(
                "Its date is fixed: neither pauses nor extensions move it; the parties may agree on another."
            )
        if kind is not ChangeKind.RESUME:
            yield from self._about_the_reason()
        match kind:
            case ChangeKind.PAUSE:
                yield from self._against_pausing()
            case ChangeKind.RESUME:
                yield from self._against_resuming()
            case ChangeKind.EXTEND:
                yield from self._against_extending(asked)
            case ChangeKind.REMOVE if self.meant is None:
                yield Sentence("There is no such extension to take back.")
            case ChangeKind.MOVE:
                yield from self._against_moving(asked)
            case _:
                pass

    @property
    def _is_fixed(self) -> bool:
        basis = self.deadline.basis
        return self.rule.is_fixed or (basis is not None and basis.agreed_on is not None)

    def _about_the_person(self, roles: Iterable[str]) -> Iterator[Sentence]:
        wanted = sorted(roles)
        if not self.actor.roles & set(wanted):
            labels = [self._role(role) for role in wanted]
            yield Sentence("{person} is not {roles} here.", {"person": self.actor.key, "roles": labels})

    def _role(self, role: str) -> Label:
        return self.definition.roles[role].label

    def _about_the_day(self) -> Iterator[Sentence]:
        on = self.on
        if on > self.today:
            yield Sentence("the day {day} is still to come.", {"day": on})
        runs = not self.rule.is_fixed and self.rule.side is Side.AFTER
        if runs and on < self.deadline.anchor_on:
            values = {"day": on, "start": self.deadline.anchor_on}
            yield Sentence("{day} is before the deadline began to run on {start}.", values)

    def _about_the_reason(self) -> Iterator[Sentence]:
        if not self.command.reason:
            yield Sentence("Give the reason.")
        if not self.command.paper:
            yield Sentence("Give the paper it rests on, like the number of a letter.")

    def _against_confirming(self) -> Iterator[Sentence]:
        meant = self.meant
        if meant is None:
            yield Sentence("No change of it waits for a second person.")
            return
        yield from self._about_the_person([meant.second])
        tie = tie_to(self.actor, meant.actor, meant.way)
        if tie is not None:
            did = Sentence("{person} made change {number}", {"person": meant.actor, "number": meant.number})
            yield Sentence("{did}; another person has to confirm it.", {"did": with_tie(did, tie)})
        name = f"{self.deadline.rule}/{self.deadline.occurrence}/{meant.number}"
        for entry in taken_on(self.agreement.history, Thing.CHANGE, name):
            tie = tie_to(self.actor, entry.actor, entry.way)
            if tie is not None:
                took = Sentence(
                    "{person} has taken change {number} on", {"person": entry.actor, "number": meant.number}
                )
                yield Sentence("{did}; another person has to confirm it.", {"did": with_tie(took, tie)})
        if self.on > self.today:
            yield Sentence("the day {day} is still to come.", {"day": self.on})

    def _against_pausing(self) -> Iterator[Sentence]:
        on, basis = self.on, self.deadline.basis or Basis()
        waiting = [c for c in pending(self.changes) if c.kind is ChangeKind.PAUSE]
        if waiting:
            yield Sentence("Change {number}, a pause, waits for a second person.", {"number": waiting[-1].number})
        overlapping = [pause for pause in basis.pauses if pause.end is None or on < pause.end]
        for pause in overlapping:
            if pause.end is None:
                yield Sentence("It is paused already since {day}; pauses do not overlap.", {"day": pause.start})
            else:
                last = {"first": pause.start, "day": pause.end}
                yield Sentence("It was paused from {first} until {day}; pauses do not overlap.", last)
        if not overlapping:
            yield from self._about_the_longest_time()
        if has_passed(self.deadline.due_on, on):
            yield Sentence("Its date has passed on {day}; a pause begins before it.", {"day": self.deadline.due_on})

    def _about_the_longest_time(self) -> Iterator[Sentence]:
        asked = self.rule.pause
        if asked is None or asked.at_most is None:
            return
        pauses = _pauses(self.rule, self.changes, self.calendars)
        taken = sum((pause.end - pause.start).days for pause in pauses if pause.end is not None)
        if _goes_on(self.rule, self.on, taken, self.calendars) == self.on:
            values = {"length": asked.at_most.message, "source": asked.source}
            yield Sentence("It has been paused for {length} in all, the longest time there is ({source}).", values)

    def _against_resuming(self) -> Iterator[Sentence]:
        running, on = self.meant, self.on
        pauses = {pause.start: pause.end for pause in _pauses(self.rule, self.changes, self.calendars)}
        goes_on = pauses.get(running.on) if running is not None else None
        if running is None or (goes_on is not None and goes_on <= on):
            yield Sentence("It is not paused by an act of a person: pause it before resuming.")
        elif on <= running.on:
            yield Sentence("The pause began on {day}; it is resumed on a later day.", {"day": running.on})

    def _against_extending(self, asked: ChangeRule | None) -> Iterator[Sentence]:
        length, basis = self.command.length, self.deadline.basis or Basis()
        if length is None:
            yield Sentence("Say by how much, like 10 business days.")
        elif asked is not None and asked.at_most is not None:
            waiting = [c.command.length for c in pending(self.changes) if c.kind is ChangeKind.EXTEND]
            granted = (*basis.extensions, *filter(None, waiting), length)
            if self._due_with(granted) > self._due_with((asked.at_most,)):
                values = {"length": asked.at_most.message, "source": asked.source}
                granted_in_words = [each.message for each in granted]
                yield Sentence(
                    "With {granted} it would be extended by more than {length} in all ({source}).",
                    {"granted": granted_in_words, **values},
                )

    def _against_moving(self, asked: ChangeRule | None) -> Iterator[Sentence]:
        names = [party.name for party in self.agreement.parties]
        if not names:
            yield Sentence("No parties are on record who could agree.")
        elif self.command.party not in names:
            yield Sentence("Say which party agrees: {parties}.", {"parties": names})
        to = self.command.to
        if to is None or to < self.today:
            yield Sentence("The day agreed on is today or later.")
        elif asked is not None and asked.at_most is not None:
            last = add_length(
                self._due_with((self.deadline.basis or Basis()).extensions), asked.at_most, self.calendars
            )
            if to > last:
                values = {"day": last, "length": asked.at_most.message, "source": asked.source}
                yield Sentence("It can be moved to {day} at the latest, by {length} ({source}).", values)

    def _due_with(self, extensions: Sequence[Length]) -> date:
        """The due date with these extensions, leaving out what was agreed on and a pause that still runs."""
        basis = self.deadline.basis or Basis()
        ended = tuple(pause for pause in basis.pauses if pause.end is not None)
        basis = replace(basis, pauses=ended, extensions=tuple(extensions), agreed_on=None)
        _, late = due_dates(self.rule, self.deadline.anchor_on, basis, self.calendars)
        return max(found.on for found in late if found.on is not None)


def _command(said: Changed, on: date) -> ChangeCommand:
    return ChangeCommand(
        kind=said.change,
        on=on,
        reason=said.reason,
        paper=said.paper,
        legal_basis=said.legal_basis,
        length=said.length,
        to=said.to,
        party=said.party,
        of=said.of,
    )
