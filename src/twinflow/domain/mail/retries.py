"""How long a message is tried: at growing intervals for 72 hours, and not again after a refusal that is meant."""

import hashlib
from datetime import datetime, timedelta

from twinflow.domain.mail.message import ClaimedMessage, MessageState, Settlement
from twinflow.errors import MailFailed

PATIENCE = timedelta(hours=72)
"""Counted from the first attempt."""

LEASE = timedelta(minutes=10)
"""How long a mailer has a message that it has taken."""

WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
SPREAD = 0.25
"""A wait is longer by up to this part, by chance, so that what failed together does not come back together."""


def after_failure(claimed: ClaimedMessage, failure: MailFailed, now: datetime) -> Settlement:
    """Failed for good after a refusal that is meant (5xx) or 72 hours and six attempts, else to be tried again.

    Hours in which nobody tried (the reader's office was closed, the mailer was off) give no message up.

    https://www.rfc-editor.org/rfc/rfc5321, sections 4.2.1 and 4.5.4.1.
    """
    trying_for = now - claimed.first_attempt_at
    give_up = failure.permanent or (trying_for >= PATIENCE and claimed.attempts > len(WAITS))
    wait = next((wait for wait in WAITS if wait > trying_for), WAITS[-1])
    return Settlement(
        claimed,
        MessageState.FAILED if give_up else MessageState.RETRYING,
        error=failure.message,
        doubtful=failure.doubtful,
        next_attempt_at=None if give_up else now + wait * (1 + SPREAD * _chance(claimed)),
    )


def _chance(claimed: ClaimedMessage) -> float:
    """From 0 to 1, another one for each message and attempt."""
    drawn = hashlib.sha256(f"{claimed.message_id} {claimed.attempts}".encode()).digest()
    return int.from_bytes(drawn[:4]) / 0xFFFFFFFF
