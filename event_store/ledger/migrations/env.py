"""How Alembic runs the ledger's migrations: always on the connection that `open_ledger` hands over."""

from alembic import context

from event_store.ledger.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table="ledger_version"
)
with context.begin_transaction():
    context.run_migrations()
