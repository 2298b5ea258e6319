"""Passes of the clock over one office, and which local days there are, found apart from the service.

A zone is a list of offsets, each in force from an instant. Which days its calendar has follows from that list alone.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import TZPATH, ZoneInfo, available_timezones

from deep.cases import CHUNKS
from how_many import DEEP, SEED
from twinflow.domain.people.people import Office, People

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
NEAR = timedelta(days=3)
FIRST_YEAR, LAST_YEAR = 1990, 2050


class Offset(NamedTuple):
    """So far ahead of UTC, from an instant."""

    since: datetime
    ahead: timedelta


class Swept(NamedTuple):
    """What passes over an office saw: the local dates as they came, and the days acted on."""

    seen: list[date]
    acted_on: list[date]


def people_in(zone: str) -> People:
    """One office, in the zone, with nobody in it."""
    office = Office("office", "municipality", {"en": "Office", "es": "Oficina"}, "MX", zone)
    return People({"office": office}, {})


def zones_by_data() -> list[list[str]]:
    """Every zone there is; those that share one file of data stand together."""
    groups: dict[bytes, list[str]] = {}
    for zone in sorted(available_timezones()):
        groups.setdefault(_data_of(zone), []).append(zone)
    return list(groups.values())


def tried(chunk: int, short: int) -> list[list[str]]:
    """The zones of a chunk that are tried: all of them in the whole long run, `short` groups in `make test`."""
    groups = zones_by_data()[chunk::CHUNKS]
    if not DEEP:
        return groups[:: len(groups) // short]
    return Random(f"{SEED} zones {chunk}").sample(groups, -(-len(groups) * DEEP // 100))


def _data_of(zone: str) -> bytes:
    """The file that `zoneinfo` reads: the system's, or else that of the tzdata package."""
    on_this_system = next((path for path in (Path(folder, zone) for folder in TZPATH) if path.is_file()), None)
    return (on_this_system or files("tzdata").joinpath("zoneinfo", zone)).read_bytes()


def offsets(zone: str, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> list[Offset]:
    """Every offset of the years, each with the second from which it is in force."""
    place = ZoneInfo(zone)
    begin, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    found = [Offset(begin, _ahead(begin, place))]
    instant = begin
    while instant < end:
        after = instant + DAY
        if _ahead(after, place) != found[-1].ahead:
            changed = _change(instant, after, place)
            found.append(Offset(changed, _ahead(changed, place)))
        instant = after
    return found


def _ahead(instant: datetime, place: ZoneInfo) -> timedelta:
    return instant.astimezone(place).utcoffset() or timedelta(0)


def _change(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The first second after `before` with another offset, by halving what lies between."""
    old = _ahead(before, place)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _ahead(middle, place) == old else (before, middle)
    return after


def local_days(found: list[Offset], until: datetime) -> list[date]:
    """The local dates from the first offset on, in the order in which they begin or are gone back to."""
    days: list[date] = []
    for since, ahead, end in _spans(found, until):
        day = (since + ahead).date()
        last = (end + ahead - timedelta(microseconds=1)).date()
        while day <= last:
            if not days or days[-1] != day:
                days.append(day)
            day += DAY
    return days


def _spans(found: list[Offset], until: datetime) -> Iterator[tuple[datetime, timedelta, datetime]]:
    ends = [*(offset.since for offset in found[1:]), until]
    return ((offset.since, offset.ahead, end) for offset, end in zip(found, ends, strict=True))


def passes(found: list[Offset], until: datetime) -> Iterator[datetime]:
    """One every half hour within three days of a change of the clocks, one a day elsewhere, one in the last second."""
    instant, changes = found[0].since, [offset.since for offset in found[1:]]
    while instant < until:
        yield instant
        while changes and changes[0] + NEAR < instant:
            changes.pop(0)
        near = changes and changes[0] - NEAR <= instant + DAY
        instant += HALF_HOUR if near else DAY
    yield until - timedelta(seconds=1)


def swept(people: People, instants: Iterable[datetime]) -> Swept:
    """A duty of every day under the rule of the sweep: act when its day has come, then wake on the day after.

    Where the calendar leaves a day out, the next pass finds it due and takes it with its own.
    """
    seen: list[date] = []
    acted_on: list[date] = []
    wake_on: date | None = None
    for now in instants:
        today = people.today("office", now)
        if not seen or seen[-1] != today:
            seen.append(today)
        if wake_on is None or wake_on <= today:
            acted_on.append(today)
            wake_on = today + DAY
    return Swept(seen, acted_on)


def missing(days: list[date]) -> list[date]:
    """The dates that a calendar jumps over."""
    gaps = []
    for before, after in pairwise(sorted(set(days))):
        gaps += [before + DAY * number for number in range(1, (after - before).days)]
    return gaps


def gone_back_to(days: list[date]) -> list[date]:
    """The dates that follow on a later one."""
    return [after for before, after in pairwise(days) if after < before]
