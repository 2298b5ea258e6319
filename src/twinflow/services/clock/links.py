"""The chain over all agreements and messages, which each pass carries on."""

from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.seals import Head
from twinflow.storage.unit_of_work import UnitOfWork


def carry_on(engine: Engine, now: datetime) -> None:
    """Add links for all that has changed since the last one. Where nothing has, nothing is written."""
    while _is_behind(engine):
        with UnitOfWork(engine) as work:
            if not work.links.add(now):  # somebody else has it in hand: the next pass takes it
                return
            work.commit()


def head(engine: Engine) -> Head:
    """The last link: its seal, and its number."""
    with UnitOfWork(engine, reading=True) as work:
        return work.links.head()


def _is_behind(engine: Engine) -> bool:
    with UnitOfWork(engine, reading=True) as work:
        return work.links.is_behind()
