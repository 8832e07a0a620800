"""The ledger in a SQLite file: WAL, fully synchronous, one writer at a time across processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from event_store.ledger.columnar import Part, from_sqlite, read_only
from event_store.ledger.file_lock import LOCK_TIMEOUT_SECONDS, FileLock
from event_store.ledger.reads import Head, Reads
from event_store.ledger.schema import (
    COMMAND_COLUMNS,
    COMMAND_LOG,
    EVENT,
    EVENT_COLUMNS,
    GUARD,
    GUARD_COLUMNS,
    HEAD,
    HEAD_COLUMNS,
    TAG,
    TAG_COLUMNS,
)
from event_store.ledger.session import Ledger, Replacement, Session, Unwritten
from mymedic.errors import Refused

if TYPE_CHECKING:
    import pyarrow as pa


def _insert_sql(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_INSERT_EVENT = _insert_sql(EVENT.name, EVENT_COLUMNS)
_INSERT_TAG = _insert_sql(TAG.name, TAG_COLUMNS)
_INSERT_COMMAND = _insert_sql(COMMAND_LOG.name, COMMAND_COLUMNS)
_INSERT_GUARD = _insert_sql(GUARD.name, GUARD_COLUMNS)
_REPLACE_BODY = f"UPDATE {EVENT.name} SET payload = ?, pii = ? WHERE tenant_id = ? AND seq = ?"
_DELETE_GUARD = f"DELETE FROM {GUARD.name} WHERE tenant_id = ? AND kind = ? AND value = ?"
# Not OR REPLACE: that would give the row a new place, and one page more to write in every transaction.
_SET_HEAD = _insert_sql(HEAD.name, HEAD_COLUMNS) + (
    " ON CONFLICT (tenant_id) DO UPDATE SET"
    " seq = excluded.seq, event_hash = excluded.event_hash, recorded_at = excluded.recorded_at"
)


class SqliteReads(Reads):
    among = "IN (SELECT value FROM json_each(?))"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def values(self, values: Sequence[str] | Sequence[int]) -> str:
        return msgspec.json.encode(values).decode()


class SqliteSession(SqliteReads, Session):
    def __init__(self, connection: sqlite3.Connection) -> None:
        SqliteReads.__init__(self, connection)
        Session.__init__(self)
        self.has_replaced = False

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(sql, parameters)

    def lock(self, tenant_id: str) -> Head | None:
        # BEGIN IMMEDIATE holds the whole file, so reading the head is enough.
        return self.head(tenant_id)

    def write(self, rows: Unwritten) -> None:
        write = self._connection.executemany
        write(_INSERT_EVENT, rows.events)
        if rows.replaced:
            self._replace(rows.replaced)
        write(_INSERT_TAG, rows.tags)
        if rows.released:
            write(_DELETE_GUARD, rows.released)
        if rows.guards:
            write(_INSERT_GUARD, rows.guards)
        write(_INSERT_COMMAND, rows.commands)
        write(_SET_HEAD, [(tenant_id, *head) for tenant_id, head in rows.heads.items()])

    def _replace(self, replacements: Sequence[Replacement]) -> None:
        """Nothing of the old bodies stays behind in the freed parts of the file."""
        self._connection.execute("PRAGMA secure_delete=ON")
        self._connection.executemany(_REPLACE_BODY, replacements)
        self.has_replaced = True


class SqliteLedger(Ledger):
    """`path` is the database file; `<path>.lock` is the lock that writers and their checkpoints take.

    SQLite before 3.51.3 may corrupt the WAL when two connections write or checkpoint at once, so every write of every
    process goes through that file lock, and readers open the file read-only.
    """

    is_local = True
    outages = (sqlite3.OperationalError,)

    def __init__(self, path: Path, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._lock = FileLock(path, lock_timeout)
        self._mutex = threading.Lock()
        self._is_closed = False
        self._writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        with self.exclusive():
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "cache_size=-65536"):
                self._writer.execute(f"PRAGMA {pragma}")

    @contextmanager
    def exclusive(self, patience: float | None = None) -> Iterator[None]:
        """Hold the file lock: nobody else writes or checkpoints; STORE_LOCKED when it cannot be had in time."""
        with self._lock.held(patience):
            yield

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Session]:
        with self._mutex, self.exclusive(patience):
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                session = SqliteSession(self._writer)
                yield session
                session.flush()
                self._writer.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._undo()
                raise _refusal(error) from error
            except BaseException:
                self._undo()
                raise
            if session.has_replaced:
                self._scrub()

    def _scrub(self) -> None:
        """Let no page of before stand in the write-ahead log. A reader that needs one still keeps it until it is done:
        the next destruction, or the last one to close the file, takes it away.
        """
        for pragma in ("busy_timeout=1000", "wal_checkpoint(TRUNCATE)", "busy_timeout=30000"):
            self._writer.execute(f"PRAGMA {pragma}").fetchall()

    def _undo(self) -> None:
        if self._writer.in_transaction:
            with suppress(sqlite3.OperationalError):  # SQLite has rolled back by itself, as it does on a full disk
                self._writer.execute("ROLLBACK")

    def _open_reader(self) -> sqlite3.Connection:
        return sqlite3.connect(
            read_only(self.path), uri=True, isolation_level=None, check_same_thread=False, timeout=30
        )

    @contextmanager
    def read(self) -> Iterator[Reads]:
        connection = self._open_reader()
        try:
            connection.execute("BEGIN")
            yield SqliteReads(connection)
        finally:
            connection.close()

    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        connection = self._open_reader()
        try:
            cursor = connection.execute(sql, parameters)
            while rows := cursor.fetchmany(size):
                yield rows
        finally:
            connection.close()

    def scan_columnar(self, part: Part, size: int) -> Iterator[pa.RecordBatch]:
        return from_sqlite(self.path, part, size)

    def close(self) -> None:
        """Once is enough; again does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        with self._mutex, self.exclusive():
            self._writer.close()
        self._lock.close()


def _refusal(error: sqlite3.OperationalError) -> Exception:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return Refused("STORE_FULL", "the disk of the event store is full; nothing of this transaction was kept")
    if "locked" in text or "busy" in text:
        return Refused("STORE_LOCKED", "another process holds the event store")
    if "readonly" in text or "unable to open" in text:
        return Refused("STORE_UNAVAILABLE", text)
    return error
