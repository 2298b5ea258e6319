"""The books seen from outside, by SQL alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

TOLD_TWICE = """SELECT agreement_id, subject, occurrence, level, recipient FROM alert
    GROUP BY agreement_id, subject, occurrence, level, recipient HAVING count(*) > 1"""
WITHOUT_MESSAGE = "SELECT id FROM alert WHERE outbox_id NOT IN (SELECT id FROM outbox)"
NOT_ON_RECORD = """SELECT a.agreement_id FROM (SELECT agreement_id, count(*) AS told FROM alert GROUP BY agreement_id) AS a
    LEFT JOIN (SELECT agreement_id, count(*) AS said FROM history
    WHERE kind = 'alert' AND CAST(details AS TEXT) NOT LIKE '%"vacant"%'
    GROUP BY agreement_id) AS h ON h.agreement_id = a.agreement_id WHERE told <> coalesce(said, 0)"""
HISTORY_AND_VERSION = """SELECT reference FROM agreement WHERE version - 1 <> (SELECT count(*) FROM history
    WHERE agreement_id = agreement.id AND kind IN ('step', 'change', 'acknowledged', 'snoozed', 'migrated'))"""
LEFT_BEHIND = "SELECT agreement_id, rule, occurrence, wake_on FROM deadline WHERE wake_on < :day"
NOT_DERIVED = "SELECT reference, derive_on FROM agreement WHERE derive_on < :day"
OF_THE_FUTURE = "SELECT id FROM history WHERE recorded_at > :now"
CLOSED_AND_AWAKE = "SELECT id FROM deadline WHERE wake_on IS NOT NULL AND status NOT IN ('open', 'paused')"
MESSAGES = "SELECT state, count(*) FROM outbox GROUP BY state ORDER BY state"
TOLD = """SELECT reference, subject, occurrence, level, recipient FROM alert JOIN agreement ON agreement.id = agreement_id
    WHERE level NOT LIKE '%#%'"""
STAND = """SELECT reference, agreement.state, rule, occurrence, due_on, status FROM deadline
    JOIN agreement ON agreement.id = agreement_id"""
TABLES = ("agreement", "deadline", "history", "alert", "outbox", "finding")


@dataclass(frozen=True, slots=True)
class Rows:
    """A database, by its URL."""

    url: str

    def found(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(query), values)]
        engine.dispose()
        return rows

    def everything(self) -> Mapping[str, list[tuple[Any, ...]]]:
        return {table: self.found(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}
