"""The ledger in a SQLite file: WAL, fully synchronous, one writer at a time across processes."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from event_store.ledger.session import Head, Ledger, Reads, Session
from mymedic.errors import Refused

LOCK_TIMEOUT_SECONDS = 30.0


class SqliteReads(Reads):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()


class SqliteSession(Session):
    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(sql, parameters)

    def lock(self, tenant_id: str) -> Head | None:
        # BEGIN IMMEDIATE holds the whole file, so reading the head is enough.
        return self.head(tenant_id)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


class SqliteLedger(Ledger):
    """`path` is the database file; `<path>.lock` is the lock that writers and their checkpoints take.

    SQLite before 3.51.3 may corrupt the WAL when two connections write or checkpoint at once, so every write of every
    process goes through that file lock, and readers open the file read-only.
    """

    def __init__(self, path: Path, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._lock_timeout = lock_timeout
        self._lock_file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._mutex = threading.Lock()
        self._is_closed = False
        self._writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        with self.exclusive():
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "cache_size=-65536"):
                self._writer.execute(f"PRAGMA {pragma}")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the file lock: nobody else writes or checkpoints; STORE_LOCKED when it cannot be had in time."""
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                if time.monotonic() > deadline:
                    raise Refused(
                        "STORE_LOCKED", f"another process has held {self.path.name} for {self._lock_timeout:g} s"
                    ) from error
                time.sleep(0.0005)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._mutex, self.exclusive():
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

    def _undo(self) -> None:
        if self._writer.in_transaction:
            with suppress(sqlite3.OperationalError):  # SQLite has rolled back by itself, as it does on a full disk
                self._writer.execute("ROLLBACK")

    def _open_reader(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{self.path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=30
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

    def close(self) -> None:
        """Once is enough; again does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        with self._mutex, self.exclusive():
            self._writer.close()
        os.close(self._lock_file)


def _refusal(error: sqlite3.OperationalError) -> Exception:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return Refused("STORE_FULL", "the disk of the event store is full; nothing of this transaction was kept")
    if "locked" in text or "busy" in text:
        return Refused("STORE_LOCKED", "another process holds the event store")
    if "readonly" in text or "unable to open" in text:
        return Refused("STORE_UNAVAILABLE", text)
    return error
