"""What a step needs of the past is found without reading the whole of it: entries by kind, and what a child has reached."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agreement", sa.Column("reached", sa.String(), nullable=True))
    op.create_index(op.f("ix_history_agreement_id_kind"), "history", ["agreement_id", "kind"])
    op.drop_index(op.f("ix_history_agreement_id"), table_name="history")


def downgrade() -> None:
    op.create_index(op.f("ix_history_agreement_id"), "history", ["agreement_id"])
    op.drop_index(op.f("ix_history_agreement_id_kind"), table_name="history")
    op.drop_column("agreement", "reached")
