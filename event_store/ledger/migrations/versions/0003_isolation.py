"""Row-level security: a transaction sees the tenants that it has named (PostgreSQL; a SQLite file has no roles)."""

from alembic import op

from event_store.ledger.isolation import isolate

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in isolate():
            op.execute(statement)
