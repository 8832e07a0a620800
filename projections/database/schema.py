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
    Column("stale_at", BigInteger),  # seq of the first event that replaced a body which may have been folded before
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
    columns: dict[str, Column[Any]] = {
        column.name: Column(column.name, _SQL[column.kind], nullable=column.name not in key)
        for column in columns_of(row_class)
    }
    tenant_id, *others = columns.values()
    return Table(
        row_class.table,
        METADATA,
        tenant_id,
        Column("generation", Integer, nullable=False),
        *others,
        PrimaryKeyConstraint("tenant_id", "generation", *row_class.key),
        *(_index(row_class, names, columns) for names in _indexed(row_class)),
    )


def _indexed(row_class: type[Row]) -> list[tuple[str, ...]]:
    """What rows are found by, without what the beginning of the key or of a longer index finds as well."""
    wanted = dict.fromkeys([*((one,) for one in row_class.lookups), *row_class.indexes])
    longer = [row_class.key, *wanted]
    return [names for names in wanted if not any(names == one[: len(names)] for one in longer if one is not names)]


def _index(row_class: type[Row], names: tuple[str, ...], columns: dict[str, Column[Any]]) -> Index:
    """Rows that have nothing in its first column are left out: most slots have no appointment, and no block."""
    nullable = {column.name for column in columns_of(row_class) if column.is_null}
    only: dict[str, Any] = {}
    if names[0] in nullable:
        there = columns[names[0]].is_not(None)
        only = {"sqlite_where": there, "postgresql_where": there}
    return Index("_".join(("by", *names, row_class.table)), "tenant_id", "generation", *names, **only)
