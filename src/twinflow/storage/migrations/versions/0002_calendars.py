"""The calendars that dates are counted by, what each deadline was counted from, and an index of children alone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", "edition", name=op.f("pk_calendar")),
    )
    op.drop_index("ix_agreement_parent_id", table_name="agreement")
    op.create_index(
        "ix_agreement_parent_id",
        "agreement",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.add_column(sa.Column("basis", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.alter_column("basis", server_default=None)
