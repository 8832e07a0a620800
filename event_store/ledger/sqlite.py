"""The ledger in a SQLite file: WAL, fully synchronous, one writer at a time across processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from event_store.ledger.columnar import Part, from_sqlite
from event_store.ledger.file_lock import LOCK_TIMEOUT_SECONDS
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
from event_store.ledger.wal_file import WalFile

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
    """The ledger in the file at `path`."""

    is_local = True
    outages = (sqlite3.OperationalError,)

    def __init__(self, path: Path, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self.file = WalFile(path, "the event store", "bring it back from a backup", "FULL", lock_timeout)

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Session]:
        with self.file.exclusive(patience) as writer:
            with self.file.transaction():
                session = SqliteSession(writer)
                yield session
                session.flush()
            if session.has_replaced:
                _scrub(writer)

    @contextmanager
    def read(self) -> Iterator[Reads]:
        with self.file.reading() as connection:
            yield SqliteReads(connection)

    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        with closing(self.file.open_reader()) as connection, self.file.whole():
            cursor = connection.execute(sql, parameters)
            while rows := cursor.fetchmany(size):
                yield rows

    def scan_columnar(self, part: Part, size: int) -> Iterator[pa.RecordBatch]:
        return from_sqlite(self.path, part, size)

    def close(self) -> None:
        self.file.close()


def _scrub(writer: sqlite3.Connection) -> None:
    """Let no page of before stand in the write-ahead log. A reader that needs one still keeps it until it is done:
    the next destruction, or the last one to close the file, takes it away.
    """
    for pragma in ("busy_timeout=1000", "wal_checkpoint(TRUNCATE)", "busy_timeout=30000"):
        writer.execute(f"PRAGMA {pragma}").fetchall()
