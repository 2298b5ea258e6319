"""What was opened by mistake is annulled.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agreement", sa.Column("annulled_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """What was annulled counts again, under the reference that says so."""
    op.drop_column("agreement", "annulled_on")
