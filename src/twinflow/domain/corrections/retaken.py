"""A case taken again from its beginning: what its history makes of it, entry by entry, decided as on the day each was recorded.

With the history as it stands this gives the case as the books should have it; with an entry that says something else, the case
as it would be had it been entered so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from twinflow.domain.agreement.agreement import Agreement, Claim, Party
from twinflow.domain.agreement.entries import (
    Began,
    Changed,
    ChangeKind,
    Migrated,
    OfficeMove,
    Policy,
    StepTaken,
    TermStated,
    beginning,
    of_a_round,
    withdrawn,
)
from twinflow.domain.agreement.history import OF_A_ROUND, EntryKind, HistoryEntry
from twinflow.domain.agreement.kept_by import began_in
from twinflow.domain.agreement.present_names import number_of
from twinflow.domain.clock.day import Taken, steps_of_dates
from twinflow.domain.deadlines.changes import ChangeCommand, decide
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.deadline_id import DeadlineId, find_deadline
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Actor, People
from twinflow.domain.process.definition import CLOCK, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.effects import signed_at_entry
from twinflow.domain.steps.migration import Plan, draft, migrated, with_closed
from twinflow.domain.steps.round_acts import RoundCommand, with_act
from twinflow.domain.steps.terms import with_stated
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.sentences import Sentence

MOST_ROUNDS = 3
JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the entry of this number could not have been done."""

    number: int
    message: Sentence


@dataclass(slots=True)
class Retaken:
    """What came of it. `entries` are those that were given as they turn out, under the names of their own time; a step of the
    clock that no date gives any more is None. `reasons` say what could not have been done so.
    """

    agreement: Agreement
    entries: list[HistoryEntry | None] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)


def retaken(
    agreement: Agreement,
    history: Sequence[HistoryEntry],
    rulebook: Rulebook,
    people: People,
    now: datetime,
    corrected: frozenset[int] = frozenset(),
) -> Retaken:
    """Take the case again, up to the instant `now` (UTC).

    `history` is as it is corrected, under the names of its own time, without what was only told. Of `agreement` is taken what no
    entry says: its reference, what it belongs to and what belongs to it. No remedy names the entries that are `corrected`.
    """
    found = Retaken(_as_it_began(agreement, history[0]))
    run = _Run(rulebook, people, found, history, history[0].recorded_at, corrected)
    run.begin(history[0])
    for entry in history[1:]:
        run.take(entry)
    run.come_to(now)
    run.derive(now)
    return run.found


def as_it_began(
    agreement: Agreement, history: Sequence[HistoryEntry], rulebook: Rulebook, people: People, now: datetime
) -> Began:
    """What the case began with: what its first entry says, or what its rows have beyond what its steps have given."""
    began = Began.read(history[0])
    if began is not None:
        return began
    stated = {said.term for entry in history if (said := TermStated.read(entry)) is not None}
    terms = {name: term for name, term in agreement.terms.items() if name not in stated}
    unsigned = tuple(replace(party, signature=None) for party in agreement.parties)
    office = began_in(history, agreement.office)
    began = Began(agreement.title, office, agreement.origin, agreement.note, unsigned, terms, {})
    for _ in range(MOST_ROUNDS):  # a step of the clock follows from facts that the case may have begun with
        given = retaken(agreement, [beginning(history[0], began), *history[1:]], rulebook, people, now).agreement
        if (given.facts, given.parties) == (agreement.facts, agreement.parties):
            break
        added = {name: claims[len(began.facts.get(name, ())) :] for name, claims in given.facts.items()}
        signed = {new.name for old, new in zip(began.parties, given.parties, strict=True) if old != new}
        parties = tuple(replace(p, signature=None) if p.name in signed else p for p in agreement.parties)
        facts = {name: _without(claims, added.get(name, ())) for name, claims in agreement.facts.items()}
        began = replace(began, parties=parties, facts={name: claims for name, claims in facts.items() if claims})
    return began


def _without(claims: Sequence[Claim], given: Sequence[Claim]) -> tuple[Claim, ...]:
    """The claims but for those given last."""
    left, gone = list(claims), list(given)
    while left and gone and left[-1].value == gone[-1].value:
        left.pop()
        gone.pop()
    return tuple(left)


def _as_it_began(agreement: Agreement, entry: HistoryEntry) -> Agreement:
    said = Began.read(entry)
    assert said is not None
    assert entry.to_state is not None
    return replace(
        agreement,
        title=said.title,
        office=said.office,
        origin=said.origin,
        note=said.note,
        parties=said.parties,
        terms=said.terms,
        facts=said.facts,
        state=entry.to_state,
        history=(entry,),
        deadlines=(),
        derive_on=None,
        derived_on=None,
    )


@dataclass(slots=True)
class _Run:
    """The case on its way."""

    rulebook: Rulebook
    people: People
    found: Retaken
    history: Sequence[HistoryEntry]
    now: datetime
    """How far it has come (UTC)."""
    corrected: frozenset[int] = frozenset()
    then: dict[int, Rulebook] = field(default_factory=dict)
    """The rulebook as it was once so many editions of calendars had come into use."""

    @property
    def case(self) -> Agreement:
        return self.found.agreement

    @case.setter
    def case(self, agreement: Agreement) -> None:
        self.found.agreement = agreement

    @property
    def definition(self) -> ProcessDefinition:
        return self.rulebook.definition_of(self.case)

    def rulebook_at(self, instant: datetime) -> Rulebook:
        number = sum(each.at <= instant for each in self.rulebook.applied)
        if number not in self.then:
            self.then[number] = self.rulebook.as_of(instant)
        return self.then[number]

    def context(self, now: datetime) -> DeadlineContext:
        return deadline_context(self.rulebook_at(now), self.people, self.definition, self.case.office, now)

    def come_to(self, instant: datetime) -> None:
        """What was closed by the day on which another edition came into use stays as it was; the others are counted by it."""
        passed = sorted({each.at for each in self.rulebook.applied if self.now < each.at <= instant})
        for at in passed:
            self.derive(at - JUST_BEFORE)
            self.derive(at)
        self.now = max(self.now, instant)

    def begin(self, entry: HistoryEntry) -> None:
        first = next((said for each in self.history if (said := Migrated.read(each)) is not None), None)
        if first is not None:
            self._goes_by(self.rulebook.version_named(first.source))
        if entry.kind is EntryKind.OPENED:
            self.case = signed_at_entry(self.case, self.definition)
        self.derive(entry.recorded_at)
        self.found.entries.append(entry)

    def _goes_by(self, definition: ProcessDefinition) -> None:
        self.case = replace(
            self.case,
            process=definition.key,
            process_version=definition.version,
            process_digest=definition.digest,
        )

    def take(self, entry: HistoryEntry) -> None:
        """One entry after another: what is refused stays out, and is said."""
        self.come_to(entry.recorded_at)
        try:
            taken = self._taken(entry)
        except (Refused, NotFound, BadInput) as error:
            self._against(entry, _reasons(error))
            taken = entry
            if entry.kind is EntryKind.CHANGE:  # others may be named by it
                self._keep(entry)
        self.found.entries.append(taken)

    def _against(self, entry: HistoryEntry, reasons: Iterable[Sentence]) -> None:
        number = number_of(self.history, entry)
        for why in reasons:
            values = {"number": number, "day": entry.effective_on, "why": why}
            self.found.reasons.append(Reason(number, Sentence("entry {number}, {day}: {why}", values)))

    def _taken(self, entry: HistoryEntry) -> HistoryEntry | None:
        match entry.kind:
            case EntryKind.STEP if entry.actor == CLOCK:
                return self._by_the_clock(entry)
            case EntryKind.STEP:
                return self._by_a_person(entry)
            case EntryKind.CHANGE:
                return self._changed(entry)
            case EntryKind.MIGRATED:
                return self._migrated(entry)
            case EntryKind.MOVE:
                return self._went(entry)
            case EntryKind.TERM:
                return self._stated(entry)
            case kind if kind in OF_A_ROUND:
                return self._done_in_a_round(entry)
            case _:
                self._keep(entry)
                return entry

    def _keep(self, entry: HistoryEntry) -> None:
        self.case = replace(self.case, history=(*self.case.history, entry))

    def derive(self, now: datetime) -> DeadlineContext:
        """The deadlines as the books have them at an instant (UTC): what is closed stays as it was closed."""
        context = self.context(now)
        self._settle(with_deadlines(self.case, self.definition, context), context, now)
        return context

    def _settle(self, after: Agreement, context: DeadlineContext, now: datetime) -> None:
        left = rewritten(self.case, after, self.rulebook.definition_of(after), context, now)
        self.case = replace(left.agreement, history=after.history)

    def _first_lapse(self, now: datetime, until: date = date.max) -> Taken | None:
        context = self.derive(now)
        deeds = steps_of_dates(self.case, self.definition, context, now, until)
        return next((deed for deed in deeds if isinstance(deed, Taken)), None)

    def _by_the_clock(self, entry: HistoryEntry) -> HistoryEntry | None:
        """The date that it followed from may have moved, or be gone: then it was not taken."""
        deed = self._first_lapse(entry.recorded_at)
        if deed is None or deed.outcome.entry.step != entry.step:
            self._keep(withdrawn(entry))
            return None
        self._settle(deed.outcome.agreement, self.context(entry.recorded_at), entry.recorded_at)
        return deed.outcome.entry

    def _by_a_person(self, entry: HistoryEntry) -> HistoryEntry:
        """By whoever took it, with what it says. Raises Refused where a date would have taken a step before."""
        said, now = StepTaken.read(entry), entry.recorded_at
        assert said is not None
        assert entry.step is not None
        reasons = self._run_out_before(now, min(entry.effective_on, self.context(now).today))
        if reasons:
            raise Refused("{reference} cannot be corrected so.", tuple(reasons), reference=self.case.reference)
        command = StepCommand(
            entry.step, entry.effective_on, entry.party, said.records, said.place, said.capacity, said.reason,
            said.received_at, said.corrected_by, self.corrected,
        )  # fmt: skip
        context = self.context(now)
        outcome = advance(self.case, self.definition, command, self._anybody(entry, said), now=now, context=context)
        self._settle(outcome.agreement, context, now)
        return outcome.entry

    def _run_out_before(self, now: datetime, until: date = date.max) -> list[Sentence]:
        """That a date would have taken a step by then."""
        first = self._first_lapse(now, until)
        if first is None:
            return []
        values = {"deadline": self.definition.deadlines[first.deadline.rule].label, "day": first.deadline.due_on}
        return [Sentence("“{deadline}” would have run out before, on {day}.", values)]

    def _anybody(self, entry: HistoryEntry, said: StepTaken | None = None) -> Actor:
        """Whoever did it, in whatever role: that was looked at on the day. Who has corrected it has had a hand in it as well."""
        hands = [entry.actor, *(said.corrected_by.split() if said is not None else ())]
        known = [self.people.people[hand] for hand in hands if hand in self.people.people]
        also = frozenset(hands).union(*(self.people.sharing(person) for person in known)) - {entry.actor}
        way = entry.way
        acts_for = {way.role: way.acts_for} if way is not None and way.acts_for else {}
        return Actor(entry.actor, frozenset(self.definition.roles), also, acts_for, way, self.people.shared)

    def _changed(self, entry: HistoryEntry) -> HistoryEntry:
        said, now = Changed.read(entry), entry.recorded_at
        assert said is not None
        if said.withdrawn:
            self._keep(entry)
            return entry
        if said.change is ChangeKind.CONFIRM and self._is_withdrawn(said):
            self._keep(withdrawn(entry))
            return withdrawn(entry)
        context = self.derive(now)
        deadline = find_deadline(self.case, DeadlineId(self.case.reference, *said.key))
        rule = self.definition.deadlines[deadline.rule]
        command = ChangeCommand(
            kind=said.change,
            on=entry.effective_on,
            reason=said.reason,
            paper=said.paper,
            legal_basis=said.legal_basis,
            length=said.length,
            to=said.to,
            party=said.party,
            of=said.of,
        )
        decided = decide(
            self.case,
            self.definition,
            deadline,
            command,
            self._anybody(entry),
            now=now,
            today=context.today,
            calendars=context.calendars_of(rule),
        )
        self._keep(decided)
        self.derive(now)
        return decided

    def _is_withdrawn(self, confirms: Changed) -> bool:
        """Whether the change that is confirmed is withdrawn: its confirmation goes with it."""
        changes = (said for each in self.case.history if (said := Changed.read(each)) is not None)
        return any(said.withdrawn and (said.key, said.number) == (confirms.key, confirms.of) for said in changes)

    def _went(self, entry: HistoryEntry) -> HistoryEntry:
        """To another office, where the move was accepted: its dates are derived there from then on."""
        gone = OfficeMove.accepted(entry)
        if gone is not None:
            self.case = replace(self.case, office=gone.to)
        self._keep(entry)
        self.derive(entry.recorded_at)
        return entry

    def _stated(self, entry: HistoryEntry) -> HistoryEntry:
        said = TermStated.read(entry)
        assert said is not None
        self.case = with_stated(self.case, said)
        self._keep(entry)
        self.derive(entry.recorded_at)
        return entry

    def _done_in_a_round(self, entry: HistoryEntry) -> HistoryEntry:
        said, now = of_a_round(entry), entry.recorded_at
        assert said is not None
        if getattr(said, "withdrawn", False):
            self._keep(entry)
            return entry
        context = self.derive(now)
        command, actor = RoundCommand.of(entry, said), self._anybody(entry)
        after = with_act(
            self.case, self.definition, command, actor, now=now, today=context.today, calendars=context.calendars
        )
        self._keep(after.history[-1])
        return after.history[-1]

    def _migrated(self, entry: HistoryEntry) -> HistoryEntry:
        said, now = Migrated.read(entry), entry.recorded_at
        assert said is not None
        plan = self._plan(said)
        self._against(entry, self._run_out_before(now))
        context = self.derive(now)
        before = self.case
        moved = migrated(before, plan, Actor(entry.actor, frozenset(), way=entry.way), context, now)
        there = deadline_context(self.rulebook_at(now), self.people, plan.target, before.office, now)
        self._settle(with_closed(with_deadlines(moved, plan.target, there), before.deadlines), there, now)
        return self.case.history[-1]

    def _plan(self, said: Migrated) -> Plan:
        """The plan that it went by; in books of before as far as it shows in what was carried over."""
        source, target = (self.rulebook.version_named(name) for name in (said.source, said.target))
        policies: Mapping[str, Policy] = said.policies
        if not policies:
            shown = {rule: carried.policy for (rule, _), carried in said.carried.items()}
            policies = {**draft(source, target).deadlines, **shown}
        return Plan(source, target, said.states, policies, said.reason, said.steps)


def _reasons(error: Refused | NotFound | BadInput) -> Sequence[Sentence]:
    if isinstance(error, BadInput):
        return [problem.message for problem in error.problems]
    return getattr(error, "reasons", ()) or (error.message,)


def merged(books: Agreement, before: Agreement, after: Agreement) -> Agreement:
    """What the books have, but for what differs between `before` and `after`: the case taken again without a correction, and
    with it.
    """
    facts = dict(books.facts)
    for name in before.facts.keys() | after.facts.keys():
        if before.facts.get(name) != after.facts.get(name):
            facts[name] = after.facts.get(name, ())
    return replace(
        books,
        **{
            name: getattr(after, name)
            for name in ("title", "office", "origin", "note", "state", "terms")
            if getattr(before, name) != getattr(after, name)
        },
        parties=_merged_parties(books.parties, before.parties, after.parties),
        facts={name: claims for name, claims in facts.items() if claims},
    )


def _merged_parties(books: Sequence[Party], before: Sequence[Party], after: Sequence[Party]) -> tuple[Party, ...]:
    rows = zip(books, before, after, strict=True)
    return tuple(new if old != new else kept for kept, old, new in rows)
