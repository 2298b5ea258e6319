"""Alembic's entry: runs on the connection it is handed, as one transaction."""

from alembic import context
from sqlmodel import SQLModel

from twinflow.storage import tables

assert tables.AgreementRow.__tablename__ == "agreement"  # the tables are registered

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
