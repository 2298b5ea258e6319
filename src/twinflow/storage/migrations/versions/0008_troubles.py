"""What a pass could not do is kept, so that the pages can show it wherever the pass was made; and when the last pass was."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", "key", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_reference"), "incident", ["reference"])
    op.create_table(
        "last_pass",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_last_pass")),
    )


def downgrade() -> None:
    op.drop_table("last_pass")
    op.drop_table("incident")
