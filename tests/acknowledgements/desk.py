"""A case whose answer is due on Thursday 12 March 2026, a ladder of warnings, and a clock that is set by hand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from builders import AT_PAGE, noon, person
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import Agreement, Party
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.acknowledgements import Acknowledge, Hold
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.people import Absence, Assignment, People
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.simulating import Outlook, simulate_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines.acknowledging import Said, say
from twinflow.services.deadlines.changing import change_deadline
from world import World

ASKED, DUE = date(2026, 3, 2), date(2026, 3, 12)
ANSWER = DeadlineId("T-1", "answer", 1)
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
LADDER = """warn = ["6 days before", "3 days before", "on the day", "2 days after", "then every 5 days"]
escalate = [
  { when = "4 days before", to = "supervisor" },
  { when = "1 day after", to = "supervisor" },
  { when = "4 days after", to = "supervisor" },
]
extend = { by = ["liaison"], source = "test" }
"""
SUPERVISOR = """[roles.supervisor]
office = "municipality"
label = { en = "supervisor", es = "superior" }
"""
EDITS = (
    ("[roles.liaison]", f"{SUPERVISOR}[roles.liaison]"),
    ('warn = ["3 days before", "1 day after", "then every 5 days"]\n', LADDER),
    ('notices = [{ notice = "opinion-requested", to = ["liaison"] }]\n', ""),
)
STAFF = {"elena": "liaison", "sergio": "supervisor"}


def march(day: int) -> date:
    return date(2026, 3, day)


@dataclass
class Desk:
    """The books with the people of one office; `sweep` says who was told what."""

    world: World
    rulebook: Rulebook
    people: People

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def staff(self, held: Mapping[str, str], **away: tuple[Absence, ...]) -> None:
        """From now on these people hold these roles (none: ""); some of them are away."""
        people = {key: person(key, *([Assignment(role, "chihuahua")] if role else ())) for key, role in held.items()}
        people = {key: replace(who, absences=away.get(key, ())) for key, who in people.items()}
        self.people = replace(self.people, people=people)

    def ask(self) -> None:
        new = NewAgreement("T-1", "tiny", "chihuahua", "x", ASKED, PARTIES)
        open_agreement(self.engine, self.rulebook, self.people, new, actor="elena", door=AT_PAGE, now=noon(ASKED))
        command = StepCommand("ask", ASKED)
        advance_agreement(
            self.engine, self.rulebook, self.people, "T-1", command, person="elena", door=AT_PAGE, now=noon(ASKED)
        )

    def sweep(self, on: date) -> list[str]:
        """Who was told by a sweep on the day, at which level; and for whom, if for somebody else."""
        before = self.told
        result = sweep(self.engine, self.rulebook, self.people, noon(on))
        assert not result.problems
        told = self.told[len(before) :]
        assert result.alerts == len(told)
        return told

    def sweeps(self, first: date, last: date) -> dict[int, list[str]]:
        """The same of a sweep each day, by day of March; days on which nobody is told are left out."""
        found = {day: self.sweep(march(day)) for day in range(first.day, last.day + 1)}
        return {day: told for day, told in found.items() if told}

    @property
    def told(self) -> list[str]:
        """Everything that was told so far."""
        query = text("SELECT recipient, stands_for, level, subject FROM alert ORDER BY id")
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            f"{who}{f' for {absent}' if absent else ''}: {level if subject.startswith('deadline:') else subject}"
            for who, absent, level, subject in rows
        ]

    def acknowledge(self, on: date, who: str = "elena", note: str = "") -> Said:
        return say(
            self.engine, self.rulebook, self.people, ANSWER, Acknowledge(note), person=who, door=AT_PAGE, now=noon(on)
        )

    def snooze(self, on: date, until: date, who: str = "elena", reason: str = "the mayor travels") -> Said:
        return say(
            self.engine, self.rulebook, self.people, ANSWER, Hold(until, reason), person=who, door=AT_PAGE, now=noon(on)
        )

    def extend(self, on: date, length: str) -> date | None:
        grounds = {"reason": "asked for", "paper": "1"}
        command = ChangeCommand(kind=ChangeKind.EXTEND, on=on, length=Length.parse(length), **grounds)
        return change_deadline(
            self.engine, self.rulebook, self.people, ANSWER, command, person="elena", door=AT_PAGE, now=noon(on)
        ).after

    def take_back(self, on: date) -> date | None:
        command = ChangeCommand(kind=ChangeKind.REMOVE, on=on, reason="not needed", paper="2")
        return change_deadline(
            self.engine, self.rulebook, self.people, ANSWER, command, person="elena", door=AT_PAGE, now=noon(on)
        ).after

    def finish(self, on: date) -> None:
        command = StepCommand("finish", on)
        advance_agreement(
            self.engine, self.rulebook, self.people, "T-1", command, person="elena", door=AT_PAGE, now=noon(on)
        )

    def foretell(self, at: datetime, until: date) -> Outlook:
        return simulate_agreement(self.engine, self.rulebook, self.people, "T-1", at, until, viewer=OPERATOR)

    @property
    def agreement(self) -> Agreement:
        return loaded(self.world, "T-1")

    @property
    def last_entry(self) -> HistoryEntry:
        return self.agreement.history[-1]


@contextmanager
def a_desk(url: str, folder: Path, *edits: tuple[str, str]) -> Iterator[Desk]:
    """The answer was asked for on 2 March; Elena is the liaison, Sergio her supervisor."""
    with tiny_world(url, folder, *EDITS, *edits, people={"elena": ("liaison", "chihuahua")}) as world:
        desk = Desk(world, world.rulebook, world.people)
        desk.staff(STAFF)
        desk.ask()
        yield desk
