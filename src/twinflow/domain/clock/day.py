"""The day of one case: what the clock does about it at an instant, in order, until nothing is left to do.

First the steps that dates take; then what is missing is told; then who is to be warned is warned; then the deadlines are
derived anew, as the passing of a day opens the next occurrence and ends a right that nobody used. Whoever a step has freed of a
duty is not warned of it any more, and what a day has opened is told on that day.

Values in, values out: the sweep writes what was done into the books, the simulation goes on with what the books then hold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.alerts import alerts, recipients
from twinflow.domain.alerts.recipients import AlreadyTold, Audience
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.clock import waking
from twinflow.domain.deadlines import consultations, warnings
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.kept import Key, Rewritten, rewritten
from twinflow.domain.deadlines.occurrences import on_record_since, with_deadlines
from twinflow.domain.deadlines.warnings import lapses_by_the_clock
from twinflow.domain.people.duties import in_hand
from twinflow.domain.people.people import THE_CLOCK, People
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import Outcome, StepCommand
from twinflow.errors import Refused

GIVEN_UP = frozenset({DeadlineStatus.UNMET, DeadlineStatus.VOID})


@dataclass(frozen=True, slots=True)
class InBooks:
    """One case as the books have it.

    `wake_on` is the day on which each deadline wakes a sweep; `told` has what was told of each subject and occurrence.
    """

    agreement: Agreement
    wake_on: Mapping[Key, date | None] = field(default_factory=dict)
    told: Mapping[tuple[AlertSubject, int], AlreadyTold] = field(default_factory=dict)

    def is_awake(self, latest: date) -> bool:
        """Whether a sweep has to look at it, if `latest` is the furthest day that any place on earth has come to."""
        wakes = any(day is not None and day <= latest for day in self.wake_on.values())
        return wakes or self.is_to_be_derived(latest) or any(each.is_untold for each in self.agreement.findings)

    def is_to_be_derived(self, latest: date) -> bool:
        """Whether the passing of days may have changed its deadlines, or a clock that was ahead has."""
        derive_on, derived_on = self.agreement.derive_on, self.agreement.derived_on
        return (derive_on is not None and derive_on <= latest) or (derived_on is not None and derived_on > latest)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a date took: the deadline whose day had passed, the agreement before, and what the books hold then."""

    deadline: Deadline
    before: Agreement
    outcome: Outcome
    left: Rewritten


@dataclass(frozen=True, slots=True)
class Stuck:
    """A date whose step cannot be taken, and why."""

    deadline: Deadline
    step: str
    refused: Refused


@dataclass(frozen=True, slots=True)
class Told:
    """What was told, and who heard of it."""

    telling: Telling
    audience: Audience


@dataclass(frozen=True, slots=True)
class Derived:
    """The deadlines derived anew, and what the books hold then."""

    before: Agreement
    left: Rewritten


Deed = Taken | Stuck | Told | Derived


@dataclass(frozen=True, slots=True)
class Day:
    """What was done, in order, and how the books stand then."""

    deeds: tuple[Deed, ...]
    case: InBooks


def day(case: InBooks, rulebook: Rulebook, people: People, context: DeadlineContext, now: datetime) -> Day:
    """What the clock does about the case at the instant `now` (UTC). `context` is that of its process and office then."""
    run = _Run(case, people, rulebook.definition_of(case.agreement), context, now)
    run.until_nothing_is_left()
    return Day(tuple(run.deeds), run.case)


def steps_of_dates(
    agreement: Agreement,
    definition: ProcessDefinition,
    context: DeadlineContext,
    now: datetime,
    until: date = date.max,
) -> Iterator[Taken | Stuck]:
    """The steps that follow from dates that have passed by `until`, soonest first, each effective on its due date.

    One that cannot be taken does not keep the others waiting.
    """
    last = {key: min(until, context.today_of(rule)) for key, rule in definition.deadlines.items()}
    passed = [each for each in agreement.deadlines if each.rule in last and _lapses(definition, each, last)]
    if passed and agreement.derived_on is None:  # rows of an earlier version do not say what is only assumed
        assumed = {each.key for each in with_deadlines(agreement, definition, context).deadlines if each.assumed}
        passed = [each for each in passed if each.key not in assumed]
    for overdue in sorted(passed, key=lambda each: (each.due_on or until, each.rule, each.occurrence)):
        deadline = next((each for each in agreement.deadlines if each.key == overdue.key), overdue)
        if not _lapses(definition, deadline, last):
            continue  # an earlier step has changed it
        command = StepCommand(_step_of(deadline, agreement, definition), deadline.due_on)
        try:
            outcome = advance(agreement, definition, command, THE_CLOCK, now=now, context=context)
        except Refused as refused:
            yield Stuck(deadline, command.step, refused)
            continue
        left = rewritten(agreement, outcome.agreement, definition, context, now)
        yield Taken(deadline, agreement, outcome, left)
        agreement = left.agreement


def left_undone(
    agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext, now: datetime
) -> Iterator[Taken | Derived]:
    """What a pass would still do to the state and the dates, in order: done first, what follows does not depend on passes."""
    before = None
    while before is not agreement:
        before = agreement
        for deed in steps_of_dates(agreement, definition, context, now):
            if isinstance(deed, Taken):
                yield deed
                agreement = deed.left.agreement
        left = rewritten(agreement, with_deadlines(agreement, definition, context), definition, context, now)
        if left.rows or left.agreement.derive_on != agreement.derive_on:
            yield Derived(agreement, left)
            agreement = left.agreement


def _step_of(deadline: Deadline, agreement: Agreement, definition: ProcessDefinition) -> str:
    """The step that follows from the date; where none of its steps leaves the present state the first, which is refused."""
    rule = definition.deadlines[deadline.rule]
    step = definition.step_of_lapse(rule, agreement.state)
    return step.key if step is not None else rule.on_lapse[0]


def _lapses(definition: ProcessDefinition, deadline: Deadline, last: Mapping[str, date]) -> bool:
    return lapses_by_the_clock(definition.deadlines[deadline.rule], deadline, last[deadline.rule])


@dataclass(slots=True)
class _Run:
    """The case while its day runs."""

    case: InBooks
    people: People
    definition: ProcessDefinition
    context: DeadlineContext
    now: datetime
    deeds: list[Deed] = field(default_factory=list)
    _said: set[object] = field(default_factory=set)

    @property
    def agreement(self) -> Agreement:
        return self.case.agreement

    def until_nothing_is_left(self) -> None:
        before = None
        while before is not self.case:
            before = self.case
            self._take_steps()
            self._tell_findings()
            anew = self._derived_anew()
            self._warn(anew)
            self._leave_derived(self._warned_of_consultations(anew))

    def _take_steps(self) -> None:
        for deed in steps_of_dates(self.agreement, self.definition, self.context, self.now):
            match deed:
                case Stuck():
                    self._report(deed)
                case Taken():
                    self._leave(deed, deed.left)
                    outcome = deed.outcome
                    for telling in alerts.about_step(outcome.announcements, outcome.entry, self.agreement):
                        self._tell(telling)

    def _report(self, stuck: Stuck) -> None:
        """What cannot be taken is said until somebody knows of it."""
        known_on = on_record_since(self.agreement, self.definition, stuck.deadline, self.context)
        telling = alerts.about_refused(stuck.deadline, known_on)
        if not self._told(telling.subject, telling.occurrence).has_heard(telling.level):
            self._once(stuck, ("stuck", stuck.deadline.key))
        self._tell(telling)

    def _tell_findings(self) -> None:
        for number, known in enumerate(self.agreement.findings):
            if known.is_untold:
                telling = alerts.about_finding(known.finding, known.occurrence, self.context.today)
                if not self._tell(telling).nobody:
                    told = list(self.agreement.findings)
                    told[number] = replace(known, told=True)
                    self.case = replace(self.case, agreement=replace(self.agreement, findings=tuple(told)))

    def _warn(self, anew: Agreement) -> None:
        """Tell the levels that are reached, and set when to look at each deadline again.

        Of what was given up or fell away while the clock was off, those reached by then.
        """
        known = self.definition.deadlines  # what waited to be told of a rule that a migration has left is told no more
        wake_on = {key: on if key[0] in known else None for key, on in self.case.wake_on.items()}
        if wake_on != self.case.wake_on:
            self.case = replace(self.case, wake_on=wake_on)
        given_up = {each.key: each.closed_on for each in anew.deadlines if each.status in GIVEN_UP}
        for rule, deadline in list(self._awake(anew)):
            calendars, closed_on = self.context.calendars_of(rule), given_up.get(deadline.key)
            today = min(self.context.today_of(rule), closed_on or date.max)
            audiences = [self._tell(telling) for telling in self._tellings(rule, deadline, calendars, today)]
            if not any(audience.nobody for audience in audiences):
                next_on = waking.next_wake_on(self.agreement, rule, deadline, calendars, today)
                self.case = replace(self.case, wake_on={**self.case.wake_on, deadline.key: next_on})

    def _tellings(
        self, rule: DeadlineRule, deadline: Deadline, calendars: Calendars, today: date
    ) -> tuple[Telling, ...]:
        """What is to be told of a deadline by the day. Of one that was given up before anybody was told, that alone."""
        is_given_up = deadline.status is DeadlineStatus.UNMET
        has_ended = self.definition.states[self.agreement.state].final
        if has_ended if is_given_up else not alerts.is_spoken_of(rule, deadline, today):
            return ()
        told = self._told(AlertSubject.deadline(rule.key), deadline.occurrence).levels
        since = on_record_since(self.agreement, self.definition, deadline, self.context)
        if is_given_up and not told:
            reached = warnings.reached(rule, deadline, calendars, today)
            return (alerts.about_missed(rule, deadline, since),) if reached else ()
        return tuple(alerts.levels_to_tell(self.agreement, rule, deadline, calendars, today, told, since))

    def _awake(self, anew: Agreement) -> Iterator[tuple[DeadlineRule, Deadline]]:
        """The deadlines whose day of waking has come where the late office is, and from which no step follows, soonest first."""
        by_key = {deadline.key: deadline for deadline in self.agreement.deadlines}
        if self.agreement.derived_on is None:  # rows of an earlier version do not say what is only assumed
            assumed = {each.key: each for each in anew.deadlines if each.assumed}
            by_key |= {key: replace(by_key[key], basis=assumed[key].basis) for key in by_key.keys() & assumed.keys()}
        woken = sorted((on, key) for key, on in self.case.wake_on.items() if on is not None)
        for on, key in woken:
            rule, deadline = self.definition.deadlines[key[0]], by_key[key]
            today = self.context.today_of(rule)
            if on <= today and not lapses_by_the_clock(rule, deadline, today):
                yield rule, deadline

    def _derived_anew(self) -> Agreement:
        """The passing of a day may open the next occurrence, or close a right that nobody used; nothing told changes a date."""
        if not self.case.is_to_be_derived(waking.latest_day(self.now)):
            return self.agreement
        return with_deadlines(replace(self.agreement, derive_on=None), self.definition, self.context)

    def _warned_of_consultations(self, anew: Agreement) -> Agreement:
        """Warn the units that were consulted; where nobody hears of it, the case is to be looked at again until somebody does."""
        if anew is self.agreement:
            return anew
        tellings = [
            telling
            for waiting in consultations.awaited(anew, self.definition)
            for telling in alerts.about_waiting(waiting, self.context)
        ]
        audiences = [self._tell(telling) for telling in tellings]
        if any(audience.nobody for audience in audiences):
            return replace(anew, derive_on=self.agreement.derive_on)
        return anew

    def _leave_derived(self, anew: Agreement) -> None:
        before = self.agreement
        if anew is before:
            return
        left = rewritten(before, anew, self.definition, self.context, self.now)
        was_ahead = before.derived_on is not None and before.derived_on > waking.latest_day(self.now)
        if left.rows or left.agreement.derive_on != before.derive_on or was_ahead:
            self._leave(Derived(before, left), left)

    def _leave(self, deed: Deed, left: Rewritten) -> None:
        self.deeds.append(deed)
        wake_on = {**self.case.wake_on, **left.wake_on}
        self.case = replace(self.case, agreement=left.agreement, wake_on=wake_on)

    def _told(self, subject: AlertSubject, occurrence: int) -> AlreadyTold:
        return self.case.told.get((subject, occurrence), AlreadyTold())

    def _tell(self, telling: Telling) -> Audience:
        """Tell whoever holds the roles and was not told."""
        about, already = (telling.subject, telling.occurrence), self._told(telling.subject, telling.occurrence)
        office, today = self.agreement.office, self.context.today
        audience = recipients.audience_of(
            self.people, self.definition, office, telling, today, already.people, in_hand(self.agreement.history)
        )
        if audience.recipients:
            told = already.and_now(telling, audience)
            self.case = replace(self.case, told={**self.case.told, about: told})
            self.deeds.append(Told(telling, audience))
        elif audience.vacant:
            self._once(Told(telling, audience), (about, telling.level))
        return audience

    def _once(self, deed: Deed, what: object) -> None:
        """What stays as it is, round after round, is said once."""
        if what not in self._said:
            self._said.add(what)
            self.deeds.append(deed)
