"""Every local day from 1990 to 2050 in every zone of the IANA data, swept exactly once."""

from datetime import UTC, date, datetime

import pytest

from deep.cases import CHUNKS
from deep.zones import (
    LAST_YEAR,
    gone_back_to,
    local_days,
    missing,
    offsets,
    passes,
    people_in,
    swept,
    tried,
)

TRIED_IN_SHORT = 12
END = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)

LEFT_OUT = {
    "Pacific/Apia": date(2011, 12, 30),
    "Pacific/Fakaofo": date(2011, 12, 30),
    "Pacific/Kwajalein": date(1993, 8, 21),
    "Pacific/Kanton": date(1994, 12, 31),
    "Pacific/Kiritimati": date(1994, 12, 31),
}
"""The dates that islands left out when they crossed the date line."""

GONE_BACK_TO = {"America/Goose_Bay", "America/Moncton", "America/St_Johns", "Antarctica/Casey"}
"""Where clocks were put back at a minute past midnight, or by three hours: the day before went on for another hour."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_local_day_of_sixty_one_years_is_swept_exactly_once(chunk, record_property):
    groups = tried(chunk, TRIED_IN_SHORT)
    for zones in groups:
        found = offsets(zones[0])
        days = local_days(found, END)
        sweep = swept(people_in(zones[0]), passes(found, END))
        assert sweep.acted_on == sorted(set(days)), zones
        assert set(sweep.seen) == set(days), zones
        assert set(missing(days)) == {LEFT_OUT[zone] for zone in zones if zone in LEFT_OUT}, zones
        assert (gone_back_to(days) != []) == bool(GONE_BACK_TO & set(zones)), zones
    record_property("cases", sum(len(zones) for zones in groups))
