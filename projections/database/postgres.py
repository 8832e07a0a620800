"""The read database in a schema of PostgreSQL, under the same row-level security as the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import quote

from event_store.ledger.connections import Connection, Connections
from event_store.ledger.isolation import ROLE, SETTING, in_role
from projections.database.access import ReadDatabase, Reader, Writer
from projections.row import Row, columns_of, value_writers, writer_of

SCHEMA = "live"
# What a power cut takes from the end is folded again, with its checkpoint.
_UNSYNCED = "-c synchronous_commit=off"
_CAST = {
    "text": "r ->> {}",
    "json": "r ->> {}",
    "day": "r ->> {}",
    "integer": "(r ->> {})::bigint",
    "instant": "(r ->> {})::bigint",
    "boolean": "(r ->> {})::integer",
}


def _naming(tenant_id: str) -> str:
    """SQL that says whose rows a transaction is about; without parameters, so that it can travel with a BEGIN."""
    return f"SET LOCAL {SETTING} = {quote(tenant_id)}"


def prepare(url: str) -> None:
    """The schema and the role that uses it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7300218)")
        connection.execute(
            f"DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS; EXCEPTION"
            " WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        connection.execute(f"GRANT {ROLE} TO CURRENT_USER")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE}")


class PostgresReader(Reader):
    among = "= ANY(?)"

    def __init__(self, connections: Connections, connection: Connection, tenant_id: str) -> None:
        self._connections = connections
        self._connection = connection
        self.tenant_id = tenant_id

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(_plain(sql), parameters).fetchall()  # type: ignore[arg-type]
        except psycopg.OperationalError as error:
            raise self._connections.refusal(error) or error from error

    def values(self, values: Sequence[str]) -> list[str]:
        return list(values)


class PostgresWriter(PostgresReader, Writer):
    """Rows come as one JSON array of arrays. Not executemany: that enters psycopg's pipeline mode, which can hang."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(_plain(sql), parameters).rowcount  # type: ignore[arg-type]

    def upsert(self, row_class: type[Row], generation: int, rows: Iterable[Row]) -> None:
        values = writer_of(row_class)
        body = msgspec.json.encode([values(row) for row in rows]).decode()
        self._connection.execute(_upsert_sql(row_class), (generation, body))  # type: ignore[arg-type]

    def delete(self, row_class: type[Row], generation: int, keys: Iterable[Sequence[Any]]) -> None:
        writers = [value_writers(row_class)[name] for name in row_class.key]
        body = [[write(value) for write, value in zip(writers, key, strict=True)] for key in keys]
        self._connection.execute(
            _delete_sql(row_class),  # type: ignore[arg-type]
            (msgspec.json.encode(body).decode(), self.tenant_id, generation),
        )


@cache
def _plain(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


@cache
def _upsert_sql(row_class: type[Row]) -> str:
    columns = columns_of(row_class)
    names = [column.name for column in columns]
    key = ", ".join(("tenant_id", "generation", *row_class.key))
    others = [name for name in names if name not in ("tenant_id", *row_class.key)]
    values = [_CAST[column.kind].format(index) for index, column in enumerate(columns)]
    return (
        f"INSERT INTO {row_class.table} (generation, {', '.join(names)})"
        f" SELECT %s, {', '.join(values)} FROM jsonb_array_elements(%s::jsonb) AS r"
        f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"
    )


@cache
def _delete_sql(row_class: type[Row]) -> str:
    kinds = {column.name: column.kind for column in columns_of(row_class)}
    where = " AND ".join(f"t.{name} = {_CAST[kinds[name]].format(index)}" for index, name in enumerate(row_class.key))
    return (
        f"DELETE FROM {row_class.table} AS t USING jsonb_array_elements(%s::jsonb) AS r"
        f" WHERE t.tenant_id = %s AND t.generation = %s AND {where}"
    )


class PostgresReadDatabase(ReadDatabase):
    def __init__(self, url: str) -> None:
        self.url = url
        words: dict[str, Any] = conninfo_to_dict(url)
        words["options"] = " ".join(filter(None, (words.get("options") or "", f"-c search_path={SCHEMA} {_UNSYNCED}")))
        self._connections = Connections(in_role(make_conninfo("", **words)), "the read database")

    @contextmanager
    def write(self, tenant_id: str) -> Iterator[Writer]:
        with self._connections.writing() as connection:
            connection.execute(f"BEGIN; {_naming(tenant_id)}".encode())
            yield PostgresWriter(self._connections, connection, tenant_id)

    @contextmanager
    def read(self, tenant_id: str) -> Iterator[Reader]:
        with self._connections.reading(_naming(tenant_id)) as connection:
            yield PostgresReader(self._connections, connection, tenant_id)

    def analyze(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:  # as the owner of the tables
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)).fetchall()
            for (table,) in tables:
                connection.execute(f"ANALYZE {SCHEMA}.{table}".encode())

    def close(self) -> None:
        self._connections.close()
