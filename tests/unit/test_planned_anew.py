"""When what waits is tried, once a clock that was ahead is right again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import a_calendar
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.calendar.office_hours import MailHours, OfficeHours
from twinflow.domain.mail.planned_anew import Planned, planned_anew
from twinflow.domain.mail.retries import LEASE

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)
"""A Wednesday, nine in the morning at the office: the digest of the day has left, if there was one."""
TODAY, TOMORROW, AHEAD = date(2026, 11, 25), date(2026, 11, 26), date(2026, 12, 24)
HOURS = OfficeHours(ZoneInfo("America/Chihuahua"), Calendars((a_calendar(),)))
EIGHT_TOMORROW = datetime(2026, 11, 26, 14, tzinfo=UTC)
FAR = datetime(2026, 12, 24, 14, tzinfo=UTC)
DIGEST = Planned(1, "elena", digest=True, state="queued", digest_on=AHEAD, first_attempt_at=None, next_attempt_at=FAR)


def anew(*messages: Planned, hours: OfficeHours | None = HOURS) -> list[Planned]:
    return list(planned_anew(messages, hours, NOW))


def test_an_open_digest_is_for_the_next_morning() -> None:
    assert anew(DIGEST) == [replace(DIGEST, digest_on=TOMORROW, next_attempt_at=EIGHT_TOMORROW)]


def test_one_that_is_planned_for_that_morning_stays() -> None:
    assert anew(replace(DIGEST, digest_on=TOMORROW, next_attempt_at=EIGHT_TOMORROW)) == []


def test_a_morning_that_is_used_stays_used() -> None:
    left = replace(DIGEST, id=2, state="accepted", digest_on=TOMORROW - timedelta(days=1), next_attempt_at=None)
    before_eight = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
    found = list(planned_anew([left, DIGEST], HOURS, before_eight))
    assert found == [replace(DIGEST, digest_on=TOMORROW, next_attempt_at=EIGHT_TOMORROW)]


def test_a_morning_to_come_that_was_used_is_free_before_the_open_digest_is_planned() -> None:
    sent = replace(DIGEST, id=2, state="accepted", digest_on=TOMORROW, next_attempt_at=None)
    free, planned = anew(DIGEST, sent)
    assert free == replace(sent, digest_on=None)
    assert (planned.id, planned.digest_on) == (1, TOMORROW)


@pytest.mark.parametrize("digest", [True, False])
def test_what_waits_for_another_try_is_tried_now_as_if_it_was_first_tried_now(digest: bool) -> None:
    waiting = replace(DIGEST, digest=digest, state="retrying", digest_on=None, first_attempt_at=FAR)
    assert anew(waiting) == [replace(waiting, first_attempt_at=NOW, next_attempt_at=NOW)]


def test_what_is_urgent_leaves_now() -> None:
    urgent = replace(DIGEST, digest=False, digest_on=None)
    assert anew(urgent) == [replace(urgent, next_attempt_at=NOW)]


def test_whoever_has_a_message_has_it_for_a_lease() -> None:
    leased = replace(DIGEST, state="leased", digest_on=TODAY)
    assert anew(leased) == [replace(leased, next_attempt_at=NOW + LEASE)]
    assert anew(replace(leased, next_attempt_at=NOW + LEASE / 2)) == []


@pytest.mark.parametrize(
    "hours", [None, replace(HOURS, mail_hours=MailHours(digest_at=None))], ids=["has left the file", "each pass"]
)
def test_without_a_morning_a_digest_is_tried_now(hours: OfficeHours | None) -> None:
    assert anew(DIGEST, hours=hours) == [replace(DIGEST, digest_on=None, next_attempt_at=NOW)]
