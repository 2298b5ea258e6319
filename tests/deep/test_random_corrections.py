"""Random lives with mistakes and their corrections equal the lives without, but for the entries about them.

Two cases live the same life. In one of them something is entered wrongly: a day, a fact, another step, a step or a change of a
deadline that never was, what the case began with. Days later, with other acts and passes between, it is put right.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from test_random_lives import ACTS, ELENA, FIRST, ONE_DAY, Clock, Life, days

from how_many import SEED, many
from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import Began, ChangeKind, Correction, beginning
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.present_names import numbered, what_counts
from twinflow.domain.calendar.dates import Length, PartialDate, Unit
from twinflow.domain.clock.day import InBooks, Taken, steps_of_dates
from twinflow.domain.clock.simulation import opened
from twinflow.domain.corrections import correction
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.corrections.retaken import retaken
from twinflow.domain.deadlines.changes import ChangeCommand, decide
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.rulebook import Applied
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Refused

CALENDAR, BEFORE = "mx-labour", datetime(2000, 1, 1, tzinfo=UTC)
CHUNKS = many(2, 64)
LIVES_OF_A_CHUNK = max(1, many(30, 10_000) // CHUNKS)
Act = Callable[[Agreement], Agreement | None]


class Books(Clock):
    """The books of one case, with its history as it was written."""

    def __init__(self, life: Life, case: InBooks) -> None:
        super().__init__(case)
        self.life = life
        self.written: list[HistoryEntry] = list(case.agreement.history)

    @property
    def agreement(self) -> Agreement:
        return self.case.agreement

    def look(self) -> None:
        """A pass."""
        self.passes(self.life)
        self.write()

    def take(self, after: Agreement, cause: str = "") -> None:
        self.becomes(self.life, after, cause)
        self.write()

    def write(self) -> None:
        self.written += self.agreement.history[len(self.written) :]

    def correct(self, command: CorrectionCommand) -> None:
        life = self.life
        found = correction.decide(self.agreement, self.written, command, ELENA, life.rulebook, life.people, life.now)
        before, definition, context = self.agreement, life.definition_of(self.agreement), life.context(self.agreement)
        left = rewritten(before, found.after, definition, context, life.now, cause="correction", corrected=found.anew)
        self.case = replace(self.case, agreement=left.agreement, wake_on={**self.case.wake_on, **left.wake_on})
        self.write()


class TwoLives(Life):
    """A life, and what is entered wrongly in one of two books of it."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.wrong, self.right = Books(self, self.books), Books(self, self.books)

    def begin_wrongly(self, random: Random) -> CorrectionCommand | None:
        """The wrong books begin with another day; how that is put right."""
        case = self.books.agreement
        began = Began.read(case.history[0])
        if began is None or not case.facts:
            return None
        name = random.choice(sorted(case.facts))
        (claim,) = case.facts[name]
        day = PartialDate.of(FIRST - timedelta(days=random.randrange(300)))
        known = {**case.facts, name: (replace(claim, value=day),)}
        first = beginning(case.history[0], replace(began, facts=known))
        mistaken = replace(case, facts=known, history=(first,), deadlines=())
        self.wrong = Books(self, opened(mistaken, self.rulebook, self.people, self.now))
        asked = {name: str(claim.value)}
        return CorrectionCommand(entry=1, correction=Correction.REPLACE, reason="typed wrongly", asked=asked)

    def both(self, act: Act, other: Act | None = None) -> bool:
        """What happens to both of them, entered as `other` in the wrong books; nothing where it cannot be in either."""
        try:
            mine, theirs = act(self.right.agreement), (other or act)(self.wrong.agreement)
        except Refused:
            return False
        for books, after in ((self.right, mine), (self.wrong, theirs)):
            if after is not None:
                books.take(after)
        return True

    def step(self, step: str, on: int, held_on: int) -> Act:
        """A step so many days ago; a day to come in so many."""

        def act(agreement: Agreement) -> Agreement:
            definition = self.definition_of(agreement)
            records = dict.fromkeys(definition.steps[step].records, str(self.today + timedelta(days=held_on)))
            command = StepCommand(step, self.today - timedelta(days=on), records=records)
            context = self.context(agreement)
            until = min(self.today - timedelta(days=on), self.today)
            for deed in steps_of_dates(agreement, definition, context, self.now, until):
                agreement = deed.left.agreement if isinstance(deed, Taken) else agreement
            return advance(agreement, definition, command, ELENA, now=self.now, context=context).agreement

        return act

    def change(self, kind: ChangeKind, number: int, amount: int) -> Act:
        """A change of one of the open deadlines: the same one in both."""
        keys = sorted(each.key for each in self._running(self.right.agreement))

        def act(agreement: Agreement) -> Agreement:
            deadlines = [each for each in self._running(agreement) if keys and each.key == keys[number % len(keys)]]
            if not deadlines:
                raise Refused("none")
            agreement = self._derived(agreement)
            (deadline,), definition = deadlines, self.definition_of(agreement)
            length = Length(amount, Unit.DAYS) if kind is ChangeKind.EXTEND else None
            command = ChangeCommand(kind=kind, on=None, reason="r", paper="p", legal_basis="l", length=length)
            calendars = self.context(agreement).calendars_of(definition.deadlines[deadline.rule])
            entry = decide(
                agreement, definition, deadline, command, ELENA, now=self.now, today=self.today, calendars=calendars
            )
            after = replace(agreement, version=agreement.version + 1, history=(*agreement.history, entry))
            return self._derived(after)

        return act

    def _running(self, agreement: Agreement) -> list[Deadline]:
        closed = {each.key for each in agreement.deadlines if not each.is_open and not each.is_gone}
        return [each for each in self._derived(agreement).deadlines if each.is_open and each.key not in closed]

    def mistaken(self, random: Random) -> CorrectionCommand | None:
        """Something is entered wrongly; how it is put right. None where nothing could be entered."""
        step, on, held_on = random.choice(ACTS), random.randrange(10), random.randrange(-30, 60)
        kind = random.choice((ChangeKind.PAUSE, ChangeKind.EXTEND, ChangeKind.EXTEND))
        number, amount = random.randrange(5), random.randrange(1, 15)
        records = self.definition_of(self.right.agreement).steps[step].records
        match random.choice(("day", "day", "fact", "step", "nothing", "nothing", "length", "no change")):
            case "day":
                done = self.both(self.step(step, on, held_on), self.step(step, random.randrange(10), held_on))
                asked = {"on": str(self.today - timedelta(days=on))}
            case "fact" if records:
                done = self.both(self.step(step, on, held_on), self.step(step, on, random.randrange(-30, 60)))
                asked = dict.fromkeys(records, str(self.today + timedelta(days=held_on)))
            case "step":
                done = self.both(self.step(step, on, held_on), self.step(random.choice(ACTS), on, held_on))
                asked = {"step": step, **dict.fromkeys(records, str(self.today + timedelta(days=held_on)))}
            case "nothing":
                done, asked = self.both(lambda _: None, self.step(step, on, held_on)), {}
            case "no change":
                done, asked = self.both(lambda _: None, self.change(kind, number, amount)), {}
            case "length":
                other = self.change(ChangeKind.EXTEND, number, random.randrange(1, 15))
                done = self.both(self.change(ChangeKind.EXTEND, number, amount), other)
                asked = {"length": f"{amount} days"}
            case _:
                return None
        if not done:
            return None
        wanted = Correction.REPLACE if asked else Correction.WITHDRAW
        written = self.wrong.written
        entry = max(number for number, place in numbered(written) if written[place].kind in correction.TO_BE_CORRECTED)
        return CorrectionCommand(entry=entry, correction=wanted, reason="typed wrongly", asked=asked)

    def something(self, random: Random) -> None:
        """Something that happens in both."""
        what = random.random()
        if what < 0.1:
            self.new_edition(random.random())
        elif what < 0.2:
            self.alike(self.migrates, random.random())
        elif what < 0.7:
            self.both(self.step(random.choice(ACTS), random.randrange(20), random.randrange(-30, 60)))
        else:
            kind = random.choice((ChangeKind.PAUSE, ChangeKind.RESUME, ChangeKind.EXTEND))
            self.both(self.change(kind, random.randrange(5), random.randrange(1, 15)))

    def alike(self, what: Callable[[Clock, Random], None], seed: float) -> None:
        """A move to the next version."""
        for books in (self.right, self.wrong):
            what(books, Random(seed))
            books.write()

    def new_edition(self, seed: float) -> None:
        """Another edition of the calendar comes into use for both, after a pass of that day: the clock was not off."""
        self.look()
        held = self.rulebook
        if not held.applied:
            first = held.calendars[CALENDAR]
            held = replace(
                held, editions={(CALENDAR, first.edition): first}, applied=(Applied(BEFORE, CALENDAR, first.edition),)
            )
        for books in (self.right, self.wrong):
            self.rulebook = held
            self.edition(books, Random(seed))
            books.write()
        found = self.rulebook.calendars[CALENDAR]
        self.rulebook = replace(
            self.rulebook,
            editions={**held.editions, (CALENDAR, found.edition): found},
            applied=(*held.applied, Applied(self.now, CALENDAR, found.edition)),
        )

    @property
    def have_parted(self) -> bool:
        """One of them could not be moved to the next version, or not on the same day."""
        mine, theirs = (
            [entry.recorded_at for entry in books.written if entry.kind is EntryKind.MIGRATED]
            for books in (self.right, self.wrong)
        )
        return mine != theirs

    def look(self) -> None:
        self.wrong.look()
        self.right.look()


def stand(agreement: Agreement) -> tuple[object, ...]:
    """What counts of a case."""
    facts = {name: [(str(claim.value), claim.chosen) for claim in claims] for name, claims in agreement.facts.items()}
    acts = [(e.step, e.effective_on, e.from_state, e.to_state) for e in agreement.history if e.to_state is not None]
    deadlines = sorted((as_it_counts(d) for d in agreement.deadlines if not d.is_gone), key=lambda each: each.key)
    return agreement.state, facts, agreement.parties, acts, deadlines


def as_it_counts(deadline: Deadline) -> Deadline:
    """Of several editions that give the same closed date it does not matter which one it was counted by last."""
    return deadline if deadline.is_open else replace(deadline, edition="")


def live(random: Random, came_of_it: Counter[str]) -> None:
    life = TwoLives(random)
    mistake, since = (life.begin_wrongly(random) if random.random() < 0.2 else None), 0
    for number, today in enumerate(days(FIRST, random.randrange(20, 160))):
        life.set_clock(today)
        if mistake is None and number > 2 and random.random() < 0.1:
            mistake, since = life.mistaken(random), number
        elif mistake is not None and random.random() < 0.1 and number > since:
            break
        elif random.random() < 0.12:
            life.something(random)
        if random.random() < 0.9:
            life.look()
    if mistake is None or life.have_parted:
        came_of_it["nothing to correct"] += 1
        return
    life.set_clock(life.today + ONE_DAY)
    try:
        life.wrong.correct(mistake)
    except Refused:
        came_of_it["refused"] += 1
        return
    came_of_it["corrected"] += 1
    life.look()
    assert stand(life.wrong.agreement) == stand(life.right.agreement)
    life.is_as_from_scratch(life.wrong)
    assert what_counts(life.wrong.written) == life.wrong.agreement.history
    for today in days(life.today + ONE_DAY, random.randrange(1, 60)):  # and it goes on alike
        life.set_clock(today)
        if random.random() < 0.1:
            life.something(random)
        life.look()
        if life.have_parted:
            return
        assert stand(life.wrong.agreement) == stand(life.right.agreement), today


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_corrected_life_is_the_life_without_the_mistake_but_for_the_entries_about_it(
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
    assert came_of_it["corrected"] > LIVES_OF_A_CHUNK / 4, came_of_it
    record_property("cases", LIVES_OF_A_CHUNK)


def test_a_life_taken_again_is_the_life() -> None:
    for number in range(many(20, 1_000)):
        life = TwoLives(Random(f"{SEED} again {number}"))
        for today in days(FIRST, 60):
            life.set_clock(today)
            if life.random.random() < 0.2:
                life.something(life.random)
            life.look()
        found = retaken(life.right.agreement, life.right.written, life.rulebook, life.people, life.now)
        assert found.reasons == []
        assert stand(replace(found.agreement, deadlines=())) == stand(replace(life.right.agreement, deadlines=()))
