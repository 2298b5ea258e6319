"""The same acts, entered on their days or later and in another order, with passes between: the deadlines stand alike.

What silence has decided meanwhile (a step of the clock), and what is refused when it is entered late, makes another case of it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import pytest
from test_random_corrections import Books, stand
from test_random_lives import ELENA, FIRST, Life, days

from how_many import SEED, many
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines.changes import ChangeCommand, decide
from twinflow.domain.deadlines.deadline_id import DeadlineId, find_deadline
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.deadlines.proving import of_derivation
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import NotFound, Refused

CHUNKS = many(2, 64)
LIVES_OF_A_CHUNK = max(1, many(60, 10_000) // CHUNKS)
STEPS = ("ask", "review", "review", "review", "set_day", "set_day", "rest", "wake", "go_back")


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did on a day, and in how many days it is entered."""

    on: date
    delay: int
    step: str = ""
    held_on: str = ""
    change: ChangeKind | None = None
    key: tuple[str, int] = ("", 0)
    days: int = 0


class Orders(Life):
    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.in_time, self.late = Books(self, self.books), Books(self, self.books)

    def act(self, random: Random) -> Act:
        delay = random.choice((0, 0, random.randrange(25)))
        if random.random() < 0.7:
            held_on = str(self.today + timedelta(days=random.randrange(-30, 60)))
            return Act(self.today, delay, random.choice(STEPS), held_on)
        running = [each.key for each in self.in_time.agreement.deadlines if each.is_open]
        kind = random.choice((ChangeKind.PAUSE, ChangeKind.RESUME, ChangeKind.EXTEND, ChangeKind.EXTEND))
        key = random.choice(running) if running else ("", 0)
        return Act(self.today, delay, change=kind, key=key, days=random.randrange(1, 8))

    def enter(self, books: Books, act: Act) -> None:
        agreement = books.agreement
        definition, context = self.definition_of(agreement), self.context(agreement)
        if act.change is None:
            records = dict.fromkeys(definition.steps[act.step].records, act.held_on)
            command = StepCommand(act.step, act.on, records=records)
            books.take(advance(agreement, definition, command, ELENA, now=self.now, context=context).agreement)
            return
        agreement = with_deadlines(agreement, definition, context)
        deadline = find_deadline(agreement, DeadlineId(agreement.reference, *act.key))
        change = ChangeCommand(
            kind=act.change, on=act.on, reason="r", paper="p", legal_basis="l",
            length=Length(act.days, Unit.DAYS) if act.change is ChangeKind.EXTEND else None,
        )  # fmt: skip
        calendars = context.calendars_of(definition.deadlines[deadline.rule])
        entry = decide(
            agreement, definition, deadline, change, ELENA, now=self.now, today=self.today, calendars=calendars
        )
        after = replace(agreement, version=agreement.version + 1, history=(*agreement.history, entry))
        books.take(with_deadlines(after, definition, context))

    def faults(self, books: Books) -> list[str]:
        agreement = books.agreement
        definition, context = self.definition_of(agreement), self.context(agreement)
        return [str(each) for each in of_derivation(agreement, definition, [context], self.now)]


def acts(books: Books) -> list[tuple[object, ...]]:
    """With the states that each led from and to: one that is entered late may have been taken in another."""
    entries = (each for each in books.agreement.history if each.kind in {EntryKind.STEP, EntryKind.CHANGE})
    return sorted((e.effective_on, e.kind, e.step or "", e.from_state or "", e.to_state or "") for e in entries)


def live(random: Random, came_of_it: Counter[str]) -> None:
    life = Orders(random)
    waiting: list[tuple[date, Act]] = []
    last = FIRST + timedelta(days=random.randrange(10, 120))
    for today in days(FIRST, (last - FIRST).days + 30):
        life.set_clock(today)
        if today <= last and random.random() < 0.2:
            act = life.act(random)
            try:
                life.enter(life.in_time, act)
            except (Refused, NotFound):
                pass
            else:
                waiting.append((today + timedelta(days=act.delay), act))
        for due in [each for each in waiting if each[0] == today]:
            try:
                life.enter(life.late, due[1])
            except (Refused, NotFound):
                came_of_it["refused"] += 1
                return
            waiting.remove(due)
        if random.random() < 0.9:
            life.in_time.look()
            life.late.look()
            assert not life.faults(life.late)
    life.in_time.look()
    life.late.look()
    assert not life.faults(life.late)
    if acts(life.in_time) != acts(life.late):
        came_of_it["silence has decided, or led another way"] += 1
        return
    in_another_order = [e.effective_on for e in life.late.agreement.history]
    came_of_it["another order" if in_another_order != sorted(in_another_order) else "the same order"] += 1
    assert deadlines(life.late) == deadlines(life.in_time)


def deadlines(books: Books) -> object:
    return stand(books.agreement)[-1]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_same_acts_entered_in_any_order_give_the_same_deadlines_and_the_proof_of_the_books_finds_nothing(
    chunk: int, record_property: Callable[[str, object], None]
) -> None:
    came_of_it: Counter[str] = Counter()
    for number in range(LIVES_OF_A_CHUNK):
        seed = f"{SEED} {chunk} {number}"
        try:
            live(Random(seed), came_of_it)
        except Exception as error:
            error.add_note(f"the seed {seed}")
            raise
    assert came_of_it["another order"] > LIVES_OF_A_CHUNK / 10, came_of_it
    record_property("cases", LIVES_OF_A_CHUNK)
