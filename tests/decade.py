"""Ten years of a few cases, with what people change about them, and what should have been told by then.

`make test-deep` sets DEEP: more cases, and more decades.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

from sqlalchemy import text

from builders import AT_PAGE, new_case, noon
from how_many import DEEP
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import Agreement, DeadlineStatus, Party
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines import warnings
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Refused
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.agreements.recording import refreshed
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines.changing import change_deadline
from world import World

FIRST, LAST = date(2010, 1, 4), date(2020, 1, 10)
CASES = ("T-1", "T-2") if DEEP else ("T-1",)
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
PEOPLE = {"elena": ("liaison", "chihuahua"), "sergio": ("supervisor", "chihuahua")}

SUPERVISOR = '[roles.supervisor]\noffice = "municipality"\nlabel = { en = "supervisor", es = "superior" }\n'
RULES = """escalate = [{ when = "20 days after", to = "supervisor" }, { when = "95 % of the time", to = "supervisor" }]
label = { en = "Answer", es = "Respuesta" }
[deadlines.answer.pause]
by = ["liaison"]
at_most = "90 days"
source = "test"
[deadlines.answer.extend]
by = ["liaison"]
source = "test"

[deadlines.report]
runs_from = { fact = "asked_on" }
length = "1 year"
recurs = true
nature = "contractual"
late = "liaison"
met_by = ["finish"]
warn = ["60 % of the time", "30 days before", "on the day", "1 day after", "then every 45 days"]
escalate = [{ when = "110 % of the time", to = "supervisor" }]
source = "test"
label = { en = "Report", es = "Informe" }
"""
WARN = """warn = [
    "50 % of the time", "10 business days before", "on the day", "1 day after", "10 business days after",
    "then every 30 days",
]"""
EDITS = (
    ("[roles.liaison]", f"{SUPERVISOR}[roles.liaison]"),
    ('length = "10 days"', 'length = "90 business days"'),
    ('warn = ["3 days before", "1 day after", "then every 5 days"]', WARN),
    ('label = { en = "Answer", es = "Respuesta" }\n', RULES),
)


class Told(NamedTuple):
    """One level told to one person."""

    reference: str
    rule: str
    occurrence: int
    level: str
    recipient: str


@dataclass
class Decade:
    """The same ten years for every clock: cases, and what people change about them."""

    world: World
    changes: Mapping[date, list[tuple[str, ChangeKind, Length | None]]]
    expected: dict[Told, tuple[date, date]] = field(default_factory=dict)
    """The levels that come once, each with its day and that of the first sweep after it."""
    repeated: list[tuple[Told, date, date]] = field(default_factory=list)
    """At each sweep the last repetition whose day has come, with its day and that of the sweep."""
    told: dict[Told, tuple[date, date]] = field(default_factory=dict)
    """What was told, with the day it is about and the day it was told on."""
    cases: dict[str, Agreement] = field(default_factory=dict)
    """Each as it was read after the last change: nothing else bears on what is derived."""
    last: date = FIRST

    def until(self, day: date, *, watched: bool) -> None:
        """What people do up to the day, and a sweep in its evening."""
        while self.last < day:
            self.last += timedelta(days=1)
            for reference, kind, length in self.changes.get(self.last, ()):
                self.change(reference, kind, length, self.last)
        self.world.now = noon(day)
        if watched:
            self.expect(day)
        for times in count():
            done = sweep(self.world.engine, self.world.rulebook, self.world.people, self.world.now)
            assert done.problems == ()
            if done.alerts == 0:
                break
            assert times < 5, (
                "one sweep more finds what the passing of the day has opened, and then there is nothing left"
            )

    def change(self, reference: str, kind: ChangeKind, length: Length | None, day: date) -> None:
        self.cases.pop(reference, None)
        self.world.now = noon(day)
        command = ChangeCommand(kind=kind, on=day, reason="flood", paper="OF-1", length=length)
        wanted = DeadlineId(reference, "answer", 1)
        try:
            change_deadline(
                self.world.engine,
                self.world.rulebook,
                self.world.people,
                wanted,
                command,
                person="elena",
                door=AT_PAGE,
                now=self.world.now,
            )
        except Refused:
            assert kind in {ChangeKind.PAUSE, ChangeKind.RESUME}, "its date has passed, or it ended by itself"

    def expect(self, day: date) -> None:
        rulebook, people = self.world.rulebook, self.world.people
        for reference in CASES:
            if reference not in self.cases:
                self.cases[reference] = loaded(self.world, reference)
            case = refreshed(rulebook, people, self.cases[reference], self.world.now)
            definition = rulebook.definition_of(case)
            for deadline in case.deadlines:
                rule = definition.deadlines[deadline.rule]
                assert deadline.status in {DeadlineStatus.OPEN, DeadlineStatus.PAUSED, DeadlineStatus.UNMET}
                last = None
                for level in warnings.levels(rule, deadline, rulebook.calendars_of(definition, rule), day):
                    who = "sergio" if level.level.to else "elena"
                    told = Told(reference, rule.key, deadline.occurrence, str(level.key), who)
                    if level.level.repeats and (level.on > day or not deadline.is_open):
                        break
                    if level.level.repeats:
                        last = (told, level.on, day)
                    elif level.on <= day:
                        self.expected.setdefault(told, (level.on, day))
                self.repeated += [last] if last else []

    def read(self) -> None:
        """What was told."""
        query = """SELECT reference, subject, occurrence, level, recipient, effective_on, recorded_at FROM alert
            JOIN agreement ON agreement.id = agreement_id WHERE subject LIKE 'deadline:%' ORDER BY alert.id"""
        with self.world.engine.connect() as connection:
            rows = list(connection.execute(text(query)))
        found = [(Told(ref, subject.partition(":")[2], *rest), (on, at)) for ref, subject, *rest, on, at in rows]
        self.told = {key: (_day(on), _day(at)) for key, (on, at) in found}
        assert len(self.told) == len(found), "none is told twice"

    def once(self) -> dict[Told, tuple[date, date]]:
        """The levels that come once."""
        return {key: days for key, days in self.told.items() if "#" not in key.level}


def _day(value: object) -> date:
    """SQLite gives text; the instants are at noon."""
    return date.fromisoformat(str(value)[:10])


def changes_of(random: Random) -> dict[date, list[tuple[str, ChangeKind, Length | None]]]:
    """Pauses, resumptions and extensions, most of them while the first date is ahead, some long after it."""
    found: dict[date, list[tuple[str, ChangeKind, Length | None]]] = {}

    def add(reference: str, day: date, kind: ChangeKind, length: Length | None = None) -> None:
        found.setdefault(day, []).append((reference, kind, length))

    for reference in CASES:
        day = FIRST + timedelta(days=random.randrange(20, 60))
        for _ in range(random.randrange(1, 4)):
            add(reference, day, ChangeKind.PAUSE)
            day += timedelta(days=random.randrange(1, 120))
            add(reference, day, ChangeKind.RESUME)
            day += timedelta(days=random.randrange(1, 30))
            if random.random() < 0.6:
                add(reference, day, ChangeKind.EXTEND, Length.parse(f"{random.randrange(2, 90)} days"))
                day += timedelta(days=random.randrange(1, 90))
        for _ in range(random.randrange(3)):
            late = FIRST + timedelta(days=random.randrange(400, 3000))
            add(reference, late, ChangeKind.EXTEND, Length.parse(f"{random.randrange(20, 400)} business days"))
    return found


def days_on(random: Random) -> Iterator[date]:
    """Days on which the clock is on: now and then for some days, then off for up to ten weeks; at last once more."""
    day = FIRST
    while day < LAST:
        for _ in range(random.choice((1, 1, 2, 5))):
            day += timedelta(days=1)
            if day < LAST:
                yield day
        day += timedelta(days=random.choice((random.randrange(1, 8), random.randrange(1, 71))))
    yield LAST


def every_day() -> Iterator[date]:
    day = FIRST
    while day < LAST:
        day += timedelta(days=1)
        yield day


def begun(world: World, changes: Mapping[date, list[tuple[str, ChangeKind, Length | None]]]) -> Decade:
    """The cases on their first day."""
    world.now = noon(FIRST)
    for reference in CASES:
        new = new_case(reference, "tiny", "chihuahua", "x", FIRST, PARTIES)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        command = StepCommand("ask", FIRST)
        advance_agreement(
            world.engine, world.rulebook, world.people, reference, command, person="elena", door=AT_PAGE, now=world.now
        )
    return Decade(world, changes)


def lived(url: str, folder: Path, seed: int, days: Iterator[date], *, watched: bool) -> Decade:
    """Ten years with a clock that is on in the evening of these days."""
    with tiny_world(url, folder, *EDITS, people=PEOPLE) as world:
        decade = begun(world, changes_of(Random(seed)))
        for day in days:
            decade.until(day, watched=watched)
        decade.read()
    return decade
