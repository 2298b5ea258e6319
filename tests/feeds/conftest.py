"""A Mexican case in the middle of its life, beside an Ecuadorian one of another office."""

from datetime import UTC, datetime

import pytest
from feed_world import PARTIES, Case

from builders import AT_PAGE, DRAFT, facts, new_case
from prepared import Prepare
from twinflow.domain.agreement.agreement import Party
from twinflow.services.agreements.opening import open_agreement
from world import World


@pytest.fixture
def case(world: World, prepare: Prepare) -> Case:
    """The opinion on MX/1 was requested on Monday 2 March 2026: due on Tuesday the 24th."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    found = Case(world)
    prepare("MX/1 requested", lambda: request_opinion(found))
    return found


def request_opinion(case: Case) -> None:
    world = case.world
    title = "Chihuahua, Albuquerque; los dos"
    new = new_case("MX/1", "mx/twinning", "chihuahua", title, world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    case.take("complete_draft", records=DRAFT)
    case.take("request_opinion")


@pytest.fixture
def two_offices(case: Case) -> Case:
    """The same, and the case EC-1 of Cuenca, which waits for an answer of its counterpart."""
    parties = (Party("Cuenca", "EC", home=True), Party("Medellín", "CO"))
    sent = facts(proposal_sent_on="2026-03-02")
    today = case.world.now.date()
    new = new_case("EC-1", "ec/agreement", "cuenca", "Cuenca y Medellín", today, parties, facts=sent)
    open_agreement(
        case.world.engine, case.world.rulebook, case.world.people, new, actor="lucia", door=AT_PAGE, now=case.world.now
    )
    return case
