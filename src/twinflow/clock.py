"""The only reader of the system clock."""

from datetime import UTC, datetime

from twinflow.domain.calendar.dates import FIRST_YEAR, LAST_YEAR
from twinflow.errors import EnvironmentFailed


def read() -> datetime:
    """The present instant, in UTC. Raises EnvironmentFailed where it is of no year that a date of ours may be of."""
    instant = now()
    if FIRST_YEAR <= instant.year <= LAST_YEAR:
        return instant
    raise EnvironmentFailed(
        "The clock of this machine says {now}; no year but one between 1800 and 2100 can be right. Nothing was done.",
        now=f"{instant.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC",
    )


def now() -> datetime:
    """What the machine says, whatever it is."""
    return datetime.now(UTC)
