"""A SQLite file in WAL mode: one writer at a time across processes, and readers beside it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from event_store.ledger.columnar import read_only
from event_store.ledger.file_lock import LOCK_TIMEOUT_SECONDS, FileLock
from mymedic.errors import Refused


class WalFile:
    """Every write and checkpoint takes the lock beside the file (`FileLock` says why); readers open it read-only.

    `name` is what refusals call it, `remedy` what they advise where it is damaged. With
    `synchronous` NORMAL a power cut may take transactions from the end, and leaves no half of one.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        remedy: str,
        synchronous: Literal["FULL", "NORMAL"],
        lock_timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self.path = path
        self._name = name
        self._remedy = remedy
        self._lock = FileLock(path, lock_timeout)
        self._mutex = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False
        self.writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        with self._lock.held(), self.whole():
            for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "busy_timeout=30000", "cache_size=-65536"):
                self.writer.execute(f"PRAGMA {pragma}")

    @contextmanager
    def exclusive(self, patience: float | None = None) -> Iterator[sqlite3.Connection]:
        """The writer: nobody else writes or checkpoints meanwhile; STORE_LOCKED when it cannot be had in time."""
        with self._mutex, self._lock.held(patience):
            yield self.writer

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """For whoever has the writer: all that is done with it meanwhile, or nothing."""
        try:
            with self.whole():
                self.writer.execute("BEGIN IMMEDIATE")
                yield
                self.writer.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._undo()
            raise self.refusal(error) from error
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        if self.writer.in_transaction:
            with suppress(sqlite3.OperationalError):  # SQLite has rolled back by itself, as it does on a full disk
                self.writer.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent look at what is committed."""
        try:
            connection = self._idle.pop()
        except IndexError:  # none, or other threads took them
            connection = self.open_reader()
        try:
            with self.whole():
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def open_reader(self) -> sqlite3.Connection:
        """A connection for reading alone, to be closed by whoever asks for it."""
        return sqlite3.connect(
            read_only(self.path), uri=True, isolation_level=None, check_same_thread=False, timeout=30
        )

    def close(self) -> None:
        """The writer last: whoever closes a file last brings its log into it, which a reader may not."""
        if self._is_closed:
            return
        self._is_closed = True
        with self.exclusive():
            for connection in (*self._idle, self.writer):
                connection.close()
        self._lock.close()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """STORE_UNAVAILABLE when the file turns out to be damaged, or not to be SQLite's at all."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            message = f"{self._name} is damaged ({error}); {self._remedy}"
            raise Refused("STORE_UNAVAILABLE", message, file=str(self.path)) from error

    def refusal(self, error: sqlite3.OperationalError) -> Exception:
        """What an error of the file says to a caller; the error itself where it is no fault of the file."""
        text = str(error)
        if "full" in text or "disk I/O" in text:
            return Refused("STORE_FULL", f"the disk of {self._name} is full; nothing of this transaction was kept")
        if "locked" in text or "busy" in text:
            return Refused("STORE_LOCKED", f"another process holds {self._name}")
        if "readonly" in text or "unable to open" in text:
            return Refused("STORE_UNAVAILABLE", text)
        return error
