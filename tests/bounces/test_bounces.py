"""What a report changes in the books: a message that was refused is an incident, once; nothing else changes anything."""

from datetime import timedelta

import pytest
from returned_mail import OFFICER, dsn, mail
from sent_message import Sent

from twinflow.domain.mail.message import MessageState
from twinflow.services.mail import outbox
from twinflow.services.mail.bounces import Outcome

OTHER = "Final-Recipient: rfc822; other@example.org\nAction: {}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 gone\n"


@pytest.mark.parametrize(
    "name", ["postfix-failed", "exchange-failed", "gmail-failed", "qmail-failed", "postfix-gave-up"]
)
def test_a_hard_bounce_is_an_incident_that_somebody_is_told_of(sent: Sent, name: str) -> None:
    before = len(sent.everything())
    assert sent.take(mail(name, sent.token)) is Outcome.BOUNCED
    assert sent.state == MessageState.BOUNCED
    assert OFFICER in str(sent.message.error)
    assert len(sent.everything()) > before, "who stands in is told"


def test_the_same_report_changes_nothing_more(sent: Sent) -> None:
    sent.take(mail("postfix-failed", sent.token))
    after = sent.everything()
    assert sent.take(mail("postfix-failed", sent.token)) is Outcome.NO_CHANGE
    assert sent.take(mail("gmail-failed", sent.token)) is Outcome.NO_CHANGE
    assert sent.everything() == after


@pytest.mark.parametrize(
    "name",
    [
        "postfix-delayed",
        "postfix-delivered",
        "out-of-office-exchange",
        "out-of-office-gmail",
        "out-of-office-vacation",
        "read-receipt",
        "human-answer",
    ],
)
def test_whatever_does_not_say_that_it_failed_changes_nothing(sent: Sent, name: str) -> None:
    before = sent.everything()
    assert sent.take(mail(name, sent.token)) is Outcome.NO_CHANGE
    assert sent.everything() == before


def test_a_report_of_a_message_we_never_sent_changes_nothing(sent: Sent) -> None:
    before = sent.everything()
    assert sent.take(mail("postfix-failed", "f" * 32)) is Outcome.UNKNOWN
    assert sent.take(dsn(returned="")) is Outcome.UNKNOWN
    assert sent.everything() == before


def test_where_the_report_names_several_messages_the_first_of_ours_is_meant(sent: Sent) -> None:
    thread = f"References: <{sent.token}@city.example.net> <{'f' * 32}@city.example.net>\n"
    assert sent.take(dsn(returned="", headers=thread)) is Outcome.BOUNCED


def test_a_recipient_it_was_forwarded_to_counts(sent: Sent) -> None:
    assert sent.take(dsn(OTHER.format("failed"), token=sent.token)) is Outcome.BOUNCED
    assert "other@example.org 5.1.1 550 gone" in str(sent.message.error)


def test_a_failure_for_another_does_not_count_where_the_address_we_wrote_to_was_reached(sent: Sent) -> None:
    reached = f"Final-Recipient: rfc822; {OFFICER.upper()}\nAction: delivered\nStatus: 2.0.0\n"
    assert sent.take(dsn(f"{OTHER.format('failed')}\n{reached}", token=sent.token)) is Outcome.NO_CHANGE
    assert sent.state == MessageState.ACCEPTED


def test_a_possible_duplicate_bounces_too(queued: Sent) -> None:
    queued.attempt(MessageState.POSSIBLE_DUPLICATE)
    assert queued.take(mail("postfix-failed", queued.token)) is Outcome.BOUNCED


def test_a_report_that_is_faster_than_our_books_waits_for_them(queued: Sent) -> None:
    queued.attempt(None)
    assert queued.take(mail("postfix-failed", queued.token)) is Outcome.WAITING
    assert queued.state == MessageState.LEASED


def test_a_report_of_a_try_whose_end_we_did_not_see_waits_until_it_is_seen(queued: Sent) -> None:
    queued.attempt(MessageState.RETRYING, doubtful=True)
    assert queued.take(mail("postfix-failed", queued.token)) is Outcome.WAITING
    queued.world.now += timedelta(minutes=5)
    queued.attempt(MessageState.ACCEPTED)
    assert queued.take(mail("postfix-failed", queued.token)) is Outcome.BOUNCED


@pytest.mark.parametrize("state", [MessageState.RETRYING, MessageState.FAILED, MessageState.DROPPED])
def test_a_message_that_no_server_accepted_cannot_bounce(queued: Sent, state: MessageState) -> None:
    queued.attempt(state)
    assert queued.take(mail("postfix-failed", queued.token)) is Outcome.NO_CHANGE
    assert queued.state == state


def test_the_old_report_does_not_count_for_a_message_that_was_sent_again_since(sent: Sent) -> None:
    sent.take(mail("postfix-failed", sent.token))
    sent.world.now += timedelta(days=1)
    outbox.retry(sent.world.engine, sent.id, sent.world.now)
    sent.attempt(MessageState.ACCEPTED)
    assert sent.take(mail("postfix-failed", sent.token)) is Outcome.NO_CHANGE
    assert sent.state == MessageState.ACCEPTED
    later = mail("postfix-failed", sent.token).replace(b"20 Nov 2026 15:00:03", b"21 Nov 2026 15:00:03")
    assert sent.take(later) is Outcome.BOUNCED
