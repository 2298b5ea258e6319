"""What would come of a case if nobody acted: every alert, lapse and state up to a day.

The clock is set to each morning on which something wakes, as the rows of the books say it, and to no other. What is done then
is the day of each case, as the sweep does it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import zip_longest
from zoneinfo import ZoneInfo

from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts import alerts
from twinflow.domain.alerts.recipients import Audience, Recipient
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.calendar.business_days import ONE_DAY
from twinflow.domain.calendar.dates import Unit
from twinflow.domain.clock import waking
from twinflow.domain.clock.day import Day, Derived, InBooks, Stuck, Taken, Told, day
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.kept import Rewritten, rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import DeadlineRule, Level, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.sentences import Sentence

MORNING = time(9)
"""When the clock is set to a day, at the office that keeps the case."""


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
class Event:
    """One thing that comes `on` a day of the office that keeps the case; `effective_on` is the day it is about.

    `subject`, `occurrence` and `level` are those of the alert, or the deadline that something follows from. `vacant` are
    roles that nobody holds. `provisional`: the day rests on a calendar that is not filled in for its year.
    """

    on: date
    kind: EventKind
    reference: str
    effective_on: date
    subject: AlertSubject
    occurrence: int = 1
    notice: str = ""
    level: str = ""
    told: tuple[Recipient, ...] = ()
    vacant: tuple[str, ...] = ()
    step: str = ""
    state: str = ""
    reasons: tuple[Sentence, ...] = ()
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came, in order, and how the books stood in the end."""

    events: tuple[Event, ...]
    cases: tuple[InBooks, ...]


def opened(agreement: Agreement, rulebook: Rulebook, people: People, now: datetime) -> InBooks:
    """A case as it comes into the books at the instant `now`, with its deadlines and findings."""
    definition = rulebook.definition_of(agreement)
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    left = rewritten(agreement, with_deadlines(agreement, definition, context), definition, context, now)
    return InBooks(left.agreement, left.wake_on)


def simulate(cases: Sequence[InBooks], rulebook: Rulebook, people: People, now: datetime, until: date) -> Simulation:
    """Let the clock run over the cases from the instant `now` up to and including the day `until`, and nobody act.

    `cases` are an agreement and what belongs to it, in the order of their rows; the days are those of the office that keeps
    the first of them.
    """
    run = _Run(list(cases), rulebook, people, now)
    run.settle()
    while (day := run.next_day()) is not None and day <= until:
        run.set_clock(day)
        run.settle()
    return Simulation(tuple(run.events), tuple(run.cases))


def level_of(rule: DeadlineRule, key: LevelKey) -> Level | None:
    """The rung of the ladder that a level's key names; None for one that is on no ladder, like `missed`."""
    rungs = rule.warn + rule.escalate
    return next((level for level in rungs if (level.name, level.to) == (key.name, key.to)), None)


class _Run:
    """The books while the clock runs over them."""

    def __init__(self, cases: list[InBooks], rulebook: Rulebook, people: People, now: datetime) -> None:
        self.cases, self.rulebook, self.people, self.now = cases, rulebook, people, now
        self.events: list[Event] = []
        self.zone = ZoneInfo(people.offices[cases[0].agreement.office].time_zone)
        self.turns = sorted(_turns(people, [self._definition(case) for case in cases]))
        self._said: set[tuple[object, ...]] = set()
        self._contexts: dict[tuple[ProcessDefinition, str], DeadlineContext] = {}

    # days

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def set_clock(self, on: date) -> None:
        self.now = self._morning(on)
        self._contexts.clear()

    def _morning(self, on: date) -> datetime:
        return datetime.combine(on, MORNING, self.zone).astimezone(UTC)

    def next_day(self) -> date | None:
        """The first day after today on which something wakes, or somebody comes into a role who may have been waited for."""
        today = self.today
        days = {each for case in self.cases for each in self._waking_days(case) if each > today}
        days |= set(next(([turn] for turn in self.turns if turn > today), []))
        return min(days, default=None)

    def _waking_days(self, case: InBooks) -> Iterator[date]:
        """The days here on whose morning the day of waking has come at the office that is late, and first anywhere on earth."""
        definition, context = self._definition(case), self._context(case)
        for deadline in case.agreement.deadlines:
            rule, wake_on = definition.deadlines[deadline.rule], case.wake_on[deadline.key]
            if wake_on is not None and wake_on <= context.today_of(
                rule
            ):  # it waits already for somebody to hold a role
                calendars, today = context.calendars_of(rule), context.today_of(rule)
                wake_on = waking.next_wake_on(case.agreement, rule, deadline, calendars, today)
            if wake_on is not None:
                place = context.places.get(rule.late or "")
                yield self._day_here(wake_on, place.zone if place else self.zone)
                yield next(near for near in _around(wake_on) if waking.latest_day(self._morning(near)) >= wake_on)
        if case.agreement.derive_on is not None:  # at whichever office is late
            yield from _around(case.agreement.derive_on)

    def _day_here(self, on: date, zone: ZoneInfo) -> date:
        """The first day here on whose morning it is `on` there, or later."""
        if zone is self.zone:
            return on
        return next(here for here in _around(on) if self._morning(here).astimezone(zone).date() >= on)

    # what comes

    def settle(self) -> None:
        """The day of each case at this instant, until none has anything left to do."""
        before: list[InBooks] = []
        while any(old is not new for old, new in zip_longest(before, self.cases)):
            before = list(self.cases)
            for number, case in enumerate(before):
                if self.cases[number].is_awake(waking.latest_day(self.now)):
                    done = day(self.cases[number], self.rulebook, self.people, self._context(case), self.now)
                    self.cases[number] = done.case
                    self._report(done)

    def _report(self, done: Day) -> None:
        """The events of a day. What a step of a date announces rests on that date."""
        agreement, provisional = done.case.agreement, False
        for deed in done.deeds:
            match deed:
                case Taken(deadline, before, outcome, left):
                    state, provisional = outcome.agreement.state, deadline.provisional
                    step = outcome.entry.step or ""
                    self.events.append(self._about(EventKind.STEP, before, deadline, step=step, state=state))
                    self._report_closed(before, left)
                    self._refresh_parent(left.agreement, outcome.entry.effective_on)
                case Derived(before, left):
                    self._report_closed(before, left)
                case Stuck(deadline=deadline, refused=refused):
                    event = self._about(EventKind.STUCK, agreement, deadline, reasons=refused.reasons)
                    self._say_once(event)
                case Told(telling, audience):
                    self._report_told(agreement, telling, audience, provisional=provisional)

    def _report_told(self, agreement: Agreement, telling: Telling, audience: Audience, *, provisional: bool) -> None:
        of_step = telling.subject.kind is SubjectKind.STEP
        event = Event(
            on=self.today,
            kind=EventKind.ALERT,
            reference=agreement.reference,
            effective_on=telling.effective_on,
            subject=telling.subject,
            occurrence=telling.occurrence,
            notice=telling.notice,
            level=telling.level,
            told=audience.recipients,
            vacant=audience.vacant,
            provisional=provisional if of_step else self._is_provisional(agreement, telling),
        )
        if event.told:
            self._said.add(_gist(event))
            self.events.append(event)
        else:
            self._say_once(event)

    def _is_provisional(self, agreement: Agreement, telling: Telling) -> bool:
        """Whether the day of a level rests on a calendar that is not filled in for its year."""
        definition = self.rulebook.definition_of(agreement)
        rule = definition.deadlines.get(telling.subject.rule or "")
        key = (telling.subject.name, telling.occurrence)
        deadline = next((each for each in agreement.deadlines if each.key == key), None)
        if rule is None or deadline is None or telling.level == alerts.MISSED:
            return False
        level, calendars = level_of(rule, LevelKey.parse(telling.level)), self.rulebook.calendars_of(definition, rule)
        counted = level is not None and level.length is not None and level.length.unit is Unit.BUSINESS_DAYS
        return deadline.provisional or (counted and not calendars.covers(telling.effective_on))

    def _report_closed(self, before: Agreement, left: Rewritten) -> None:
        """What was not met, and the rights that have passed unused."""
        then = {deadline.key: deadline.status for deadline in before.deadlines}
        rules = self.rulebook.definition_of(left.agreement).deadlines
        for key, after in left.rows.items():
            if then.get(key) is after.status:
                continue
            if after.status is DeadlineStatus.UNMET:
                self.events.append(self._about(EventKind.UNMET, before, after))
            elif after.status is DeadlineStatus.LAPSED and not rules[after.rule].on_lapse:
                self.events.append(self._about(EventKind.LAPSED, before, after))

    def _refresh_parent(self, child: Agreement, on: date) -> None:
        """A child's new state may meet a deadline of the agreement it belongs to."""
        for number, case in enumerate(self.cases):
            if case.agreement.reference == child.parent:
                parent = _with_child(case.agreement, child, on)
                definition, context = self._definition(case), self._context(case)
                left = rewritten(
                    case.agreement, with_deadlines(parent, definition, context), definition, context, self.now
                )
                self._report_closed(case.agreement, left)
                wake_on = {**case.wake_on, **left.wake_on}
                self.cases[number] = replace(case, agreement=left.agreement, wake_on=wake_on)

    # words

    def _about(
        self,
        kind: EventKind,
        agreement: Agreement,
        deadline: Deadline,
        *,
        step: str = "",
        state: str = "",
        reasons: tuple[Sentence, ...] = (),
    ) -> Event:
        """What comes of a deadline, about its due date."""
        return Event(
            on=self.today,
            kind=kind,
            reference=agreement.reference,
            effective_on=deadline.due_on or self.today,
            subject=AlertSubject.deadline(deadline.rule),
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

    # context

    def _definition(self, case: InBooks) -> ProcessDefinition:
        return self.rulebook.definition_of(case.agreement)

    def _context(self, case: InBooks) -> DeadlineContext:
        definition, office = self._definition(case), case.agreement.office
        if (definition, office) not in self._contexts:
            self._contexts[definition, office] = deadline_context(
                self.rulebook, self.people, definition, office, self.now
            )
        return self._contexts[definition, office]


def _around(on: date) -> tuple[date, date, date]:
    return (on - ONE_DAY, on, on + ONE_DAY)


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


def _turns(people: People, definitions: Iterable[ProcessDefinition]) -> set[date]:
    """The days on which other people or offices come into charge."""
    terms = [(a.from_day, a.to_day) for person in people.people.values() for a in person.assignments]
    roles = [role for definition in definitions for role in definition.roles.values()]
    terms += [(office.from_day, office.to_day) for role in roles for office in role.offices]
    begun = {first for first, _ in terms if first is not None}
    return begun | {last + ONE_DAY for _, last in terms if last is not None and last < date.max}
