"""Schema versions of the ledger, applied by Alembic when a ledger is opened."""
