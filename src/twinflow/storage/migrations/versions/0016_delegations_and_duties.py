"""Delegations, and who has which duty of a case in hand."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("delegate", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_delegation_person_person")),
        sa.ForeignKeyConstraint(["delegate"], ["person.key"], name=op.f("fk_delegation_delegate_person")),
        sa.ForeignKeyConstraint(["office"], ["office.key"], name=op.f("fk_delegation_office_office")),
        sa.PrimaryKeyConstraint("person", "number", name=op.f("pk_delegation")),
    )


def downgrade() -> None:
    op.drop_table("delegation")
