"""All agreements are derived anew with the next pass: rows then say of each date whether it rests on an unconfirmed default."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LONG_AGO = date(1900, 1, 1)


def upgrade() -> None:
    agreement = sa.table("agreement", sa.column("derive_on", sa.Date), sa.column("derived_on", sa.Date))
    op.execute(agreement.update().values(derive_on=LONG_AGO, derived_on=None))


def downgrade() -> None:
    """What rows say more an earlier program does not read."""
