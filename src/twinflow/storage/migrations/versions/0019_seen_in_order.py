"""A case may be shown to one office; who sees a case of others has it in the order of lists.

The database itself keeps that order as the agreement has it. Who sees what any role of a kind of office sees has rows too, of
no role.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LISTED = ("next_on", "reference", "process", "state")
OF_SEEN, OF_CASE = ", ".join(LISTED), ", ".join(f"agreement.{name}" for name in LISTED)
OLD, NEW = ("({})".format(", ".join(f"{row}.{name}" for name in LISTED)) for row in ("OLD", "NEW"))
FROM_NEW = ", ".join(f"{name} = NEW.{name}" for name in LISTED)
FROM_CASE = ", ".join(f"{name} = agreement.{name}" for name in LISTED)


def upgrade() -> None:
    op.execute("CREATE TABLE seen_before AS SELECT agreement_id, kind, role, country FROM seen_by")
    op.drop_table("seen_by")
    _seen_by(
        [
            sa.Column("office", sa.String(), nullable=False, server_default=""),
            sa.Column("next_on", sa.Date(), nullable=False, server_default="9999-12-31"),
            *(sa.Column(name, sa.String(), nullable=False, server_default="") for name in LISTED[1:]),
        ],
        ["office"],
    )
    columns = f"agreement_id, kind, role, country, {OF_SEEN}"
    for role, which in (("role", "kind = kind"), ("''", "kind <> ''")):
        op.execute(
            f"INSERT INTO seen_by ({columns}) SELECT DISTINCT agreement_id, kind, {role}, country, {OF_CASE} "
            f"FROM seen_before JOIN agreement ON agreement.id = agreement_id WHERE {which}"
        )
    op.drop_table("seen_before")
    op.create_index("ix_seen_by_listed", "seen_by", ["kind", "country", "role", "office", *LISTED, "agreement_id"])
    op.drop_index("ix_agreement_office", "agreement")
    op.create_index("ix_agreement_office", "agreement", ["office", *LISTED, "parent_id"])
    if op.get_bind().dialect.name == "sqlite":
        _let_sqlite_follow()
    else:
        _let_postgresql_follow()


def _let_sqlite_follow() -> None:
    op.execute(
        "CREATE TRIGGER seen_by_listed AFTER INSERT ON seen_by BEGIN "
        f"UPDATE seen_by SET {FROM_CASE} FROM agreement "
        "WHERE agreement.id = NEW.agreement_id AND seen_by.rowid = NEW.rowid; END"
    )
    op.execute(
        f"CREATE TRIGGER agreement_listed AFTER UPDATE OF {OF_SEEN} ON agreement WHEN {OLD} IS NOT {NEW} BEGIN "
        f"UPDATE seen_by SET {FROM_NEW} WHERE agreement_id = NEW.id; END"
    )


def _let_postgresql_follow() -> None:
    into = ", ".join(f"NEW.{name}" for name in LISTED)
    op.execute(
        "CREATE OR REPLACE FUNCTION seen_by_follows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN SELECT {OF_SEEN} INTO {into} FROM agreement WHERE id = NEW.agreement_id FOR SHARE; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION agreement_is_followed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN UPDATE seen_by SET {FROM_NEW} WHERE agreement_id = NEW.id; RETURN NULL; END $$"
    )
    op.execute("CREATE TRIGGER seen_by_listed BEFORE INSERT ON seen_by FOR EACH ROW EXECUTE FUNCTION seen_by_follows()")
    op.execute(
        f"CREATE TRIGGER agreement_listed AFTER UPDATE OF {OF_SEEN} ON agreement FOR EACH ROW "
        f"WHEN ({OLD} IS DISTINCT FROM {NEW}) EXECUTE FUNCTION agreement_is_followed()"
    )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("DROP TRIGGER agreement_listed" if is_sqlite else "DROP FUNCTION agreement_is_followed CASCADE")
    op.drop_index("ix_agreement_office", "agreement")
    op.create_index("ix_agreement_office", "agreement", ["office"])
    op.execute(
        "CREATE TABLE seen_before AS SELECT agreement_id, kind, role, country FROM seen_by "
        "WHERE office = '' AND (kind = '' OR role <> '')"
    )
    op.drop_table("seen_by")
    if not is_sqlite:
        op.execute("DROP FUNCTION seen_by_follows")
    _seen_by()
    op.execute("INSERT INTO seen_by (agreement_id, kind, role, country) SELECT * FROM seen_before")
    op.drop_table("seen_before")
    op.create_index("ix_seen_by_shown", "seen_by", ["kind", "country", "role", "agreement_id"])


def _seen_by(columns: Sequence[sa.Column[Any]] = (), keys: Sequence[str] = ()) -> None:
    op.create_table(
        "seen_by",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_seen_by_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("agreement_id", "kind", "role", "country", *keys, name=op.f("pk_seen_by")),
    )
