"""Messages that wait in the outbox, as many as a test asks for, written as the service would write them, only faster."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert, select

from builders import AT_PAGE, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.mail.message import OutboxMessage
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail import outbox
from twinflow.storage.tables import AgreementRow, AlertRow, OutboxRow
from twinflow.worker.sending import Delivery
from world import EXAMPLES, World

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
REFERENCE = "MX-1"
REVIEWERS = ("ana", "bea", "carla")
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
PERSON = """
[people.{key}]
name = "{key}"
mail = "{key}@sre.example"
language = "en"
roles = [{{ role = "reviewer", office = "sre" }}]
"""


def people_file(folder: Path, keys: Sequence[str] = REVIEWERS) -> Path:
    """The people of the demonstration, and more reviewers at the ministry."""
    file = folder / "people.toml"
    more = "".join(PERSON.format(key=key) for key in keys)
    file.write_text((EXAMPLES / "demo" / "people.toml").read_text("utf-8") + more, "utf-8")
    return file


def message_id(number: int) -> str:
    return f"{number:032x}"


def is_of_the_bag(token: str) -> bool:
    """Whether a message was written by `fill`; what is told because of it has an identifier drawn by chance."""
    return token.startswith("0" * 20)


def fill(world: World, recipients: Sequence[str]) -> None:
    """One urgent message for each name, in this order, about one agreement whose opinion was requested; due at `NOW`."""
    world.now = NOW
    new = new_case(REFERENCE, "mx/twinning", "chihuahua", "x", NOW.date(), PARTIES, state="opinion_requested")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=NOW)
    with world.engine.begin() as connection:
        connection.execute(delete(AlertRow))
        connection.execute(delete(OutboxRow))
        message = {"digest": False, "state": "queued", "created_at": NOW, "attempts": 0, "next_attempt_at": NOW}
        alerts: list[dict[str, object]] = []
        alert = {
            "agreement_id": connection.execute(select(AgreementRow.id)).scalar_one(),
            "notice": "opinion-requested", "subject": "step:request_opinion", "level": "",
            "role": "reviewer", "effective_on": NOW.date(), "recorded_at": NOW, "details": {"state": "opinion_requested"},
        }  # fmt: skip
        numbered = {message_id(n): (n, who) for n, who in enumerate(recipients, 1)}
        rows = [{**message, "message_id": key, "recipient": who} for key, (_, who) in numbered.items()]
        connection.execute(insert(OutboxRow), rows)
        for outbox_id, key in connection.execute(select(OutboxRow.id, OutboxRow.message_id)).all():
            n, who = numbered[key]
            alerts.append({**alert, "outbox_id": outbox_id, "occurrence": n, "recipient": who})
        connection.execute(insert(AlertRow), alerts)


def send_due(world: World) -> Delivery:
    """One pass of sending, without a sweep."""
    return world.worker.mail()[1]


def by_id(world: World) -> dict[str, OutboxMessage]:
    """The messages of `fill`, not what has been told because of them."""
    return {
        each.message_id: each
        for each in outbox.messages(world.engine, viewer=OPERATOR)
        if is_of_the_bag(each.message_id)
    }


def by_recipient(world: World) -> dict[str, OutboxMessage]:
    """The same, where each person has one."""
    return {each.recipient: each for each in by_id(world).values()}
