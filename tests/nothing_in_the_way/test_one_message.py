"""One message that is broken stops no other: it is an incident, and what can be said of the rest is said."""

import pytest
from sqlalchemy import text

from twinflow.domain.people.viewer import OPERATOR
from twinflow.mail.inbox import captured_messages
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.mail import outbox
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

BROKEN = {
    "a time of the first attempt that is none": "UPDATE outbox SET first_attempt_at = 'soon' WHERE id = :broken",
    "a time of its making that is none": "UPDATE outbox SET created_at = 'soon' WHERE id = :broken",
    "a morning that is none": "UPDATE outbox SET digest_on = 'soon' WHERE id = :broken",
    "a reader whom nobody knows": "UPDATE outbox SET recipient = 'nobody' WHERE id = :broken",
}


def with_two_messages(world: World) -> int:
    """The digest of the first pass, and a second message that tells of CU-14; the row of that."""
    world.worker.sweep()
    with UnitOfWork(world.engine) as work:
        second = work.outbox.add_message("lucia", "second@localhost", world.now)
        work.commit()
    with world.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE alert SET outbox_id = :second"
                " WHERE agreement_id = (SELECT id FROM agreement WHERE reference = 'CU-14')"
            ),
            {"second": second},
        )
    return second


def said(world: World) -> str:
    return "\n".join(message.text for message in captured_messages(world.runtime.settings.mail.capture_folder))


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_message_is_an_incident_and_the_other_leaves(cuenca: World, kind: str) -> None:
    if cuenca.engine.dialect.name != "sqlite" and "soon" in BROKEN[kind]:
        pytest.skip("PostgreSQL keeps no such row")
    broken = with_two_messages(cuenca)
    with cuenca.engine.begin() as connection:
        connection.execute(text(BROKEN[kind]), {"broken": broken})
    _, delivery = cuenca.worker.mail()
    assert (delivery.sent, delivery.undelivered) == (1, 1)
    assert "CU-11" in said(cuenca)
    assert "CU-14" not in said(cuenca)
    ((lost,),) = open_incidents(cuenca.engine, viewer=OPERATOR).undelivered
    assert (lost.id, lost.state) == (broken, "failed")
    assert len([each for each in outbox.messages(cuenca.engine, viewer=OPERATOR) if each.id == broken]) == 1


def test_a_reason_that_cannot_be_read_hides_no_message(cuenca: World) -> None:
    broken = with_two_messages(cuenca)
    with cuenca.engine.begin() as connection:
        connection.execute(
            text("UPDATE outbox SET state = 'failed', error = '{' WHERE id = :broken"), {"broken": broken}
        )
    shown = {each.id: str(each.error) for each in outbox.messages(cuenca.engine, viewer=OPERATOR)}
    assert len(shown) == 2
    assert shown[broken].startswith(f"Message {broken} cannot be read: JSONDecodeError")


def test_an_alert_that_cannot_be_read_waits_and_the_rest_of_its_digest_leaves(cuenca: World) -> None:
    cuenca.worker.sweep()
    with cuenca.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE alert SET subject = 'gone'"
                " WHERE agreement_id = (SELECT id FROM agreement WHERE reference = 'CU-14')"
            )
        )
    _, delivery = cuenca.worker.mail()
    assert (delivery.sent, delivery.undelivered) == (1, 0)
    assert [str(each).partition(":")[0] for each in delivery.failures] == ["CU-14 cannot be read"]
    assert "CU-11" in said(cuenca)
    assert "CU-14" not in said(cuenca)
