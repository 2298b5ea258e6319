"""When mail may leave: by the clock, the working days and the holidays of the office of its reader.

Due dates know nothing of this: only the hour at which people hear of them is put off.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twinflow.domain.calendar.business_days import ONE_DAY, Calendars

ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class MailHours:
    """Times of day at the reader's office. `digest_at` None: with the pass that finds something, whatever the hour."""

    digest_at: time | None = time(8)
    opens_at: time = time(7)
    closes_at: time = time(19)


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The working hours of one reader: zone and calendars of the office, and when mail leaves."""

    zone: ZoneInfo
    calendars: Calendars
    mail_hours: MailHours = field(default_factory=MailHours)

    def is_working_day(self, day: date) -> bool:
        """Beyond the years that the calendars know, every day of the working week is one.

        Calendars that together leave no day at all are refused at start-up; should an edition bring that about later, mail
        that comes on a day off is better than mail that never comes.
        """
        return self.calendars.is_business_day(day) or not self.calendars.has_business_days

    def next_digest(self, now: datetime, after: date | None = None) -> tuple[date, datetime] | None:
        """The day and the instant (UTC) of the next morning digest: on a working day, later than `now` and than the day `after`.

        None where digests leave with each pass.
        """
        if self.mail_hours.digest_at is None:
            return None
        day = now.astimezone(self.zone).date()
        if after is not None:
            day = max(day, after + ONE_DAY)
        while True:
            at = self._instant(day, self.mail_hours.digest_at)
            if at > now and self._works_on(day, at):
                return day, at
            day += ONE_DAY

    def opening(self, at: datetime) -> datetime:
        """The instant itself (UTC) if mail that is not urgent may leave then, else the next opening of the office.

        An office opens and closes once a day: an hour that the clock goes back over is not another morning.
        """
        if self.mail_hours.digest_at is None:
            return at
        day = at.astimezone(self.zone).date()
        while True:
            opens = self._instant(day, self.mail_hours.opens_at)
            if self._works_on(day, opens) and at < self._instant(day, self.mail_hours.closes_at):
                return max(at, opens)
            day += ONE_DAY

    def _works_on(self, day: date, at: datetime) -> bool:
        """Whether the office works on the day; where islands crossed the date line, `at` is an instant of the next one."""
        return self.is_working_day(day) and at.astimezone(self.zone).date() == day

    def _instant(self, day: date, at: time) -> datetime:
        """The first instant (UTC) of a local time; of one that the clock jumps over, the end of the jump."""
        local = datetime.combine(day, at, self.zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return instant
        return self._end_of_jump(local.replace(fold=1).astimezone(UTC), instant)

    def _end_of_jump(self, before: datetime, after: datetime) -> datetime:
        """The second from which the clock goes by the later instant's offset, by halving what lies between."""
        offset = after.astimezone(self.zone).utcoffset()
        while after - before > ONE_SECOND:
            middle = before + (after - before) // ONE_SECOND // 2 * ONE_SECOND
            before, after = (before, middle) if middle.astimezone(self.zone).utcoffset() == offset else (middle, after)
        return after
