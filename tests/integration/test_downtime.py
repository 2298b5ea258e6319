"""A clock and a mail server that are off for days and weeks, through ten years: no level is lost, none is told twice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from builders import AT_PAGE, noon
from decade import (
    CASES,
    EDITS,
    FIRST,
    LAST,
    PARTIES,
    PEOPLE,
    Decade,
    begun,
    changes_of,
    days_on,
    every_day,
    lived,
)
from how_many import many
from postgres import fresh_database
from smtp import ACCEPT, RecordingServer
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.clock.last_pass import LONGEST_GAP
from twinflow.domain.mail.message import WAITING, MessageState
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock import last_pass
from twinflow.services.clock.sweep import sweep
from twinflow.services.mail import outbox
from world import EACH_MORNING, World

SEEDS = [("sqlite", seed) for seed in range(1, 1 + many(2, 12))] + [
    ("postgresql", seed) for seed in range(21, 21 + many(1, 6))
]


@pytest.mark.parametrize(("kind", "seed"), SEEDS)
def test_a_clock_that_is_off_for_weeks_loses_no_level_and_tells_none_twice(
    kind: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with fresh_database(kind, tmp_path, request) as url:
        decade = lived(url, tmp_path, seed, days_on(Random(f"{seed} days")), watched=True)
    assert len({told.level for told in decade.expected}) == 10, "every level of both ladders"
    once, acts = decade.once(), {(who, day) for day, done in decade.changes.items() for who, *_ in done}
    assert once.keys() == decade.expected.keys()
    for told, (about, at) in decade.expected.items():
        dated, told_on = once[told]
        assert told_on == at
        assert dated == about or (about < dated <= at and (told.reference, dated) in acts), (
            f"what an act moved back is dated by the act: {told}"
        )
    assert len(decade.repeated) > 50 * len(CASES)
    for told, on, day in decade.repeated:
        heard = [days for key, days in decade.told.items() if key[:3] == told[:3] and "#" in key.level]
        assert any(about >= on and at <= day for about, at in heard), (told, on)


@pytest.mark.parametrize("seed", range(1, 1 + many(1, 6)))
def test_a_clock_that_was_never_off_tells_the_same_levels(
    seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = []
    for name, days in (("off", days_on(Random(f"{seed} days"))), ("on", every_day())):
        folder = tmp_path / name
        folder.mkdir()
        with fresh_database("sqlite", folder, request) as url:
            found.append(lived(url, folder, seed, days, watched=False))
    off, on = found
    assert off.once().keys() == on.once().keys()
    assert len(off.once()) > 50 * len(CASES)
    late = {(key.reference, at) for key, (about, at) in on.once().items() if about != at}
    acts = {(reference, day) for day, done in on.changes.items() for reference, *_ in done}
    assert late <= acts, "each on its own day, or on that of an act by which its day had passed"


MAIL_SEEDS = [("sqlite", seed) for seed in range(1, 1 + many(1, 8))] + [
    ("postgresql", seed) for seed in range(21, 21 + many(0, 4))
]


@dataclass
class Postman:
    """Sends what waits at some hours of the days on which the clock is on, to a server that is off for hours and days.

    Whoever looks after it tries again what was given up, once the server is back.
    """

    decade: Decade
    smtp: RecordingServer
    random: Random
    down_until: datetime = field(default_factory=lambda: noon(FIRST))
    answers: bool = True
    """Whether a server that is down says so to each message, or takes no part at all."""
    arrivals: list[datetime] = field(default_factory=list)
    """When the server took each message."""
    refused: int = 0

    @property
    def world(self) -> World:
        return self.decade.world

    @property
    def is_down(self) -> bool:
        return self.world.now < self.down_until

    def live(self, days: Iterator[date]) -> None:
        """Hours of UTC: 12 to 14 is the morning in Chihuahua, 18 the noon of the sweep, 1 to 4 its night."""
        self.smtp.answer_to_data = self._answer
        day = FIRST
        for day in days:
            for hour in (3, 12, 13, 14):
                self.send(day, hour)
            self.decade.until(day, watched=True)
            self.send(day, 20)
        while any(outbox.counts(self.world.engine).get(state) for state in (*WAITING, MessageState.FAILED)):
            day += timedelta(days=1)
            assert day < LAST + timedelta(days=90)
            self.send(day, 14)
        self.decade.read()

    def send(self, day: date, hour: int) -> None:
        engine = self.world.engine
        self.world.now = noon(day).replace(hour=hour, minute=self.random.randrange(60))
        if not self.is_down and self.random.random() < 0.03:
            self.down_until = self.world.now + timedelta(hours=self.random.choice((3, 20, 60, 200)))
            self.answers = self.random.random() < 0.5
        self.smtp.answer_to_sender = "421 closed" if self.is_down and not self.answers else ""
        unsettled = outbox.messages(engine, [*WAITING, MessageState.FAILED], viewer=OPERATOR)
        for message in unsettled:
            if message.state == MessageState.FAILED and not self.is_down:
                outbox.retry(engine, message.id, self.world.now)
        if any(message.next_attempt_at is None or message.next_attempt_at <= self.world.now for message in unsettled):
            if last_pass.look(engine, self.world.now, LONGEST_GAP).doubt is not None:
                self.world.confirm_clock()  # it was off for longer than anybody believes unasked
            _, done = self.world.worker.mail()
            self.refused += bool(done.failures)

    def _answer(self) -> str:
        if self.is_down:
            return "451 later"
        self.arrivals.append(self.world.now)
        return ACCEPT

    def by_message(self) -> dict[str, datetime]:
        """When each message arrived, by what stands before the @ in its Message-ID. None arrived twice."""
        ids = [message["Message-ID"].strip("<>").partition("@")[0] for _, message in self.smtp.received]
        assert len(ids) == len(set(ids)) == len(self.arrivals)
        return dict(zip(ids, self.arrivals, strict=True))

    def messages_of_levels(self) -> list[str]:
        """For each level told, the message that told it."""
        query = """SELECT message_id FROM alert JOIN outbox ON outbox.id = outbox_id WHERE alert.subject LIKE 'deadline:%'"""
        with self.world.engine.connect() as connection:
            return list(connection.execute(text(query)).scalars())


@pytest.mark.parametrize(("kind", "seed"), MAIL_SEEDS)
def test_with_the_clock_and_the_mail_server_off_at_times_each_level_arrives_in_one_message_of_one_morning(
    kind: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest, smtp: RecordingServer
) -> None:
    """Only extensions: while a deadline is paused its warnings are dropped, as they should be."""
    changes = {
        day: kept
        for day, done in changes_of(Random(seed)).items()
        if (kept := [change for change in done if change[1] is ChangeKind.EXTEND])
    }
    with (
        fresh_database(kind, tmp_path, request) as url,
        tiny_world(url, tmp_path, *EDITS, people=PEOPLE, mail=smtp.settings, rhythm=EACH_MORNING) as world,
    ):
        postman = Postman(begun(world, changes), smtp, Random(f"{seed} mail"))
        postman.live(days_on(Random(f"{seed} days")))
        decade, arrived = postman.decade, postman.by_message()
        assert decade.once() == decade.expected
        assert len(decade.told) > 100 * len(CASES)
        assert set(postman.messages_of_levels()) <= arrived.keys(), "each level was told by a message that arrived"
        assert postman.refused > 10
        digests = [message for message in outbox.messages(world.engine, viewer=OPERATOR) if message.digest]
        holidays = world.rulebook.calendars["mx-labour"].holidays
    mornings: Counter[tuple[str, date]] = Counter()
    for digest in digests:
        there = arrived[digest.message_id].astimezone(ZoneInfo("America/Chihuahua"))
        assert time(7) <= there.time() < time(19)
        assert there.weekday() < 5
        assert there.date() not in holidays
        mornings[digest.recipient, there.date()] += 1
    assert set(mornings.values()) == {1}, "never two on one day"


def test_the_clock_tells_that_an_opinion_is_overdue_when_its_day_is_over_at_the_ministry(
    database_url: str, tmp_path: Path
) -> None:
    """The case is kept in Tijuana, an hour behind Mexico City on that day."""
    reviewer = '[visibility.ministry]\nfrom = ["open"]\n[roles.reviewer]\noffice = "ministry"\nlabel = { en = "r", es = "r" }\n'
    edits = (("[roles.liaison]", f"{reviewer}[roles.liaison]"), ('late = "liaison"', 'late = "reviewer"'))
    people = {"elena": ("liaison", "chihuahua"), "rita": ("reviewer", "sre")}
    with tiny_world(database_url, tmp_path, *edits, people=people, zone="America/Tijuana") as world:
        asked = date(2026, 3, 2)
        world.now = noon(asked)
        new = NewAgreement("T-1", "tiny", "chihuahua", "x", asked, PARTIES)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        command = StepCommand("ask", asked)
        advance_agreement(
            world.engine, world.rulebook, world.people, "T-1", command, person="elena", door=AT_PAGE, now=world.now
        )
        sweep(world.engine, world.rulebook, world.people, datetime(2026, 3, 12, 18, tzinfo=UTC))
        assert [d.due_on for d in loaded(world, "T-1").deadlines] == [date(2026, 3, 12)]
        assert sweep(world.engine, world.rulebook, world.people, datetime(2026, 3, 13, 5, 59, tzinfo=UTC)).alerts == 0
        assert sweep(world.engine, world.rulebook, world.people, datetime(2026, 3, 13, 6, 0, tzinfo=UTC)).alerts == 2
        with world.engine.connect() as connection:
            told = list(
                connection.execute(text("SELECT level, recipient FROM alert WHERE notice = 'deadline-overdue'"))
            )
        assert sorted(map(tuple, told)) == [("1 day after", "elena"), ("1 day after", "rita")]


MONTHLY = (
    'label = { en = "Answer", es = "Respuesta" }\n'
    """
[deadlines.report]
runs_from = { fact = "asked_on" }
length = "1 month"
recurs = true
nature = "contractual"
late = "liaison"
met_by = ["finish"]
warn = ["5 days before", "1 day after"]
source = "test"
label = { en = "Report", es = "Informe" }
"""
)


def test_a_duty_that_came_and_was_missed_while_the_clock_was_off_is_told_once(
    database_url: str, tmp_path: Path
) -> None:
    """Asked on 4 January; off from 10 January to 20 May: the reports of February to April are missed, May's is late."""
    with tiny_world(database_url, tmp_path, ('label = { en = "Answer", es = "Respuesta" }\n', MONTHLY)) as world:
        world.now = noon(date(2010, 1, 4))
        new = NewAgreement("T-1", "tiny", "chihuahua", "x", date(2010, 1, 4), PARTIES)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        command = StepCommand("ask", date(2010, 1, 4))
        advance_agreement(
            world.engine, world.rulebook, world.people, "T-1", command, person="elena", door=AT_PAGE, now=world.now
        )
        for day in (date(2010, 1, 10), date(2010, 5, 20), date(2010, 5, 21), date(2010, 5, 22)):
            world.now = noon(day)
            sweep(world.engine, world.rulebook, world.people, world.now)
        with world.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT occurrence, level FROM alert WHERE subject = 'deadline:report' ORDER BY occurrence, id")
            )
            assert [tuple(row) for row in rows] == [
                (1, "5 days before"),
                (1, "1 day after"),
                (2, "missed"),
                (3, "missed"),
                (4, "5 days before"),
                (4, "1 day after"),
            ]
