"""The ledger's first tables, and the triggers that keep `event` append-only."""

from alembic import op

from event_store.ledger.append_only import POSTGRES_APPEND_ONLY, SQLITE_APPEND_ONLY
from event_store.ledger.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    METADATA.create_all(connection)
    statements = SQLITE_APPEND_ONLY if connection.dialect.name == "sqlite" else POSTGRES_APPEND_ONLY
    for statement in statements:
        op.execute(statement)
