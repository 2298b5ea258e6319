"""When sweeps run. APScheduler only wakes them, in memory: the truth is in rows, and killing it loses nothing."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger(__name__)


@contextmanager
def running(jobs: Sequence[tuple[int, Callable[[], object]]], clock: Callable[[], datetime]) -> Iterator[None]:
    """Run each job at once and then every so many minutes, until the block ends; a running job is waited for."""
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for every_minutes, job in jobs:
        trigger = IntervalTrigger(minutes=every_minutes, start_date=clock() + timedelta(seconds=1))
        scheduler.add_job(guarded, trigger, args=[job])
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)


def guarded(job: Callable[[], object]) -> None:
    """One failed pass does not stop the next. It has said itself why, once and not with each pass."""
    try:
        job()
    except Exception:
        log.debug("pass failed", exc_info=True)
