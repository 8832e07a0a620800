"""The read database in a SQLite file: many readers beside one writer at a time across processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from event_store.ledger.file_lock import LOCK_TIMEOUT_SECONDS
from event_store.ledger.together import Insert, insert_all
from event_store.ledger.wal_file import WalFile
from projections.database.access import ReadDatabase, Reader, Writer
from projections.row import Row, columns_of, value_writers, writer_of


class SqliteReader(Reader):
    among = "IN (SELECT value FROM json_each(?))"

    def __init__(self, file: WalFile, connection: sqlite3.Connection, tenant_id: str) -> None:
        self._file = file
        self._connection = connection
        self.tenant_id = tenant_id

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            raise self._file.refusal(error) from error

    def values(self, values: Sequence[str]) -> str:
        return msgspec.json.encode(values).decode()


class SqliteWriter(SqliteReader, Writer):
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, parameters).rowcount

    def upsert(self, row_class: type[Row], generation: int, rows: Iterable[Row]) -> None:
        values = writer_of(row_class)
        insert_all(self._connection, _upsert(row_class), [[generation, *values(row)] for row in rows])

    def delete(self, row_class: type[Row], generation: int, keys: Iterable[Sequence[Any]]) -> None:
        writers = [value_writers(row_class)[name] for name in row_class.key]
        where = " AND ".join(f"{name} = ?" for name in row_class.key)
        self._connection.executemany(
            f"DELETE FROM {row_class.table} WHERE tenant_id = ? AND generation = ? AND {where}",
            (
                (self.tenant_id, generation, *(write(value) for write, value in zip(writers, key, strict=True)))
                for key in keys
            ),
        )


@cache
def _upsert(row_class: type[Row]) -> Insert:
    names = [column.name for column in columns_of(row_class)]
    key = ", ".join(("tenant_id", "generation", *row_class.key))
    others = [name for name in names if name not in ("tenant_id", *row_class.key)]
    news = ", ".join(f"{name} = excluded.{name}" for name in others)
    return Insert(row_class.table, ("generation", *names), f" ON CONFLICT ({key}) DO UPDATE SET {news}")


class SqliteReadDatabase(ReadDatabase):
    """What a power cut takes from the end of the file is folded again, with its checkpoint."""

    def __init__(self, path: Path, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.url = f"sqlite:///{path}"
        remedy = "stop the servers, remove it, and let `mymedic replay` make it again"
        self.file = WalFile(path, "the read database", remedy, "NORMAL", lock_timeout)

    @contextmanager
    def write(self, tenant_id: str) -> Iterator[Writer]:
        with self.file.exclusive() as writer, self.file.transaction():
            yield SqliteWriter(self.file, writer, tenant_id)

    @contextmanager
    def read(self, tenant_id: str) -> Iterator[Reader]:
        with self.file.reading() as connection:
            yield SqliteReader(self.file, connection, tenant_id)

    def analyze(self) -> None:
        with self.file.exclusive() as writer, self.file.transaction():
            # A sample of each index: with all of it, this would take as long as folding.
            writer.execute("PRAGMA analysis_limit=1000")
            writer.execute("ANALYZE")

    def close(self) -> None:
        self.file.close()
