"""Offices that ask for a second factor, which sessions have shown one, passkeys, and pages in the language of the browser.

A session of before that waits for nothing has shown whatever its person needed then. Who was consulted, and which office had
kept a case, sees it: that is found at the next start; the cases of consultations are derived anew, as they have their days now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("office", sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("session", sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    session = sa.table("session", sa.column("waits_for", sa.String), sa.column("second_factor", sa.Boolean))
    op.execute(session.update().where(session.c.waits_for == "").values(second_factor=True))
    op.add_column("account", sa.Column("by_browser", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "passkey",
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_passkey_person_person")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_passkey")),
    )
    op.create_index(op.f("ix_passkey_person"), "passkey", ["person"])
    op.execute(
        "UPDATE agreement SET derive_on = derived_on WHERE derived_on IS NOT NULL "
        "AND id IN (SELECT agreement_id FROM history WHERE kind = 'consultation')"
    )
    op.execute(
        "INSERT INTO seen_by (agreement_id, kind, role, country, office) "
        "SELECT min(id), '', '', '', '' FROM agreement "
        "WHERE NOT EXISTS (SELECT 1 FROM seen_by WHERE kind = '' AND office = '') HAVING count(*) > 0"
    )


def downgrade() -> None:
    op.drop_table("passkey")
    op.drop_column("account", "by_browser")
    op.drop_column("session", "second_factor")
    op.drop_column("office", "second_factor")
