"""Whatever may become of a message that had arrived, and of the clock, the check of the books finds nothing in it."""

from datetime import timedelta

import pytest
from returned_mail import mail
from sent_message import Sent

from builders import AT_PAGE
from twinflow.domain.mail.message import Message, MessageState
from twinflow.sentences import Sentence
from twinflow.services.books.checking import check
from twinflow.services.mail import outbox


@pytest.fixture
def built(sent: Sent) -> Sent:
    """With what it says, which the message of the other tests has no need of."""
    outbox.keep_content(sent.world.engine, {sent.id: Message("a step", "words", b"Subject: a step\n\n")})
    return sent


def findings(sent: Sent) -> list[str]:
    world = sent.world
    found = check(world.engine, world.rulebook, world.people, world.now).faults
    return [f"{each.reference}: {each.sentence}" for each in found]


def test_a_message_that_came_back_may_be_sent_again_and_cancelled(built: Sent) -> None:
    sent, world = built, built.world
    world.tick()
    assert findings(sent) == []
    sent.take(mail("postfix-failed", sent.token))
    assert findings(sent) == []
    outbox.retry(world.engine, sent.id, world.now)
    assert findings(sent) == []
    world.now += timedelta(minutes=20)
    world.tick()
    assert sent.state == MessageState.ACCEPTED
    assert findings(sent) == []
    outbox.record_bounce(
        world.engine,
        world.rulebook,
        world.people,
        message_id=sent.token,
        why=Sentence("{why}", {"why": "unknown user"}),
        now=world.now,
    )
    outbox.cancel(
        world.engine, world.people, sent.id, by="elena", reason="told by telephone", door=AT_PAGE, now=world.now
    )
    assert findings(sent) == []
    world.now += timedelta(days=1)
    world.tick()
    assert findings(sent) == []


def test_a_clock_that_went_ahead_and_back_is_confirmed(built: Sent) -> None:
    world = built.world
    right = world.now
    for at in (right + timedelta(days=400), right + timedelta(days=1)):
        world.now = at
        world.confirm_clock()
        world.tick()
        assert findings(built) == []
