"""Offices and people as rows, with a history of their own. What stood in the people file is taken over by the first start."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "office",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", DOCUMENT, nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("calendars", DOCUMENT, nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_office")),
    )
    op.create_table(
        "person",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_person")),
    )
    op.create_table(
        "assignment",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_assignment_person_person")),
        sa.ForeignKeyConstraint(["office"], ["office.key"], name=op.f("fk_assignment_office_office")),
        sa.PrimaryKeyConstraint("person", "number", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_office"), "assignment", ["office"])
    op.create_table(
        "absence",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("delegate", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_absence_person_person")),
        sa.ForeignKeyConstraint(["delegate"], ["person.key"], name=op.f("fk_absence_delegate_person")),
        sa.PrimaryKeyConstraint("person", "number", name=op.f("pk_absence")),
    )
    op.create_table(
        "people_entry",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", DOCUMENT, nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_people_entry")),
    )
    _make_append_only("people_entry", "number")
    of_people = sa.text("state = 'people'")
    op.create_index(
        op.f("ix_link_item_people"), "link_item", ["entries"], sqlite_where=of_people, postgresql_where=of_people
    )


def _make_append_only(table: str, key: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {refuse}")
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse}"
        )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION books_refuse()"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_link_item_people"), "link_item")
    for table in ("people_entry", "absence", "assignment", "person", "office"):
        op.drop_table(table)
