"""One warehouse file per tenant, swapped in whole: a reader sees the old generation or the new one, never a mix."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

import duckdb

from exports.warehouse import opened
from projections.catalogue import PROJECTIONS

# The oldest clients that must be able to open a published file are DuckDB 1.5's.
STORAGE_VERSION = "v1.5.0"
# What sorting needs beyond it goes to disk beside the file.
MEMORY = "1GB"
AT_ONCE = 2
_PUBLISHED = ("dim_", "fct_", "mart_")
# The models that are the twins of live read models have their names.
_TWINS = frozenset(projection.row.table for projection in PROJECTIONS)

Cursor: TypeAlias = duckdb.DuckDBPyConnection
Found = TypeVar("Found")


def is_published(table: str) -> bool:
    """Whether readers get a table: dimensions, facts, marts, and what is shown live, to be compared with."""
    return table.startswith(_PUBLISHED) or table in _TWINS


class PublishedTable(NamedTuple):
    name: str
    rows: int
    content_hash: str


class PublishedWarehouse(NamedTuple):
    tenant_id: str
    path: Path
    last_seq: int
    as_of: datetime | None
    tables: list[PublishedTable]

    def content_hash(self, table: str) -> str:
        return next(one.content_hash for one in self.tables if one.name == table)


def publish(
    *, built: Path, tenant_id: str, path: Path, last_seq: int, generator: str, alone: bool = False
) -> PublishedWarehouse:
    """Swap in a tenant's rows of every published table of a finished build.

    `alone`: the build holds no other tenant, so its database becomes the published file, and is gone afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    published = built if alone else _fresh(path.with_suffix(".partial"))
    connection = duckdb.connect()
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET temp_directory = '{_quoted(path.with_suffix('.spill'))}'")
        connection.execute(f"ATTACH '{_quoted(published)}' AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
        if not alone:
            connection.execute(f"ATTACH '{_quoted(built)}' AS built (READ_ONLY)")
            _each(connection, "built", lambda cursor, name: _copy(cursor, name, tenant_id))
        tables = _each(connection, "published", _content)
        as_of = _as_of(connection)
        connection.execute(
            "CREATE TABLE published.build_info AS SELECT ?::VARCHAR AS tenant_id, ?::BIGINT AS last_seq,"
            " ?::TIMESTAMPTZ AS as_of_at, ?::VARCHAR AS generator",
            (tenant_id, last_seq, as_of, generator),
        )
        connection.execute(
            "CREATE TABLE published.build_table (tenant_id VARCHAR, table_name VARCHAR, row_count BIGINT,"
            " content_hash VARCHAR)"
        )
        connection.executemany(
            "INSERT INTO published.build_table VALUES (?, ?, ?, ?)", [(tenant_id, *table) for table in tables]
        )
        connection.execute("DETACH published")
    finally:
        connection.close()
    _swap(published, path)
    return PublishedWarehouse(tenant_id, path, last_seq, as_of, tables)


def published_seq(path: Path) -> int:
    """The last event that a published file knows; 0 when there is no file."""
    if not path.exists():
        return 0
    with opened(path) as connection:
        found = connection.execute("SELECT last_seq FROM build_info").fetchone()
    return int(found[0]) if found else 0


def _fresh(partial: Path) -> Path:
    partial.unlink(missing_ok=True)
    return partial


def _each(connection: duckdb.DuckDBPyConnection, database: str, of: Callable[[Cursor, str], Found]) -> list[Found]:
    """What becomes of each table of a database. Most are too small for DuckDB to share one among its threads."""
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY 1", (database,)
    ).fetchall()

    def one(name: str) -> Found:
        with connection.cursor() as cursor:
            return of(cursor, name)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, (name for (name,) in found if is_published(name))))


def _copy(cursor: Cursor, name: str, tenant_id: str) -> None:
    where = "WHERE tenant_id = ?" if "tenant_id" in _columns(cursor, f"built.{name}") else ""
    cursor.execute(
        f"CREATE TABLE published.{name} AS SELECT * FROM built.{name} {where} ORDER BY ALL",
        (tenant_id,) if where else (),
    )


def _columns(cursor: Cursor, table: str) -> list[str]:
    return [row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall()]


def _content(cursor: Cursor, name: str) -> PublishedTable:
    """How many rows, and a hash of them all and of the columns' names, whatever the order of the rows.

    md5, not DuckDB's own hash: that one may change from version to version. Texts with a mark between them, not JSON,
    which takes twice as long, and the high bits of `md5_number`, as `md5_number_lower` does too. A sum, so that row
    order is nothing.
    """
    columns = _columns(cursor, f"published.{name}")
    cells = ", ".join(f'coalesce("{column}"::VARCHAR, chr(30))' for column in columns)
    found = cursor.execute(
        f"SELECT count(*), coalesce(sum((md5_number(concat_ws(chr(31), {cells})) >> 65)::HUGEINT), 0)"
        f" + (md5_number(?) >> 65)::HUGEINT FROM published.{name}",
        (chr(31).join(columns),),
    ).fetchone()
    assert found is not None
    rows, total = found
    return PublishedTable(name, int(rows), f"{int(total) % 2**64:016x}")


def _as_of(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    found = connection.execute("SELECT as_of FROM published.dim_tenant").fetchone()
    return found[0] if found else None


def _swap(partial: Path, path: Path) -> None:
    """Durable before it is visible: a power cut leaves the old file or the new one."""
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
