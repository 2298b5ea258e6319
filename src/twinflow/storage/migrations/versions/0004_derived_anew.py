"""The day on which an agreement's deadlines are to be derived anew, whether or not one of them has a row that wakes then."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LONG_AGO = date(1900, 1, 1)
"""The next sweep looks at every agreement once, and sets the day."""


def upgrade() -> None:
    op.add_column("agreement", sa.Column("derive_on", sa.Date(), nullable=True))
    agreement = sa.table("agreement", sa.column("derive_on", sa.Date))
    op.execute(agreement.update().values(derive_on=LONG_AGO))
    op.create_index(
        op.f("ix_agreement_derive_on"),
        "agreement",
        ["derive_on"],
        sqlite_where=sa.text("derive_on IS NOT NULL"),
        postgresql_where=sa.text("derive_on IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_agreement_derive_on"), table_name="agreement")
    op.drop_column("agreement", "derive_on")
