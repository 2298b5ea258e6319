"""What is over of sessions, links and tries is cleared away; what a history names is never among it."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain.accounts.limits import LIMITS
from twinflow.storage.unit_of_work import UnitOfWork

AT_ONCE = 1_000
"""Rows of each table that one pass takes away: the next one takes more."""
LINKS_FOR = timedelta(days=30)
"""So long whoever comes with an old link is told that it was used or is too old, and not that it never was."""
TRIES_FOR = max(each.window for each in LIMITS.values())


def clear_away(engine: Engine, now: datetime) -> None:
    """Take away what lets nobody in any more and counts for nothing. Where there is nothing of the kind, nothing is written."""
    over = {"sessions": now, "links": now - LINKS_FOR, "tries": now - TRIES_FOR}
    with UnitOfWork(engine, reading=True) as work:
        is_there = work.accounts.is_over(**over)
    if is_there:
        with UnitOfWork(engine) as work:
            work.accounts.clear_away(**over, at_most=AT_ONCE)
            work.commit()
