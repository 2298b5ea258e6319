"""The morning rhythm at work: offices in Chihuahua and in Cuenca, a liaison officer in each, a real mail server."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from builders import AT_PAGE, new_case
from smtp import RecordingServer
from tiny_world import tiny_world
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail.outbox import messages
from world import EACH_MORNING, World

PEOPLE = {"elena": ("liaison", "chihuahua"), "lucia": ("liaison", "cuenca")}
LIAISON_OF = {"chihuahua": "elena", "cuenca": "lucia"}
PARTIES = (Party("Here", "MX", home=True), Party("There", "US"))
ZONE = {"chihuahua": ZoneInfo("America/Chihuahua"), "cuenca": ZoneInfo("America/Guayaquil")}
THREE_HOURS = timedelta(hours=3)


def at(local: str, office: str = "chihuahua") -> datetime:
    """A time of the office's clock as an instant."""
    return datetime.fromisoformat(local).replace(tzinfo=ZONE[office]).astimezone(UTC)


@dataclass
class Mornings:
    """The world, its mail server, and what people do in it."""

    world: World
    smtp: RecordingServer

    def open(self, reference: str, on: date, *, office: str = "chihuahua") -> None:
        new = new_case(reference, "tiny", office, "Here – There", on, PARTIES)
        open_agreement(
            self.world.engine, self.world.rulebook, self.world.people, new, actor=LIAISON_OF[office],
            door=AT_PAGE, now=self.world.now
        )  # fmt: skip

    def step(self, reference: str, step: str, on: date, *, office: str = "chihuahua") -> None:
        advance_agreement(
            self.world.engine,
            self.world.rulebook,
            self.world.people,
            reference,
            StepCommand(step, on),
            person=LIAISON_OF[office],
            door=AT_PAGE,
            now=self.world.now,
        )

    def asked(self, reference: str, *, on: date | None = None, office: str = "chihuahua") -> None:
        """A case whose answer is due ten days after `on`, today unless told otherwise; its liaison is told so."""
        on = on or self.world.now.astimezone(ZONE[office]).date()
        self.open(reference, on, office=office)
        self.step(reference, "ask", on, office=office)

    def pass_at(self, local: str, office: str = "chihuahua") -> int:
        """One pass of everything at that time; how many messages the server has got by then."""
        self.world.now = at(local, office)
        done = self.world.tick()
        assert done.delivery.failures == ()
        assert done.sweep.problems == ()
        return len(self.smtp.received)

    def passes_until(self, local: str, office: str = "chihuahua") -> int:
        """A pass every three hours until before that time; how many messages the server has got by then."""
        end = at(local, office)
        while self.world.now + THREE_HOURS < end:
            self.world.now += THREE_HOURS
            self.world.tick()
        self.world.now = end - timedelta(seconds=1)
        self.world.tick()
        return len(self.smtp.received)

    def got(self, person: str) -> list[EmailMessage]:
        return [message for to, message in self.smtp.received if to == [f"{person}@x.example"]]

    def references(self, message: EmailMessage) -> list[str]:
        """The agreements that a message speaks of, each once, in the order of the text."""
        return list(dict.fromkeys(re.findall(r"\bR-\d\d\b", plain(message))))

    def days_of_mail(self) -> list[date]:
        """The days of Chihuahua on which a digest was accepted, by the books."""
        settled = [
            message.settled_at
            for message in messages(self.world.engine, ["accepted"], viewer=OPERATOR)
            if message.digest
        ]
        return [at.astimezone(ZONE["chihuahua"]).date() for at in settled if at is not None]

    def alerts(self) -> list[tuple[str, str, int, str, str]]:
        """What was told to whom."""
        query = """SELECT reference, subject, occurrence, level, recipient FROM alert
            JOIN agreement ON agreement.id = agreement_id ORDER BY alert.id"""
        with self.world.engine.connect() as connection:
            return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(text(query))]


def plain(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def make_mornings(database_url: str, tmp_path: Path, smtp: RecordingServer) -> Iterator[Callable[..., Mornings]]:
    """On either database; edits of the tiny process as given."""
    with ExitStack() as stack:

        def make(*edits: tuple[str, str]) -> Mornings:
            world = tiny_world(database_url, tmp_path, *edits, people=PEOPLE, mail=smtp.settings, rhythm=EACH_MORNING)
            return Mornings(stack.enter_context(world), smtp)

        yield make


@pytest.fixture
def mornings(make_mornings: Callable[..., Mornings]) -> Mornings:
    return make_mornings()
