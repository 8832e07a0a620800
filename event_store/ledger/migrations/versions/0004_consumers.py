"""Who works for which tenant, and what waits because it failed; the log of what was decided about it is append-only."""

from alembic import op

from event_store.ledger.append_only import POSTGRES_PARKING_LOG, SQLITE_PARKING_LOG
from event_store.ledger.isolation import ISOLATED_BY_0004, isolate
from event_store.ledger.schema import METADATA

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    connection = op.get_bind()
    METADATA.create_all(connection, tables=ISOLATED_BY_0004)  # a new ledger has them since 0001
    if connection.dialect.name == "sqlite":
        statements: list[str] = [*SQLITE_PARKING_LOG]
    else:
        statements = [*isolate(ISOLATED_BY_0004), *POSTGRES_PARKING_LOG]
    for statement in statements:
        op.execute(statement)
