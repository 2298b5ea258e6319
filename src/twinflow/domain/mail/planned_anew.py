"""When what waits is tried, where a clock that was ahead has planned it and is right again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain.calendar.office_hours import OfficeHours
from twinflow.domain.mail.message import MessageState
from twinflow.domain.mail.retries import LEASE


@dataclass(frozen=True, slots=True)
class Planned:
    """The times of a message: the morning it is the digest of, its first attempt and the next one (UTC)."""

    id: int
    recipient: str
    digest: bool
    state: str
    digest_on: date | None
    first_attempt_at: datetime | None
    next_attempt_at: datetime | None

    @property
    def is_open_digest(self) -> bool:
        return self.digest and self.state == MessageState.QUEUED


def planned_anew(messages: Sequence[Planned], hours: OfficeHours | None, now: datetime) -> Iterator[Planned]:
    """The messages of one reader that would be planned otherwise at the instant `now`, in the order in which to write them.

    A morning that is still to come is free for another digest. What waits for another try is tried at once; whoever has a
    message has it for no longer than a lease. `hours` are those of the reader, None of one who has left the people file.
    """
    today = now.astimezone(hours.zone).date() if hours is not None else now.date()
    others = [each for each in messages if not each.is_open_digest]
    for each in others:
        yield from _if_changed(each, replace(_in_time(each, now), digest_on=_not_after(each.digest_on, today)))
    mornings = [each.digest_on for each in others if each.digest_on is not None and each.digest_on <= today]
    for each in messages:
        if each.is_open_digest and each.next_attempt_at is not None:
            following = hours.next_digest(now, max(mornings, default=None)) if hours is not None else None
            day, at = following or (None, now)
            if each.next_attempt_at > at:
                yield replace(each, digest_on=day, next_attempt_at=at)


def _in_time(each: Planned, now: datetime) -> Planned:
    """Neither begun later than now, nor waiting for longer than it may."""
    first, following = each.first_attempt_at, each.next_attempt_at
    latest = now + LEASE if each.state == MessageState.LEASED else now
    return replace(
        each,
        first_attempt_at=min(first, now) if first is not None else None,
        next_attempt_at=min(following, latest) if following is not None else None,
    )


def _not_after(day: date | None, today: date) -> date | None:
    return day if day is not None and day <= today else None


def _if_changed(before: Planned, after: Planned) -> Iterator[Planned]:
    if after != before:
        yield after
