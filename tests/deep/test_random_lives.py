"""Random lives of random processes: after each pass the books are as derived from scratch, and daily passes tell the same.

Acts, changes of deadlines, editions of calendars, moves to another version, mornings without a pass, offices anywhere on earth.
Three clocks go over each life: one that looks only at what wakes, as a sweep does; one that looks each morning and derives
everything anew; and one that was off for a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from builders import ALBUQUERQUE, CHIHUAHUA, TINY, edited, facts, office, person, rulebook
from how_many import SEED, many
from twinflow.definitions.reader import read_process
from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import ChangeKind, Policy
from twinflow.domain.alerts.alerts import MISSED
from twinflow.domain.calendar.business_days import Calendar, Holiday, Roll
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.clock.day import InBooks, Told, day, left_undone
from twinflow.domain.clock.simulation import opened
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.deadlines.changes import ChangeCommand, decide
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Actor, Assignment, People
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import (
    Anchor,
    ChangeRule,
    DeadlineRule,
    InPause,
    Level,
    Nature,
    ProcessDefinition,
    Side,
)
from twinflow.domain.rulebook import deadline_context
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.migration import Plan, draft, migrated, not_kept, with_closed
from twinflow.domain.steps.opening import NewAgreement
from twinflow.domain.steps.opening import opened as begun
from twinflow.errors import Refused

ONE_DAY = timedelta(days=1)
FIRST = date(2026, 1, 5)
DAYS = 300
CHUNKS = many(2, 64)
LIVES_OF_A_CHUNK = max(1, many(12, 10_000) // CHUNKS)
LONG_AGO = date(1900, 1, 1)
WHO = ("liaison", "reviewer", "supervisor")
ELENA = Actor("elena", frozenset({"liaison"}))
ZONES = ("America/Chihuahua", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")

STEP = """[steps.{key}]
from = {sources}
to = "{to}"
by = {by}
{more}
label = {{ en = "{key}", es = "{key}" }}
"""
STEPS = (
    ("ask", '["open"]', "asked", '["liaison"]', 'day_as = "asked_on"\nrecords = ["held_on"]'),
    ("review", '["asked"]', "asked", '["liaison"]', 'day_as = "reviewed_on"'),
    ("set_day", '["asked", "resting"]', "asked", '["liaison"]', 'records = ["held_on"]'),
    ("rest", '["asked"]', "resting", '["liaison"]', ""),
    ("wake", '["resting"]', "asked", '["liaison"]', ""),
    ("go_back", '["waiting"]', "asked", '["clock", "liaison"]', ""),
    ("go_waiting", '["open", "asked", "resting", "waiting"]', "waiting", '["clock", "liaison"]', ""),
)
STATE = """[states.{key}]
stage = "work"
waits_for = "liaison"
label = {{ en = "{key}", es = "{key}" }}
"""
ACTS = ("ask", "review", "review", "set_day", "rest", "wake", "go_back", "finish")
STATES = ("open", "asked", "resting", "waiting")


@cache
def bare() -> ProcessDefinition:
    """The states and steps that all random processes share."""
    roles = "".join(
        f'[roles.{key}]\noffice = "{where}"\nlabel = {{ en = "{key}", es = "{key}" }}\n'
        for key, where in (("supervisor", "municipality"), ("reviewer", "ministry"))
    )
    head = TINY.partition("[steps.ask]")[0]
    steps = "".join(STEP.format(key=k, sources=s, to=to, by=by, more=more) for k, s, to, by, more in STEPS)
    finish = "[steps.finish]" + TINY.partition("[steps.finish]")[2].partition("[deadlines.answer]")[0]
    text = edited(
        head + steps + finish,
        ("[roles.liaison]", f"{roles}[roles.liaison]"),
        ("[states.done]", STATE.format(key="resting") + STATE.format(key="waiting") + "[states.done]"),
        (
            'asked_on = { en = "Asked", es = "Pedido" }\n',
            "".join(
                f'{name} = {{ en = "{name}", es = "{name}" }}\n' for name in ("asked_on", "reviewed_on", "held_on")
            ),
        ),
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.toml"
        path.write_text(text, "utf-8")
        return read_process(path, path.name, Path(folder))


def random_length(random: Random) -> Length:
    unit, most = random.choice(
        ((Unit.DAYS, 90), (Unit.BUSINESS_DAYS, 60), (Unit.WEEKS, 12), (Unit.MONTHS, 8), (Unit.YEARS, 1))
    )
    return Length(random.randrange(1, most + 1), unit)


def random_rule(random: Random, key: str, before: list[DeadlineRule], on_lapse: str | None) -> DeadlineRule:
    kind = "lapse" if on_lapse else random.choice(("duty", "duty", "recurs", "recurs", "right", "given", "follows"))
    of_a_day = kind in {"duty", "recurs"} and random.random() < 0.3
    anchors = [Anchor(fact="asked_on"), Anchor(fact="reviewed_on"), Anchor(fact="held_on"), Anchor(step="review")]
    anchor = random.choice([*anchors, Anchor(activity=True)] if kind == "duty" else anchors)
    if of_a_day:
        anchor = Anchor(fact="asked_on", on=random.choice(((6, 30), (12, 31), (2, 28))))
    once = [rule.key for rule in before if not rule.recurs]
    if kind == "follows" and before:
        anchor = Anchor(deadline=random.choice(before).key)
    backward = kind == "follows" and bool(before) and random.random() < 0.6
    paused = kind in {"duty", "recurs", "lapse"} and not backward and random.random() < 0.4
    length = Length(1, Unit.YEARS) if of_a_day else random_length(random)
    act = ChangeRule(frozenset({"liaison"}), {}, random.choice((None, Length(20, Unit.DAYS))))
    return DeadlineRule(
        key=key,
        label={"en": key, "es": key},
        anchor=anchor,
        nature=random.choice(list(Nature)),
        length=None if kind == "given" else length,
        side=Side.BEFORE if backward else Side.AFTER,
        recurs=kind == "recurs",
        until=random.choice(once) if kind == "recurs" and once and random.random() < 0.3 else None,
        roll=Roll.FOLLOWING if random.random() < 0.6 else Roll.NONE,
        late=None if kind == "right" else random.choice(WHO),
        duty=kind != "right",
        met_by_steps=frozenset() if kind in {"right", "lapse"} else frozenset(random.sample(("review", "finish"), 1)),
        paused_in=frozenset({"resting"}) if paused else frozenset(),
        while_in=frozenset(random.sample(STATES, 2))
        if kind in {"duty", "recurs"} and random.random() < 0.3
        else frozenset(),
        in_pause=random.choice((None, *InPause)) if of_a_day else None,
        pause=act if kind in {"duty", "recurs", "lapse"} and not of_a_day else None,
        extend=act if kind in {"duty", "recurs", "lapse"} and not of_a_day else None,
        warn=random_ladder(random, late=kind != "right"),
        on_lapse=(on_lapse,) if on_lapse else (),
    )


def random_ladder(random: Random, *, late: bool) -> tuple[Level, ...]:
    early = [
        Level(Length(n, unit), Side.BEFORE) for n, unit in ((5, Unit.BUSINESS_DAYS), (2, Unit.WEEKS), (1, Unit.MONTHS))
    ]
    rungs = [*random.sample(early, random.randrange(3)), *random.sample([Level()], random.randrange(2))]
    if late:
        rungs += random.sample(
            [Level(Length(1, Unit.DAYS)), Level(Length(3, Unit.BUSINESS_DAYS))], random.randrange(1, 3)
        )
        rungs += random.sample([Level(Length(30, Unit.DAYS), repeats=True)], random.randrange(2))
    return tuple(rungs)


def random_process(random: Random, version: int, base: ProcessDefinition | None = None) -> ProcessDefinition:
    """A process of random deadlines; a later version of `base` keeps some of them as they are, and has others."""
    rules: dict[str, DeadlineRule] = {}
    lapses = {0: "go_waiting", 1: "go_back"} if random.random() < 0.5 else {}
    for number in range(random.randrange(2, 6)):
        key = f"d{number}"
        rules[key] = random_rule(random, key, list(rules.values()), lapses.get(number))
        old = base.deadlines.get(key) if base is not None else None
        names = {rules[key].anchor.deadline, rules[key].until} | ({old.anchor.deadline, old.until} if old else set())
        if (
            old is not None
            and (random.random() < 0.5 or old.recurs is not rules[key].recurs)
            and names <= {None, *rules}
        ):
            rules[key] = old
    return replace(bare(), version=version, digest=f"{random.random()}", deadlines=rules)


@dataclass
class Clock:
    """The books of one life as one clock leaves them. `thorough`: it looks each morning, and derives everything anew."""

    case: InBooks
    thorough: bool = False
    told: list[tuple[object, ...]] = field(default_factory=list)

    def passes(self, life: "Life") -> None:
        if self.thorough:
            self.case = replace(self.case, agreement=replace(self.case.agreement, derive_on=LONG_AGO))
        elif not self.case.is_awake(latest_day(life.now)):
            return
        done = day(self.case, life.rulebook, life.people, life.context(self.case.agreement), life.now)
        self.case = done.case
        for deed in done.deeds:
            if isinstance(deed, Told):
                who = tuple(each.person for each in deed.audience.recipients)
                telling = deed.telling
                self.told.append((str(telling.subject), telling.occurrence, telling.level, who, telling.effective_on))

    def becomes(self, life: "Life", after: Agreement, cause: str = "") -> None:
        before = self.case.agreement
        context = life.context(after)
        left = rewritten(before, after, life.definition_of(after), context, life.now, cause=cause)
        self.case = replace(self.case, agreement=left.agreement, wake_on={**self.case.wake_on, **left.wake_on})


class Life:
    """One case and everything that happens to it; the same to each of its clocks."""

    def __init__(self, random: Random) -> None:
        self.random = random
        first = random_process(random, 1)
        self.versions = (first, random_process(random, 2, first))
        catalogue = Catalogue({("tiny", each.version): each for each in self.versions})
        self.rulebook = replace(rulebook(), catalogue=catalogue, _together={})
        zones = [random.choice(ZONES), random.choice(ZONES)]
        offices = [
            office(k, kind, "MX", zone)
            for (k, kind), zone in zip((("home", "municipality"), ("sre", "ministry")), zones, strict=True)
        ]
        roles = {"elena": ("liaison", "home"), "saul": ("supervisor", "home"), "rita": ("reviewer", "sre")}
        self.people = People(
            {o.key: o for o in offices}, {k: person(k, Assignment(*held)) for k, held in roles.items()}
        )
        self.zone = ZoneInfo(zones[0])
        self.set_clock(FIRST)
        state = random.choice(STATES)
        known = {} if state == "open" else facts(asked_on=str(FIRST + timedelta(days=random.randrange(-500, 60))))
        known |= facts(reviewed_on=str(FIRST - timedelta(days=random.randrange(400)))) if random.random() < 0.5 else {}
        known |= facts(held_on=str(FIRST + timedelta(days=random.randrange(-60, 60)))) if random.random() < 0.5 else {}
        new = NewAgreement("L-1", "tiny", "home", "L", FIRST, (CHIHUAHUA, ALBUQUERQUE), state=state, facts=known)
        agreement = begun(new, first, actor="elena", now=self.now, today=FIRST)
        self.books = opened(agreement, self.rulebook, self.people, self.now)

    def set_clock(self, on: date) -> None:
        self.today = on
        self.now = datetime.combine(on, time(9), self.zone).astimezone(UTC)

    def definition_of(self, agreement: Agreement) -> ProcessDefinition:
        return self.rulebook.pinned(agreement.process, agreement.process_version, agreement.process_digest)

    def context(self, agreement: Agreement) -> DeadlineContext:
        return deadline_context(self.rulebook, self.people, self.definition_of(agreement), "home", self.now)

    def happens(self, clocks: list[Clock]) -> None:
        """One thing, to all of them alike; nothing where it is refused."""
        what = self.random.choice((self.steps, self.steps, self.steps, self.changes, self.edition, self.migrates))
        seed = self.random.random()
        held = self.rulebook
        for clock in clocks:
            self.rulebook = held
            what(clock, Random(seed))

    def steps(self, clock: Clock, random: Random) -> None:
        agreement, step = clock.case.agreement, random.choice(ACTS)
        on = self.today - timedelta(days=random.choice((0, 0, random.randrange(20))))
        named = self.definition_of(agreement).steps[step].records
        held_on = str(self.today + timedelta(days=random.randrange(-30, 60)))
        command = StepCommand(step, on, records=dict.fromkeys(named, held_on))
        try:
            context = self.context(agreement)
            done = advance(agreement, self.definition_of(agreement), command, ELENA, now=self.now, context=context)
        except Refused:
            return
        clock.becomes(self, done.agreement)

    def changes(self, clock: Clock, random: Random) -> None:
        agreement = self._derived(clock.case.agreement)
        running = [each for each in agreement.deadlines if each.is_open]
        if not running:
            return
        deadline = random.choice(running)
        kind = random.choice((ChangeKind.PAUSE, ChangeKind.RESUME, ChangeKind.EXTEND))
        length = Length(random.randrange(1, 15), Unit.DAYS) if kind is ChangeKind.EXTEND else None
        command = ChangeCommand(kind=kind, on=None, reason="r", paper="p", legal_basis="l", length=length)
        definition = self.definition_of(agreement)
        calendars = self.context(agreement).calendars_of(definition.deadlines[deadline.rule])
        try:
            entry = decide(
                agreement, definition, deadline, command, ELENA, now=self.now, today=self.today, calendars=calendars
            )
        except Refused:
            return
        after = replace(clock.case.agreement, version=agreement.version + 1, history=(*agreement.history, entry))
        clock.becomes(self, self._derived(after), cause="change")

    def edition(self, clock: Clock, random: Random) -> None:
        """A day off is declared, or taken back, before or after."""
        old = self.rulebook.calendars["mx-labour"]
        on = self.today + timedelta(days=random.randrange(-40, 120))
        days = {each: what for each, what in old.holidays.items() if each != on}
        if on not in old.holidays:
            days[on] = Holiday(on, {"en": "Decreed", "es": "Decretado"}, "test")
        found: Calendar = replace(old, holidays=days, edition=f"e{random.random()}")
        self.rulebook = self.rulebook.with_calendar(found)
        clock.becomes(self, self._derived(clock.case.agreement), cause="mx-labour@e")

    def migrates(self, clock: Clock, random: Random) -> None:
        if clock.case.agreement.process_version == 2 or random.random() < 0.5:
            return
        plan, case = self._plan(random), clock.case
        definition, context = self.definition_of(case.agreement), self.context(case.agreement)
        for deed in left_undone(case.agreement, definition, context, self.now):
            case = replace(case, agreement=deed.left.agreement, wake_on={**case.wake_on, **deed.left.wake_on})
        agreement = case.agreement
        try:
            moved = self._derived(migrated(agreement, plan, ELENA, self.context(agreement), self.now))
        except Refused:
            return
        if not list(not_kept(agreement, moved, plan)):
            clock.case = case
            clock.becomes(self, with_closed(moved, agreement.deadlines), cause="tiny v2")

    def _plan(self, random: Random) -> Plan:
        plan = draft(*self.versions)
        policies = {k: random.choice((p, Policy.RECOMPUTE)) for k, p in plan.deadlines.items()}
        return replace(plan, deadlines=policies, reason="r")

    def _derived(self, agreement: Agreement) -> Agreement:
        return with_deadlines(agreement, self.definition_of(agreement), self.context(agreement))

    def is_as_from_scratch(self, clock: Clock) -> None:
        agreement = clock.case.agreement
        definition, context = self.definition_of(agreement), self.context(agreement)
        left = rewritten(agreement, with_deadlines(agreement, definition, context), definition, context, self.now)
        assert (left.rows, left.agreement.derive_on) == ({}, agreement.derive_on), self.today


def days(first: date, number: int) -> Iterator[date]:
    for each in range(number):
        yield first + timedelta(days=each)


def stand(clock: Clock) -> tuple[str, list[Deadline]]:
    agreement = clock.case.agreement
    return agreement.state, sorted(agreement.deadlines, key=lambda each: each.key)


def live(random: Random) -> None:
    """A life with acts: the clock that looks at what wakes, and the thorough one."""
    life = Life(random)
    sweep, thorough = Clock(life.books), Clock(life.books, thorough=True)
    off = range(0)
    for number, today in enumerate(days(FIRST, DAYS)):
        life.set_clock(today)
        if number not in off and random.random() < 0.01:
            off = range(number, number + random.randrange(60))
        if random.random() < 0.06:
            before = sweep.case
            life.happens([sweep, thorough])
            if sweep.case is not before:
                life.is_as_from_scratch(sweep)
        if number in off:
            continue
        sweep.passes(life)
        thorough.passes(life)
        life.is_as_from_scratch(sweep)
        assert stand(sweep) == stand(thorough), today
        assert sweep.told == thorough.told, today
    early = [each for each in sweep.told if each[-1] < FIRST - ONE_DAY]  # the late office may be a day behind
    assert not early, "nothing is told of a day before the case was in the books"


def live_on(random: Random) -> None:
    """A life in which nobody acts while the clock is off: afterwards everything stands, and was told, as with daily passes."""
    life = Life(random)
    daily, off = Clock(life.books), Clock(life.books)
    for today in days(FIRST, random.randrange(1, 200)):
        life.set_clock(today)
        if random.random() < 0.06:
            life.happens([daily, off])
        daily.passes(life)
        off.passes(life)
    assert daily.told == off.told
    before = set(off.told)
    for today in days(life.today + ONE_DAY, random.randrange(1, 120)):
        life.set_clock(today)
        daily.passes(life)
    off.passes(life)
    life.is_as_from_scratch(off)
    assert stand(daily) == stand(off)
    status = {each.key: each.status for each in off.case.agreement.deadlines}
    for subject, occurrence, level, who, _ in set(daily.told) - before:
        key = (str(subject).removeprefix("deadline:"), occurrence)
        rule = life.definition_of(off.case.agreement).deadlines.get(key[0])
        is_over = status.get(key, DeadlineStatus.VOID) is not DeadlineStatus.OPEN or (rule and rule.on_lapse)
        if "#" in str(level) or is_over:
            continue  # of repetitions the last is told; of what is over meanwhile, that it was missed
        assert (subject, occurrence, level, who) in {each[:-1] for each in off.told}, today
    for each in {each[:-1] for each in off.told} - {each[:-1] for each in daily.told}:
        assert each[2] == MISSED, each


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_books_after_a_pass_are_those_derived_from_scratch_and_told_is_what_daily_passes_tell(
    chunk: int, record_property
) -> None:
    for number in range(LIVES_OF_A_CHUNK):
        seed = f"{SEED} {chunk} {number}"
        for one in (live, live_on):
            try:
                one(Random(seed))
            except Exception as error:
                error.add_note(f"{one.__name__} of the seed {seed}")
                raise
    record_property("cases", LIVES_OF_A_CHUNK * 2)
