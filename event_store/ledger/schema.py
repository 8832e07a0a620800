"""The tables of the ledger, the same on SQLite and PostgreSQL. Instants are microseconds since 1970 UTC."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy import Text as _Text
from sqlalchemy.dialects.postgresql import TEXT

METADATA = MetaData()

# By code point on every engine, whatever the database's own collation: prefixes are ranges only so.
Text = _Text().with_variant(TEXT(collation="C"), "postgresql")

EVENT = Table(
    "event",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("stream_version", Integer, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("branch_id", Text),
    Column("patient_id", Text),
    Column("admission_id", Text),
    Column("claim_id", Text),
    Column("appointment_id", Text),
    Column("payment_id", Text),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("causation_id", Text, nullable=False),
    Column("correlation_id", Text),
    Column("command_id", Text),
    Column("actor", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("policy_version_ids", Text),
    Column("payload", Text, nullable=False),
    Column("pii", LargeBinary),
    Column("pii_key_id", Text),
    Column("retention_class", Text, nullable=False),
    Column("payload_digest", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("event_hash", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "seq"),
    UniqueConstraint("tenant_id", "stream_id", "stream_version", name="event_stream_version"),
    UniqueConstraint("event_id", name="event_event_id"),
)

HEAD = Table(
    "head",
    METADATA,
    Column("tenant_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("event_hash", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

TAG = Table(
    "tag",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "kind", "value", "seq"),
    sqlite_with_rowid=False,
)

GUARD = Table(
    "guard",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "kind", "value"),
    sqlite_with_rowid=False,
)

COMMAND_LOG = Table(
    "command_log",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("payload_sha256", Text, nullable=False),
    Column("ack", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "command_id"),
    sqlite_with_rowid=False,
)

CHECKPOINT = Table(
    "checkpoint",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "consumer"),
)

TIMER = Table(
    "timer",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("timer_id", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "consumer", "timer_id"),
    Index("timer_due", "tenant_id", "consumer", "due_at"),
    sqlite_with_rowid=False,
)

LEASE = Table(
    "lease",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "consumer"),
)

PARKED = Table(
    "parked",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "consumer", "stream_id"),
)

PARKING_LOG = Table(
    "parking_log",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "entry"),
)

WEBHOOK_ENDPOINT = Table(
    "webhook_endpoint",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "endpoint_id"),
)


def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


EVENT_COLUMNS = _columns(EVENT)
# What readers of events read; behind it stand the sealed part and what proves that nothing was changed.
CLEAR_COLUMNS = EVENT_COLUMNS[: EVENT_COLUMNS.index("payload") + 1]
TAG_COLUMNS = _columns(TAG)
GUARD_COLUMNS = _columns(GUARD)
COMMAND_COLUMNS = _columns(COMMAND_LOG)
HEAD_COLUMNS = _columns(HEAD)
PARKED_COLUMNS = _columns(PARKED)
PARKING_LOG_COLUMNS = _columns(PARKING_LOG)
ENDPOINT_COLUMNS = _columns(WEBHOOK_ENDPOINT)
