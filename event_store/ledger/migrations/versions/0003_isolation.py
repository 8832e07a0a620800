"""Row-level security: a transaction sees the tenants that it has named (PostgreSQL; a SQLite file has no roles)."""

from alembic import op

from event_store.ledger.isolation import ISOLATED_BY_0003, isolate

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in isolate(ISOLATED_BY_0003):
            op.execute(statement)
