"""A published warehouse, opened so that nothing can be written and no other file or network can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mymedic.errors import Refused


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse for reading. Read-only alone is no sandbox: external access is off and cannot be switched on."""
    if not path.exists():
        raise Refused("NOT_FOUND", f"there is no warehouse {path.name}; run `mymedic build` first")
    connection = duckdb.connect(
        str(path), read_only=True, config={"enable_external_access": "false", "autoinstall_known_extensions": "false"}
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()
