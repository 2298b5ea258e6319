"""How many statements each use of the books costs, so that none creeps back in: with many agreements as with few."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from builders import MX
from statements import Transaction, watched
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.reading import agreements
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture(params=[1, 12])
def drafts(request: pytest.FixtureRequest, world: World) -> World:
    """One draft, or twelve."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    for number in range(request.param):
        new = NewAgreement(f"MX-{number}", MX, "chihuahua", "one", world.now.date(), PARTIES, state="drafting")
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", now=world.now)
    return world


def costs(use: Callable[[], object]) -> tuple[list[bool], int]:
    """Which of the transactions promised not to write, and how many statements there were in all."""
    found: list[Transaction]
    with watched() as found:
        use()
    return [each.reading for each in found], sum(len(each.statements) for each in found)


def on(world: World, sqlite: int) -> int:
    """On PostgreSQL the row is locked before it is read, by one more."""
    return sqlite + (world.engine.dialect.name == "postgresql")


def step(world: World, key: str) -> Callable[[], object]:
    command = StepCommand(key, world.now.date())
    return lambda: advance_agreement(
        world.engine, world.rulebook, world.people, "MX-0", command, person="elena", now=world.now
    )


def test_a_step(drafts: World) -> None:
    """Read: the agreement. Write: row, history, deadlines. Looked at: the editions of calendars."""
    assert costs(step(drafts, "complete_draft")) == ([False], on(drafts, 5))


def test_a_step_that_is_told_at_once(drafts: World) -> None:
    """Beside the step itself: what was told before, the message, the alert. Its entry of the history goes with the step's."""
    step(drafts, "complete_draft")()
    assert costs(step(drafts, "request_opinion")) == ([False], on(drafts, 8))


def test_the_list_of_agreements(drafts: World) -> None:
    def use() -> object:
        return agreements.list_agreements(drafts.engine, drafts.rulebook, drafts.people, drafts.now)

    assert costs(use) == ([True], 2)


def test_the_page_of_an_agreement(drafts: World) -> None:
    def use() -> object:
        return agreements.show_agreement(drafts.engine, drafts.rulebook, drafts.people, "MX-0", drafts.now)

    assert costs(use) == ([True], 4)


def test_a_sweep_with_nothing_to_do(drafts: World) -> None:
    sweep_of = (drafts.engine, drafts.rulebook, drafts.people, drafts.now)
    sweep(*sweep_of)
    assert costs(lambda: sweep(*sweep_of)) == ([True], 1)


def test_every_statement_is_counted(world: World) -> None:
    """Also those that are handed to the driver as they are."""
    with watched() as found, world.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert [each.statements for each in found] == [["SELECT 1"]]
