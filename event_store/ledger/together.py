"""Many rows for SQLite in one statement: Python's other threads work meanwhile.

`executemany` takes Python's lock anew for every row, and waits for it as long as another thread computes. One statement
takes it once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

# Rows of a statement: few sizes, so that each is planned once. The few that are left over go one by one.
_SIZES = (512, 64, 8)


class Insert(NamedTuple):
    """`INSERT INTO table (columns) VALUES (…), (…) tail`."""

    table: str
    columns: tuple[str, ...]
    tail: str = ""


def insert_all(connection: sqlite3.Connection, insert: Insert, rows: Sequence[Sequence[Any]]) -> None:
    """Insert all rows, in as few statements as SQLite's limit of parameters allows."""
    most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(insert.columns)
    done = 0
    for size in _SIZES:
        while size <= most and len(rows) - done >= size:
            connection.execute(_sql(insert, size), tuple(chain.from_iterable(rows[done : done + size])))
            done += size
    if done < len(rows):
        connection.executemany(_sql(insert, 1), rows[done:])


@cache
def _sql(insert: Insert, rows: int) -> str:
    values = f"({', '.join('?' * len(insert.columns))})"
    return f"INSERT INTO {insert.table} ({', '.join(insert.columns)}) VALUES {', '.join([values] * rows)}{insert.tail}"
