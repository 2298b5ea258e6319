"""Every working day from 1990 to 2050 in every zone of the IANA data has one morning, whatever its clocks do."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import a_calendar
from deep.cases import CHUNKS
from deep.test_every_zone import END
from deep.zones import FIRST_YEAR, LAST_YEAR, NEAR, Offset, local_days, offsets, tried
from how_many import DEEP
from twinflow.domain.calendar.business_days import Calendar, Calendars
from twinflow.domain.calendar.office_hours import MailHours, OfficeHours

FEASTS = tuple(date(year, *day) for year in range(FIRST_YEAR, LAST_YEAR + 1) for day in ((1, 1), (3, 29), (10, 26)))
OFFICE = a_calendar(*FEASTS)
TRIED_IN_SHORT = 3
EVERY_DAY = Calendar("every-day", {}, frozenset(), {}, 1990, 2050, "e1")
QUARTER = timedelta(minutes=15)
FROM, UNTIL = time(7), time(19)
FIRST, LAST = date(FIRST_YEAR, 1, 3), date(LAST_YEAR, 12, 29)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_working_day_of_sixty_one_years_has_one_digest_and_one_opening(chunk, record_property):
    groups = tried(chunk, TRIED_IN_SHORT)
    for zones in groups:
        found = offsets(zones[0])
        working = [day for day in inner(local_days(found, END)) if OFFICE.is_business_day(day)]
        hours = OfficeHours(ZoneInfo(zones[0]), Calendars((OFFICE,)))
        assert digests(hours, found) == working, zones
        assert openings(hours, found) == working, zones
    record_property("cases", sum(len(zones) for zones in groups))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_hours_at_which_clocks_are_changed_come_once_a_day_as_well(chunk, record_property):
    groups = tried(chunk, TRIED_IN_SHORT)
    for zones in groups:
        found = offsets(zones[0])
        days = inner(local_days(found, END))
        for at in (time(0), time(2, 30)):
            hours = OfficeHours(ZoneInfo(zones[0]), Calendars((EVERY_DAY,)), MailHours(at, at, time(19)))
            assert digests(hours, found) == days, (zones, at)
    record_property("cases", 2 * sum(len(zones) for zones in groups))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_around_every_change_of_the_clocks_mail_leaves_in_working_hours_and_never_before_it_was_asked(
    chunk, record_property
):
    groups = tried(chunk, TRIED_IN_SHORT)
    for zones in groups:
        found = offsets(zones[0])
        hours = OfficeHours(ZoneInfo(zones[0]), Calendars((OFFICE,)))
        last = found[0].since
        for asked in around(found if DEEP else found[:12]):
            opening = hours.opening(asked)
            there = local(opening, found)
            assert OFFICE.is_business_day(there.date()), (zones, asked)
            assert FROM <= there.time() < UNTIL, (zones, asked)
            assert opening >= max(last, asked), (zones, asked)
            last = opening
    record_property("cases", sum(len(zones) for zones in groups))


def digests(hours: OfficeHours, found: list[Offset]) -> list[date]:
    """The days of the digests that follow on one another until the end."""
    days: list[date] = []
    now = found[0].since - timedelta(seconds=1)
    while planned := hours.next_digest(now, days[-1] if days else None):
        day, now = planned
        if now >= END:
            break
        days.append(day)
    assert days == sorted(set(days))
    return inner(days)


def openings(hours: OfficeHours, found: list[Offset]) -> list[date]:
    """The days on which the office opens, each asked for in the evening before."""
    days: list[date] = []
    opening = hours.opening(found[0].since)
    while opening < END:
        day = local(opening, found).date()
        days.append(day)
        evening = datetime.combine(day, UNTIL, hours.zone).astimezone(UTC)
        opening = hours.opening(evening)
    assert days == sorted(set(days))
    return inner(days)


def inner(days: Iterable[date]) -> list[date]:
    """Each once and in order, without those that the first and the last year of UTC cut."""
    return sorted({day for day in days if FIRST <= day <= LAST})


def local(instant: datetime, found: list[Offset]) -> datetime:
    """What the clock on the wall shows, by the offsets alone."""
    number = bisect_right(found, instant, key=lambda offset: offset.since)
    return (instant + found[number - 1].ahead).replace(tzinfo=None)


def around(found: list[Offset]) -> list[datetime]:
    """Every quarter of an hour from three days before each change of the clocks to three days after it."""
    spans = [offset.since for offset in found[1:]]
    return sorted({since - NEAR + QUARTER * n for since in spans for n in range(2 * NEAR // QUARTER)})
