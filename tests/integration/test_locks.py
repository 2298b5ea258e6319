"""Who writes on PostgreSQL keeps agreements in one order, with what they belong to: no two wait for each other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from sqlalchemy import event

from builders import WORKFLOWS
from twinflow.definitions.calendars import read_calendar
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import TwinflowError
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines.calendar_editions import apply
from world import World

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
LONG = 5
"""Seconds after which a thread goes on although the other has not come to where it waits for it."""
DIGESTS, ROW_OF_AGREEMENT = "advisory", "UPDATE agreement"


def opened(world: World, reference: str, process: str, parties: tuple[Party, ...] = PARTIES, **more: Any) -> None:
    new = NewAgreement(reference, process, "chihuahua", "x", world.now.date(), parties, **more)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", now=world.now)


def step(world: World, reference: str, key: str, **records: str) -> None:
    command = StepCommand(key, world.now.date(), records=records)
    advance_agreement(world.engine, world.rulebook, world.people, reference, command, person="elena", now=world.now)


def at_once(
    world: World, first: Callable[[], object], until: str, second: Callable[[], object], goes_on: str
) -> list[TwinflowError]:
    """The first stands still before a statement until the second has had one; what either failed of."""
    stands, had = Event(), Event()
    failures: list[TwinflowError] = []

    def before(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if current_thread().name == "first" and until in statement and not stands.is_set():
            stands.set()
            had.wait(LONG)

    def after(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if current_thread().name == "second" and goes_on in statement:
            had.set()

    def run(work: Callable[[], object], waits_for: Event | None) -> None:
        if waits_for is not None:
            waits_for.wait(LONG)
        try:
            work()
        except TwinflowError as error:
            failures.append(error)

    event.listen(world.engine, "before_cursor_execute", before)
    event.listen(world.engine, "after_cursor_execute", after)
    threads = [
        Thread(target=run, args=(first, None), name="first"),
        Thread(target=run, args=(second, stands), name="second"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stands.is_set()
    return failures


def test_a_step_of_a_child_and_a_pass_over_its_siblings(world: World) -> None:
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    signed = {"signed_on": (Claim(PartialDate.of(world.now.date()), "text"),)}
    opened(world, "P", "mx/twinning", state="in_force", facts=signed)
    opened(world, "X", "mx/twinning", state="in_force")  # its day of signature is missing, and is told
    for child in ("T1", "T2"):
        opened(world, child, "termination", (), parent="P")
    step(world, "T1", "notify", notice="n", channel="c")
    world.now += timedelta(days=70)
    rulebook, passes = world.rulebook, []
    failures = at_once(
        world,
        lambda: step(world, "T2", "notify", notice="n", channel="c"),
        DIGESTS,
        lambda: passes.append(sweep(world.engine, rulebook, world.people, world.now)),
        DIGESTS,
    )
    assert failures == []
    assert [(each.lapsed, each.problems) for each in passes] == [(("T1",), ())]


@pytest.mark.parametrize("until", [ROW_OF_AGREEMENT, DIGESTS])
def test_an_edition_of_a_calendar_and_a_pass(world: World, until: str) -> None:
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    for reference in ("A", "B", "C"):
        opened(world, reference, "mx/twinning", state="drafting")
        for key in ("complete_draft", "request_opinion"):
            step(world, reference, key)
    added = "".join(
        f'\n[[days]]\non = {day}\nlabel = {{ en = "M", es = "D" }}\nsource = "D"\n'
        for day in ("2026-03-19", "2026-03-20")
    )
    edition = (WORKFLOWS / "calendars" / "mx-ministry.toml").read_text("utf-8") + added
    world.now = datetime(2026, 3, 20, 18, tzinfo=UTC)
    rulebook, applied, passes = world.rulebook, [], []
    calendar = read_calendar(edition, "mx-ministry.toml")
    failures = at_once(
        world,
        lambda: applied.append(
            apply(world.engine, rulebook, world.people, calendar, edition, person="elena", now=world.now)
        ),
        until,
        lambda: passes.append(sweep(world.engine, rulebook, world.people, world.now)),
        DIGESTS,
    )
    assert failures == []
    assert [each.recounted for each in applied] == [3]
    assert [each.problems for each in passes] == [()]
