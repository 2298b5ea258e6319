"""Every agreement is derived anew with the next pass: what never opened by itself in books of before does so then."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"
branch_labels = None
depends_on = None

LONG_AGO = date(1900, 1, 1)


def upgrade() -> None:
    agreement = sa.table("agreement", sa.column("derive_on", sa.Date))
    op.execute(agreement.update().values(derive_on=LONG_AGO))


def downgrade() -> None:
    """The days of before stand no longer; the next pass of the earlier program finds its own."""
