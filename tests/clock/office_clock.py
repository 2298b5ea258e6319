"""Chihuahua's office with its morning digest, a real mail server, and a clock that jumps."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import SQLModel

from builders import AT_PAGE, new_case
from smtp import RecordingServer
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.calendar.dates import PartialDate
from twinflow.services.agreements.opening import open_agreement
from twinflow.worker.passes import Pass
from world import World

CHIHUAHUA = ZoneInfo("America/Chihuahua")
PEOPLE = {"elena": ("liaison", "chihuahua"), "sergio": ("supervisor", "chihuahua")}
SUPERVISOR = """[roles.supervisor]
office = "municipality"
label = { en = "supervisor", es = "superior" }

[states.open]"""
PARTIES = (Party("Here", "MX", home=True), Party("There", "US"))


@dataclass
class Office:
    """The world of one office, its mail server, and what people do in it."""

    world: World
    smtp: RecordingServer

    def at(self, local: str) -> "Office":
        """Set the clock to a time of the office."""
        self.world.now = datetime.fromisoformat(local).replace(tzinfo=CHIHUAHUA).astimezone(UTC)
        return self

    def asked(self, reference: str, on: date) -> None:
        """A case that is put on record now, whose answer is due ten days after it was asked."""
        facts = {"asked_on": (Claim(PartialDate.of(on), "the paper"),)}
        new = new_case(reference, "tiny", "chihuahua", reference, on, PARTIES, state="asked", facts=facts)
        world = self.world
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)

    def tick(self) -> Pass:
        return self.world.tick()

    @property
    def mails(self) -> int:
        return len(self.smtp.received)

    @property
    def newest_mail(self) -> str:
        part = self.smtp.received[-1][1].get_body(preferencelist=("plain",))
        assert part is not None
        return str(part.get_content())

    def books(self) -> dict[str, list[str]]:
        return books_of(self.world.engine)


def books_of(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: sorted(str(row) for row in connection.execute(table.select()))
            for table in SQLModel.metadata.sorted_tables
        }
