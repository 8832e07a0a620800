"""A published warehouse, opened so that nothing can be written and no other file or network can be reached."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from mymedic.errors import Refused

# All of it when the file is opened, none afterwards: whoever opens it beside others in this process shares their
# instance, which takes no other settings.
_SANDBOX: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "TimeZone": "UTC",
    "lock_configuration": "true",
}
_DAMAGED = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_FileId = tuple[int, int]
_in_use: dict[Path, tuple[_FileId, int]] = {}  # path -> (which file it was, how many read it)
_changed = threading.Condition()


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse for reading. Read-only alone is no sandbox: external access is off and cannot be switched on.

    A file that is damaged, here or further in, is STORE_UNAVAILABLE: it is made again from the log.
    """
    try:
        with _together(path), closing(duckdb.connect(str(path), read_only=True, config=_SANDBOX)) as connection:
            yield connection
    except _DAMAGED as error:
        message = f"the warehouse {path.name} cannot be read; `mymedic build` makes it again"
        raise Refused("STORE_UNAVAILABLE", message, file=path, error=str(error).splitlines()[0]) from error


@contextmanager
def _together(path: Path) -> Iterator[None]:
    """Who shares an instance reads the same file: after a new one was published, one waits for those of the old one."""
    with _changed:
        _changed.wait_for(lambda: path not in _in_use or _in_use[path][0] == _file_at(path))
        file, readers = _in_use.get(path, (_file_at(path), 0))
        _in_use[path] = (file, readers + 1)
    try:
        yield
    finally:
        with _changed:
            file, readers = _in_use.pop(path)
            if readers > 1:
                _in_use[path] = (file, readers - 1)
            _changed.notify_all()


def _file_at(path: Path) -> _FileId:
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise Refused("NOT_FOUND", f"there is no warehouse {path.name}; run `mymedic build` first") from error
    return found.st_dev, found.st_ino
