"""A scripted story through the real engine, on a database of its own, with a clock that is set to each day."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, DeadlineStatus
from twinflow.domain.agreement.entries import Alerted
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.clock.scripted_case import ExpectedAlert, ExpectedDate, Script, ScriptCase, ScriptStep
from twinflow.domain.clock.simulation import MORNING
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.people.people import Assignment, Office, People, Person
from twinflow.domain.people.viewer import Door
from twinflow.domain.process.definition import CLOCK, LIAISON, Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import BadInput, Refused, TwinflowError
from twinflow.sentences import Problem, Sentence
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.agreements.rounds import act_in_round
from twinflow.services.clock.sweep import sweep
from twinflow.storage import database
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork

ONE_DAY = timedelta(days=1)
PLAYED = Way(Door.SHELL, for_several=True)
"""A story is played by one for all who are in it."""


@dataclass(frozen=True, slots=True)
class ReplayedStep:
    case: str
    on: date
    step: str
    label: Label
    actor: str
    state: str
    state_label: Label


@dataclass(frozen=True, slots=True)
class ReplayedAlert:
    """An alert that would have gone out on the day: the level reached, about what, to whom."""

    case: str
    on: date
    notice: str
    subject: AlertSubject
    label: Label
    level: str
    to: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What happened, how every case stands at the end, and everything that is not as the script expects."""

    steps: tuple[ReplayedStep, ...]
    alerts: tuple[ReplayedAlert, ...]
    cases: tuple[Agreement, ...]
    problems: tuple[Problem, ...]


def replay(rulebook: Rulebook, script: Script) -> Replay:
    """Play the script. Raises BadInput with everything that is not as it expects."""
    result = play(rulebook, script)
    if result.problems:
        raise BadInput("The replay is not as the script expects.", result.problems)
    return result


def play(rulebook: Rulebook, script: Script, *, every_day: bool = False) -> Replay:
    """Open each case and take each step on its day, and pass in between on the days for which the clock has something to do.

    `every_day`: a pass each day, which comes to the same and takes longer.
    """
    definitions = {
        case.reference: rulebook.catalogue.in_force_on(case.process, case.opened_on) for case in script.cases
    }
    engine = _new_database()
    try:
        stage = _Stage(
            engine,
            rulebook,
            _people(definitions.values()),
            script,
            definitions,
            ZoneInfo(definitions[script.first.reference].time_zone),
        )
        day: date | None = script.first.opened_on
        while day is not None and day <= script.until:
            stage.live(day)
            day = day + ONE_DAY if every_day else stage.next_day(day)
        return stage.result()
    finally:
        engine.dispose()


def open_case(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    script: Script,
    case: ScriptCase,
    *,
    actor: str,
    now: datetime,
    office: str,
) -> None:
    """Open a case of a script at an office."""
    new = NewAgreement(
        reference=case.reference,
        process=case.process,
        office=office,
        title=script.title,
        opened_on=case.opened_on,
        parties=script.parties,
        state=case.state,
        terms=case.terms,
        facts=case.facts,
        parent=case.parent,
        despite=script.source,
    )
    open_agreement(engine, rulebook, people, new, actor=actor, door=PLAYED, now=now)


def take(
    engine: Engine, rulebook: Rulebook, people: People, reference: str, step: ScriptStep, *, person: str, now: datetime
) -> Agreement:
    """One scripted step, or act in a round, by a person; the agreement then. Raises Refused where the engine refuses it."""
    if step.act is not None:
        act = step.act.on_day(step.on)
        return act_in_round(engine, rulebook, people, reference, act, person=person, door=PLAYED, now=now)
    command = StepCommand(step.step, step.on, step.party, step.records, step.at, reason=step.reason)
    return advance_agreement(
        engine, rulebook, people, reference, command, person=person, door=PLAYED, now=now
    ).agreement


@cache
def _migrated() -> bytes:
    """An empty database with its tables; the migrations run once in a process."""
    engine = make_engine("sqlite://")
    database.upgrade(engine)
    with engine.connect() as connection:
        content = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    engine.dispose()
    assert isinstance(content, bytes)
    return content


def _new_database() -> Engine:
    engine = make_engine("sqlite://")
    with engine.connect() as connection:
        connection.connection.driver_connection.deserialize(_migrated())  # type: ignore[union-attr]
    return engine


def _people(definitions: Collection[ProcessDefinition]) -> People:
    """One office of each kind, and one person for each role, called like them, in every office that the role is held in."""
    zone = next(iter(definitions)).time_zone
    held: dict[str, set[str]] = {}
    for definition in definitions:
        for role in definition.roles.values():
            held.setdefault(role.key, set()).update(office.kind for office in role.offices)
    kinds = set[str]().union(*held.values())
    offices = {kind: Office(kind, kind, {"en": kind, "es": kind}, "", zone) for kind in kinds}
    people = {
        role: Person(role, role, f"{role}@replay.invalid", "en", tuple(Assignment(role, kind) for kind in sorted(at)))
        for role, at in held.items()
    }
    return People(offices, people)


@dataclass(slots=True)
class _Stage:
    """A story while it is played."""

    engine: Engine
    rulebook: Rulebook
    people: People
    script: Script
    definitions: dict[str, ProcessDefinition]
    zone: ZoneInfo
    opened: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complaints: list[Sentence] = field(default_factory=list)

    def live(self, day: date) -> None:
        """All that happens on a day, and then what the clock does; what is expected of the day is looked at in the evening."""
        now = datetime.combine(day, MORNING, self.zone).astimezone(UTC)
        for case in self.script.cases:
            if case.opened_on == day:
                self._open(case, now)
        for step in self.script.steps:
            if step.on == day and step.by != CLOCK and step.case in self.opened:
                self._take(step, now)
        for trouble in sweep(self.engine, self.rulebook, self.people, now).problems:
            complaint = trouble.sentence
            if complaint not in self.complaints:
                self.complaints.append(complaint)
                self._problem(str(day), complaint)
        for expected in self.script.dates:
            if expected.as_of == day and expected.case in self.opened:
                self._compare_date(expected)

    def next_day(self, day: date) -> date | None:
        """The first day after `day` on which the script or the clock has something to do; None if there is none."""
        script = self.script
        days = {script.until, *(c.opened_on for c in script.cases), *(s.on for s in script.steps)}
        days |= {expected.as_of for expected in script.dates}
        with UnitOfWork(self.engine, reading=True) as work:
            waking = work.deadlines.next_day()
            if work.findings.untold():
                days.add(day + ONE_DAY)
        if waking is not None and waking <= script.until:
            days.add(max(waking, day + ONE_DAY))
        return min((each for each in days if each > day), default=None)

    def result(self) -> Replay:
        with UnitOfWork(self.engine, reading=True) as work:
            cases = [work.agreements.get(reference) for reference in self.opened]
        steps = [step for case in cases for step in _steps(case, self.definitions[case.reference])]
        alerts = [alert for case in cases for alert in _alerts(case, self.definitions[case.reference])]
        by_reference = {case.reference: case for case in cases}
        self._compare_ends(by_reference)
        for step in self.script.steps:
            if step.by == CLOCK and step.case in by_reference:
                self._compare_clock_step(step, by_reference[step.case])
        for expected in self.script.alerts:
            if expected.case in self.opened:
                self._compare_alert(expected, alerts)
        return Replay(
            tuple(sorted(steps, key=lambda step: step.on)),
            tuple(sorted(alerts, key=lambda alert: alert.on)),
            tuple(cases),
            tuple(self.problems),
        )

    def _problem(self, place: str, message: Sentence) -> None:
        self.problems.append(Problem(f"{self.script.file}: {place}", message))

    def _open(self, case: ScriptCase, now: datetime) -> None:
        office = self.definitions[case.reference].roles[LIAISON].office_on(case.opened_on)
        try:
            open_case(
                self.engine,
                self.rulebook,
                self.people,
                self.script,
                case,
                actor=LIAISON,
                now=now,
                office=office or "municipality",
            )
        except TwinflowError as error:
            for problem in getattr(error, "problems", ()):
                self._problem(f"{case.place}.{problem.place}", problem.message)
            for reason in _reasons(error):
                self._problem(case.place, reason)
            return
        self.opened.append(case.reference)

    def _take(self, step: ScriptStep, now: datetime) -> None:
        try:
            done = take(self.engine, self.rulebook, self.people, step.case, step, person=step.by, now=now)
        except TwinflowError as error:
            if not (step.refused and isinstance(error, Refused)):
                for reason in _reasons(error):
                    self._problem(step.place, Sentence("{step} was refused: {why}", {"step": step.step, "why": reason}))
            return
        if step.refused:
            self._problem(step.place, Sentence("{step} was taken; it should have been refused.", {"step": step.step}))
        found = done.state
        if step.state not in {None, found}:
            values = {"step": step.step, "found": found, "expected": step.state}
            self._problem(step.place, Sentence("{step} led to {found}, not to {expected}.", values))

    def _compare_date(self, expected: ExpectedDate) -> None:
        with UnitOfWork(self.engine, reading=True) as work:
            deadlines = {deadline.key: deadline for deadline in work.agreements.get(expected.case).deadlines}
        found = deadlines.get((expected.deadline, expected.occurrence))
        due = found.shown_on if found and found.status is not DeadlineStatus.VOID else None
        values = {"deadline": expected.deadline, "as_of": expected.as_of, "found": due, "expected": expected.due}
        if due is None and expected.due is not None:
            self._problem(expected.place, Sentence("{deadline} on {as_of}: no date, not {expected}.", values))
        elif expected.due is None and due is not None:
            self._problem(expected.place, Sentence("{deadline} on {as_of}: {found}; it should have no date.", values))
        elif due != expected.due:
            self._problem(expected.place, Sentence("{deadline} on {as_of}: {found}, not {expected}.", values))

    def _compare_ends(self, cases: dict[str, Agreement]) -> None:
        """What should have become of each case."""
        for case in self.script.cases:
            if case.ends_in is not None and case.reference in cases:
                found = cases[case.reference].state
                if found != case.ends_in:
                    values = {"found": found, "expected": case.ends_in}
                    self._problem(f"{case.place}.ends_in", Sentence("the state is {found}, not {expected}.", values))

    def _compare_clock_step(self, step: ScriptStep, case: Agreement) -> None:
        """A step that the clock should have taken on its day."""
        taken = [entry for entry in case.steps_taken(step.step) if entry.actor == CLOCK]
        if not any(_is_as_expected(entry, step) for entry in taken):
            found = [Sentence("{day}: {state}", {"day": e.effective_on, "state": e.to_state}) for e in taken]
            values: dict[str, object] = {"step": step.step, "day": step.on, "found": found or "–"}
            message = Sentence("the clock did not take {step} so on {day}; it took it on: {found}.", values)
            self._problem(step.place, message)

    def _compare_alert(self, expected: ExpectedAlert, alerts: Iterable[ReplayedAlert]) -> None:
        alike = sorted({alert.on for alert in alerts if _is_about(alert, expected)})
        if expected.on not in alike:
            values = {
                "day": expected.on,
                "what": expected.deadline or expected.notice,
                "to": expected.to,
                "found": alike or "–",
            }
            self._problem(
                expected.place,
                Sentence("{day}: no such alert about {what} went to {to}; there was one on: {found}.", values),
            )


def _reasons(error: TwinflowError) -> tuple[Sentence, ...]:
    """Why something was refused: its reasons, or what the error says where it has no list of them."""
    if getattr(error, "problems", ()):
        return ()
    return getattr(error, "reasons", ()) or (error.message,)


def _is_as_expected(entry: HistoryEntry, step: ScriptStep) -> bool:
    return entry.effective_on == step.on and step.state in {None, entry.to_state}


def _is_about(alert: ReplayedAlert, expected: ExpectedAlert) -> bool:
    """Whether the alert is the expected one, whatever its day."""
    return (
        (alert.case, alert.to) == (expected.case, expected.to)
        and expected.deadline in {None, alert.subject.rule}
        and expected.notice in {None, alert.notice}
        and (expected.level is None or LevelKey.parse(alert.level).name == expected.level.name)
    )


def _steps(agreement: Agreement, process: ProcessDefinition) -> Iterator[ReplayedStep]:
    for entry in agreement.history:
        if entry.kind is EntryKind.STEP and entry.step and entry.to_state:
            label, state = process.steps[entry.step].label, process.states[entry.to_state].label
            yield ReplayedStep(
                agreement.reference, entry.effective_on, entry.step, label, entry.actor, entry.to_state, state
            )


def _alerts(agreement: Agreement, process: ProcessDefinition) -> Iterator[ReplayedAlert]:
    for entry in agreement.history:
        told = Alerted.read(entry)
        if told is not None and not told.vacant:
            yield ReplayedAlert(
                case=agreement.reference,
                on=entry.effective_on,
                notice=told.notice,
                subject=told.subject,
                label=_label(process, told.subject),
                level=told.level,
                to=told.role,
            )


def _label(process: ProcessDefinition, subject: AlertSubject) -> Label:
    if subject.rule is not None:
        return process.deadlines[subject.rule].label
    name = subject.name
    return process.steps[name].label if subject.kind is SubjectKind.STEP else {"en": name, "es": name}
