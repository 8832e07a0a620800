"""The ledger on PostgreSQL: the tenant's head row is the lock, rows go in as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import psycopg

from event_store.ledger.schema import METADATA
from event_store.ledger.session import Head, Ledger, Reads, Session
from mymedic.errors import Refused

_ARRAY_TYPES = {"BIGINT": "bigint[]", "INTEGER": "integer[]", "BLOB": "bytea[]", "TEXT": "text[]"}


def _insert_sql(table: str, columns: Sequence[str]) -> str:
    types = {column.name: _ARRAY_TYPES[str(column.type)] for column in METADATA.tables[table].columns}
    arrays = ", ".join(f"%s::{types[name]}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"


_PLAIN: dict[str, str] = {}


def _plain(sql: str) -> str:
    """The statement with psycopg's placeholders; remembered, because the write path runs few distinct ones."""
    found = _PLAIN.get(sql)
    if found is None:
        found = _PLAIN[sql] = sql.replace("%", "%%").replace("?", "%s")
    return found


class PostgresReads(Reads):
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(_plain(sql), parameters).fetchall()  # type: ignore[arg-type]


class PostgresSession(Session):
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__()
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(_plain(sql), parameters).fetchall()  # type: ignore[arg-type]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(_plain(sql), parameters)  # type: ignore[arg-type]

    def lock(self, tenant_id: str) -> Head | None:
        found = self.rows("SELECT seq, event_hash, recorded_at FROM head WHERE tenant_id = ? FOR UPDATE", (tenant_id,))
        return Head(*found[0]) if found else None

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        # Arrays and unnest, not executemany: psycopg's executemany enters pipeline mode, which can hang.
        self._connection.execute(_insert_sql(table, columns), [list(values) for values in zip(*rows, strict=True)])  # type: ignore[arg-type]


class PostgresLedger(Ledger):
    def __init__(self, url: str) -> None:
        self.url = url
        self._mutex = Lock()
        self._writer: psycopg.Connection[Any] | None = None

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(self.url, autocommit=False, prepare_threshold=2)
        except psycopg.OperationalError as error:
            raise Refused("STORE_UNAVAILABLE", f"PostgreSQL does not answer: {error}".strip()) from error

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._mutex:
            if self._writer is None or self._writer.closed:
                self._writer = self._connect()
            connection = self._writer
            try:
                session = PostgresSession(connection)
                yield session
                session.flush()
                connection.commit()
            except psycopg.errors.DiskFull as error:
                connection.rollback()
                raise Refused("STORE_FULL", "the disk of the event store is full; nothing was kept") from error
            except psycopg.errors.UniqueViolation as error:
                connection.rollback()
                raise Refused("VERSION_CONFLICT", "another process appended first; send the command again") from error
            except psycopg.OperationalError as error:
                connection.close()
                raise Refused("STORE_UNAVAILABLE", f"PostgreSQL went away: {error}".strip()) from error
            except BaseException:
                if not connection.closed:
                    connection.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[Reads]:
        connection = self._connect()
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield PostgresReads(connection)
        finally:
            connection.close()

    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        connection = self._connect()
        try:
            with connection.cursor("scan") as cursor:
                cursor.itersize = size
                cursor.execute(_plain(sql), parameters)
                while rows := cursor.fetchmany(size):
                    yield rows
        finally:
            connection.close()

    def close(self) -> None:
        with self._mutex:
            if self._writer is not None:
                self._writer.close()
