"""When mail may leave: never at night, on a day off or on a holiday of the reader's office; one digest a working morning."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from builders import a_calendar
from deep.zones import HALF_HOUR
from twinflow.domain.calendar.business_days import Calendar, Calendars
from twinflow.domain.calendar.office_hours import MailHours, OfficeHours

LABOUR_DAY, NEW_YEAR = date(2026, 5, 1), date(2027, 1, 1)
CHIHUAHUA = OfficeHours(ZoneInfo("America/Chihuahua"), Calendars((a_calendar(LABOUR_DAY, NEW_YEAR),)))
WITH_EACH_PASS = MailHours(digest_at=None)
ZONES = [
    "UTC",
    "America/Mexico_City",
    "America/Chihuahua",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Antarctica/Casey",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Europe/Rome",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
]

instants = some.datetimes(datetime(1990, 1, 2), datetime(2050, 12, 30), timezones=some.just(UTC))
holidays = some.lists(some.dates(date(1990, 1, 1), date(2051, 12, 31)), max_size=5)
weekends = some.sampled_from([{5, 6}, {4, 5}, {6}, {0, 1, 2, 3, 5, 6}, set()])


@some.composite
def rhythms(draw: some.DrawFn) -> MailHours:
    opens, digest, closes = sorted(draw(some.lists(some.times(), min_size=3, max_size=3)))
    assume(digest < closes)
    return MailHours(digest, opens, closes)


@some.composite
def offices(draw: some.DrawFn, mail_hours: some.SearchStrategy[MailHours] = some.just(MailHours())) -> OfficeHours:
    off, weekend = draw(holidays), draw(weekends)
    calendar = Calendar("made-up", {}, frozenset(weekend), dict.fromkeys(off), 1990, 2050, "e1")
    return OfficeHours(ZoneInfo(draw(some.sampled_from(ZONES))), Calendars((calendar,)), draw(mail_hours))


def at(text: str, hours: OfficeHours = CHIHUAHUA) -> datetime:
    """A time of the office's clock as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=hours.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("2026-04-28T06:59:59", "2026-04-28T07:00"),
        ("2026-04-28T07:00", "2026-04-28T07:00"),
        ("2026-04-28T18:59:59", "2026-04-28T18:59:59"),
        ("2026-04-28T19:00", "2026-04-29T07:00"),
        ("2026-04-28T22:00", "2026-04-29T07:00"),
        ("2026-04-25T11:00", "2026-04-27T07:00"),
        ("2026-04-30T20:00", "2026-05-04T07:00"),
        ("2026-05-01T12:00", "2026-05-04T07:00"),
        ("2026-12-31T19:00", "2027-01-04T07:00"),
    ],
)
def test_what_is_not_urgent_waits_for_the_office_to_open(asked: str, expected: str) -> None:
    assert CHIHUAHUA.opening(at(asked)) == at(expected)


@pytest.mark.parametrize(
    ("now", "after", "expected"),
    [
        ("2026-04-28T07:59:59", None, "2026-04-28T08:00"),
        ("2026-04-28T08:00", None, "2026-04-29T08:00"),
        ("2026-04-28T03:00", date(2026, 4, 28), "2026-04-29T08:00"),
        ("2026-04-28T03:00", date(2026, 4, 1), "2026-04-28T08:00"),
        ("2026-04-30T09:00", None, "2026-05-04T08:00"),
        ("2026-04-30T07:00", date(2026, 4, 30), "2026-05-04T08:00"),
        ("2026-04-25T07:00", None, "2026-04-27T08:00"),
    ],
)
def test_the_digest_leaves_on_the_next_working_morning(now: str, after: date | None, expected: str) -> None:
    assert CHIHUAHUA.next_digest(at(now), after) == (date.fromisoformat(expected[:10]), at(expected))


def test_with_each_pass_mail_leaves_at_any_hour() -> None:
    hours = OfficeHours(CHIHUAHUA.zone, CHIHUAHUA.calendars, WITH_EACH_PASS)
    midnight = at("2026-05-01T00:00")
    assert hours.next_digest(midnight) is None
    assert hours.opening(midnight) == midnight


def test_beyond_the_last_year_of_a_calendar_the_working_week_holds() -> None:
    """25 December 2028 is a Monday that the calendar does not know as a holiday yet."""
    calendar = a_calendar(date(2027, 12, 27), last_year=2027)
    hours = OfficeHours(ZoneInfo("Europe/Rome"), Calendars((calendar,)))
    assert hours.opening(at("2028-12-23T12:00", hours)) == at("2028-12-25T07:00", hours)


def test_calendars_that_leave_no_day_at_all_keep_no_mail_for_ever() -> None:
    week = Calendar("week", {}, frozenset({5, 6}), {}, 1990, 2050, "e1")
    ends = Calendar("ends", {}, frozenset(range(5)), {}, 1990, 2050, "e1")
    hours = OfficeHours(ZoneInfo("Europe/Rome"), Calendars((week, ends)))
    assert hours.opening(at("2026-04-25T20:00", hours)) == at("2026-04-26T07:00", hours)


def test_the_day_that_samoa_left_out_is_no_working_day() -> None:
    """Friday 30 December 2011 did not exist there: after Thursday came Saturday."""
    hours = OfficeHours(ZoneInfo("Pacific/Apia"), Calendars((a_calendar(),)))
    thursday = at("2011-12-29T19:30", hours)
    assert hours.opening(thursday) == at("2012-01-02T07:00", hours)
    assert hours.next_digest(thursday) == (date(2012, 1, 2), at("2012-01-02T08:00", hours))


def test_an_hour_that_the_clock_jumps_over_comes_at_the_end_of_the_jump() -> None:
    """In Rome 02:00 became 03:00 on Sunday 29 March 2026."""
    seven_days = Calendars((Calendar("all", {}, frozenset(), {}, 1990, 2050, "e1"),))
    hours = OfficeHours(ZoneInfo("Europe/Rome"), seven_days, MailHours(time(2, 40), time(2, 20), time(19)))
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert hours.next_digest(jump - timedelta(hours=1)) == (date(2026, 3, 29), jump)
    assert hours.opening(jump - timedelta(minutes=1)) == jump


def test_an_hour_that_the_clock_goes_back_over_is_not_another_morning() -> None:
    """In Rome 03:00 became 02:00 on Sunday 25 October 2026: half past two came at 00:30 and at 01:30 UTC."""
    seven_days = Calendars((Calendar("all", {}, frozenset(), {}, 1990, 2050, "e1"),))
    hours = OfficeHours(ZoneInfo("Europe/Rome"), seven_days, MailHours(time(2, 30), time(2, 30), time(19)))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert hours.next_digest(first - timedelta(hours=1)) == (date(2026, 10, 25), first)
    again = hours.next_digest(first)
    assert again is not None
    assert again[0] == date(2026, 10, 26)


@given(offices(), instants)
def test_nothing_leaves_at_night_on_a_day_off_or_before_it_may(hours: OfficeHours, instant: datetime) -> None:
    opening = hours.opening(instant)
    local = opening.astimezone(hours.zone)
    assert opening >= instant
    assert time(7) <= local.time() < time(19)
    assert hours.calendars.is_business_day(local.date())
    assert hours.opening(opening) == opening


@given(offices(), instants)
def test_what_waits_leaves_with_the_first_working_hour(hours: OfficeHours, instant: datetime) -> None:
    """Hour by hour, by the clock on the wall: none before the opening was a working one."""
    opening = hours.opening(instant)
    assume(opening - instant < timedelta(days=40))
    while instant < opening:
        local = instant.astimezone(hours.zone)
        assert not (time(7) <= local.time() < time(19) and hours.calendars.is_business_day(local.date()))
        instant += HALF_HOUR


@given(offices(), instants, some.none() | some.dates(date(1990, 1, 1), date(2050, 12, 31)))
def test_a_digest_comes_later_on_a_working_day_at_its_hour(
    hours: OfficeHours, now: datetime, after: date | None
) -> None:
    planned = hours.next_digest(now, after)
    assert planned is not None
    day, instant = planned
    assert instant > now
    assert after is None or day > after
    local = instant.astimezone(hours.zone)
    assert (local.date(), local.time()) == (day, time(8))
    assert hours.calendars.is_business_day(day)
    assert hours.opening(instant) == instant, "it leaves when it is planned for"


@given(offices(), instants, some.integers(0, 100))
def test_every_working_morning_may_have_its_digest(hours: OfficeHours, now: datetime, days: int) -> None:
    """From one digest to the next no working day is left out."""
    planned = hours.next_digest(now)
    for _ in range(days % 10):
        assert planned is not None
        day, instant = planned
        following = hours.next_digest(instant, day)
        assert following is not None
        assert following == hours.next_digest(instant), "the day before adds nothing to the hour"
        between = [day + timedelta(days=n) for n in range(1, (following[0] - day).days)]
        assert not any(hours.calendars.is_business_day(each) and exists(each, hours.zone) for each in between)
        planned = following


def exists(day: date, zone: ZoneInfo) -> bool:
    return datetime.combine(day, time(12), zone).astimezone(UTC).astimezone(zone).date() == day


@given(offices(rhythms()), some.lists(instants, min_size=2, max_size=6))
def test_what_is_asked_later_never_leaves_earlier(hours: OfficeHours, asked: list[datetime]) -> None:
    """Whatever the hours of the office, also those at which clocks are changed."""
    for earlier, later in pairwise(sorted(asked)):
        assert hours.opening(earlier) <= hours.opening(later)
        first, second = hours.next_digest(earlier), hours.next_digest(later)
        assert first is not None
        assert second is not None
        assert first[1] <= second[1]
        assert hours.opening(earlier) >= earlier
        assert first[1] > earlier
