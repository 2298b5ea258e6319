"""The chain over all agreements and messages, which each pass carries on."""

from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.seals import Head
from twinflow.domain.mail.letter import LastLink
from twinflow.storage.unit_of_work import UnitOfWork


def carry_on(engine: Engine, now: datetime) -> None:
    """Add links for all that has changed since the last one. Where nothing has, nothing is written."""
    while _is_behind(engine):
        with UnitOfWork(engine) as work:
            if not work.links.add(now):  # somebody else has it in hand: the next pass takes it
                return
            work.commit()


def last_link(engine: Engine, now: datetime) -> LastLink | None:
    """The last link, after what has changed by now was added; None while there is none."""
    carry_on(engine, now)
    with UnitOfWork(engine, reading=True) as work:
        found, at = work.links.head(), work.links.last_at()
    return LastLink(found.name, found.short_name, at) if at is not None else None


def head(engine: Engine) -> Head:
    """The last link: its seal, and its number."""
    with UnitOfWork(engine, reading=True) as work:
        return work.links.head()


def _is_behind(engine: Engine) -> bool:
    with UnitOfWork(engine, reading=True) as work:
        return work.links.is_behind()
