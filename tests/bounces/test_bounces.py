"""What a report changes in the books: a message that was refused is an incident, once; nothing else changes anything."""

from datetime import timedelta

import pytest
from returned_mail import OFFICER, dsn, mail, names
from sent_message import Sent

from twinflow.domain.mail.message import MessageState
from twinflow.domain.mail.return_path import is_return_tag, return_tag
from twinflow.mail.reports import read_report
from twinflow.services.mail import outbox
from twinflow.services.mail.bounces import Outcome
from twinflow.services.mail.received import return_key

OTHER = "Final-Recipient: rfc822; other@example.org\nAction: {}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 gone\n"


@pytest.mark.parametrize("name", [name for name in names() if name.endswith(("-failed", "-gave-up"))])
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
    assert sent.take(read_report(mail("postfix-failed", "f" * 32))) is Outcome.UNPROVEN
    assert sent.take(read_report(dsn(returned=""))) is Outcome.UNPROVEN, "it does not say about which message"
    assert sent.everything() == before


FORGED = {
    "to the plain address": "bounces@city.example.net",
    "with the Message-ID for a tag": "bounces+{token}@city.example.net",
    "with another code": "bounces+{id}-" + "0" * 24 + "@city.example.net",
    "with the tag of another message": "bounces+{other}@city.example.net",
    "to a number that no message has": "bounces+999999999-" + "0" * 24 + "@city.example.net",
}


@pytest.mark.parametrize("name", sorted(FORGED))
def test_a_report_that_quotes_the_right_message_id_and_did_not_come_to_its_return_path_changes_nothing(
    sent: Sent, name: str
) -> None:
    before = sent.everything()
    other = next(each for each in before if each.id != sent.id)
    tag = return_tag(return_key(sent.world.engine), other.id, other.message_id)
    address = FORGED[name].format(token=sent.token, id=sent.id, other=tag)
    assert sent.take(read_report(mail("postfix-failed", sent.token), [address])) is Outcome.UNPROVEN
    assert sent.everything() == before


def test_who_only_answers_to_a_message_reports_nothing_of_it(sent: Sent) -> None:
    forged = f"From: somebody@elsewhere.example\nIn-Reply-To: <{sent.token}@city.example.net>\n"
    content = f"{forged}X-Failed-Recipients: {OFFICER}\n\nhello\n".encode()
    for taken in (content, read_report(content)):
        assert sent.take(taken) is Outcome.NO_CHANGE
    assert sent.state == MessageState.ACCEPTED


def test_every_message_has_a_return_path_of_its_own_that_another_database_does_not_know(sent: Sent) -> None:
    key = return_key(sent.world.engine)
    tags = {return_tag(key, each.id, each.message_id) for each in sent.everything()}
    assert len(tags) == len(sent.everything())
    assert not is_return_tag(return_tag("0" * 64, sent.id, sent.token), key, sent.id, sent.token)
    assert all(sent.token not in tag for tag in tags)


@pytest.mark.parametrize("state", ["Action: pondered\nStatus: 3.1.1", "Action: delivered\nStatus: 5.1.1", "X: y"])
def test_a_status_that_nobody_knows_leaves_the_message_as_it_is(sent: Sent, state: str) -> None:
    assert sent.take(dsn(f"Final-Recipient: rfc822; {OFFICER}\n{state}\n", token=sent.token)) is Outcome.NO_CHANGE
    assert sent.state == MessageState.ACCEPTED


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
