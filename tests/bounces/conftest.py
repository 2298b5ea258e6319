"""A message on its way, on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sent_message import Sent

from builders import AT_PAGE
from tiny_world import tiny_world
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.mail.message import MessageState
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail import outbox

TWO_LIAISONS = {"elena": ("liaison", "chihuahua"), "ana": ("liaison", "chihuahua")}
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture
def queued(database_url: str, tmp_path: Path) -> Iterator[Sent]:
    with tiny_world(database_url, tmp_path, people=TWO_LIAISONS) as world:
        today = world.now.date()
        new = NewAgreement("MX-1", "tiny", "chihuahua", "x", today, PARTIES)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        command = StepCommand("ask", today)
        advance_agreement(
            world.engine, world.rulebook, world.people, "MX-1", command, person="elena", door=AT_PAGE, now=world.now
        )
        (mine,) = [each.id for each in outbox.messages(world.engine, viewer=OPERATOR) if each.recipient == "ana"]
        yield Sent(world, mine)


@pytest.fixture
def sent(queued: Sent) -> Sent:
    queued.attempt(MessageState.ACCEPTED)
    return queued
