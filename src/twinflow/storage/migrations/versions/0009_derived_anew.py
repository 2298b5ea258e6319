"""The day on which an agreement was last derived; all are derived anew with the next pass: what never opened by itself does so then."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LONG_AGO = date(1900, 1, 1)


def upgrade() -> None:
    op.add_column("agreement", sa.Column("derived_on", sa.Date(), nullable=True))
    op.create_index(op.f("ix_agreement_derived_on"), "agreement", ["derived_on"])
    agreement = sa.table("agreement", sa.column("derive_on", sa.Date))
    op.execute(agreement.update().values(derive_on=LONG_AGO))


def downgrade() -> None:
    """The days of before stand no longer; the next pass of the earlier program finds its own."""
    op.drop_index(op.f("ix_agreement_derived_on"), table_name="agreement")
    op.drop_column("agreement", "derived_on")
