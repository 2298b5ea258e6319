"""The way of a message in its own words, private calendars, notices switched off, and what a restored backup is known by."""

import json
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATES = (
    "queued", "leased", "retrying", "accepted", "possible duplicate", "bounced", "failed", "dropped", "cancelled",
)  # fmt: skip


def upgrade() -> None:
    # SQLite makes a table anew to change it, and refuses while another one points at it
    with op.batch_alter_table("alert") as batch:
        batch.drop_constraint("fk_alert_outbox_id_outbox", type_="foreignkey")
        batch.add_column(sa.Column("stands_for", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint(op.f("ck_outbox_state"), type_="check")
        batch.add_column(sa.Column("digest_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("incident_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("doubtful", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("sent_to", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("words", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("unsubscribe_hash", sa.String(), nullable=True))
    op.execute("UPDATE outbox SET state = 'accepted' WHERE state = 'sent'")
    op.execute("UPDATE outbox SET state = 'leased' WHERE state = 'sending'")
    op.execute("UPDATE outbox SET first_attempt_at = created_at WHERE attempts > 0")
    op.execute("UPDATE outbox SET incident_at = settled_at WHERE state = 'failed'")  # shown already; nobody is told now
    outbox = sa.table("outbox", sa.column("id", sa.Integer), sa.column("error", sa.String))
    for row in op.get_bind().execute(sa.select(outbox).where(outbox.c.error != "")).all():
        sentence = json.dumps(["{why}", {"why": row.error}], ensure_ascii=False)
        op.execute(outbox.update().where(outbox.c.id == row.id).values(error=sentence))
    with op.batch_alter_table("outbox") as batch:
        batch.create_check_constraint(
            op.f("ck_outbox_state"), "state IN ({})".format(", ".join(f"'{state}'" for state in STATES))
        )
        batch.create_unique_constraint("uq_outbox_recipient_digest_on", ["recipient", "digest_on"])
        batch.create_unique_constraint("uq_outbox_unsubscribe_hash", ["unsubscribe_hash"])
        for column in ("doubtful", "sent_to", "words"):
            batch.alter_column(column, server_default=None)
    with op.batch_alter_table("alert") as batch:
        batch.create_foreign_key("fk_alert_outbox_id_outbox", "outbox", ["outbox_id"], ["id"])
        batch.alter_column("stands_for", server_default=None)

    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feed_token_hash")),
    )
    op.create_table(
        "opt_out",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "notice", name=op.f("pk_opt_out")),
    )
    state = op.create_table(
        "mail_state",
        sa.Column("database", sa.String(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("database", name=op.f("pk_mail_state")),
    )
    op.bulk_insert(state, [{"database": uuid.uuid4().hex, "passes": 0}])
