"""When sweeps run. APScheduler only wakes them, in memory: the truth is in rows, and killing it loses nothing."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from twinflow.errors import ClockDoubted, TwinflowError

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
    """One failed pass is reported and does not stop the next."""
    try:
        job()
    except ClockDoubted:
        return  # what is to be said of the clock is logged once, and not with each pass
    except TwinflowError as error:
        log.error("pass failed: %s", error)  # noqa: TRY400 - the sentence says it; a trace would not help the operator
