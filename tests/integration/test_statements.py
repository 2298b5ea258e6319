"""How many statements each use of the books costs, so that none creeps back in: with many agreements as with few."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from builders import AT_PAGE, MX, PAPERS, new_case
from statements import Transaction, watched
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.listing import Due, Filters, Position
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.links import carry_on
from twinflow.services.clock.sweep import sweep
from twinflow.services.reading import agreements
from twinflow.services.reading.agreements import AgreementList
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture(params=[1, 12])
def drafts(request: pytest.FixtureRequest, world: World) -> World:
    """One draft, or twelve."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    for number in range(request.param):
        new = new_case(f"MX-{number}", MX, "chihuahua", "one", world.now.date(), PARTIES, state="drafting")
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
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
    command = StepCommand(key, world.now.date(), records=PAPERS.get(key, {}))
    return lambda: advance_agreement(
        world.engine, world.rulebook, world.people, "MX-0", command, person="elena", door=AT_PAGE, now=world.now
    )


def test_a_step(drafts: World) -> None:
    """Read: the agreement. Write: row, history, deadlines. Looked at: the editions of calendars."""
    assert costs(step(drafts, "complete_draft")) == ([False], on(drafts, 5))


def test_a_step_that_is_told_at_once(drafts: World) -> None:
    """Beside the step itself: what was told before, the message, the alert, where the history stands after it, who sees the case.

    That entry goes with the step's.
    """
    step(drafts, "complete_draft")()
    assert costs(step(drafts, "request_opinion")) == ([False], on(drafts, 10))


@pytest.mark.parametrize(
    ("filters", "more"),
    [
        (Filters(), 0),
        (Filters(process=MX, state="drafting", office="chihuahua", due=Due.PASSED, everything=True), 0),
        (Filters(country="US"), 1),
        (Filters(words="albu chi", country="US"), 3),
    ],
)
def test_the_list_of_agreements(drafts: World, filters: Filters, more: int) -> None:
    """Which they are, and they. Of words and of a country is first asked who has them."""

    def use(after: Position | None = None) -> AgreementList:
        here = (drafts.engine, drafts.rulebook, drafts.people, drafts.now)
        return agreements.list_agreements(*here, filters, after=after, at_once=5, viewer=OPERATOR)

    is_empty = not use().lines
    assert costs(use) == ([True], 1 + more if is_empty else 2 + more)
    following = use().following
    if following is not None:
        assert costs(lambda: use(following)) == ([True], 2 + more)


@pytest.mark.parametrize("at_once", [None, 2])
def test_the_page_of_an_agreement(drafts: World, at_once: int | None) -> None:
    """What belongs together, the agreement, the page of the timeline."""

    def use() -> object:
        here = (drafts.engine, drafts.rulebook, drafts.people, "MX-0", drafts.now)
        return agreements.show_agreement(*here, at_once=at_once, viewer=OPERATOR)

    assert costs(use) == ([True], 3)


def test_a_sweep_with_nothing_to_do(drafts: World) -> None:
    sweep_of = (drafts.engine, drafts.rulebook, drafts.people, drafts.now)
    sweep(*sweep_of)
    assert costs(lambda: sweep(*sweep_of)) == ([True], 1)


def test_the_chain_where_nothing_has_changed(drafts: World) -> None:
    """Whether there is anything."""
    carry_on(drafts.engine, drafts.now)
    assert costs(lambda: carry_on(drafts.engine, drafts.now)) == ([True], 1)


def test_every_statement_is_counted(world: World) -> None:
    """Also those that are handed to the driver as they are."""
    with watched() as found, world.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert [each.statements for each in found] == [["SELECT 1"]]
