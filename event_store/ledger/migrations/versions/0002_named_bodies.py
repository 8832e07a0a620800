"""A body may be replaced by the transaction that appends a destruction or redaction naming its event."""

from alembic import op

from event_store.ledger.append_only import POSTGRES_NAMED_BODIES, SQLITE_NAMED_BODIES

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_NAMED_BODIES if is_sqlite else POSTGRES_NAMED_BODIES:
        op.execute(statement)
