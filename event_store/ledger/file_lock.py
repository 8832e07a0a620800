"""One writer at a time across processes: the lock that every write to a SQLite file takes."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mymedic.errors import Refused

LOCK_TIMEOUT_SECONDS = 30.0


class FileLock:
    """`<path>.lock` beside a SQLite file.

    SQLite before 3.51.3 may corrupt the WAL when two connections write or checkpoint at once, so every write of every
    process goes through this lock.
    """

    def __init__(self, path: Path, timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self._path = path
        self._timeout = timeout
        self._file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)

    @contextmanager
    def held(self, patience: float | None = None) -> Iterator[None]:
        """Hold the lock: nobody else writes or checkpoints; STORE_LOCKED when it cannot be had in time."""
        patience = self._timeout if patience is None else patience
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                if time.monotonic() > deadline:
                    raise Refused(
                        "STORE_LOCKED", f"another process has held {self._path.name} for {patience:g} s"
                    ) from error
                time.sleep(0.0005)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._file)
