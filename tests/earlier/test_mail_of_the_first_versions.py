"""An outbox without incidents, doubts and packed sentences is upgraded: what was sent, failed or waited means the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from old_books import DATABASES, OF_0003, bare_database, settings_of, started
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from builders import MX, rulebook
from twinflow.domain.people.viewer import OPERATOR
from twinflow.language import say
from twinflow.services.mail import outbox
from twinflow.storage import database
from twinflow.storage.engine import make_engine
from world import World

AT = "2026-03-02 18:00:00"
NOW = datetime(2026, 3, 6, 18, tzinfo=UTC)
"""A Friday, at noon in Chihuahua and in Mexico."""
OLD_ERROR = 'smtp.example refused the message to rita@ministry.example: 550 “no such user” {5.1.1} "rita"'
LATER = "smtp.example does not answer: [Errno 111] Connection refused"
MESSAGES = (
    # recipient, digest, state, attempts, next attempt, settled, error
    ("elena", True, "sent", 1, None, AT, ""),
    ("rita", False, "failed", 3, None, AT, OLD_ERROR),
    ("elena", False, "retrying", 2, "2026-03-06 17:00:00", None, LATER),
    ("rita", False, "sending", 1, "2026-03-06 17:10:00", None, ""),
    ("elena", True, "queued", 0, "2026-03-06 14:00:00", None, ""),
    ("sergio", True, "dropped", 1, None, AT, ""),
)
"""In the states of then; an error is the English sentence itself. Numbered from 1."""


def upgraded_to_0002(connection: Connection) -> None:
    config = database.migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "0002")


def fill(connection: Connection) -> None:
    """An agreement whose opinion was requested, and messages that told of it, as that version wrote them."""
    newest = rulebook().catalogue.versions(MX)[-1]
    agreement = {"digest": newest.digest, "version": newest.version, "text": newest.text, "at": AT}
    connection.execute(text("INSERT INTO process_version VALUES ('mx/twinning', :version, :digest, :text)"), agreement)
    connection.execute(
        text(
            """INSERT INTO agreement (id, reference, process, process_version, process_digest, office, title, state, version,
            tracked_from, origin, note, relationship, generation, source_digest) VALUES (1, 'MX-1', 'mx/twinning', :version,
            :digest, 'chihuahua', 'x', 'opinion_requested', 1, '2026-03-02', '', '', 'MX-1', 1, '')"""
        ),
        agreement,
    )
    connection.execute(
        text(
            """INSERT INTO history (id, agreement_id, kind, actor, effective_on, recorded_at, to_state, details)
            VALUES (1, 1, 'opened', 'elena', '2026-03-02', :at, 'opinion_requested', '{}')"""
        ),
        agreement,
    )
    for number, (recipient, digest_or_not, state, attempts, again, settled, error) in enumerate(MESSAGES, start=1):
        values = {
            "id": number, "message": f"m{number}", "recipient": recipient, "digest": digest_or_not, "state": state, "at": AT,
            "attempts": attempts, "again": again, "settled": settled, "error": error, "level": f"{number}",
        }  # fmt: skip
        connection.execute(
            text(
                """INSERT INTO outbox (id, message_id, recipient, digest, state, created_at, attempts, next_attempt_at,
                settled_at, error, subject, content) VALUES (:id, :message, :recipient, :digest, :state, :at, :attempts,
                :again, :settled, :error, '', NULL)"""
            ),
            values,
        )
        connection.execute(
            text(
                """INSERT INTO alert (id, agreement_id, outbox_id, notice, subject, occurrence, level, recipient, role,
                effective_on, recorded_at, details) VALUES (:id, 1, :id, 'opinion-requested', 'step:request_opinion', 1, :level,
                :recipient, 'reviewer', '2026-03-02', :at, '{"state": "opinion_requested"}')"""
            ),
            values,
        )


@pytest.fixture(params=DATABASES)
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Filled at revision 0002, then brought up to date and started."""
    with bare_database(request.param, tmp_path, request) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            upgraded_to_0002(connection)
            fill(connection)
        engine.dispose()
        with started(settings_of(OF_0003, url, tmp_path), NOW) as world:
            yield world


def test_what_was_sent_reads_accepted_and_what_was_on_its_way_still_is(upgraded: World) -> None:
    assert [
        (message.id, message.recipient, message.state) for message in outbox.messages(upgraded.engine, viewer=OPERATOR)
    ] == [
        (1, "elena", "accepted"),
        (2, "rita", "failed"),
        (3, "elena", "retrying"),
        (4, "rita", "leased"),
        (5, "elena", "queued"),
        (6, "sergio", "dropped"),
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_old_error_can_be_read(upgraded: World, language: str) -> None:
    errors = {message.id: message.error for message in outbox.messages(upgraded.engine, viewer=OPERATOR)}
    assert {number: say(error, language) for number, error in errors.items() if error} == {2: OLD_ERROR, 3: LATER}


def test_nobody_is_told_now_of_what_failed_then(upgraded: World) -> None:
    for _ in range(3):
        upgraded.tick()
        upgraded.now += timedelta(days=1)
    with upgraded.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alert WHERE notice = 'undelivered'")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM history WHERE kind = 'mail'")).scalar() == 0
        told = connection.execute(text("SELECT settled_at = incident_at FROM outbox WHERE id = 2")).scalar()
    assert bool(told) is True, "as if they had been told then"


def test_what_waited_then_leaves_and_what_had_left_does_not_leave_again(upgraded: World) -> None:
    assert upgraded.tick().delivery.failures == ()
    states = {
        message.id: (message.state, message.attempts) for message in outbox.messages(upgraded.engine, viewer=OPERATOR)
    }
    assert states == {
        1: ("accepted", 1),
        2: ("failed", 3),
        3: ("accepted", 3),
        4: ("accepted", 2),
        5: ("accepted", 1),
        6: ("dropped", 1),
    }


def test_tries_go_on_from_when_the_message_was_written(upgraded: World) -> None:
    """A message is tried for 72 hours from its first attempt; what was not tried yet has none."""
    with upgraded.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT id FROM outbox WHERE first_attempt_at = created_at ORDER BY id")
        ).scalars()
        assert list(rows) == [1, 2, 3, 4, 6]
        assert connection.execute(text("SELECT first_attempt_at FROM outbox WHERE id = 5")).scalar() is None


def test_alerts_of_then_still_belong_to_their_messages(upgraded: World) -> None:
    with upgraded.engine.connect() as connection:
        alerts = connection.execute(text("SELECT id, outbox_id, stands_for FROM alert ORDER BY id")).all()
    assert [tuple(alert) for alert in alerts] == [(number, number, "") for number in range(1, 7)]
    with pytest.raises(DBAPIError), upgraded.engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox WHERE id = 1"))


def test_the_history_of_then_cannot_be_changed(upgraded: World) -> None:
    for statement in ("UPDATE history SET actor = 'nobody'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="append-only"), upgraded.engine.begin() as connection:
            connection.execute(text(statement))
