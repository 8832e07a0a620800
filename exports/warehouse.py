"""A published warehouse, opened so that nothing can be written and no other file or network can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from mymedic.errors import Refused

_SANDBOX: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
}
_DAMAGED = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse for reading. Read-only alone is no sandbox: external access is off and cannot be switched on.

    A file that is damaged, here or further in, is STORE_UNAVAILABLE: it is made again from the log.
    """
    if not path.exists():
        raise Refused("NOT_FOUND", f"there is no warehouse {path.name}; run `mymedic build` first")
    try:
        with closing(duckdb.connect(str(path), read_only=True, config=_SANDBOX)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET lock_configuration = true")
            yield connection
    except _DAMAGED as error:
        message = f"the warehouse {path.name} cannot be read; `mymedic build` makes it again"
        raise Refused("STORE_UNAVAILABLE", message, file=path, error=str(error).splitlines()[0]) from error
