"""The instant of the last pass and who has confirmed it; entries are found by when they were recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    clock = op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_pass_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.bulk_insert(clock, [{"id": 1, "last_pass_at": None, "demonstration": False}])
    op.create_table(
        "clock_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_confirmation")),
    )
    op.create_index(op.f("ix_history_recorded_at"), "history", ["recorded_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_history_recorded_at"), table_name="history")
    op.drop_table("clock_confirmation")
    op.drop_table("clock")
