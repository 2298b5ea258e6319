"""What the tests of calendar feeds do to a case, and what they read of its events."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import text

from builders import AT_PAGE
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.mail.calendar_events import CalendarEvent
from twinflow.domain.people.people import People
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail import calendar_feeds
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
DUE = date(2026, 3, 24)
"""Of the opinion: fifteen business days after Monday 2 March; Monday the 16th is a holiday."""


@dataclass
class Case:
    """The case MX/1 in its world."""

    world: World

    def on(self, year: int, month: int, day: int) -> "Case":
        self.world.now = datetime(year, month, day, 18, tzinfo=UTC)
        return self

    def take(self, step: str, person: str = "elena", **more: object) -> None:
        self.world.ready_for("MX/1", step)
        command = StepCommand(step, self.world.now.date(), **more)  # type: ignore[arg-type]
        advance_agreement(
            self.world.engine,
            self.world.rulebook,
            self.world.people,
            "MX/1",
            command,
            person=person,
            door=AT_PAGE,
            now=self.world.now,
        )

    def change(self, kind: ChangeKind, deadline: str = "opinion", person: str = "rita", **more: object) -> None:
        values = {"kind": kind, "on": self.world.now.date(), "reason": "asked", "paper": "OF-7", **more}
        change_deadline(
            self.world.engine,
            self.world.rulebook,
            self.world.people,
            DeadlineId("MX/1", deadline, 1),
            ChangeCommand(**values),  # type: ignore[arg-type]
            person=person,
            door=AT_PAGE,
            now=self.world.now,
        )

    def events(self, person: str = "elena", people: People | None = None) -> list[CalendarEvent]:
        people = people or self.world.people
        return calendar_feeds.dates_of(
            self.world.engine, self.world.rulebook, people, people.person(person), self.world.now
        )

    def event(self, label: str = "Opinion of the ministry", person: str = "elena") -> CalendarEvent:
        (found,) = [event for event in self.events(person) if label in str(event.summary)]
        return found

    def in_book(self, statement: str) -> list[tuple[object, ...]]:
        with self.world.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
