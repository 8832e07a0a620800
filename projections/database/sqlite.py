"""The read database in a SQLite file: many readers beside one writer at a time across processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from event_store.ledger.columnar import read_only
from event_store.ledger.file_lock import LOCK_TIMEOUT_SECONDS, FileLock
from mymedic.errors import Refused
from projections.database.access import ReadDatabase, Reader, Writer
from projections.row import Row, columns_of, value_writers, writer_of


class SqliteReader(Reader):
    def __init__(self, connection: sqlite3.Connection, tenant_id: str) -> None:
        self._connection = connection
        self.tenant_id = tenant_id

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            raise _refusal(error) from error


class SqliteWriter(SqliteReader, Writer):
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, parameters).rowcount

    def upsert(self, row_class: type[Row], generation: int, rows: Iterable[Row]) -> None:
        values = writer_of(row_class)
        self._connection.executemany(_upsert_sql(row_class), ([generation, *values(row)] for row in rows))

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
def _upsert_sql(row_class: type[Row]) -> str:
    names = [column.name for column in columns_of(row_class)]
    key = ", ".join(("tenant_id", "generation", *row_class.key))
    others = [name for name in names if name not in ("tenant_id", *row_class.key)]
    return (
        f"INSERT INTO {row_class.table} (generation, {', '.join(names)}) VALUES (?{', ?' * len(names)})"
        f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"
    )


class SqliteReadDatabase(ReadDatabase):
    """`synchronous=NORMAL`: what a power cut takes from the end is folded again, with its checkpoint."""

    def __init__(self, path: Path, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._lock = FileLock(path, lock_timeout)
        self._mutex = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        with self._lock.held():
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "cache_size=-65536"):
                self._writer.execute(f"PRAGMA {pragma}")

    @contextmanager
    def write(self, tenant_id: str) -> Iterator[Writer]:
        with self._mutex, self._lock.held():
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield SqliteWriter(self._writer, tenant_id)
                self._writer.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._undo()
                raise _refusal(error) from error
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        if self._writer.in_transaction:
            with suppress(sqlite3.OperationalError):  # SQLite has rolled back by itself, as it does on a full disk
                self._writer.execute("ROLLBACK")

    @contextmanager
    def read(self, tenant_id: str) -> Iterator[Reader]:
        try:
            connection = self._readers.pop()
        except IndexError:  # none is idle
            connection = self._open_reader()
        try:
            connection.execute("BEGIN")
            yield SqliteReader(connection, tenant_id)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._readers.append(connection)

    def _open_reader(self) -> sqlite3.Connection:
        return sqlite3.connect(
            read_only(self.path), uri=True, isolation_level=None, check_same_thread=False, timeout=30
        )

    def close(self) -> None:
        """The writer last: whoever closes a file last brings its log into it, which a reader may not."""
        with self._mutex, self._lock.held():
            for connection in (*self._readers, self._writer):
                connection.close()
        self._lock.close()


def _refusal(error: sqlite3.OperationalError) -> Exception:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return Refused("STORE_FULL", "the disk of the read database is full; nothing of this batch was kept")
    if "locked" in text or "busy" in text:
        return Refused("STORE_LOCKED", "another process holds the read database")
    if "readonly" in text or "unable to open" in text:
        return Refused("STORE_UNAVAILABLE", text)
    return error
