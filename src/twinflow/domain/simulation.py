"""What would come of a case if nobody acted: every alert, lapse and state up to a day.

The clock is set to each morning on which something wakes, as the rows of the books say it, and to no other; each time the
passes of `domain.passes` are made until one of them changes nothing. What the real clock does to the books is done here to
snapshots in the same order, so that the two agree to the letter.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from twinflow.domain import levels, passes
from twinflow.domain.actors import THE_CLOCK, Directory
from twinflow.domain.advance import Outcome, StepCommand, advance
from twinflow.domain.agreement import Agreement, Deadline, DeadlineStatus, EntryKind, HistoryEntry
from twinflow.domain.calendars import ONE_DAY, Calendars
from twinflow.domain.dates import Unit
from twinflow.domain.derivation import derive
from twinflow.domain.findings import Finding, findings
from twinflow.domain.library import Library
from twinflow.domain.passes import Key, Telling
from twinflow.domain.process import CLOCK, DeadlineRule, Level, ProcessDefinition
from twinflow.domain.reckoning import Reckoning
from twinflow.errors import Refused
from twinflow.sentences import Message

MORNING = time(9)
"""When the clock is set to a day, at the office that keeps the case."""

Subject = tuple[str, int]
"""What an alert is about, and the occurrence."""


class EventKind(StrEnum):
    """`alert`: somebody is told, or would be if anybody held the role. `step`: a date takes a step. `unmet`: a duty was still
    owed when its next occurrence was due, or when the case ended. `lapsed`: the last day of a right has passed unused.
    `stuck`: a date would take a step that cannot be taken, for the reasons given.
    """

    ALERT = "alert"
    STEP = "step"
    UNMET = "unmet"
    LAPSED = "lapsed"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Told:
    """A person who is told, and the role for which; `stands_for` is the absent person it comes in the place of."""

    person: str
    role: str
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that comes `on` a day of the office that keeps the case; `effective_on` is the day it is about.

    `subject`, `occurrence` and `level` are those of the alert, or the deadline that something follows from. `vacant` are
    roles that nobody holds. `provisional`: the day rests on a calendar that is not filled in for its year.
    """

    on: date
    kind: EventKind
    reference: str
    effective_on: date
    subject: str
    occurrence: int = 1
    notice: str = ""
    level: str = ""
    told: tuple[Told, ...] = ()
    vacant: tuple[str, ...] = ()
    step: str = ""
    state: str = ""
    reasons: tuple[Message, ...] = ()
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding as the books have it: how often it has come, whether somebody was told, and whether it is settled."""

    finding: Finding
    occurrence: int = 1
    told: bool = False
    settled: bool = False


@dataclass(slots=True)
class InBooks:
    """One case as the books have it: the order of deadlines and findings is that of their rows.

    `wake_on` is the day on which each deadline wakes a sweep; `alerted` has who was told of what, at which level, and
    `fired` the day of each level that was told to anybody.
    """

    agreement: Agreement
    wake_on: dict[Key, date | None] = field(default_factory=dict)
    findings: list[KnownFinding] = field(default_factory=list)
    alerted: dict[Subject, set[tuple[str, str]]] = field(default_factory=dict)
    fired: dict[Subject, dict[str, date]] = field(default_factory=dict)

    @property
    def untold(self) -> list[int]:
        return [n for n, known in enumerate(self.findings) if not known.told and not known.settled]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came, in order, and how the books stood in the end."""

    events: tuple[Event, ...]
    cases: tuple[InBooks, ...]


def opened(agreement: Agreement, library: Library, now: datetime) -> InBooks:
    """A case as it comes into the books at the instant `now`, with its deadlines and findings."""
    definition = library.definition_of(agreement)
    deadlines = derive(agreement, definition, library.reckoning(definition, agreement.office, now))
    agreement = replace(agreement, deadlines=deadlines)
    wake_on = {d.key: _first_wake(library, definition, d) for d in deadlines}
    found = sorted(findings(agreement, definition), key=lambda finding: (finding.code.value, finding.subject))
    return InBooks(agreement, wake_on, [KnownFinding(finding) for finding in found])


def simulate(cases: Sequence[InBooks], library: Library, now: datetime, until: date) -> Simulation:
    """Let the clock run over the cases from the instant `now` up to and including the day `until`, and nobody act.

    `cases` are an agreement and what belongs to it, in the order of their rows; the days are those of the office that keeps
    the first of them.
    """
    run = _Run([deepcopy(case) for case in cases], library, now)
    run.settle()
    while (day := run.next_day()) is not None and day <= until:
        run.set_clock(day)
        run.settle()
    return Simulation(tuple(run.events), tuple(run.cases))


def level_of(rule: DeadlineRule, key: str) -> Level | None:
    """The rung of the ladder that a level's key names; None for one that is on no ladder, like `missed`."""
    name = key.partition(" #")[0]
    return next((level for level in rule.warn + rule.escalate if level.key == name), None)


def _first_wake(library: Library, definition: ProcessDefinition, deadline: Deadline) -> date | None:
    rule = definition.deadlines[deadline.rule]
    return levels.next_wake_on(rule, deadline, library.calendars_of(definition, rule), None)


class _Run:
    """The books while the clock runs over them."""

    def __init__(self, cases: list[InBooks], library: Library, now: datetime) -> None:
        self.cases, self.library, self.now = cases, library, now
        self.events: list[Event] = []
        self.zone = ZoneInfo(library.directory.offices[cases[0].agreement.office].time_zone)
        self.turns = sorted(_turns(library.directory, [self._definition(case) for case in cases]))
        self._changed = False
        self._said: set[tuple[object, ...]] = set()
        self._reckonings: dict[tuple[ProcessDefinition, str], Reckoning] = {}
        self._derived: dict[str, tuple[Reckoning, tuple[Deadline, ...]]] = {}

    # days

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def set_clock(self, day: date) -> None:
        self.now = self._morning(day)
        self._reckonings.clear()

    def _morning(self, day: date) -> datetime:
        return datetime.combine(day, MORNING, self.zone).astimezone(UTC)

    def next_day(self) -> date | None:
        """The first day after today on which something wakes, or somebody comes into a role who may have been waited for."""
        today = self.today
        days = {day for case in self.cases for day in self._waking_days(case) if day > today}
        days |= set(next(([day] for day in self.turns if day > today), []))
        return min(days, default=None)

    def _waking_days(self, case: InBooks) -> Iterator[date]:
        """The days here on whose morning the day of waking has come at the office that is late, and first anywhere on earth."""
        definition, reckoning = self._definition(case), self._reckoning(case)
        for deadline in case.agreement.deadlines:
            rule, wake_on = definition.deadlines[deadline.rule], case.wake_on[deadline.key]
            if wake_on is not None and wake_on <= reckoning.today_of(rule):
                wake_on = self._next_wake(case, deadline)
            if wake_on is not None:
                place = reckoning.places.get(rule.late or "")
                yield self._day_here(wake_on, place.zone if place else self.zone)
                near = (wake_on - ONE_DAY, wake_on, wake_on + ONE_DAY)
                yield next(day for day in near if passes.latest_day(self._morning(day)) >= wake_on)

    def _next_wake(self, case: InBooks, deadline: Deadline) -> date | None:
        """When there is more to tell of what waits already for somebody to hold a role."""
        definition, reckoning = self._definition(case), self._reckoning(case)
        rule = definition.deadlines[deadline.rule]
        calendars = self.library.calendars_of(definition, rule)
        return passes.next_wake_on(case.agreement, rule, deadline, calendars, reckoning.today_of(rule))

    def _day_here(self, day: date, zone: ZoneInfo) -> date:
        """The first day here on whose morning it is `day` there, or later."""
        if zone is self.zone:
            return day
        near = (day - ONE_DAY, day, day + ONE_DAY)
        return next(here for here in near if self._morning(here).astimezone(zone).date() >= day)

    # passes

    def settle(self) -> None:
        """Passes at this instant, until one changes nothing."""
        self._changed = True
        while self._changed:
            self._changed = False
            self._pass()

    def _pass(self) -> None:
        for case in self.cases:
            self._tell_findings(case)
        latest = passes.latest_day(self.now)
        woken = [n for n, case in enumerate(self.cases) if any(on and on <= latest for on in case.wake_on.values())]
        for number in [number for number in woken if self._warn_due(self.cases[number])]:
            self._lapse_overdue(self.cases[number])

    def _awake(self, case: InBooks, *, lapsing: bool) -> Iterator[tuple[DeadlineRule, Deadline]]:
        """Its deadlines whose day has come at the late office, soonest first: those that lapse, or the others."""
        rules, reckoning = self._definition(case).deadlines, self._reckoning(case)
        by_key = {deadline.key: deadline for deadline in case.agreement.deadlines}
        woken = [(wake_on, key) for key, wake_on in case.wake_on.items() if wake_on is not None]
        for wake_on, key in sorted(woken):
            rule, deadline = rules[key[0]], by_key[key]
            today = reckoning.today_of(rule)
            if passes.is_awake(rule, deadline, wake_on, today, lapsing=lapsing):
                yield rule, deadline

    def _tell_findings(self, case: InBooks) -> None:
        for number in case.untold:
            known = case.findings[number]
            today = self.library.today(case.agreement.office, self.now)
            if self._tell(case, case.agreement, passes.about_finding(known.finding, known.occurrence, today)):
                case.findings[number] = replace(known, told=True)
                self._changed = True

    def _warn_due(self, case: InBooks) -> bool:
        """Tell what is due; whether a date takes a step."""
        lapses = any(True for _ in self._awake(case, lapsing=True))
        definition, reckoning = self._definition(case), self._reckoning(case)
        for rule, deadline in list(self._awake(case, lapsing=False)):
            today, calendars = reckoning.today_of(rule), self.library.calendars_of(definition, rule)
            heard = True
            if passes.is_spoken_of(rule, deadline, today):
                fired = case.fired.get((passes.subject_of(rule.key), deadline.occurrence), {})
                tellings = passes.levels_to_tell(case.agreement, rule, deadline, calendars, today, fired)
                for telling in list(tellings):
                    provisional = _is_provisional(rule, deadline, calendars, telling)
                    heard &= self._tell(case, case.agreement, telling, provisional=provisional)
            if heard:
                wake_on = passes.next_wake_on(case.agreement, rule, deadline, calendars, today)
                case.wake_on[deadline.key] = wake_on
                self._changed = True
        self._bring_up_to_date(case)
        return lapses

    def _bring_up_to_date(self, case: InBooks) -> None:
        before = case.agreement
        after = self._refreshed(case)
        self._write(case, before.deadlines, after)
        for telling in passes.missed(before.deadlines, after.deadlines, self._definition(case)):
            self._tell(case, after, telling)

    def _lapse_overdue(self, case: InBooks) -> None:
        """Take the steps that follow from dates that have passed; one that cannot be taken does not keep the others waiting."""
        agreement = case.agreement
        reckoning = self._reckoning(case)
        for rule, overdue in list(self._awake(case, lapsing=True)):
            deadline = passes.still_lapsing(agreement, rule, overdue.key, reckoning.today_of(rule))
            if deadline is None:
                continue
            try:
                agreement = self._lapse(case, agreement, deadline)
                self._changed = True
            except Refused as refused:
                self._say_once(self._about(EventKind.STUCK, agreement, deadline, reasons=refused.reasons))

    def _lapse(self, case: InBooks, agreement: Agreement, deadline: Deadline) -> Agreement:
        definition, reckoning = self._definition(case), self._reckoning(case)
        step = definition.deadlines[deadline.rule].on_lapse
        assert step is not None
        assert deadline.due_on is not None
        command = StepCommand(step, deadline.due_on)
        outcome = advance(agreement, definition, command, THE_CLOCK, now=self.now, reckoning=reckoning)
        state = outcome.agreement.state
        self.events.append(self._about(EventKind.STEP, agreement, deadline, step=step, state=state))
        self._record(case, agreement, outcome, provisional=deadline.provisional)
        return replace(outcome.agreement, history=case.agreement.history)

    def _record(self, case: InBooks, before: Agreement, outcome: Outcome, *, provisional: bool) -> None:
        after = outcome.agreement
        self._derived.pop(after.reference, None)
        self._write(case, before.deadlines, after)
        case.findings = list(_found_anew(case.findings, findings(after, self._definition(case))))
        for telling in passes.about_step(outcome.announcements, outcome.entry, after):
            self._tell(case, after, telling, provisional=provisional)
        self._refresh_parent(after, outcome.entry.effective_on)

    def _refresh_parent(self, after: Agreement, on: date) -> None:
        """A child's new state may meet a deadline of the agreement it belongs to."""
        for case in self.cases:
            if case.agreement.reference == after.parent:
                case.agreement = _with_child(case.agreement, after, on)
                self._derived.pop(case.agreement.reference, None)
                self._write(case, case.agreement.deadlines, self._refreshed(case))

    def _tell(self, case: InBooks, agreement: Agreement, telling: Telling, *, provisional: bool = False) -> bool:
        """Tell whoever holds the roles and was not told; whether anybody holds one of them at all."""
        today = self.library.today(agreement.office, self.now)
        subject = (telling.subject, telling.occurrence)
        already = case.alerted.setdefault(subject, set())
        audience = passes.audience_of(self.library, agreement, telling, today, already)
        vacant = audience.vacant
        told = tuple(Told(each.person, each.role, each.stands_for) for each in audience.recipients)
        if told:
            already |= {(telling.level, who) for each in told for who in (each.person, each.stands_for) if who}
            case.fired.setdefault(subject, {})[telling.level] = telling.effective_on
            self._changed = True
        event = Event(
            on=self.today,
            kind=EventKind.ALERT,
            reference=agreement.reference,
            effective_on=telling.effective_on,
            subject=telling.subject,
            occurrence=telling.occurrence,
            notice=telling.notice,
            level=telling.level,
            told=told,
            vacant=vacant,
            provisional=provisional,
        )
        if told:
            self._said.add(_gist(event))
            self.events.append(event)
        elif vacant:
            self._say_once(event)
        return not audience.nobody

    # rows

    def _write(self, case: InBooks, before: Sequence[Deadline], after: Agreement) -> None:
        """The deadlines of `after` over those `before`, as the books write them: what differs wakes anew."""
        definition = self._definition(case)
        rows = {deadline.key: deadline for deadline in case.agreement.deadlines}
        old = {deadline.key: deadline for deadline in before}
        new = passes.kept(before, after, definition)
        moved = [key for key in old.keys() & new.keys() if old[key].due_on != new[key].due_on]
        for key, deadline in new.items():
            if deadline != old.get(key):
                rows[key] = deadline
                case.wake_on[key] = _first_wake(self.library, definition, deadline)
                self._changed = True
                self._notice_status(case.agreement, old.get(key), deadline)
        for key, deadline in old.items():
            if key not in new and deadline.is_open:
                rows[key] = replace(rows[key], status=DeadlineStatus.VOID)
                case.wake_on[key] = None
                self._changed = True
        history = (*after.history, *(self._moved(key) for key in moved))
        case.agreement = replace(after, deadlines=tuple(rows.values()), history=history)

    def _moved(self, key: Key) -> HistoryEntry:
        """What was said about the warnings of a date that has moved does not count any more."""
        details = {"deadline": key[0], "occurrence": str(key[1])}
        return HistoryEntry(EntryKind.DEADLINE, CLOCK, self.today, self.now, details=details)

    def _notice_status(self, agreement: Agreement, before: Deadline | None, after: Deadline) -> None:
        rule = self.library.definition_of(agreement).deadlines[after.rule]
        if before is not None and before.status is after.status:
            return
        if after.status is DeadlineStatus.UNMET:
            self.events.append(self._about(EventKind.UNMET, agreement, after))
        elif after.status is DeadlineStatus.LAPSED and rule.on_lapse is None:
            self.events.append(self._about(EventKind.LAPSED, agreement, after))

    # words

    def _about(
        self,
        kind: EventKind,
        agreement: Agreement,
        deadline: Deadline,
        *,
        step: str = "",
        state: str = "",
        reasons: tuple[Message, ...] = (),
    ) -> Event:
        """What comes of a deadline, about its due date."""
        return Event(
            on=self.today,
            kind=kind,
            reference=agreement.reference,
            effective_on=deadline.due_on or self.today,
            subject=passes.subject_of(deadline.rule),
            occurrence=deadline.occurrence,
            step=step,
            state=state,
            reasons=reasons,
            provisional=deadline.provisional,
        )

    def _say_once(self, event: Event) -> None:
        """What stays as it is, pass after pass, is said on its first day."""
        if _gist(event) not in self._said:
            self._said.add(_gist(event))
            self.events.append(event)

    # reckoning

    def _definition(self, case: InBooks) -> ProcessDefinition:
        return self.library.definition_of(case.agreement)

    def _reckoning(self, case: InBooks) -> Reckoning:
        definition, office = self._definition(case), case.agreement.office
        if (definition, office) not in self._reckonings:
            self._reckonings[definition, office] = self.library.reckoning(definition, office, self.now)
        return self._reckonings[definition, office]

    def _refreshed(self, case: InBooks) -> Agreement:
        """The case with its deadlines as of today: derived anew after an act, where a due date has passed since, or where a
        duty is still to begin.

        Nothing else in the passing of days bears on them: it ends a right, opens the next occurrence, or lets a step be taken.
        """
        agreement, definition, reckoning = case.agreement, self._definition(case), self._reckoning(case)
        then, deadlines = self._derived.get(agreement.reference, (None, ()))
        if (
            then is None
            or any(_has_passed(deadline, definition, then, reckoning) for deadline in deadlines)
            or _is_to_begin(agreement, definition, deadlines)
        ):
            deadlines = derive(agreement, definition, reckoning)
            self._derived[agreement.reference] = (reckoning, deadlines)
        return replace(agreement, deadlines=deadlines)


def _is_to_begin(agreement: Agreement, definition: ProcessDefinition, deadlines: Sequence[Deadline]) -> bool:
    """Whether a recurring duty has a start, and no occurrence yet."""
    running = {deadline.rule for deadline in deadlines}
    anchors = [rule.anchor for rule in definition.deadlines.values() if rule.recurs and rule.key not in running]
    return any(agreement.day_of(each.fact or "") or agreement.steps_taken(each.step or "") for each in anchors)


def _has_passed(deadline: Deadline, definition: ProcessDefinition, then: Reckoning, now: Reckoning) -> bool:
    """Whether the due date had not passed `then`, and has passed `now`."""
    rule = definition.deadlines[deadline.rule]
    return deadline.due_on is not None and then.today_of(rule) <= deadline.due_on < now.today_of(rule)


def _gist(event: Event) -> tuple[object, ...]:
    return (event.kind, event.reference, event.subject, event.occurrence, event.level, event.vacant)


def _with_child(parent: Agreement, child: Agreement, on: date) -> Agreement:
    """The agreement, with the state that a child has reached."""
    children = [
        replace(known, state=child.state, reached=(*known.reached, (child.state, on)))
        if known.reference == child.reference
        else known
        for known in parent.children
    ]
    return replace(parent, children=tuple(children))


def _found_anew(known: Sequence[KnownFinding], found: Iterable[Finding]) -> Iterator[KnownFinding]:
    """What is gone is settled; what comes back is told again."""
    present = set(found)
    for each in known:
        if each.finding not in present:
            yield replace(each, settled=True)
        elif each.settled:
            yield KnownFinding(each.finding, each.occurrence + 1)
        else:
            yield each
    new = present - {each.finding for each in known}
    yield from map(KnownFinding, sorted(new, key=lambda finding: (finding.code.value, finding.subject)))


def _is_provisional(rule: DeadlineRule, deadline: Deadline, calendars: Calendars, telling: Telling) -> bool:
    level = level_of(rule, telling.level)
    counted = level is not None and level.length is not None and level.length.unit is Unit.BUSINESS_DAYS
    return deadline.provisional or (counted and not calendars.covers(telling.effective_on))


def _turns(directory: Directory, definitions: Iterable[ProcessDefinition]) -> set[date]:
    """The days on which other people or offices come into charge."""
    terms = [(a.from_day, a.to_day) for person in directory.people.values() for a in person.assignments]
    roles = [role for definition in definitions for role in definition.roles.values()]
    terms += [(office.from_day, office.to_day) for role in roles for office in role.offices]
    begun = {first for first, _ in terms if first is not None}
    return begun | {last + ONE_DAY for _, last in terms if last is not None and last < date.max}
