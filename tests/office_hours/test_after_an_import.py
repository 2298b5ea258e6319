"""After the import of a register nobody hears of the past: what is owed today is told once, as it stands."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from office_hours.conftest import plain
from smtp import RecordingServer
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.mail import outbox
from twinflow.services.reading.agreements import each_agreement
from world import CUENCA, EACH_MORNING, TODAY, World

MONDAY = datetime(2026, 11, 23, 13, tzinfo=UTC)
"""Eight in the morning in Cuenca; the import was on the Friday before."""


def test_an_import_brings_one_mail_on_the_next_morning_and_none_about_the_past(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    world = make_world(smtp.settings, CUENCA / "people.toml", EACH_MORNING)
    world.import_cuenca()
    while world.now < MONDAY:
        assert world.tick().delivery.sent == 0
        world.now += timedelta(hours=6)
    world.now = MONDAY
    assert world.tick().delivery.sent == 1
    ((to, message),) = smtp.received
    assert to == ["lucia@cuenca.example"]
    with world.engine.connect() as connection:
        told = list(connection.execute(text("SELECT agreement_id, subject, occurrence FROM alert")))
    assert len(told) == len(set(told)) == 9, "each matter as it stands, and none of a case that has long expired"
    references = {
        line.reference
        for line in each_agreement(
            world.engine, world.rulebook, world.people, world.now, Filters(everything=True), viewer=OPERATOR
        )
    }
    assert len({word for word in re.findall(r"[\w-]+", plain(message)) if word in references}) > 5
    for days in range(1, 6):
        world.now = MONDAY + timedelta(days=days)
        assert world.tick().delivery.sent == 0
    (digest,) = outbox.messages(world.engine, viewer=OPERATOR)
    assert (digest.created_at, digest.digest_on) == (TODAY, MONDAY.date())
