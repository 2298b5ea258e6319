"""Who of other offices sees which agreement.

In books of before it follows from their history: a row of no kind is the mark that a start has still to find it there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_by",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_seen_by_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("agreement_id", "kind", "role", "country", name=op.f("pk_seen_by")),
    )
    op.create_index("ix_seen_by_shown", "seen_by", ["kind", "country", "role", "agreement_id"])
    op.create_index("ix_agreement_office", "agreement", ["office"])
    op.execute(
        "INSERT INTO seen_by (agreement_id, kind, role, country) SELECT min(id), '', '', '' FROM agreement HAVING count(*) > 0"
    )


def downgrade() -> None:
    op.drop_index("ix_agreement_office", "agreement")
    op.drop_table("seen_by")
