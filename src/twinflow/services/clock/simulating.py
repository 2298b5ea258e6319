"""What would come if nobody acted: of an agreement as the books have it, or of a process before anybody uses it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Claim, Party, Term
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.clock.day import InBooks
from twinflow.domain.clock.simulation import MORNING, Event, EventKind, opened, simulate
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.people.people import Assignment, Office, People, Person
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.process.definition import LIAISON, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps import opening
from twinflow.domain.steps.effects import signed_at_entry
from twinflow.errors import BadInput, UnreadableAgreement
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.services.clock.in_books import in_books
from twinflow.storage.agreements import read
from twinflow.storage.snapshots import InRows
from twinflow.storage.unit_of_work import UnitOfWork

STAND_INS = (Party("A", "", home=True), Party("B", ""))
"""The parties of a case that is nobody's."""

OPTIONS = {"state": "--state", "facts": "--fact", "terms": "--term"}
"""Where a person says what the case is."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would come from `start` to `until`, both included; the state before and after, and the roles of the process.

    Of a case that was annulled (`annulled_on`) nothing comes.
    """

    reference: str
    process: str
    start: date
    until: date
    state: str
    ends_in: str
    events: tuple[Event, ...]
    definitions: Mapping[str, ProcessDefinition]
    """The process of each case that something comes of, by reference."""
    annulled_on: date | None = None


@dataclass(frozen=True, slots=True)
class FreshCase:
    """A case that was never opened: a process, the day on which it would be, and what would be known of it then.

    `state` is that on the day; else the first, or where the last of `steps` leads. `steps` were taken before, each on its day.
    """

    definition: ProcessDefinition
    start: date
    state: str | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)
    facts: Mapping[str, PartialDate | str] = field(default_factory=dict)
    steps: Mapping[str, date] = field(default_factory=dict)


def simulate_agreement(
    engine: Engine, rulebook: Rulebook, people: People, reference: str, now: datetime, until: date, *, viewer: Viewer
) -> Outlook:
    """An agreement and what belongs to it, from the instant `now`. Nothing is written. Raises NotFound."""
    return _outlook(books_of(engine, rulebook, reference, viewer=viewer), rulebook, people, now, until)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a pass at the instant `at` would do; the process of each case that something comes of, by reference.

    `problems` says which agreements it could not read.
    """

    at: datetime
    events: tuple[Event, ...]
    definitions: Mapping[str, ProcessDefinition]
    problems: tuple[Sentence, ...] = ()

    @property
    def alerts(self) -> int:
        return sum(len(event.told) for event in self.events)

    @property
    def moved(self) -> list[str]:
        """The agreements of which a date would take a step."""
        return [event.reference for event in self.events if event.kind is EventKind.STEP]


def foresee(engine: Engine, rulebook: Rulebook, people: People, at: datetime) -> Foreseen:
    """What a single pass would do at an instant (UTC) that is still to come. Nothing is written."""
    with UnitOfWork(engine, reading=True) as work:
        awake = work.agreements.in_rows(sorted(work.deadlines.awake(latest_day(at))))
        found = [each for each in awake if not isinstance(each, UnreadableAgreement)]
        family = sorted(_with_parents(work, found), key=lambda each: each.id)
        read_or_not = [*awake, *in_books(work, rulebook, family)]
    problems = tuple(each.message for each in read_or_not if isinstance(each, UnreadableAgreement))
    cases = [each for each in read_or_not if isinstance(each, InBooks)]
    if not cases:
        return Foreseen(at, (), {}, problems)
    today = people.today(cases[0].agreement.office, at)
    done = simulate(cases, rulebook, people, at, today)
    definitions = {case.agreement.reference: rulebook.definition_of(case.agreement) for case in cases}
    return Foreseen(at, done.events, definitions, problems)


def _with_parents(work: UnitOfWork, found: Sequence[InRows]) -> list[InRows]:
    """What a child's step may change belongs to it."""
    known = {each.agreement.reference for each in found}
    missing = {each.agreement.parent for each in found if each.agreement.parent is not None} - known
    if not missing:
        return list(found)
    parents = work.agreements.in_rows([work.agreements.id_of(each) for each in missing])
    readable = [each for each in parents if not isinstance(each, UnreadableAgreement)]
    return _with_parents(work, [*found, *readable]) if readable else list(found)


def books_of(engine: Engine, rulebook: Rulebook, reference: str, *, viewer: Viewer) -> list[InBooks]:
    """An agreement and what belongs to it, as the books have them, in the order of their rows.

    Raises NotFound, UnreadableAgreement.
    """
    with UnitOfWork(engine, reading=True) as work:
        family = sorted(_family(work, viewer, reference), key=lambda each: each.id)
        return [read(case) for case in in_books(work, rulebook, family)]


def simulate_process(rulebook: Rulebook, case: FreshCase, until: date) -> Outlook:
    """A case from the morning of the day it is opened, with roles in the place of people: neither people nor a database.

    Raises BadInput with everything that the process does not know.
    """
    definition = case.definition
    problems = list(_problems(case))
    if problems:
        raise BadInput("{process} cannot be simulated so.", tuple(problems), process=definition.name)
    people = stand_ins(definition, case.start)
    now = datetime.combine(case.start, MORNING, ZoneInfo(definition.time_zone))
    return _outlook([opened(_agreement(case, now), rulebook, people, now)], rulebook, people, now, until)


def stand_ins(definition: ProcessDefinition, day: date) -> People:
    """One office of each kind, and one person for each role, called like them. The office `home` keeps the case."""
    kinds = {office.kind for role in definition.roles.values() for office in role.offices}
    home = definition.roles[LIAISON].office_on(day) or definition.roles[LIAISON].offices[0].kind
    offices = {_home(kind, home): _office(kind, _home(kind, home), definition.time_zone) for kind in sorted(kinds)}
    people = {}
    for role in definition.roles.values():
        assignments = tuple(Assignment(role.key, _home(office.kind, home)) for office in role.offices)
        people[role.key] = Person(role.key, role.key, "", "en", assignments)
    return People(offices, people)


def _home(kind: str, home: str) -> str:
    return "home" if kind == home else kind


def _office(kind: str, key: str, time_zone: str) -> Office:
    return Office(key, kind, {}, "", time_zone)


def _outlook(cases: list[InBooks], rulebook: Rulebook, people: People, now: datetime, until: date) -> Outlook:
    agreement = cases[0].agreement
    start = people.today(agreement.office, now)
    if until < start:
        raise BadInput("{until} is before {start}, the first day.", until=until, start=start)
    done = simulate(cases, rulebook, people, now, until)
    return Outlook(
        reference=agreement.reference,
        process=rulebook.definition_of(agreement).name,
        start=start,
        until=until,
        state=agreement.state,
        ends_in=done.cases[0].agreement.state,
        events=done.events,
        definitions={case.agreement.reference: rulebook.definition_of(case.agreement) for case in cases},
        annulled_on=agreement.annulled_on,
    )


def _family(work: UnitOfWork, viewer: Viewer, reference: str) -> Iterator[InRows]:
    """The agreement, and the cases that belong to it or to one of those, as far as the viewer sees them."""
    found = read(work.agreements.in_rows([work.agreements.row_for(viewer, reference)])[0])
    yield found
    for child in found.agreement.children:
        if work.agreements.sees(viewer, child.reference):
            yield from _family(work, viewer, child.reference)


def _agreement(case: FreshCase, now: datetime) -> Agreement:
    """The case as it would come into the books: entered in mid-life where it is not in the first state."""
    definition, new, steps = case.definition, _new(case), _in_order(case)
    first = min(definition.steps[steps[0][0]].sources) if steps else new.state
    begun = opening.opened(replace(new, state=first), definition, actor=LIAISON, now=now, today=case.start)
    history, facts, state = [*begun.history], dict(new.facts), begun.state
    for key, day in steps:
        step = definition.steps[key]
        came_from, state = state, step.to[-1].state
        actor = min(step.by)
        history.append(HistoryEntry(EntryKind.STEP, actor, day, now, step=key, from_state=came_from, to_state=state))
        if step.day_as is not None:
            facts.setdefault(step.day_as, (Claim(PartialDate.of(day), ""),))
    agreement = replace(begun, state=case.state or state, facts=facts, history=tuple(history))
    return signed_at_entry(agreement, definition)


def _new(case: FreshCase) -> opening.NewAgreement:
    """The case in the state in which it stands, begun on the day of its first step."""
    definition = case.definition
    led_to = [definition.steps[key].to[-1].state for key, _ in _in_order(case) if key in definition.steps]
    return opening.NewAgreement(
        reference=definition.key,
        process=definition.key,
        office="home",
        title=definition.key,
        opened_on=min([case.start, *case.steps.values()]),
        parties=STAND_INS,
        state=case.state or (led_to[-1] if led_to else None),
        terms=case.terms,
        facts={name: (Claim(value, ""),) for name, value in case.facts.items()},
    )


def _in_order(case: FreshCase) -> list[tuple[str, date]]:
    return sorted(case.steps.items(), key=lambda each: each[1])


def _problems(case: FreshCase) -> Iterator[Problem]:
    definition = case.definition
    for problem in opening.problems_of_opening(_new(case), definition, case.start):
        field, _, name = str(problem.place).partition(".")
        yield Problem(f"{OPTIONS[field]} {name}".rstrip(), problem.message)
    for name, day in case.steps.items():
        if name not in definition.steps:
            yield Problem("--step", unknown_name(Sentence("the step"), name, definition.steps))
        elif day > case.start:
            yield Problem(f"--step {name}", Sentence("the day {day} is still to come.", {"day": day}))
