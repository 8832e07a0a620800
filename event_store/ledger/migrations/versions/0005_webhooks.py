"""Where tenants want to be told of their events over HTTP."""

from alembic import op

from event_store.ledger.isolation import ISOLATED_BY_0005, isolate
from event_store.ledger.schema import METADATA

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    connection = op.get_bind()
    METADATA.create_all(connection, tables=ISOLATED_BY_0005)  # a new ledger has it since 0001
    if connection.dialect.name == "postgresql":
        for statement in isolate(ISOLATED_BY_0005):
            op.execute(statement)
