"""Histories are sealed, and a chain of links over all agreements and messages; what is there already is sealed as it stands.

What could no longer be told stays on record when it is taken back: of before it is known only that its alerts are gone.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 500
APPEND_ONLY = ("link", "link_item", "released_alert")
HEAD = (
    "reference", "process", "process_version", "process_digest", "office", "title", "state", "version", "tracked_from",
    "origin", "note", "relationship", "generation",
)  # fmt: skip


def upgrade() -> None:
    for name in ("seal", "content", "linked"):
        op.add_column("agreement", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("agreement", sa.Column("entries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("history", sa.Column("seal", sa.String(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("linked", sa.String(), nullable=False, server_default=""))
    _make_tables()
    connection = op.get_bind()
    _let_be_changed(connection)
    last = 0
    while ids := connection.scalars(
        sa.text("SELECT id FROM agreement WHERE id > :last ORDER BY id LIMIT :at_once"),
        {"last": last, "at_once": AT_ONCE},
    ).all():
        _seal(connection, list(ids))
        last = ids[-1]
    _refuse_changes(connection)
    _remember_released(connection)
    unlinked = (
        "linked = '' OR (linked = 'new' AND content IS NOT NULL AND state <> 'leased') "
        "OR (settled_at IS NOT NULL AND linked <> state)"
    )
    for table, where in (("agreement", "linked <> seal || content"), ("outbox", unlinked)):
        op.create_index(
            f"ix_{table}_unlinked", table, ["id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    for table in APPEND_ONLY:
        _make_append_only(connection, table)


def downgrade() -> None:
    for table in ("agreement", "outbox"):
        op.drop_index(f"ix_{table}_unlinked", table_name=table)
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION books_refuse()")
    op.drop_column("outbox", "linked")
    op.drop_column("history", "seal")
    for name in ("entries", "linked", "content", "seal"):
        op.drop_column("agreement", name)


def _make_tables() -> None:
    op.create_table(
        "link",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_link")),
    )
    op.create_table(
        "link_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["link"], ["link.number"], name=op.f("fk_link_item_link_link")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_link_item_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_item")),
    )
    for column in ("link", "agreement_id", "message_id"):
        op.create_index(op.f(f"ix_link_item_{column}"), "link_item", [column])
    op.create_table(
        "released_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("stands_for", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_released_alert_agreement_id_agreement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_released_alert")),
    )
    op.create_index(op.f("ix_released_alert_agreement_id"), "released_alert", ["agreement_id"])


def _let_be_changed(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        op.execute("DROP TRIGGER history_no_update")
    else:
        op.execute("DROP TRIGGER history_append_only ON history")


def _refuse_changes(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER history_no_update BEFORE UPDATE ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        )
    else:
        op.execute(
            "CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history "
            "FOR EACH STATEMENT EXECUTE FUNCTION history_refuses()"
        )


def _make_append_only(connection: Connection, table: str) -> None:
    key = "number" if table == "link" else "id"
    if connection.dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {refuse}")
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse}"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION books_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION books_refuse()"
    )


def _seal(connection: Connection, ids: list[int]) -> None:
    """Seal the histories of these agreements in the order of their rows, and take the digest of what they hold."""
    instant, day = _as_text(connection, "recorded_at", "YYYY-MM-DD HH24:MI:SS.US"), _as_text(connection, "effective_on")
    entries: dict[int, list[tuple[int, list[object]]]] = defaultdict(list)
    for row in _rows(
        connection,
        f"SELECT agreement_id, id, kind, actor, {day}, {instant}, step, from_state, to_state, party, "
        f"CAST(details AS TEXT) FROM history WHERE agreement_id IN (%s) ORDER BY id",
        ids,
    ):
        entries[row[0]].append((row[1], [*row[2:-1], _from_json(row[-1])]))
    contents = _contents(connection, ids)
    sealed, heads = [], []
    for number in ids:
        seal = ""
        for row_id, written in entries[number]:
            seal = _digest([seal, *written])
            sealed.append({"row": row_id, "seal": seal})
        heads.append({"row": number, "seal": seal, "entries": len(entries[number]), "content": contents[number]})
    if sealed:
        connection.execute(sa.text("UPDATE history SET seal = :seal WHERE id = :row"), sealed)
    connection.execute(
        sa.text("UPDATE agreement SET seal = :seal, entries = :entries, content = :content WHERE id = :row"), heads
    )


def _contents(connection: Connection, ids: list[int]) -> dict[int, str]:
    tracked_from = _as_text(connection, "agreement.tracked_from")
    head = ", ".join(tracked_from if name == "tracked_from" else f"agreement.{name}" for name in HEAD)
    heads = _rows(
        connection,
        f"SELECT agreement.id, parent.reference, {head} FROM agreement LEFT JOIN agreement AS parent "
        "ON parent.id = agreement.parent_id WHERE agreement.id IN (%s)",
        ids,
    )
    parties = _owned(connection, "party", "name, country, home, signed, signed_on, capacity, place", ids, (2, 3))
    terms = _owned(connection, "term", "name, readings, source", ids)
    facts = _owned(connection, "fact", "name, value, source, chosen", ids, (3,))
    return {
        number: ".".join(
            _digest(part)[:32]
            for part in ([*written, parent], parties.get(number, []), terms.get(number, []), facts.get(number, []))
        )
        for number, parent, *written in heads
    }


def _owned(
    connection: Connection, table: str, columns: str, ids: list[int], truths: tuple[int, ...] = ()
) -> dict[int, list[list[object]]]:
    """The rows of each agreement by name, and those of one name in their order."""
    rows = _rows(
        connection,
        f"SELECT agreement_id, {columns} FROM {table} WHERE agreement_id IN (%s) ORDER BY agreement_id, id",
        ids,
    )
    found = {}
    for number, owned in groupby(rows, key=itemgetter(0)):
        values = [[bool(v) if i in truths and v in (0, 1) else v for i, v in enumerate(row[1:])] for row in owned]
        found[number] = sorted(values, key=lambda row: str(row[0]))
    return found


def _remember_released(connection: Connection) -> None:
    """What the history says was told, without an alert: it was taken back before that was put on record."""
    on, at = _as_text(connection, "effective_on"), _as_text(connection, "recorded_at", "YYYY-MM-DD HH24:MI:SS.US")
    there = Counter(
        tuple(row)
        for row in connection.exec_driver_sql(f"SELECT agreement_id, {on}, {at}, subject, level, recipient FROM alert")
    )
    said = connection.exec_driver_sql(
        f"SELECT agreement_id, {on}, {at}, CAST(details AS TEXT), effective_on, recorded_at FROM history "
        "WHERE kind = 'alert' ORDER BY id"
    )
    gone = []
    for number, day, instant, text, *times in said.all():
        details = _from_json(text)
        if not isinstance(details, dict) or "vacant" in details:
            continue
        key = (number, day, instant, *(details.get(name) for name in ("subject", "level", "recipient")))
        there[key] -= 1
        if there[key] < 0:
            gone.append(_released(number, details, *times))
    if gone:
        columns = ", ".join(gone[0])
        given = ", ".join(f":{name}" for name in gone[0])
        if connection.dialect.name != "sqlite":
            given = given.replace(":details", "CAST(:details AS JSONB)")
        connection.execute(sa.text(f"INSERT INTO released_alert ({columns}) VALUES ({given})"), gone)


def _released(number: int, details: dict[str, object], effective_on: object, recorded_at: object) -> dict[str, object]:
    """`occurrence` 0: which one it was is not known."""
    of_all = ("notice", "subject", "level", "recipient", "role", "stands_for")
    more = {name: value for name, value in details.items() if name not in of_all}
    return {
        "agreement_id": number,
        "occurrence": 0,
        **{name: details.get(name, "") for name in of_all},
        "effective_on": effective_on,
        "recorded_at": recorded_at,
        "details": json.dumps(more, ensure_ascii=False),
    }


def _rows(connection: Connection, sql: str, ids: list[int]) -> Iterator[list[Any]]:
    found = connection.exec_driver_sql(sql % ", ".join(map(str, ids)))
    yield from (list(row) for row in found.all())


def _as_text(connection: Connection, column: str, form: str = "YYYY-MM-DD") -> str:
    """A day or an instant (UTC) as SQLite keeps it."""
    if connection.dialect.name == "sqlite":
        return column
    utc = f"{column} AT TIME ZONE 'UTC'" if "HH24" in form else column
    return f"to_char({utc}, '{form}')"


def _from_json(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
