"""A database of PostgreSQL goes from test to test: it comes empty, or it does not come again."""

import psycopg
import pytest

from postgres import Copies, connected, table_names

AGREEMENTS = """
INSERT INTO agreement (reference, process, process_version, process_digest, office, title, state, version, tracked_from, origin,
    note, relationship, generation, source_digest)
SELECT n::text, 'x', 1, 'x', 'x', repeat('x', 100), 'x', 1, '2026-01-01', '', '', '', 1, '' FROM generate_series(1, %s) AS n"""
HISTORY = """
INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details)
SELECT id, 'opened', 'x', '2026-01-01', '2026-01-01', '{}' FROM agreement"""


def contents(url: str) -> list[list[tuple[object, ...]]]:
    """Every row, and where every number stands."""
    queries = [f"SELECT * FROM {table}" for table in table_names()]
    with connected(url) as connection:
        return [connection.execute(each).fetchall() for each in (*queries, "SELECT last_value FROM pg_sequences")]


@pytest.mark.parametrize("agreements", [1, 500])
def test_whatever_a_test_wrote_is_gone_and_history_is_guarded_again(postgres_copies: Copies, agreements: int) -> None:
    url = postgres_copies.take()
    before = contents(url)
    with connected(url) as connection:
        connection.execute(AGREEMENTS, (agreements,))
        connection.execute(HISTORY)
    postgres_copies.give_back(url)
    assert postgres_copies.take() == url
    assert contents(url) == before
    with connected(url) as connection:
        connection.execute(AGREEMENTS, (2,))
        assert connection.execute("SELECT id FROM agreement").fetchall() == [(1,), (2,)]
        connection.execute(HISTORY)
    with pytest.raises(psycopg.Error, match="append-only"), connected(url) as connection:
        connection.execute("DELETE FROM history")
    postgres_copies.give_back(url)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE alert",
        "ALTER TABLE alert RENAME TO alert_away",
        "ALTER TABLE alert ADD COLUMN more TEXT",
        "CREATE TABLE more (id INTEGER)",
        "ALTER TABLE history DISABLE TRIGGER history_append_only",
        "DROP TRIGGER history_append_only ON history",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP TABLE alembic_version",
    ],
)
def test_whose_tables_were_touched_does_not_come_again(postgres_copies: Copies, statement: str) -> None:
    url = postgres_copies.take()
    with connected(url) as connection:
        connection.execute(statement)
    postgres_copies.give_back(url)
    other = postgres_copies.take()
    assert other != url
    postgres_copies.give_back(other)


def test_who_is_still_connected_is_cut_off(postgres_copies: Copies) -> None:
    url = postgres_copies.take()
    with connected(url) as connection:
        connection.execute(AGREEMENTS, (1,))
        postgres_copies.give_back(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
    assert postgres_copies.take() == url
    postgres_copies.give_back(url)
