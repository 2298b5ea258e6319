"""The day at the office, where clocks jump, repeat an hour, cross the date line or go back over midnight."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from deep.zones import HALF_HOUR, gone_back_to, local_days, missing, offsets, passes, people_in, swept
from twinflow.domain.clock.waking import latest_day

ZONES_AND_YEARS = [
    ("America/Mexico_City", 1995, 2024),
    ("America/Tijuana", 2020, 2027),
    ("America/Chihuahua", 2020, 2024),
    ("America/Guayaquil", 1990, 1996),
    ("America/Sao_Paulo", 2015, 2020),
    ("America/Santiago", 2013, 2020),
    ("America/St_Johns", 2004, 2012),
    ("Antarctica/Casey", 2009, 2012),
    ("Antarctica/Troll", 2014, 2017),
    ("Africa/Casablanca", 2017, 2024),
    ("Africa/Cairo", 2009, 2024),
    ("Asia/Gaza", 2008, 2024),
    ("Asia/Pyongyang", 2014, 2019),
    ("Australia/Lord_Howe", 2020, 2024),
    ("Europe/Rome", 2024, 2050),
    ("Pacific/Apia", 2009, 2014),
    ("Pacific/Kwajalein", 1992, 1994),
    ("Pacific/Kiritimati", 1994, 1996),
]


def every_half_hour(first: datetime, last: datetime) -> list[datetime]:
    return [first + HALF_HOUR * number for number in range(int((last - first) / HALF_HOUR))]


@pytest.mark.parametrize(("zone", "first_year", "last_year"), ZONES_AND_YEARS)
def test_each_local_day_is_swept_exactly_once(zone, first_year, last_year):
    found, end = offsets(zone, first_year, last_year), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    days = local_days(found, end)
    sweep = swept(people_in(zone), passes(found, end))
    assert sweep.acted_on == sorted(set(days))
    assert set(sweep.seen) == set(days)


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Rome", date(2026, 3, 27), date(2026, 3, 31)),
        ("Europe/Rome", date(2026, 10, 23), date(2026, 10, 27)),
        ("America/Tijuana", date(2026, 3, 6), date(2026, 3, 10)),
        ("America/Tijuana", date(2026, 10, 30), date(2026, 11, 3)),
    ],
)
def test_a_day_on_which_half_past_two_is_missing_or_comes_twice_is_swept_once(zone, first, last):
    """02:30 does not exist in Rome on 29 March 2026 and comes twice on 25 October."""
    begin, end = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in (first, last))
    sweep = swept(people_in(zone), every_half_hour(begin, end))
    assert sweep.acted_on == [first + timedelta(days=number) for number in range((last - first).days)]


@pytest.mark.parametrize(
    ("zone", "left_out"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
        ("Pacific/Kanton", date(1994, 12, 31)),
    ],
)
def test_a_day_that_the_calendar_left_out_is_caught_at_the_next_pass(zone, left_out):
    """What was due on it is acted on as soon as the day after it begins, and once."""
    found = offsets(zone, left_out.year, left_out.year + 1)
    begin = datetime(left_out.year, left_out.month, left_out.day, tzinfo=UTC) - timedelta(days=3)
    instants = every_half_hour(begin, begin + timedelta(days=6))
    people = people_in(zone)
    due = [now for now in instants if people.today("office", now) >= left_out]
    assert missing(local_days(found, found[-1].since + timedelta(days=200))) == [left_out]
    assert people.today("office", due[0]) == left_out + timedelta(days=1)
    assert due[0].astimezone(ZoneInfo(zone)).time().isoformat() == "00:00:00"
    assert left_out not in swept(people, instants).seen


def test_a_day_gone_back_to_is_not_swept_again():
    """In Newfoundland the clocks went back at a minute past midnight until 2010: Sunday began, and Saturday went on."""
    people = people_in("America/St_Johns")
    instants = every_half_hour(datetime(2010, 11, 6, 12, tzinfo=UTC), datetime(2010, 11, 8, 12, tzinfo=UTC))
    saturday, sunday, monday = date(2010, 11, 6), date(2010, 11, 7), date(2010, 11, 8)
    sweep = swept(people, instants)
    assert sweep.seen == [saturday, sunday, saturday, sunday, monday]
    assert gone_back_to(sweep.seen) == [saturday]
    assert sweep.acted_on == [saturday, sunday, monday]


def test_after_ten_days_without_a_pass_one_pass_finds_the_day_it_is():
    instants = [datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 5, 11, 12, tzinfo=UTC)]
    assert swept(people_in("Europe/Rome"), instants).acted_on == [date(2026, 5, 1), date(2026, 5, 11)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Apia", "Pacific/Tongatapu", "Etc/GMT-14"])
def test_no_office_is_on_a_later_day_than_the_sweep_asks_for(zone):
    """It asks for what is due anywhere on earth, and then by the day of each office."""
    instants = every_half_hour(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC))
    people = people_in(zone)
    assert [now for now in instants if people.today("office", now) > latest_day(now)] == []
