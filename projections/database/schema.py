"""The tables of the read database: one per read model, and what is known of each projection.

Every row belongs to a generation of its projection: a rebuild fills the next one beside the one that is read, and a
swap is the change of one row of `projection_checkpoint`. That works alike on every engine and for one tenant alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy import Text as _Text
from sqlalchemy.dialects.postgresql import TEXT

from projections.row import Row, columns_of

METADATA = MetaData()
# By code point on every engine: an order is the same everywhere only so.
Text = _Text().with_variant(TEXT(collation="C"), "postgresql")
_SQL: dict[str, Any] = {
    "text": Text,
    "integer": BigInteger,
    "boolean": Integer,
    "instant": BigInteger,
    "day": Text,
    "json": Text,
}

CHECKPOINT = Table(
    "projection_checkpoint",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("projection", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("state", Text, nullable=False),  # live, building, kept
    Column("seq", BigInteger, nullable=False),
    Column("code_version", Integer, nullable=False),
    Column("begun_at_head", BigInteger, nullable=False),
    Column("rebuilt_at", BigInteger),  # when it was swapped in
    Column("retired_at", BigInteger),  # when another was swapped in
    PrimaryKeyConstraint("tenant_id", "projection", "generation"),
    sqlite_with_rowid=False,
)

PARKED = Table(
    "projection_parked",
    METADATA,
    Column("tenant_id", Text, nullable=False),
    Column("projection", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("first_seq", BigInteger, nullable=False),  # the event that failed
    Column("last_seq", BigInteger, nullable=False),  # the last of its stream that waits behind it
    Column("events", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # parked; retry or discard once somebody has decided so
    PrimaryKeyConstraint("tenant_id", "projection", "generation", "stream_id"),
    sqlite_with_rowid=False,
)


@cache
def table_of(row_class: type[Row]) -> Table:
    """The table of a read model: tenant and generation first, then the columns as the Struct has them.

    With a rowid in SQLite: without one its planner walks the generation along the key, whatever other index there is.
    """
    key = ("tenant_id", *row_class.key)
    columns: list[Column[Any]] = [
        Column(column.name, _SQL[column.kind], nullable=column.name not in key) for column in columns_of(row_class)
    ]
    columns.insert(1, Column("generation", Integer, nullable=False))
    indexed = dict.fromkeys([*((one,) for one in row_class.lookups), *row_class.indexes])
    return Table(
        row_class.table,
        METADATA,
        *columns,
        PrimaryKeyConstraint("tenant_id", "generation", *row_class.key),
        *(
            Index("_".join(("by", *names, row_class.table)), "tenant_id", "generation", *names)
            for names in indexed
            if names != row_class.key[: len(names)]
        ),
    )
